//! One line of a message: what it is about, and why.

use super::text::{count, left};
use crate::model::{cadence::Stage, moment::day, name::Name};
use crate::rotation::{Kind, Row, State};
use std::collections::HashMap;
use time::OffsetDateTime;

/// From this many identities of one kind on, they are summed up.
const MANY: usize = 4;
/// How many of those are named.
const NAMED: usize = 3;

/// What can be told in one sentence: one thing, or many identities alike.
pub(super) struct Item<'a> {
    rows: Vec<&'a Row>,
}

impl<'a> Item<'a> {
    /// The most urgent first.
    pub fn of(rows: &[&'a Row], at: OffsetDateTime) -> Vec<Self> {
        let mut rows = rows.to_vec();
        rows.sort_by_cached_key(|row| urgency(row, at));
        let mut alike: HashMap<Alike, Vec<&Row>> = HashMap::new();
        for row in &rows {
            alike.entry(Alike::of(row, at)).or_default().push(row);
        }
        let mut items = Vec::new();
        for row in rows {
            // All of them are told where the first would be.
            match alike.get_mut(&Alike::of(row, at)) {
                Some(many) if row.kind == Kind::Identity && many.len() >= MANY => {
                    items.push(Self { rows: std::mem::take(many) });
                }
                Some(many) if row.kind == Kind::Identity && many.is_empty() => {}
                _ => items.push(Self { rows: vec![row] }),
            }
        }
        items
    }

    /// `prod/web: replace it by 2027-01-20, in 5 days`
    pub fn sentence(&self, at: OffsetDateTime) -> String {
        let Some(first) = self.rows.first() else { return String::new() };
        let why = why(first, at);
        if self.rows.len() == 1 {
            return format!("{}: {why}", first.object);
        }
        let named: Vec<&str> =
            self.rows.iter().take(NAMED).map(|row| row.object.as_str()).collect();
        let (named, more) = (named.join(", "), self.rows.len() - NAMED);
        let all = count(self.rows.len(), Kind::Identity.word());
        format!("{all} ({named} and {more} more), the first: {why}")
    }

    /// What to type; for many identities at once.
    pub fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        for row in &self.rows {
            let Some(next) = &row.next else { continue };
            let command = match (&row.environment, self.rows.len() > 1) {
                (Some(environment), true) if row.waits_for_request() => {
                    format!("rootward identity issue {environment}/NAME --csr FILE")
                }
                _ => next.clone(),
            };
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
        commands
    }
}

/// What identities have in common that are told in one sentence.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    state: State,
    stage: Stage,
    waits_for_host: bool,
    environment: Option<Name>,
}

impl Alike {
    fn of(row: &Row, at: OffsetDateTime) -> Self {
        Self {
            state: row.state,
            stage: row.stage(at),
            waits_for_host: row.waits_for_request(),
            environment: row.environment.clone(),
        }
    }
}

/// The most urgent first, then what is to be done first, then by name.
pub(super) fn urgency(row: &Row, at: OffsetDateTime) -> impl Ord + use<> {
    let by = row.deadlines().map(|deadlines| deadlines.rotate_by.unix_timestamp());
    (std::cmp::Reverse(row.stage(at)), by.unwrap_or(i64::MAX), row.object.clone())
}

/// What is the matter, and until when.
fn why(row: &Row, at: OffsetDateTime) -> String {
    let by = row.rotate_by();
    let by = by.map(|by| when("by", "it should have been by", by, at));
    let then = |text: &str| match &by {
        Some(by) => format!("{text}, {by}"),
        None => text.to_owned(),
    };
    match row.state {
        State::Missing => return "it is declared, and not there yet".to_owned(),
        State::WaitsForRequest => return "it waits for its request".to_owned(),
        State::Requested => return then("it waits for the root's signature"),
        State::Prepared => return then("it is ready, and to be activated"),
        State::Revoked => return "it is revoked, and nothing is in its place".to_owned(),
        State::Due if row.is_due_before_its_time(at) => {
            return match row.kind {
                Kind::Crl => "it lacks a revocation".to_owned(),
                _ => "its CA is tainted or revoked".to_owned(),
            };
        }
        _ => {}
    }
    let Some(deadlines) = row.deadlines() else { return row.state.word().to_owned() };
    let stop = day(deadlines.signing_stop);
    match row.stage(at) {
        Stage::Expired => format!("it expired on {}", day(deadlines.end)),
        Stage::Stopped => {
            let end = day(deadlines.end);
            format!("past its signing stop of {stop}, what it signs lives too short; it ends {end}")
        }
        Stage::Overdue if row.kind == Kind::Crl => {
            format!(
                "it was to be issued anew by {}, and ends {}",
                day(deadlines.rotate_by),
                day(deadlines.end)
            )
        }
        Stage::Overdue => {
            let limit = match row.signing_stop() {
                Some(_) => format!("its signing stop is {stop}"),
                None => format!("it ends {}", day(deadlines.end)),
            };
            format!("it was to be replaced by {}; {limit}", day(deadlines.rotate_by))
        }
        _ => {
            let verb = if row.kind == Kind::Crl { "issue it anew" } else { "replace it" };
            format!("{verb} {}", when("by", "by", deadlines.rotate_by, at))
        }
    }
}

/// `by 2027-01-20, in 5d`
pub(super) fn when(before: &str, after: &str, by: OffsetDateTime, at: OffsetDateTime) -> String {
    match by > at {
        true => format!("{before} {}, in {}", day(by), left(by, at)),
        false => format!("{after} {}", day(by)),
    }
}
