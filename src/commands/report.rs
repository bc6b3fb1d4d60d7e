//! `rootward report`

use super::{Session, at};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::pki::inspect::sha256;
use crate::report::{self, Report};
use crate::store::file;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Show everything on one HTML page: lifetimes, trust, policies
///
/// For whoever would rather look than read: a timeline of all lifetimes, what is due with its
/// commands, a trust tree for each environment, who has which policies, the last ceremonies, how
/// keys are held and how the journal stands. The page needs no script and loads nothing; no secret
/// is in it. It can be printed, on A4 or Letter. With --json, a summary of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward report -o report.html
  $ rootward report --at 2027-06-01 >june.html")]
pub struct Args {
    /// Write to FILE, which is replaced, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// As it will be then, if nothing is done until then
    #[arg(long, value_name = "DATE", value_parser = at)]
    at: Option<OffsetDateTime>,
}

/// Renders and prints, or writes.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    args.output.as_deref().map(file::may_replace).transpose()?;
    let estate = session.read()?;
    let at = args.at.unwrap_or(session.context.now());
    let report = report::make(&estate, at)?;
    let ui = session.ui;
    if let Some(path) = &args.output {
        file::replace(path, report.html.as_bytes(), 0o644, true)?;
        ui.status(&format!("wrote {}", file::shown(path)));
    }
    match (ui.json, &args.output) {
        (true, path) => ui.json(&json(&report, at, path.as_deref()))?,
        (false, None) => ui.raw(&report.html)?,
        (false, Some(_)) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The page itself is in it when it went nowhere else.
fn json(report: &Report, at: OffsetDateTime, path: Option<&Path>) -> serde_json::Value {
    serde_json::json!({
        "version": 1,
        "at": timestamp(at),
        "file": path.map(file::shown),
        "bytes": report.html.len(),
        "sha256": sha256(report.html.as_bytes()),
        "stage": report.stage.word(),
        "objects": report.objects,
        "identities": report.identities,
        "commands": report.commands,
        "html": path.is_none().then_some(&report.html),
    })
}
