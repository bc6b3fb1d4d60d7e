//! A response, filed on the side that planned it: verified, then all or nothing.

use super::plan::Reviewed;
use super::response::Response;
use super::steps::Made;
use super::verify::{Verified, verify};
use crate::authority::{Estate, trust};
use crate::error::{Error, Result};
use crate::journal::Act;
use crate::model::rule::Rule;
use crate::store::{Output, layout};

/// Verifies a response and files it: the journal goes on as that of the medium did, certificates
/// and CRLs are put into their places, and what is derived from them is made again.
///
/// # Errors
/// RESPONSE-REPLAYED, RESPONSE-FORKED, and everything that [`verify`] refuses.
pub fn import(
    estate: &mut Estate,
    plan: &Reviewed,
    file: &str,
    response: &Response,
    text: &str,
) -> Result<Vec<Made>> {
    in_sequence(estate, file, response)?;
    let Verified { made, .. } = verify(estate, plan, file, response)?;
    estate.journal.fast_forward(&format!("{file} (journal)"), &response.lines)?;
    let files = response.files.iter();
    let mut outputs: Vec<Output> =
        files.map(|content| Output::public(&content.path, content.text.clone())).collect();
    let archived = |name, text: &str| {
        Output::public(layout::ceremony(response.number, name), text.as_bytes().to_vec())
    };
    outputs.push(archived(layout::PLAN, &plan.text));
    outputs.push(archived(layout::TRANSCRIPT, &response.transcript));
    outputs.push(archived(layout::RESPONSE, text));
    estate.workspace.stage(outputs);
    let derived = trust::derived(estate)?;
    estate.workspace.stage(derived);
    estate.commit_foreign()?;
    Ok(made)
}

/// Does the response continue the journal that is here?
///
/// # Errors
/// RESPONSE-REPLAYED, RESPONSE-FORKED.
pub fn in_sequence(estate: &Estate, file: &str, response: &Response) -> Result<()> {
    let held = |record: &&crate::journal::Record| {
        record.act == Act::Ceremony && record.plan.as_ref() == Some(&response.plan)
    };
    if let Some(record) = estate.journal.records.iter().find(held) {
        let message = format!("{file} is in the journal already, entry {}", record.seq);
        return Err(Rule::ResponseReplayed.found(message).into());
    }
    let (here, head) = (estate.journal.len(), estate.journal.hash());
    if (here, head) == (response.since, response.follows.as_str()) {
        return Ok(());
    }
    let error = Error::from(Rule::ResponseForked.found(format!(
        "{file} continues entry {} ({}…), the journal here ends with entry {here} ({}…)",
        response.since,
        response.follows.get(..16).unwrap_or("none"),
        &head[..16]
    )));
    Err(error)
}

/// Where the plan of a response lies in this workspace.
pub fn plan_path(response: &Response) -> String {
    layout::ceremony(response.number, layout::PLAN)
}
