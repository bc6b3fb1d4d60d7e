//! The dates of a workspace as events of a calendar.

mod ics;

pub use ics::{Event, calendar};

use super::{
    Kind, Row,
    ceremonies::{Ceremony, ceremonies},
    open,
    words::{day, few, verb},
};
use crate::model::{
    cadence::{Deadlines, Stage},
    name::Name,
};
use crate::pki::inspect::sha256;
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};

/// From this many identities in an environment on, those of one day are one event.
const MANY: usize = 20;

/// Everything with a date: each ceremony, each stage of each CA and CRL, each stage of identities; in
/// order of time. Of an environment: what is its own, and the root's. `estate` tells one workspace
/// from another, and is the same in all its copies.
///
/// An event is known by its object and stage, not by its date: when a certificate is replaced, the
/// same event is at another date, and nothing stays behind where calendars are imported again.
#[must_use]
pub fn events(
    rows: &[Row],
    at: OffsetDateTime,
    environment: Option<&Name>,
    estate: &str,
) -> Vec<Event> {
    let open = open(rows);
    let uids = Uids { estate };
    let is_shown = |row: &&Row| row.concerns(environment);
    let mut events = Vec::new();
    for (index, ceremony) in ceremonies(&open, at).iter().enumerate() {
        if ceremony.table.iter().any(is_shown) {
            events.extend(of_ceremony(ceremony, index + 1, &uids));
        }
    }
    let mut identities: BTreeMap<&Name, Vec<&Row>> = BTreeMap::new();
    for row in open.into_iter().filter(is_shown) {
        match (&row.environment, row.kind) {
            (Some(environment), Kind::Identity) => {
                identities.entry(environment).or_default().push(row);
            }
            _ => events.extend(of_row(row, &uids)),
        }
    }
    for (environment, rows) in identities {
        match rows.len() {
            0..MANY => events.extend(rows.into_iter().flat_map(|row| of_row(row, &uids))),
            _ => events.extend(of_many(environment, &rows, &uids)),
        }
    }
    events.sort_by(|a, b| (a.day, &a.summary).cmp(&(b.day, &b.summary)));
    events
}

struct Uids<'a> {
    estate: &'a str,
}

impl Uids<'_> {
    /// Opaque (RFC 7986 section 5.3), and no other workspace's.
    fn of(&self, thing: &str, stage: &str) -> String {
        let hash = sha256(format!("{}\n{thing}\n{stage}", self.estate).as_bytes());
        format!("{}@rootward", &hash[..32])
    }
}

fn of_ceremony(ceremony: &Ceremony, number: usize, uids: &Uids) -> [Event; 2] {
    let objects: Vec<&str> = ceremony.table.iter().map(|row| row.object.as_str()).collect();
    let thing = format!("ceremony {number}");
    let table: Vec<String> = ceremony.table.iter().map(|row| line(row)).collect();
    let (opens, by) = (day(ceremony.opens), day(ceremony.by));
    let description =
        format!("Hold it between {opens} and {by}. On its table:\n{}", table.join("\n"));
    let names = few(&objects);
    let event = |stage: Stage, on: OffsetDateTime, summary: String| Event {
        uid: uids.of(&thing, stage.word()),
        day: on.date(),
        summary,
        description: description.clone(),
        categories: vec!["rootward".into(), "ceremony".into()],
        priority: priority(stage),
    };
    [
        event(Stage::Notice, ceremony.opens, format!("Ceremony can be held until {by}: {names}")),
        event(Stage::Overdue, ceremony.by, format!("Last day for the ceremony: {names}")),
    ]
}

fn line(row: &Row) -> String {
    let until = row.rotate_by().map(|by| format!(": by {}", day(by)));
    format!("- {}{}", row.object, until.unwrap_or_default())
}

fn of_row(row: &Row, uids: &Uids) -> Vec<Event> {
    let Some(deadlines) = row.deadlines() else { return Vec::new() };
    let event = |(stage, from): &(Stage, OffsetDateTime)| Event {
        uid: uids.of(&row.object, stage.word()),
        day: on(deadlines, *stage, *from),
        summary: summary(verb(row), &row.object, *stage, deadlines),
        description: description(row, deadlines),
        categories: vec!["rootward".into(), row.kind.word().into(), stage.word().into()],
        priority: priority(*stage),
    };
    deadlines.stages.iter().map(event).collect()
}

/// The last moment at which it is well, where a stage begins a second after it.
fn on(deadlines: &Deadlines, stage: Stage, from: OffsetDateTime) -> Date {
    let moment = match stage {
        Stage::Stopped => deadlines.signing_stop,
        Stage::Expired => deadlines.end,
        _ => from,
    };
    moment.date()
}

fn summary(verb: &str, what: &str, stage: Stage, deadlines: &Deadlines) -> String {
    let by = day(deadlines.rotate_by);
    let said = match stage {
        Stage::Quiet | Stage::Notice => format!("{verb} {what} by {by}"),
        Stage::Warning => format!("{verb} {what} soon, by {by}"),
        Stage::Critical => format!("{verb} {what} now, by {by}"),
        Stage::Overdue => format!("last day to {verb} {what}"),
        Stage::Stopped => format!("signing stop of {what}"),
        Stage::Expired => format!("end of {what}"),
    };
    let first: String = said.chars().take(1).flat_map(char::to_uppercase).collect();
    first + &said[1..]
}

fn description(row: &Row, of: &Deadlines) -> String {
    let mut lines = vec![
        format!("{} may be replaced from {} on.", row.object, day(of.due)),
        format!("To {} by {}.", verb(row), day(of.rotate_by)),
    ];
    if matches!(row.kind, Kind::Root | Kind::Intermediate) {
        lines.push(format!(
            "What it signs after {} lives shorter than declared.",
            day(of.signing_stop)
        ));
    }
    lines.push(format!("It ends on {}.", day(of.end)));
    if row.needs_root() {
        lines.push("It takes the root key.".into());
    }
    lines.extend(row.next.as_ref().map(|next| format!("Next: {next}")));
    lines.join("\n")
}

/// Those of one environment whose stage begins on the same day are one event, which is known by that
/// day.
fn of_many(environment: &Name, rows: &[&Row], uids: &Uids) -> Vec<Event> {
    let mut days: BTreeMap<(Date, Stage), Vec<(&str, &Deadlines)>> = BTreeMap::new();
    for row in rows {
        let Some(deadlines) = row.deadlines() else { continue };
        for (stage, from) in &deadlines.stages {
            let day = on(deadlines, *stage, *from);
            days.entry((day, *stage)).or_default().push((&row.object, deadlines));
        }
    }
    let event = |((day, stage), of): ((Date, Stage), Vec<(&str, &Deadlines)>)| {
        let what = match of.as_slice() {
            [(object, _)] => (*object).to_owned(),
            many => format!("{} identities of {environment}", many.len()),
        };
        let first = of.iter().min_by_key(|(_, deadlines)| deadlines.rotate_by);
        Event {
            uid: uids.of(&format!("{environment} {day}"), stage.word()),
            day,
            summary: first
                .map(|(_, first)| summary("renew", &what, stage, first))
                .unwrap_or_default(),
            description: listed(&of),
            categories: vec!["rootward".into(), "identity".into(), stage.word().into()],
            priority: priority(stage),
        }
    };
    days.into_iter().map(event).collect()
}

/// The first of them: nobody reads a thousand.
fn listed(of: &[(&str, &Deadlines)]) -> String {
    const SHOWN: usize = 30;
    let line = |(object, deadlines): &(&str, &Deadlines)| {
        format!("- {object}: by {}", day(deadlines.rotate_by))
    };
    let mut lines: Vec<String> = of.iter().take(SHOWN).map(line).collect();
    if of.len() > SHOWN {
        lines.push(format!("and {} more", of.len() - SHOWN));
    }
    lines.join("\n")
}

fn priority(stage: Stage) -> u8 {
    match stage {
        Stage::Quiet | Stage::Notice => 9,
        Stage::Warning => 5,
        _ => 1,
    }
}
