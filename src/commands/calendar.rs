//! `rootward calendar`

use super::{Session, environment, metrics::publish};
use crate::error::Result;
use crate::journal::chain::instant;
use crate::model::name::Name;
use crate::rotation::{calendar, rows};
use crate::store::file;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print the dates of everything as a calendar (iCalendar, .ics)
///
/// Every ceremony with what is on its table, and for each CA, CRL and identity an event for each
/// warning, for the last day to replace it, its signing stop and its end. Each has an alarm of
/// its own, at nine of that day. Days are those of UTC.
///
/// The same event is the same in every run: subscribe to FILE, or import it again, and what was
/// replaced moves to its new date.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward calendar
  $ rootward calendar --env prod -o prod.ics")]
pub struct Args {
    /// Only this environment, and the root
    #[arg(long = "env", value_name = "ENV", value_parser = environment)]
    environment: Option<Name>,
    /// Write to FILE, which is replaced in one step, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Renders and prints, or writes.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    args.output.as_deref().map(file::may_replace).transpose()?;
    let (estate, now) = (session.read()?, session.context.now());
    if let Some(environment) = &args.environment {
        estate.environment(environment)?;
    }
    let rows = rows(&estate, now)?;
    let records = &estate.journal.records;
    // The first entry of a journal is no other workspace's, the last is when anything last changed.
    let (first, last) = (records.first(), records.last());
    let events = calendar::events(
        &rows,
        now,
        args.environment.as_ref(),
        first.map_or("", |record| &record.hash),
    );
    let stamp = last.and_then(|record| instant(&record.time)).unwrap_or(now);
    let name = match &args.environment {
        Some(environment) => format!("rootward {environment}"),
        None => "rootward".to_owned(),
    };
    let text = calendar::calendar(&name, &events, stamp, estate.journal.len());
    publish(session, args.output.as_deref(), "calendar", &text)
}
