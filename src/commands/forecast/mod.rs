//! `rootward forecast`: the ceremonies of the years to come, and what is done between them.

mod json;
mod show;

use super::Session;
use crate::error::{Error, Result};
use crate::model::span::Span;
use crate::rotation::forecast::{self, Change, Forecast, Saving};
use std::process::ExitCode;

/// Show the ceremonies of the years to come
///
/// Simulates every rotation, every CRL and every renewal, from what there is and what is
/// declared, in as few ceremonies as the windows allow. Each is held between FROM and BY; those
/// that follow count from its last day. What needs no root key is summed up: --all lists it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward forecast
  $ rootward forecast --years 20 --json
  $ rootward forecast --with root.crl=180d --with prod/identity=5y")]
pub struct Args {
    /// How far to look ahead, 1 to 50
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=50))]
    years: u32,
    /// As if that were declared: root, ENV/NAME, each also with .crl, .lead, .crl.lead;
    /// ENV.identity
    #[arg(long, value_name = "NAME=TIME")]
    with: Vec<Change>,
    /// List what is done without the root key, too
    #[arg(long)]
    all: bool,
}

/// The tables, the sums, and what would save ceremonies.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let from = session.context.now();
    let span: Span = format!("{}y", args.years).parse().map_err(Error::usage)?;
    let until = span.after(from).ok_or_else(|| Error::usage("that is past the year 9999"))?;
    let found = forecast::forecast(&estate, from, until, &args.with)?;
    let savings = forecast::savings(&estate, from, until, &args.with)?;
    if session.ui.json {
        session.ui.json(&json::of(&found, &savings, &args.with))?;
        return Ok(ExitCode::SUCCESS);
    }
    let declared = match args.with.is_empty() {
        true => None,
        false => Some(forecast::forecast(&estate, from, until, &[])?),
    };
    show::ceremonies(session.ui, &found)?;
    show::work(session.ui, &found, args.all)?;
    sums(session, args, &found, declared.as_ref())?;
    what_saves(session, &found, &savings)?;
    Ok(ExitCode::SUCCESS)
}

fn sums(
    session: &Session,
    args: &Args,
    forecast: &Forecast,
    declared: Option<&Forecast>,
) -> Result<()> {
    for line in show::sums(forecast, args.years) {
        session.ui.out(&line)?;
    }
    if forecast.has_early() {
        session.ui.hint("early: it is not due, and put on the table by ceremony plan --crl");
    }
    for impossible in &forecast.impossible {
        session.ui.warn(impossible);
    }
    if let Some(declared) = declared {
        let with: Vec<String> = args.with.iter().map(ToString::to_string).collect();
        let ceremonies = show::count(declared.ceremonies.len(), "ceremony", "ceremonies");
        session.ui.out(&format!("with {}; as declared: {ceremonies}", with.join(", ")))?;
    }
    Ok(())
}

fn what_saves(session: &Session, forecast: &Forecast, savings: &[Saving]) -> Result<()> {
    if forecast.ceremonies.len() < 2 {
        return Ok(());
    }
    if savings.is_empty() {
        session.ui.hint("no usual lifetime or lead, by itself, would save a ceremony");
    }
    for saving in savings {
        session.ui.out(&show::saving(saving))?;
    }
    if let Some(saving) = savings.first() {
        session
            .ui
            .hint(&format!("one of them, in full: rootward forecast --with {}", saving.change));
    }
    Ok(())
}
