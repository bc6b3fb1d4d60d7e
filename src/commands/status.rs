//! `rootward status` and `intermediate list`: one table each.

use super::{Session, at, day, left, moment};
use crate::authority::keys::PLAN;
use crate::ceremony::plan::{self, Plan, Reviewed};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::rotation::{Kind, Row, State, rows};
use crate::ui::{Tone, Ui};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Show what there is, until when, and what is due or missing
///
/// One line for each key, CRL and identity. SIGNING STOP is the last moment at which a CA can
/// sign a child of full lifetime: its true deadline. An identity or a CRL is due after two
/// thirds (66 %) of its life. From 30 identities on, those without anything to do are summed up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward status
  $ rootward status --at 2027-06-01
  $ rootward status --json")]
pub struct Args {
    /// As it will be then, if nothing is done until then
    #[arg(long, value_name = "DATE", value_parser = at)]
    at: Option<OffsetDateTime>,
    /// Show every identity, however many there are
    #[arg(long)]
    all: bool,
}

/// The columns that a table with a signing stop takes for ordinary names.
const WIDE: usize = 74;

/// From this many identities on, those without anything to do are summed up.
const MANY: usize = 30;

/// The table, and the command to type next.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let now = session.context.now();
    let at = args.at.unwrap_or(now);
    let rows = rows(&estate, at)?;
    let (is_medium, plan) = (estate.is_medium()?, plan::open(&estate)?);
    if session.ui.json {
        json(session, &rows, plan.as_ref(), at)?;
        return Ok(ExitCode::SUCCESS);
    }
    let identities = rows.iter().filter(|row| row.kind == Kind::Identity);
    let summed = !args.all && identities.count() >= MANY;
    let is_idle = |row: &&Row| summed && row.kind == Kind::Identity && row.state == State::Valid;
    let (idle, shown): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(is_idle);
    table(session, &shown, at)?;
    if let Some(first) = idle.iter().filter_map(|row| row.not_after()).min() {
        let idle = match idle.len() {
            1 => "1 more identity is".to_owned(),
            count => format!("{count} more identities are"),
        };
        session.ui.out(&format!("{idle} valid, the first until {}", day(first)))?;
        session.ui.hint("show them too: rootward status --all");
    }
    match (plan, next(&rows)) {
        _ if is_medium => {
            session
                .ui
                .hint("this is a medium: what it is to sign is planned in the online workspace");
        }
        (Some(plan), _) => waits(session, &plan.plan, at),
        (None, Some(command)) if at > now => session.ui.hint(&format!("until then: {command}")),
        (None, Some(command)) if is_first_root(&rows, &command) => first_root(session.ui),
        (None, Some(command)) => session.ui.next(&command),
        (None, None) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// A plan that waits comes before all else: until its end nothing but its response changes anything.
fn waits(session: &Session, plan: &Plan, at: OffsetDateTime) {
    let ui = session.ui;
    let (number, of, until) = (plan.number, day(plan.created), moment(plan.expires));
    if at > plan.expires {
        ui.status(&format!("plan {number} of {of} is stale since {until}"));
        ui.hint("if its ceremony was held before: rootward ceremony import response.toml");
        return ui.next("rootward ceremony plan --withdraw");
    }
    ui.status(&format!("plan {number} of {of} waits for its ceremony, until {until}"));
    ui.hint("what it says: rootward ceremony plan --show");
    ui.next("rootward ceremony import response.toml");
}

fn is_first_root(rows: &[Row], command: &str) -> bool {
    let is_it = |row: &Row| row.kind == Kind::Root && row.state == State::Missing;
    rows.iter().any(|row| is_it(row) && row.next.as_deref() == Some(command))
}

/// The two ways to the first root.
pub fn first_root(ui: &Ui) {
    ui.hint(&format!("to make it on a machine without a network: {PLAN}"));
    ui.next("rootward root create");
}

/// The rows of one kind; identities have a table of their own.
pub fn list(session: &Session, kind: Kind) -> Result<()> {
    let estate = session.read()?;
    let at = session.context.now();
    let rows: Vec<Row> = rows(&estate, at)?.into_iter().filter(|row| row.kind == kind).collect();
    if session.ui.json {
        return json(session, &rows, plan::open(&estate)?.as_ref(), at);
    }
    if rows.is_empty() {
        session.ui.status(&format!("there is no {} yet", kind.word()));
        return Ok(());
    }
    table(session, &rows.iter().collect::<Vec<_>>(), at)
}

/// Only CAs have a signing stop: a table of identities has no such column, nor has one on a narrow
/// terminal.
fn table(session: &Session, rows: &[&Row], at: OffsetDateTime) -> Result<()> {
    let date = |time: Option<OffsetDateTime>| time.map(day).unwrap_or_else(|| "-".into());
    let is_of_cas = rows.iter().any(|row| row.kind != Kind::Identity);
    let has_stop = is_of_cas && !session.ui.is_narrower(WIDE);
    let mut header = vec!["OBJECT", "STATE", "NOT AFTER", "SIGNING STOP", "LEFT"];
    if !has_stop {
        header.remove(3);
    }
    let mut cells: Vec<Vec<(String, Tone)>> = Vec::with_capacity(rows.len());
    for row in rows {
        let tone = tone(row.state);
        let stop_tone = match row.signing_stop() {
            Some(stop) if at > stop && row.state == State::Overdue => tone,
            _ => Tone::Plain,
        };
        let mut line = vec![
            (row.object.clone(), Tone::Plain),
            (row.state.word().to_owned(), tone),
            (date(row.not_after()), Tone::Plain),
            (date(row.signing_stop()), stop_tone),
            (row.not_after().map_or_else(|| "-".into(), |end| left(end, at)), tone),
        ];
        if !has_stop {
            line.remove(3);
        }
        cells.push(line);
    }
    session.ui.table(&header, &cells, &[header.len() - 1])
}

/// How urgent a state is.
pub fn tone(state: State) -> Tone {
    match state {
        State::Expired | State::Revoked | State::Overdue => Tone::Bad,
        State::Tainted
        | State::Due
        | State::Missing
        | State::WaitsForRequest
        | State::Requested => Tone::Warn,
        State::Superseded | State::Prepared | State::Ended => Tone::Faint,
        State::Valid => Tone::Good,
    }
}

/// The most urgent thing to do, as the command to type; for several identities of one
/// environment the command for all of them.
fn next(rows: &[Row]) -> Option<String> {
    let open = || rows.iter().filter(|row| row.next.is_some());
    let urgent = open().min_by_key(|row| row.state);
    // Before anything exists, the order of the rows is the order of the work.
    let started = open().find(|row| matches!(row.state, State::Missing | State::Requested));
    let row = urgent.filter(|row| row.state <= State::Due).or(started).or(urgent)?;
    let environment = |row: &Row| row.object.split('/').next().unwrap_or_default().to_owned();
    let alike = open().filter(|other| other.kind == row.kind && other.state == row.state);
    let alike = alike.filter(|other| environment(other) == environment(row)).count();
    let waits = row.next.as_ref().is_some_and(|next| next.ends_with(" --csr FILE"));
    match row.kind {
        Kind::Identity if alike > 1 && !waits => {
            Some(format!("rootward identity issue --env {}", environment(row)))
        }
        _ => row.next.clone(),
    }
}

fn json(
    session: &Session,
    rows: &[Row],
    plan: Option<&Reviewed>,
    at: OffsetDateTime,
) -> Result<()> {
    let objects: Vec<serde_json::Value> = rows.iter().map(|row| object(row, at)).collect();
    session.ui.json(&serde_json::json!({
        "version": 1,
        "at": timestamp(at),
        "objects": objects,
        "plan": plan.map(waiting),
    }))
}

/// A row for `--json`.
pub fn object(row: &Row, at: OffsetDateTime) -> serde_json::Value {
    serde_json::json!({
        "object": row.object,
        "kind": row.kind.word(),
        "state": row.state.word(),
        "not_after": row.not_after().map(timestamp),
        "signing_stop": row.signing_stop().map(timestamp),
        "seconds_left": row.not_after().map(|end| (end - at).whole_seconds()),
        "next": row.next,
    })
}

/// The plan that waits, for `--json`.
pub fn waiting(reviewed: &Reviewed) -> serde_json::Value {
    serde_json::json!({
        "number": reviewed.plan.number,
        "sha256": reviewed.digest,
        "created": timestamp(reviewed.plan.created),
        "expires": timestamp(reviewed.plan.expires),
    })
}
