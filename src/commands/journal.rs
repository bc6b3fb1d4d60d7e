//! `rootward journal show | verify`

use super::{Session, at};
use crate::error::{Error, Kind, Result};
use crate::journal::{Act, Journal, Record, chain::instant};
use crate::model::text::clean;
use crate::store::{Workspace, file, layout};
use crate::ui::{Tone, lines};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::process::ExitCode;
use time::OffsetDateTime;

/// The record of every act and every refusal: show, verify
///
/// ca/journal.jsonl: one JSON object a line, each with the hash of the line before it. It is only
/// ever appended to; a changed, removed or swapped line is found out.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward journal show
  $ rootward journal verify"
)]
pub enum Verb {
    /// Show the entries, oldest first
    #[command(after_help = "Examples:
  $ rootward journal show
  $ rootward journal show --object prod/hello --last 5
  $ rootward journal show --act refused --since 2026-01-01
  $ rootward journal show --json")]
    Show(ShowArgs),
    /// Check the chain, and name the first bad line
    ///
    /// Prints the number of entries and the hash of the last one, to be compared with a copy on
    /// paper. Exit code 0: it holds; 1: it does not.
    #[command(after_help = "Examples:
  $ rootward journal verify
  $ rootward journal verify --json")]
    Verify,
}

/// Which entries.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Only entries about root, ENV or ENV/NAME; with @gN, about that generation
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// Only entries of this act
    #[arg(long, value_name = "ACT", value_parser = act_parser())]
    act: Option<Act>,
    /// Only entries since then
    #[arg(long, value_name = "DATE", value_parser = at)]
    since: Option<OffsetDateTime>,
    /// Only the last N of them
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

fn act_parser() -> impl TypedValueParser<Value = Act> {
    PossibleValuesParser::new(Act::ALL.map(Act::word)).try_map(|word| word.parse::<Act>())
}

/// Dispatches the verb.
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

/// A refusal to read on, or a declaration that cannot be understood, as the problems that whoever
/// verifies asked for; every other error stays one.
pub fn breaks(error: Error) -> Result<Vec<String>> {
    match error.findings.as_slice() {
        [] if error.kind == Kind::Usage => Ok(vec![error.messages().join(": ")]),
        [] => Err(error),
        findings => Ok(findings.iter().map(ToString::to_string).collect()),
    }
}

fn verify(session: &Session) -> Result<ExitCode> {
    session.dir()?;
    let (journal, problems) = match load(session) {
        Ok(journal) => (Some(journal), Vec::new()),
        Err(error) => (None, breaks(error)?),
    };
    let ui = session.ui;
    let head = journal.as_ref().map(Journal::head).unwrap_or_default();
    let (count, hash) = head.trim_end().split_once(' ').unwrap_or_default();
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1,
            "entries": journal.as_ref().map(Journal::len),
            "head": journal.as_ref().map(|_| hash),
            "problems": problems,
        }))?;
    } else if journal.is_some() {
        ui.out(&format!("{count} entries, head {hash}"))?;
    }
    for problem in &problems {
        if !ui.json {
            ui.data_line(problem, Tone::Bad)?;
        }
        let rule = problem.split(':').next().unwrap_or_default();
        ui.hint(&format!("rootward explain {rule}"));
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn show(args: &ShowArgs, session: &Session) -> Result<ExitCode> {
    let journal = load(session)?;
    let wanted = |record: &&Record| {
        args.object.as_deref().is_none_or(|object| is_about(&record.object, object))
            && args.act.is_none_or(|act| record.act == act)
            && args.since.is_none_or(|since| instant(&record.time).is_some_and(|t| t >= since))
    };
    let mut records: Vec<&Record> = journal.records.iter().filter(wanted).collect();
    if let Some(last) = args.last {
        records.drain(..records.len().saturating_sub(last));
    }
    let ui = session.ui;
    if ui.json {
        ui.json(&serde_json::json!({ "version": 1, "entries": records }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if records.is_empty() {
        ui.status(match journal.is_empty() {
            true => "the journal has no entry yet",
            false => "no entry is like that",
        });
    }
    let mut text = String::new();
    for record in records {
        let tone = match record.act {
            Act::Refused | Act::Abandoned => Tone::Warn,
            _ => Tone::Plain,
        };
        let act = ui.paint(record.act.word(), tone);
        let object = clean(&record.object);
        text.push_str(&format!("{:>5}  {}  {act} {object}\n", record.seq, clean(&record.time)));
        for line in details(record) {
            text.push_str(&format!("       {}\n", clean(&line)));
        }
    }
    ui.raw(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// `prod` is all of an environment, `prod/vault` every generation of it.
fn is_about(object: &str, asked: &str) -> bool {
    let rest = object.strip_prefix(asked);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@') || rest.starts_with('/'))
}

/// What an entry says below its first line, 80 columns where the names allow it.
fn details(record: &Record) -> Vec<String> {
    let mut parts = vec![format!("by {}@{}", record.user, record.host)];
    if let Some(number) = record.number {
        parts.push(format!("number {number}"));
    }
    if let Some(until) = &record.not_after {
        parts.push(format!("until {}", until.get(..10).unwrap_or(until)));
    }
    if let Some(reason) = &record.reason {
        parts.push(format!("reason {reason}"));
    }
    if let Some(issuer) = &record.issuer {
        parts.push(format!("issuer {issuer}"));
    }
    if let Some(reason) = &record.reason {
        parts.push(format!("reason {reason}"));
    }
    if let Some(custody) = &record.custody {
        parts.push(format!("held by {custody}"));
    }
    let mut details = vec![parts.join(", ")];
    let values = [
        ("serial", &record.serial),
        ("SHA-256", &record.fingerprint),
        ("request", &record.request),
        ("plan", &record.plan),
        ("transcript", &record.transcript),
    ];
    for (label, value) in values {
        let Some(value) = value else { continue };
        // 80 columns have no room for a longer word beside a digest.
        let label = match label.len() {
            0..8 => label,
            _ => {
                details.push(label.to_owned());
                ""
            }
        };
        details.push(format!("{label:8}{value}"));
    }
    let waived = record.waivers.iter().map(|waiver| format!("waived {waiver}"));
    for line in waived.chain(record.refusal.iter().cloned()) {
        details.extend(lines::wrap(&line, 72));
    }
    details
}
