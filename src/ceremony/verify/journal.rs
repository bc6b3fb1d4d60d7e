//! The journal of a response: the entries of the plan's steps, each under the root's signature.

use crate::ceremony::conclude::{JOURNAL, Reached, closing};
use crate::ceremony::plan::{Reviewed, Step};
use crate::ceremony::response::{Response, changed};
use crate::ceremony::transcript;
use crate::error::Result;
use crate::journal::{Act, Journal, Record};
use crate::pki::inspect::sha256;

/// The entries, which must be those of the plan's steps, in order, and the one that closes them.
pub fn records(plan: &Reviewed, file: &str, response: &Response) -> Result<Vec<Record>> {
    let before = &plan.plan.journal;
    if (response.number, response.since, &response.follows)
        != (plan.plan.number, before.entries, &before.head)
    {
        return Err(changed(format!("{file} does not continue the journal as the plan does")));
    }
    let name = format!("{file} (journal)");
    let records = Journal::segment(&name, before.entries, &before.head, &response.lines);
    let records = records.map_err(|error| changed(error.messages().join(": ")))?;
    let aside = |record: &&Record| !record.act.is_aside();
    let own: Vec<&Record> = records.iter().filter(aside).collect();
    let Some((closing, own)) = own.split_last() else {
        return Err(changed(format!("{file}: the journal does not close with a ceremony")));
    };
    let digest = sha256(transcript::body(&response.transcript).as_bytes());
    if closing.act != Act::Ceremony
        || closing.plan.as_ref() != Some(&plan.digest)
        || closing.transcript.as_ref() != Some(&digest)
    {
        return Err(changed(format!("{file}: the journal does not close with this transcript")));
    }
    let planned: Vec<(Act, String)> = plan
        .plan
        .steps
        .iter()
        .flat_map(Step::records)
        .map(|(act, object)| (act, object.to_string()))
        .collect();
    let recorded: Vec<(Act, String)> =
        own.iter().map(|record| (record.act, record.object.clone())).collect();
    if planned != recorded {
        return Err(changed(format!("{file}: the journal's entries are not the plan's steps")));
    }
    Ok(records)
}

/// Every entry is under the root's signature: the transcript names the hash of the last but one, and
/// the last is what it has to be.
pub fn signed(plan: &Reviewed, file: &str, response: &Response, records: &[Record]) -> Result<()> {
    let [.., last, closes] = records else {
        return Err(changed(format!("{file}: the journal has no entry of the ceremony")));
    };
    let reached = Reached { entries: last.seq, head: &last.hash };
    let expected = reached.lines(&plan.plan.journal).join(" ");
    if transcript::said(&response.transcript, JOURNAL).as_ref() != Some(&expected) {
        let message = "its journal is not the one that the signed transcript names";
        return Err(changed(format!("{file}: {message}")));
    }
    let expected = Record {
        seq: closes.seq,
        time: last.time.clone(),
        host: last.host.clone(),
        user: last.user.clone(),
        prev: closes.prev.clone(),
        hash: closes.hash.clone(),
        ..closing(plan, &closes.object.parse().map_err(changed)?, &response.transcript)
    };
    if serde_json::to_string(&expected)? == serde_json::to_string(closes)? {
        return Ok(());
    }
    Err(changed(format!("{file}: the entry that closes its journal says more than it may")))
}
