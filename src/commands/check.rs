//! `rootward check`: the only verb whose exit codes are those of monitoring plugins.

use super::{Session, environment};
use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::{cadence::Stage, name::Name, text::clean};
use crate::rotation::{
    Row,
    check::{Thresholds, Verdict, judge},
    files, of_environment, rows,
};
use crate::ui::Ui;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Tell a monitoring system how it stands: OK, WARNING or CRITICAL
///
/// For Nagios, Icinga and whatever runs their plugins: one line, performance data behind a bar,
/// then a line for each thing that is near. Everything is warned of at the stage that its
/// cadence declares; from notice to warning, critical, overdue, stopped (past the signing
/// stop), expired.
///
/// Exit code 0: OK; 1: WARNING; 2: CRITICAL; 3: UNKNOWN, whatever went wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward check
  $ rootward check --env prod --files
  $ rootward check --warning overdue --critical expired --json")]
pub struct Args {
    /// Only this environment, and the root
    #[arg(long = "env", value_name = "ENV", value_parser = environment)]
    environment: Option<Name>,
    /// WARNING from this stage on
    #[arg(long, value_name = "STAGE", default_value = "warning", hide_default_value = true)]
    warning: Stage,
    /// CRITICAL from this stage on
    #[arg(long, value_name = "STAGE", default_value = "critical", hide_default_value = true)]
    critical: Stage,
    /// Read every certificate and CRL; what is not as recorded is CRITICAL
    #[arg(long)]
    files: bool,
}

/// Exit code of a plugin that cannot tell.
const UNKNOWN: u8 = 3;

/// Never an error: a monitoring system reads standard output and the exit code alone.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    Ok(check(args, session).unwrap_or_else(|error| unknown(&error, session.ui)))
}

fn check(args: &Args, session: &Session) -> Result<ExitCode> {
    let thresholds = Thresholds { warning: args.warning, critical: args.critical };
    if thresholds.critical < thresholds.warning {
        let (warning, critical) = (args.warning.word(), args.critical.word());
        let message = format!("--critical: got {critical}, expected {warning} or a later stage");
        return Err(Error::usage(message).hint("rootward check --help"));
    }
    let (estate, now) = (session.read()?, session.context.now());
    if let Some(environment) = &args.environment {
        estate.environment(environment)?;
    }
    let rows = of_environment(rows(&estate, now)?, args.environment.as_ref());
    let differences = args.files.then(|| files::read(&estate, &rows).1);
    let verdict = judge(&rows, differences.as_deref(), thresholds, now);
    match session.ui.json {
        true => session.ui.json(&document(&verdict))?,
        false => session.ui.raw(&text(&verdict))?,
    }
    estate.leave();
    Ok(ExitCode::from(verdict.level.exit_code()))
}

fn text(verdict: &Verdict) -> String {
    let (level, summary) = (verdict.level.word(), verdict.summary());
    let mut lines = vec![format!("ROOTWARD {level} - {summary} | {}", verdict.performance())];
    lines.extend(verdict.long_text());
    lines.join("\n") + "\n"
}

fn document(verdict: &Verdict) -> Value {
    let counts = verdict.counts().into_iter().map(|(stage, count)| (stage.word(), count));
    let row = |row: &&Row| {
        let mut document = row.document(verdict.at);
        document["level"] = verdict.level_of(row).word().into();
        document
    };
    let ceremony = verdict.ceremony.as_ref().map(|ceremony| {
        let table: Vec<&str> = ceremony.table.iter().map(|row| row.object.as_str()).collect();
        json!({
            "opens": timestamp(ceremony.opens),
            "by": timestamp(ceremony.by),
            "objects": table,
        })
    });
    let differences = verdict.differences.map(|differences| {
        let one =
            |it: &files::Difference| json!({ "object": it.object, "path": it.path, "why": it.why });
        differences.iter().map(one).collect::<Vec<Value>>()
    });
    json!({
        "version": 1,
        "at": timestamp(verdict.at),
        "status": verdict.level.word(),
        "code": verdict.level.exit_code(),
        "summary": verdict.summary(),
        "stages": counts.collect::<std::collections::BTreeMap<_, _>>(),
        "objects": verdict.said.iter().map(row).collect::<Vec<Value>>(),
        "ceremony": ceremony,
        "differences": differences,
    })
}

/// Whatever went wrong, as a plugin says it.
pub fn unknown(error: &Error, ui: &Ui) -> ExitCode {
    let plain = |text: &str| clean(text).replace('|', "/");
    let summary = plain(&error.messages().join(": "));
    // Where standard output is gone the exit code is all there is.
    let _ = match ui.json {
        true => ui.json(&json!({
            "version": 1,
            "status": "UNKNOWN",
            "code": UNKNOWN,
            "summary": summary,
            "hint": error.hint,
        })),
        false => {
            let hint = error.hint.as_deref().map(|hint| format!("hint: {}\n", plain(hint)));
            ui.raw(&format!("ROOTWARD UNKNOWN - {summary}\n{}", hint.unwrap_or_default()))
        }
    };
    ExitCode::from(UNKNOWN)
}
