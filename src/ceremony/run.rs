//! The real run: guard, rehearsal, confirmation, sandbox, and only then the key.

use super::conclude::{begin, conclude};
use super::guard::sandbox::Sandbox;
use super::medium::{self, Medium};
use super::plan::{self, Reviewed};
use super::rehearse::rehearse;
use super::response::Response;
use super::steps::{self, Made};
use super::transcript::{Transcript, Watcher};
use super::watch;
use crate::authority::{Estate, Keys, Secrets};
use crate::context::Context;
use crate::error::Result;
use crate::store::{Output, file, layout};
use std::path::Path;

/// The room in which a ceremony is held: what is said there, and who is asked.
pub trait Room {
    /// One line for everybody to read.
    fn show(&self, line: &str);

    /// The answer to a question; no secret.
    fn ask(&self, question: Question) -> Result<String>;
}

/// What a person is asked in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The time on a watch.
    Clock,
    /// The first words of the plan's digest, from the paper.
    Confirm,
}

/// How a run ended.
pub enum Ran {
    /// It was carried out.
    Done(Vec<Made>),
    /// It was carried out before; nothing was signed.
    AlreadyDone,
}

/// Carries out a plan on a medium: everything or nothing. The response lies in the ceremony's
/// directory there. `sandbox`: the medium, what else is written, and the files of secrets.
///
/// # Errors
/// Every rule of plans, of the guard and of issuing. A refusal is in the draft of the transcript,
/// which the next attempt continues.
pub fn run<'c>(
    dir: &Path,
    plan: &Reviewed,
    context: &'c Context<'c>,
    sandbox: &Sandbox,
    room: &dyn Room,
    secrets: &mut dyn Secrets,
) -> Result<Ran> {
    let Medium { mut estate, recovered, is_done } = medium::change(dir, plan, context)?;
    if let Some(recovered) = &recovered {
        room.show(recovered);
    }
    let draft = dir.join(layout::draft(plan.plan.number, &plan.digest));
    let ran = match is_done {
        true => Ran::AlreadyDone,
        false => Ran::Done(attempt(&mut estate, plan, sandbox, room, secrets, &draft)?),
    };
    file::remove(&draft)?;
    Ok(ran)
}

/// One attempt, with its transcript from the first line to the signature or the refusal.
fn attempt<'c>(
    estate: &mut Estate<'c>,
    plan: &Reviewed,
    sandbox: &Sandbox,
    room: &dyn Room,
    secrets: &mut dyn Secrets,
    draft: &Path,
) -> Result<Vec<Made>> {
    let earlier = file::read_if_any(draft, plan::LIMIT)?.unwrap_or_default();
    let earlier = String::from_utf8_lossy(&earlier).into_owned();
    if let Some(dir) = draft.parent() {
        file::create_dirs(dir)?;
    }
    if !earlier.is_empty() {
        room.show("an earlier attempt did not come to its end: its transcript goes on here");
    }
    let watcher: Watcher = Box::new(|line| {
        line.lines().for_each(|line| room.show(line));
        file::append(draft, line.as_bytes())
    });
    let mut transcript = Transcript::begin(plan, &earlier, watcher)?;
    if !transcript.text().starts_with(&earlier) {
        file::replace(draft, transcript.text().as_bytes(), 0o644, true)?;
    }
    let made = hold(estate, plan, sandbox, room, secrets, &mut transcript);
    if let Err(error) = &made {
        for finding in &error.findings {
            transcript.note("refused", &finding.to_string())?;
        }
        if error.findings.is_empty() {
            transcript.note("failed", &error.messages().join(": "))?;
        }
    }
    made
}

/// From the guard to the response.
fn hold<'c>(
    estate: &mut Estate<'c>,
    plan: &Reviewed,
    sandbox: &Sandbox,
    room: &dyn Room,
    secrets: &mut dyn Secrets,
    transcript: &mut Transcript,
) -> Result<Vec<Made>> {
    transcript.note("begin", &begin(estate))?;
    transcript.note("people", &people_of(plan))?;
    watch::guard(estate, &plan.plan, room, transcript)?;
    rehearse(estate, plan, Box::new(|_| Ok(())))?;
    medium::restage(estate, plan)?;
    transcript.note("rehearsed", "every step passed with throw-away keys")?;
    let typed = room.ask(Question::Confirm)?;
    plan.confirm(&typed)?;
    transcript.note("confirmed", &typed)?;
    // Before there are other threads: Landlock is the calling thread's and its children's.
    let mut keys = Keys::new(secrets);
    let gaps = watch::enter(estate, &mut keys, sandbox, transcript)?;
    watch::waive(gaps, &plan.plan, transcript)?;
    estate.commit_foreign()?;
    let made = steps::perform(estate, &mut keys, &plan.plan, transcript)?;
    let text = conclude(estate, &mut keys, plan, transcript)?;
    let response = Response::of(estate, plan, &text)?.text()?;
    let path = layout::ceremony(plan.plan.number, layout::RESPONSE);
    estate.commit(vec![Output::public(path, response)], Vec::new())?;
    Ok(made)
}

/// Who is in the room, as planned.
fn people_of(plan: &Reviewed) -> String {
    let operator = format!("operator {}", plan.plan.operator);
    match plan.plan.witnesses.is_empty() {
        true => format!("{operator}, no witness"),
        false => format!("{operator}, witnesses {}", plan.plan.witnesses.join(", ")),
    }
}
