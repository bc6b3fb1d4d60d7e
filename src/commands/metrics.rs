//! `rootward metrics`

use super::Session;
use crate::error::Result;
use crate::rotation::{
    files,
    metrics::{self, Source},
    rows,
};
use crate::store::file;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Print metrics for Prometheus, alert rules, or a dashboard for them
///
/// In the text exposition format, for the textfile collector of node_exporter: FILE.prom appears
/// whole, with mode 0644. Moments are exported, not how long it is until then. The names
/// x509_... and their labels are those of x509-certificate-exporter; they follow the journal, or
/// with --files what is in the files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward metrics
  $ rootward metrics --files -o rootward.prom
  $ rootward metrics --rules -o rules.yml
  $ rootward metrics --dashboard -o dashboard.json")]
pub struct Args {
    /// Read every certificate and CRL, and count what is not as recorded
    #[arg(long)]
    files: bool,
    /// Alert rules for these metrics instead, as YAML
    #[arg(long, conflicts_with_all = ["dashboard", "files"])]
    rules: bool,
    /// A Grafana dashboard for these metrics instead, as JSON
    #[arg(long, conflicts_with = "files")]
    dashboard: bool,
    /// Write to FILE, which is replaced in one step, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Renders and prints, or writes.
pub fn run(args: &Args, session: &Session) -> Result<std::process::ExitCode> {
    args.output.as_deref().map(file::may_replace).transpose()?;
    let (name, text) = match (args.rules, args.dashboard) {
        (true, _) => ("rules", metrics::rules()),
        (_, true) => ("dashboard", serde_json::to_string_pretty(&metrics::dashboard())? + "\n"),
        _ => ("metrics", now(args, session)?),
    };
    publish(session, args.output.as_deref(), name, &text)
}

fn now(args: &Args, session: &Session) -> Result<String> {
    let (estate, at) = (session.read()?, session.context.now());
    let rows = rows(&estate, at)?;
    let (seen, differences) = match args.files {
        true => files::read(&estate, &rows),
        false => (files::recorded(&estate, &rows), Vec::new()),
    };
    for difference in &differences {
        session.ui.warn(&format!("{} {}", difference.path, difference.why));
    }
    let text = metrics::metrics(&Source {
        at,
        rows: &rows,
        seen: &seen,
        differences: args.files.then_some(&differences),
        entries: estate.journal.len(),
        root: estate.workspace.root(),
        version: env!("CARGO_PKG_VERSION"),
    });
    estate.leave();
    Ok(text)
}

/// A document for machines: to a file that everybody may read, or to standard output; with `--json`
/// as the value of `name`.
pub fn publish(
    session: &Session,
    output: Option<&Path>,
    name: &str,
    text: &str,
) -> Result<std::process::ExitCode> {
    let ui = session.ui;
    if let Some(path) = output {
        file::publish(path, text.as_bytes())?;
        ui.status(&format!("wrote {}", file::shown(path)));
    }
    match (ui.json, output) {
        (true, _) => ui.json(&json!({ "version": 1, name: text }))?,
        (false, None) => ui.raw(text)?,
        (false, Some(_)) => {}
    }
    Ok(std::process::ExitCode::SUCCESS)
}
