//! What comes above the table: by when the next ceremony is, and what there is to do.

use crate::commands::{day, left};
use crate::model::cadence::Stage;
use crate::rotation::{
    Row, State,
    ceremonies::{Ceremony, ceremonies, waiting},
    open,
    words::few,
};
use crate::ui::Tone;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// One line for the ceremony, when one will ever be needed, and one for all there is to do.
pub fn lines(rows: &[Row], at: OffsetDateTime) -> Vec<(String, Tone)> {
    [ceremony(rows, at), work(rows, at)].into_iter().flatten().collect()
}

/// The first moment by which a root key has to have signed, and what can be on its table then.
pub fn ceremony(rows: &[Row], at: OffsetDateTime) -> Option<(String, Tone)> {
    let open = open(rows);
    let first = ceremonies(&open, at).into_iter().next();
    let waiting: Vec<&Row> = waiting(&open, at).collect();
    match first {
        Some(Ceremony { by, table, .. }) if by <= at => {
            let (by, ago) = (day(by), days(by, at));
            let text =
                format!("the next ceremony was to be held by {by} ({ago}): {}", named(&table));
            Some((text, Tone::Bad))
        }
        _ if !waiting.is_empty() => {
            Some((format!("a ceremony is needed now: {}", named(&waiting)), Tone::Warn))
        }
        Some(Ceremony { by, table, .. }) => {
            let is_quiet = table.iter().all(|row| row.stage(at) == Stage::Quiet);
            let tone = if is_quiet { Tone::Plain } else { Tone::Warn };
            let (when, table) = (days(by, at), named(&table));
            Some((format!("next ceremony by {} ({when}): {table}", day(by)), tone))
        }
        None => None,
    }
}

/// What there is to do, by its state; else the first day on which there will be something.
fn work(rows: &[Row], at: OffsetDateTime) -> Option<(String, Tone)> {
    let mut open: BTreeMap<State, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.next.is_some()) {
        *open.entry(row.state).or_default() += 1;
    }
    if let Some((first, _)) = open.first_key_value() {
        let tone = if *first <= State::Overdue { Tone::Bad } else { Tone::Warn };
        let parts: Vec<String> =
            open.iter().map(|(state, count)| format!("{count} {}", word(*state))).collect();
        return Some((format!("to do: {}", parts.join(", ")), tone));
    }
    let due = |row: &Row| row.deadlines().map(|it| it.due).filter(|due| *due > at);
    let first = rows.iter().filter_map(due).min()?;
    let is_then = |row: &&Row| due(row).is_some_and(|due| due.date() == first.date());
    let then: Vec<&Row> = rows.iter().filter(is_then).collect();
    let text =
        format!("nothing to do until {} ({}): {}", day(first), days(first, at), named(&then));
    Some((text, Tone::Good))
}

/// As it follows a number.
fn word(state: State) -> &'static str {
    match state {
        State::WaitsForRequest => "waiting for a request",
        state => state.word(),
    }
}

/// The first few, and how many there are besides.
fn named(rows: &[&Row]) -> String {
    few(&rows.iter().map(|row| row.object.as_str()).collect::<Vec<_>>())
}

/// `in 12 days`; years where there are many.
fn days(then: OffsetDateTime, at: OffsetDateTime) -> String {
    /// Beyond it nobody counts days.
    const MANY: i64 = 730;
    match (then - at).whole_days() {
        0 if then >= at => "today".to_owned(),
        0 => "earlier today".to_owned(),
        1 => "in 1 day".to_owned(),
        -1 => "1 day ago".to_owned(),
        count if count.abs() > MANY && count > 0 => format!("in {}", left(then, at)),
        count if count.abs() > MANY => format!("{} ago", left(at, then)),
        count if count > 0 => format!("in {count} days"),
        count => format!("{} days ago", -count),
    }
}
