//! The end of every ceremony: its transcript is signed by the root, and recorded.

use super::plan::{Continuation, Reviewed};
use super::transcript::{self, Transcript};
use crate::authority::{Estate, Keys, custody};
use crate::error::Result;
use crate::journal::{Act, Record, chain::timestamp};
use crate::model::name::{ObjectRef, Scope};
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
    record_custody(estate, transcript)?;
    let root = estate.issuer(&ObjectRef::newest_root())?;
    let opened = keys.signer(estate, &root).map(|_| ());
    transcript.custody(keys.notes())?;
    opened?;
    let before = &plan.plan.journal;
    let reached = Reached { entries: estate.journal.len(), head: estate.journal.hash() };
    let mut lines = reached.lines(before).into_iter();
    transcript.note(JOURNAL, &lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| transcript.note("", &line))?;
    let signer = keys.signer(estate, &root)?;
    let text = transcript.sign(&root.object.to_string(), signer)?;
    let record = closing(plan, &root.object, &text);
    let number = plan.plan.number;
    let outputs = vec![
        Output::public(layout::ceremony(number, layout::PLAN), plan.text.clone()),
        Output::public(layout::ceremony(number, layout::TRANSCRIPT), text.clone()),
    ];
    estate.stage(outputs, vec![record])?;
    Ok(text)
}

/// Records how each root key is held, where it was sealed anew on the medium since the last ceremony.
fn record_custody(estate: &mut Estate, transcript: &mut Transcript) -> Result<()> {
    for generation in estate.history().certified_generations(&Scope::Root) {
        let object = ObjectRef::root(generation);
        let Some(held) = custody::unrecorded(estate, &object)? else { continue };
        let text = format!("{object} was sealed anew: {held}");
        transcript.note("custody", &text)?;
        estate.stage(Vec::new(), vec![custody::sealed(&object, held)])?;
    }
    Ok(())
}

/// The line that closes a ceremony.
pub fn closing(plan: &Reviewed, root: &ObjectRef, transcript: &str) -> Record {
    Record {
        number: Some(plan.plan.number),
        plan: Some(plan.digest.clone()),
        transcript: Some(sha256(transcript::body(transcript).as_bytes())),
        waivers: plan.plan.waivers.iter().map(ToString::to_string).collect(),
        ..Record::new(Act::Ceremony, root)
    }
}

/// The entry of the transcript that ties it to the journal.
pub const JOURNAL: &str = "journal";

/// Where the journal is when only the closing line is missing.
pub struct Reached<'a> {
    pub entries: u64,
    pub head: &'a str,
}

impl Reached<'_> {
    /// What the transcript, and with it the root's signature, says of the journal: each line of the
    /// ceremony is under it by the hash of the last.
    pub fn lines(&self, before: &Continuation) -> [String; 3] {
        let digest = |text: String, digest: &str| {
            let (first, second) = digest.split_at(digest.len() / 2);
            format!("{text} {first} {second}")
        };
        [
            digest(format!("continued from entry {}", before.entries), &before.head),
            digest(format!("to entry {}", self.entries), self.head),
            "and then with this transcript".to_owned(),
        ]
    }
}
