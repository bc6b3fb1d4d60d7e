//! The table: as many columns as the terminal has room for.

use super::bar::bar;
use crate::commands::{Session, day, left};
use crate::error::Result;
use crate::model::cadence::Stage;
use crate::rotation::{Kind, Row, State};
use crate::ui::Tone;
use std::cmp::Reverse;
use time::OffsetDateTime;

/// What of a row stands in one column.
struct Column {
    header: &'static str,
    /// `None`: the bar, as wide as there is room.
    text: Option<fn(&Row, OffsetDateTime) -> String>,
    /// Is it in the colour of its urgency?
    is_toned: bool,
    is_right: bool,
}

const fn column(header: &'static str, text: fn(&Row, OffsetDateTime) -> String) -> Column {
    Column { header, text: Some(text), is_toned: false, is_right: false }
}

const OBJECT: Column = column("OBJECT", |row, _| row.object.clone());
const STATE: Column =
    Column { is_toned: true, ..column("STATE", |row, _| row.state.word().to_owned()) };
const LIFE: Column = Column { header: "LIFE", text: None, is_toned: true, is_right: false };
const NEXT: Column = column("NEXT", |row, at| match milestone(row, at) {
    Some((then, what)) => format!("{} {what}", day(then)),
    None => NONE.to_owned(),
});
/// On a narrow terminal, `waits`.
const STATE_WORD: Column = Column {
    text: Some(|row, _| row.state.word().split(' ').next().unwrap_or_default().to_owned()),
    ..STATE
};
/// On the narrowest: the state, or the next date of what is valid.
const NEXT_OR_STATE: Column = Column {
    is_toned: true,
    ..column("NEXT", |row, at| match (row.state, NEXT.text) {
        (State::Valid, Some(next)) => next(row, at),
        (state, _) => state.word().to_owned(),
    })
};
const LEFT: Column = Column {
    is_toned: true,
    is_right: true,
    ..column("LEFT", |row, at| {
        milestone(row, at).map_or_else(|| NONE.to_owned(), |(then, _)| left(then, at))
    })
};
const SIGNING_STOP: Column = column("SIGNING STOP", |row, _| date(row.signing_stop()));
const NOT_AFTER: Column = column("NOT AFTER", |row, _| date(row.not_after()));

/// From the widest to the narrowest, each with the least width of the bar.
const LAYOUTS: [(usize, &[Column]); 6] = [
    (12, &[OBJECT, STATE, LIFE, NEXT, LEFT, SIGNING_STOP, NOT_AFTER]),
    (12, &[OBJECT, STATE, LIFE, NEXT, LEFT, NOT_AFTER]),
    (8, &[OBJECT, STATE, LIFE, NEXT, LEFT]),
    (0, &[OBJECT, STATE_WORD, NEXT, LEFT]),
    (0, &[OBJECT, STATE_WORD, NEXT]),
    (0, &[OBJECT, NEXT_OR_STATE]),
];

/// Nothing to say.
const NONE: &str = "-";

/// A wider bar says no more.
const WIDEST_BAR: usize = 24;

/// Between two columns.
const GAP: usize = 2;

/// The root, then each environment, with an empty line between; in each the most urgent first, then
/// what is next.
pub fn table(session: &Session, rows: &[&Row], at: OffsetDateTime) -> Result<()> {
    let ui = session.ui;
    let (columns, bar_width) = layout(rows, at, ui.table_width());
    let header: Vec<&str> = columns.iter().map(|column| column.header).collect();
    let mut lines: Vec<Vec<(String, Tone)>> = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|one, other| one.environment == other.environment) {
        if !lines.is_empty() {
            lines.push(vec![(String::new(), Tone::Plain); columns.len()]);
        }
        let mut group = group.to_vec();
        group.sort_by_cached_key(|row| rank(row, at));
        lines.extend(group.into_iter().map(|row| line(row, at, &columns, bar_width)));
    }
    let right = columns.iter().enumerate().filter(|(_, column)| column.is_right);
    ui.table(&header, &lines, &right.map(|(index, _)| index).collect::<Vec<_>>())
}

fn line(
    row: &Row,
    at: OffsetDateTime,
    columns: &[&Column],
    bar_width: usize,
) -> Vec<(String, Tone)> {
    let urgency = tone(row, at);
    let cell = |column: &&Column| {
        let text = match (column.text, &row.life) {
            (Some(text), _) => text(row, at),
            (None, Some(life)) => bar(life, at, bar_width),
            (None, None) => NONE.to_owned(),
        };
        (text, if column.is_toned { urgency } else { Tone::Plain })
    };
    columns.iter().map(cell).collect()
}

/// The first layout that fits, and how wide its bar is.
fn layout(rows: &[&Row], at: OffsetDateTime, room: usize) -> (Vec<&'static Column>, usize) {
    let mut narrowest = Vec::new();
    for (least, columns) in LAYOUTS {
        let width = |column: &'static Column| Some((column, width(column, rows, at)?));
        let (columns, widths): (Vec<&Column>, Vec<usize>) =
            columns.iter().filter_map(width).unzip();
        let gaps = GAP * columns.len().saturating_sub(1);
        let rest = room.checked_sub(widths.iter().sum::<usize>() + gaps);
        if let Some(rest) = rest.filter(|rest| *rest >= least) {
            return (columns, rest.min(WIDEST_BAR));
        }
        narrowest = columns;
    }
    (narrowest, 0)
}

/// The bar needs nothing by itself. `None` for a column that says nothing of any row.
fn width(column: &Column, rows: &[&Row], at: OffsetDateTime) -> Option<usize> {
    let Some(text) = column.text else {
        return rows.iter().any(|row| row.life.is_some()).then_some(0);
    };
    let cells = rows.iter().map(|row| text(row, at)).filter(|cell| cell != NONE);
    let widest = cells.map(|cell| cell.chars().count()).max();
    widest.or(rows.is_empty().then_some(0)).map(|cells| cells.max(column.header.len()))
}

/// Most urgent first; what nobody will replace last; then by the next date.
fn rank(row: &Row, at: OffsetDateTime) -> impl Ord + use<> {
    let then = milestone(row, at).map(|(then, _)| then);
    let is_over = row.deadlines().is_none() && row.next.is_none();
    (is_over, Reverse(row.stage(at)), then.is_none(), then)
}

/// The next moment that matters, and what it is; the end, once all are past.
fn milestone(row: &Row, at: OffsetDateTime) -> Option<(OffsetDateTime, &'static str)> {
    let Some(deadlines) = row.deadlines() else { return row.not_after().map(|end| (end, "end")) };
    let moments =
        [(deadlines.due, "due"), (deadlines.rotate_by, "by"), (deadlines.signing_stop, "stop")];
    let ahead = moments.into_iter().find(|(moment, _)| at < *moment);
    let ahead = ahead.filter(|(moment, _)| *moment < deadlines.end);
    Some(ahead.unwrap_or((deadlines.end, "end")))
}

fn date(time: Option<OffsetDateTime>) -> String {
    time.map_or_else(|| NONE.to_owned(), day)
}

/// How urgent it is.
pub fn tone(row: &Row, at: OffsetDateTime) -> Tone {
    match (row.stage(at), row.state) {
        (Stage::Critical | Stage::Overdue | Stage::Stopped | Stage::Expired, _) => Tone::Bad,
        (_, State::Expired | State::Revoked | State::Overdue) => Tone::Bad,
        (Stage::Notice | Stage::Warning, _) => Tone::Warn,
        (_, State::Superseded | State::Prepared | State::Ended) => Tone::Faint,
        (_, State::Valid) => Tone::Good,
        _ => Tone::Warn,
    }
}

/// Is it an identity with nothing to do?
pub fn is_idle(row: &Row, at: OffsetDateTime) -> bool {
    row.kind == Kind::Identity && row.state == State::Valid && row.stage(at) == Stage::Quiet
}
