//! What is to be done, most urgent first, each thing with its command.

use super::words::{count, day};
use crate::model::cadence::Stage;
use crate::rotation::{Kind, Row, State};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// One thing, or the same for several identities of an environment.
pub struct Task {
    pub stage: Stage,
    /// An object, or how many of them.
    pub what: String,
    /// All of them, when there are several.
    pub objects: Vec<String>,
    pub why: String,
    /// The last moment for it, where there is one.
    pub by: Option<OffsetDateTime>,
    pub command: String,
}

/// Everything that has a next command.
pub fn of(rows: &[Row], at: OffsetDateTime) -> Vec<Task> {
    let mut alike: BTreeMap<(State, String), Vec<&Row>> = BTreeMap::new();
    let mut tasks = Vec::new();
    for row in rows {
        let Some(command) = &row.next else { continue };
        match (row.kind, &row.environment) {
            // A request is brought for each; all else is one command for all of them.
            (Kind::Identity, Some(environment)) if !row.waits_for_request() => {
                let command = format!("rootward identity issue --env {environment}");
                alike.entry((row.state, command)).or_default().push(row);
            }
            _ => tasks.push(task(row, command, at)),
        }
    }
    for ((_, command), rows) in alike {
        match rows.as_slice() {
            [row] => tasks.push(task(row, row.next.as_ref().unwrap_or(&command), at)),
            rows => tasks.extend(several(rows, command, at)),
        }
    }
    let end = time::PrimitiveDateTime::MAX.assume_utc();
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.stage), task.by.unwrap_or(end)));
    tasks
}

fn task(row: &Row, command: &str, at: OffsetDateTime) -> Task {
    Task {
        stage: row.stage(at),
        what: row.object.clone(),
        objects: Vec::new(),
        why: why(row, at),
        by: row.rotate_by(),
        command: command.to_owned(),
    }
}

fn several(rows: &[&Row], command: String, at: OffsetDateTime) -> Option<Task> {
    let first =
        *rows.iter().max_by_key(|row| (row.stage(at), std::cmp::Reverse(row.rotate_by())))?;
    let environment = first.environment.as_ref()?;
    let what = format!("{} of {environment}", count(rows.len() as u64, "identity", "identities"));
    let objects = rows.iter().map(|row| row.object.clone()).collect();
    Some(Task { what, objects, ..task(first, &command, at) })
}

/// In a few words.
fn why(row: &Row, at: OffsetDateTime) -> String {
    let since = |end: Option<OffsetDateTime>| end.map(day).unwrap_or_default();
    match row.state {
        State::Expired => format!("expired on {}", since(row.not_after())),
        State::Revoked => "revoked; a new one is to be issued".into(),
        State::Overdue => "not replaced yet".into(),
        State::Due if row.is_due_before_its_time(at) && row.kind == Kind::Crl => {
            "lacks a revocation".into()
        }
        State::Due if row.is_due_before_its_time(at) => {
            "issued by a CA that gives way to another".into()
        }
        State::Due => {
            let due = row.deadlines().map(|deadlines| deadlines.due);
            format!("window open since {}", since(due))
        }
        State::Missing => "not there yet".into(),
        State::WaitsForRequest if row.kind == Kind::Identity => {
            "waits for a request of its host".into()
        }
        State::WaitsForRequest => "waits for a request of its server".into(),
        State::Requested => "waits for the root key".into(),
        State::Prepared => "its successor is there and can sign".into(),
        State::Superseded => "its successor signs; what it signed can be replaced".into(),
        State::Tainted => "nothing that it signed is in use".into(),
        State::Valid | State::Ended => String::new(),
    }
}
