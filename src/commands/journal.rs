//! `rootward journal show | verify`

use super::{Session, at};
use crate::error::{Kind, Result};
use crate::journal::{Act, Journal, Record, chain::instant};
use crate::model::rule::Rule;
use crate::store::{Workspace, file, layout};
use std::process::ExitCode;
use time::OffsetDateTime;

/// The record of every act and every refusal
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Show the entries, oldest first
    #[command(after_help = "Example:\n  $ rootward journal show --object prod/synapse --last 5")]
    Show(ShowArgs),
    /// Check the chain, and name the first bad line
    #[command(after_help = "Example:\n  $ rootward journal verify")]
    Verify,
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Only entries about this object (any generation), such as prod/synapse
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// Only entries of this act, such as identity.issue or refused
    #[arg(long, value_name = "ACT")]
    act: Option<Act>,
    /// Only entries since then
    #[arg(long, value_name = "DATE", value_parser = at)]
    since: Option<OffsetDateTime>,
    /// Only the last N of them
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Show(args) => show(args, session),
        Verb::Verify => verify(session),
    }
}

/// The journal alone: no declaration needs to be sound for it.
fn load(session: &Session) -> Result<Journal> {
    let workspace = Workspace::open(&session.dir()?)?;
    let head = workspace.read_if_any(layout::HEAD, file::SMALL)?;
    Journal::parse(&workspace.journal()?, head.as_ref().map(|head| head.as_slice()))
}

fn verify(session: &Session) -> Result<ExitCode> {
    let journal = load(session).map_err(|mut error| {
        let is_broken = error
            .findings
            .iter()
            .any(|finding| matches!(finding.rule, Rule::JournalBroken | Rule::JournalRolledBack));
        // The question was whether it holds; the answer no is exit 1, as for `verify`.
        if is_broken {
            error.kind = Kind::Failed;
        }
        error
    })?;
    let head = journal.head();
    let (count, hash) = head.trim_end().split_once(' ').unwrap_or_default();
    if session.ui.json {
        session.ui.json(&serde_json::json!({
            "version": 1, "entries": journal.len(), "head": hash, "problems": [],
        }))?;
    } else {
        session.ui.out(&format!("{count} entries, head {hash}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(args: &ShowArgs, session: &Session) -> Result<ExitCode> {
    let journal = load(session)?;
    let scope = |object: &str| object.split('@').next().unwrap_or_default().to_owned();
    let wanted = |record: &&Record| {
        let object = args.object.as_ref();
        object.is_none_or(|object| record.object == *object || scope(&record.object) == *object)
            && args.act.is_none_or(|act| record.act == act)
            && args.since.is_none_or(|since| instant(&record.time).is_some_and(|t| t >= since))
    };
    let mut records: Vec<&Record> = journal.records.iter().filter(wanted).collect();
    if let Some(last) = args.last {
        records.drain(..records.len().saturating_sub(last));
    }
    if session.ui.json {
        session.ui.json(&serde_json::json!({ "version": 1, "entries": records }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for record in records {
        for line in lines(record) {
            text.push_str(&crate::model::text::clean(&line));
            text.push('\n');
        }
    }
    session.ui.raw(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// An entry in two lines or more, 80 columns where the names allow it.
fn lines(record: &Record) -> Vec<String> {
    let who = format!("{}@{}", record.user, record.host);
    let mut lines =
        vec![format!("{:>5}  {}  {} {}", record.seq, record.time, record.act, record.object)];
    let mut detail = |text: String| lines.push(format!("       {text}"));
    let mut parts = vec![format!("by {who}")];
    if let Some(number) = record.number {
        parts.push(format!("number {number}"));
    }
    if let Some(until) = &record.not_after {
        parts.push(format!("until {}", until.get(..10).unwrap_or(until)));
    }
    if let Some(issuer) = &record.issuer {
        parts.push(format!("issuer {issuer}"));
    }
    detail(parts.join(", "));
    for (label, value) in [("serial", &record.serial), ("SHA-256", &record.fingerprint)] {
        if let Some(value) = value {
            detail(format!("{label} {value}"));
        }
    }
    if let Some(request) = &record.request {
        detail(format!("request {request}"));
    }
    for finding in &record.refusal {
        detail(finding.clone());
    }
    lines
}
