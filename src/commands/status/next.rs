//! The command to type next.

use crate::authority::keys::PLAN;
use crate::ceremony::plan::Plan;
use crate::commands::{Session, day, moment};
use crate::rotation::{Kind, Row, State};
use crate::ui::Ui;
use time::OffsetDateTime;

/// What is said below the table: of a plan that waits, else of what is most urgent.
pub fn say(session: &Session, rows: &[Row], plan: Option<&Plan>, at: OffsetDateTime) {
    let ui = session.ui;
    match (plan, next(rows)) {
        (Some(plan), _) => waits(ui, plan, at),
        (None, Some(command)) if at > session.context.now() => {
            ui.hint(&format!("until then: {command}"));
        }
        (None, Some(command)) if is_first_root(rows, &command) => first_root(ui),
        (None, Some(command)) => ui.next(&command),
        (None, None) => {}
    }
}

/// A plan that waits comes before all else: until its end nothing but its response changes anything.
fn waits(ui: &Ui, plan: &Plan, at: OffsetDateTime) {
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

/// The most urgent thing to do, as the command to type; for several identities of one
/// environment the command for all of them.
fn next(rows: &[Row]) -> Option<String> {
    let open = || rows.iter().filter(|row| row.next.is_some());
    let urgent = open().min_by_key(|row| row.state);
    // Before anything exists, the order of the rows is the order of the work.
    let started = open().find(|row| matches!(row.state, State::Missing | State::Requested));
    let row = urgent.filter(|row| row.state <= State::Due).or(started).or(urgent)?;
    let alike = open().filter(|other| other.kind == row.kind && other.state == row.state);
    let alike = alike.filter(|other| other.environment == row.environment).count();
    match (row.kind, &row.environment) {
        (Kind::Identity, Some(environment)) if alike > 1 && !row.waits_for_request() => {
            Some(format!("rootward identity issue --env {environment}"))
        }
        _ => row.next.clone(),
    }
}
