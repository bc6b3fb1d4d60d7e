//! A response, filed on the side that planned it: verified, then all or nothing.

use super::plan::{Plan, Reviewed};
use super::response::Response;
use super::steps::Made;
use super::verify::Verified;
use crate::authority::{Estate, trust};
use crate::error::{Error, Result};
use crate::journal::Act;
use crate::model::rule::Rule;
use crate::store::{Output, file, layout};

/// What was filed.
pub struct Filed {
    /// What the ceremony made.
    pub made: Vec<Made>,
    /// The declarations that are other now than they were planned.
    pub edited: Vec<String>,
}

/// Files a response that holds: the journal goes on as that of the medium did, certificates and CRLs
/// are put into their places, and what is derived from them is made again. `archive`: what else
/// belongs to the ceremony. The estate is the one that it was verified with, which sees what the
/// plan brought; nothing of that is written.
///
/// # Errors
/// Failed, when it cannot be written.
pub fn file(
    estate: &mut Estate,
    plan: &Reviewed,
    response: &Response,
    verified: Verified,
    archive: Vec<Output>,
) -> Result<Filed> {
    estate.workspace.unstage();
    let edited = edited(estate, &plan.plan);
    estate.journal.fast_forward("the response's journal", &response.lines)?;
    let files = response.files.iter();
    let mut outputs: Vec<Output> =
        files.map(|content| Output::public(&content.path, content.text.clone())).collect();
    let archived = |name, text: &str| {
        Output::public(layout::ceremony(response.number, name), text.as_bytes().to_vec())
    };
    outputs.push(archived(layout::PLAN, &plan.text));
    outputs.push(archived(layout::TRANSCRIPT, &response.transcript));
    outputs.push(archived(layout::RESPONSE, &response.text()?));
    outputs.extend(archive);
    estate.workspace.stage(outputs);
    let derived = trust::derived(estate)?;
    estate.workspace.stage(derived);
    estate.commit_foreign()?;
    Ok(Filed { made: verified.made, edited })
}

/// The declarations that are not here as the plan has them.
fn edited(estate: &Estate, plan: &Plan) -> Vec<String> {
    let is_same = |path: &str, text: &str| {
        let there = estate.workspace.read_if_any(path, file::SMALL);
        matches!(there, Ok(Some(bytes)) if bytes.as_slice() == text.as_bytes())
    };
    let declared = plan.declarations.iter();
    let edited = declared.filter(|content| !is_same(&content.path, &content.text));
    edited.map(|content| content.path.clone()).collect()
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
