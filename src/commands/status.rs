//! `rootward status`, `intermediate list` and `identity list`: one table each.

use super::{Session, at, day, left};
use crate::authority::status::{Kind, Row, State, rows};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::ui::Tone;
use std::process::ExitCode;
use time::OffsetDateTime;

/// Show the state of everything: what is valid until when, what is due, what is missing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  $ rootward status --at 2027-06-01")]
pub struct Args {
    /// As it will be then, if nothing is done until then
    #[arg(long, value_name = "DATE", value_parser = at)]
    at: Option<OffsetDateTime>,
    /// Show every identity, however many there are
    #[arg(long)]
    all: bool,
}

/// From this many identities on, those without anything to do are summed up.
const MANY: usize = 30;

pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let at = args.at.unwrap_or(session.context.now());
    let rows = rows(&estate, at)?;
    if session.ui.json {
        json(session, &rows, at)?;
        return Ok(ExitCode::SUCCESS);
    }
    let identities = rows.iter().filter(|row| row.kind == Kind::Identity);
    let summed = !args.all && identities.count() >= MANY;
    let is_shown =
        |row: &&Row| !(summed && row.kind == Kind::Identity && row.state == State::Valid);
    let shown: Vec<&Row> = rows.iter().filter(is_shown).collect();
    table(session, &shown, at)?;
    if let Some(first) =
        rows.iter().filter(|row| !is_shown(row)).filter_map(|row| row.not_after).min()
    {
        let count = rows.len() - shown.len();
        let line = format!("{count} more identities are valid, the first until {}", day(first));
        session.ui.out(&line)?;
        session.ui.hint("show them all with: rootward status --all");
    }
    next(session, &rows);
    Ok(ExitCode::SUCCESS)
}

/// The rows of one kind.
pub fn list(session: &Session, kind: Kind) -> Result<ExitCode> {
    let estate = session.read()?;
    let at = session.context.now();
    let rows: Vec<Row> = rows(&estate, at)?.into_iter().filter(|row| row.kind == kind).collect();
    if session.ui.json {
        json(session, &rows, at)?;
    } else {
        table(session, &rows.iter().collect::<Vec<_>>(), at)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(session: &Session, rows: &[&Row], at: OffsetDateTime) -> Result<()> {
    let plain = |text: String| (text, Tone::Plain);
    let date = |time: Option<OffsetDateTime>| time.map(day).unwrap_or_else(|| "-".into());
    let cells: Vec<Vec<(String, Tone)>> = rows
        .iter()
        .map(|row| {
            vec![
                plain(row.object.clone()),
                (row.state.word().to_owned(), tone(row.state)),
                plain(date(row.not_after)),
                plain(date(row.signing_stop)),
                (row.not_after.map_or_else(|| "-".into(), |end| left(end, at)), tone(row.state)),
            ]
        })
        .collect();
    session.ui.table(&["OBJECT", "STATE", "NOT AFTER", "SIGNING STOP", "LEFT"], &cells, &[4])
}

fn tone(state: State) -> Tone {
    match state {
        State::Expired => Tone::Bad,
        State::Due | State::Missing | State::WaitsForRequest | State::Requested => Tone::Warn,
        State::Superseded => Tone::Faint,
        State::Valid => Tone::Good,
    }
}

/// The most urgent thing to do, as the command to type.
fn next(session: &Session, rows: &[Row]) {
    let urgent = rows.iter().filter(|row| row.next.is_some()).min_by_key(|row| row.state);
    let first_missing = rows.iter().find(|row| row.next.is_some() && row.state == State::Missing);
    // Before anything exists, the order of the rows is the order of the work.
    let row = urgent.filter(|row| row.state <= State::Due).or(first_missing).or(urgent);
    if let Some(next) = row.and_then(|row| row.next.as_deref()) {
        session.ui.hint(&format!("next: {next}"));
    }
}

fn json(session: &Session, rows: &[Row], at: OffsetDateTime) -> Result<()> {
    let objects: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "object": row.object,
                "kind": row.kind.word(),
                "state": row.state.word(),
                "not_after": row.not_after.map(timestamp),
                "signing_stop": row.signing_stop.map(timestamp),
                "seconds_left": row.not_after.map(|end| (end - at).whole_seconds()),
                "next": row.next,
            })
        })
        .collect();
    session.ui.json(&serde_json::json!({ "version": 1, "at": timestamp(at), "objects": objects }))
}
