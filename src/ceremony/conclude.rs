//! The end of every ceremony: its transcript is signed by the root, and recorded.

use super::plan::Reviewed;
use super::transcript::Transcript;
use crate::authority::{Estate, Keys};
use crate::error::Result;
use crate::journal::{Act, Record, chain::timestamp};
use crate::model::name::ObjectRef;
use crate::pki::inspect::sha256;
use crate::store::{Output, layout};

/// The first line of every attempt.
pub fn begin(estate: &Estate) -> String {
    let origin = &estate.context.origin;
    format!("{} on {} by {}", timestamp(origin.now), origin.host, origin.user)
}

/// Signs the transcript and stages it with the plan and the line that closes the ceremony. Gives
/// the finished transcript.
pub fn conclude<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    plan: &Reviewed,
    transcript: &mut Transcript,
) -> Result<String> {
    let before = &plan.plan.journal;
    let (entries, head) = (estate.journal.len(), estate.journal.hash());
    let from = format!("continued from entry {}", before.entries);
    transcript.digest("journal", &from, &before.head)?;
    transcript.digest("", &format!("to entry {entries}"), head)?;
    transcript.note("", "and then with this transcript")?;
    let root = estate.issuer(&ObjectRef::newest_root())?;
    let signer = keys.signer(estate, &root)?;
    let text = transcript.sign(&root.object.to_string(), signer)?;
    let record = Record {
        number: Some(plan.plan.number),
        plan: Some(plan.digest.clone()),
        transcript: Some(sha256(text.as_bytes())),
        waivers: plan.plan.waivers.iter().map(ToString::to_string).collect(),
        ..Record::new(Act::Ceremony, &root.object)
    };
    let number = plan.plan.number;
    let outputs = vec![
        Output::public(layout::ceremony(number, layout::PLAN), plan.text.clone()),
        Output::public(layout::ceremony(number, layout::TRANSCRIPT), text.clone()),
    ];
    estate.stage(outputs, vec![record])?;
    Ok(text)
}
