//! A response against its plan: every line, every byte, every signature; with a second
//! implementation.

mod journal;
mod judge;
mod products;

use super::plan::Reviewed;
use super::response::{Response, changed};
use super::steps::{self, Made};
use super::transcript;
use crate::authority::Estate;
use crate::error::{Result, none_of};
use crate::journal::Record;
use crate::model::{name::ObjectRef, rule::Rule};
use crate::pki::inspect::Certificate;

/// A response that holds.
pub struct Verified {
    /// What the ceremony made, in the order of its journal.
    pub made: Vec<Made>,
    /// Which root signed the transcript.
    pub signed_by: ObjectRef,
    /// Its certificate.
    pub root: Certificate,
}

/// Checks a response by itself and against the plan, the declarations and the root that this
/// workspace knows. `file` is only for messages.
///
/// # Errors
/// RESPONSE-FOREIGN, RESPONSE-CHANGED, TRANSCRIPT-CHANGED, PLAN-DIFFERS, CHAIN-REJECTED, and every
/// rule of issuing.
pub fn verify(
    estate: &Estate,
    plan: &Reviewed,
    file: &str,
    response: &Response,
) -> Result<Verified> {
    if response.plan != plan.digest {
        let message = format!(
            "{file} is about the plan {}…, the plan here is {}…",
            response.plan.get(..16).unwrap_or("none"),
            &plan.digest[..16]
        );
        return Err(Rule::ResponseForeign.found(message).into());
    }
    let records = journal::records(plan, file, response)?;
    let made = products::made(file, response, &records)?;
    let closing = records.last().ok_or_else(|| changed(format!("{file} has no journal")))?;
    let signed_by: ObjectRef = closing.object.parse().map_err(changed)?;
    let root = products::root(estate, &made, &signed_by)?;
    if transcript::plan_of(&response.transcript) != Some(plan.digest.as_str()) {
        let message = format!("{file}: the transcript is of another plan");
        return Err(Rule::TranscriptChanged.found(message).into());
    }
    transcript::verify(&format!("{file} (transcript)"), &response.transcript, &root.facts.key)?;
    journal::signed(plan, file, response, &records)?;
    let held = |record: &Record| record.plan.as_ref() == Some(&plan.digest);
    let is_filed = estate.journal.records.iter().any(held);
    let mut rest = made.as_slice();
    for step in &plan.plan.steps {
        let own;
        (own, rest) = rest.split_at(step.records().len().min(rest.len()));
        none_of(steps::differences(step, own))?;
        own.iter().try_for_each(|product| judge::one(estate, is_filed, step, product, &made))?;
    }
    if let [more, ..] = rest {
        return Err(changed(format!("{file}: {} is of no step of the plan", more.object)));
    }
    Ok(Verified { made, signed_by, root })
}
