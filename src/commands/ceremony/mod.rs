//! `rootward ceremony plan | script | rehearse | run | verify | import`

mod brought;
mod check;
mod import;
mod plan;
mod rehearse;
mod run;
mod script;
mod witnesses;

use super::Session;
use crate::ceremony::plan::{LIMIT, Reviewed, show};
use crate::ceremony::steps::Made;
use crate::error::Result;
use crate::model::text::{colons, wrap};
use crate::store::file;
use crate::ui::Ui;
use std::path::Path;
use std::process::ExitCode;

/// The root key at work: plan, script, rehearse, run, verify, import
///
/// The root key signs in a ceremony alone: on a machine without a network, from a plan that was
/// reviewed beforehand, with a transcript that witnesses sign and an auditor verifies years later.
/// plan, verify and import belong to the online workspace; run to the medium that holds the key.
/// root create, intermediate sign and root crl are ceremonies of one step, on one machine.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward ceremony plan --operator alice --witness bob -o plan.toml
  $ rootward ceremony script plan.toml --html -o paper.html
  $ rootward ceremony rehearse plan.toml
  $ rootward ceremony run plan.toml --workspace /media/root -o response.toml
  $ rootward ceremony verify response.toml
  $ rootward ceremony import response.toml"
)]
pub enum Verb {
    Plan(plan::PlanArgs),
    Script(script::ScriptArgs),
    Rehearse(rehearse::RehearseArgs),
    Run(run::RunArgs),
    Verify(check::CheckArgs),
    Import(import::ImportArgs),
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Plan(args) => plan::run(args, session)?,
        Verb::Script(args) => script::run(args, session.ui)?,
        Verb::Rehearse(args) => rehearse::run(args, session)?,
        Verb::Run(args) => run::run(args, session)?,
        Verb::Verify(args) => check::run(args, session)?,
        Verb::Import(args) => import::run(args, session)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a plan that the command line names.
fn read_plan(path: &Path) -> Result<Reviewed> {
    Reviewed::parse(&file::shown(path), &file::read(path, LIMIT)?)
}

/// A plan as it is read on a terminal of 80 columns: terms, digest, steps.
fn plan_lines(reviewed: &Reviewed) -> Result<Vec<String>> {
    let terms = show::terms(reviewed);
    let mut lines: Vec<String> = terms.iter().flat_map(|line| wrapped("", line)).collect();
    lines.extend(digest_lines(&reviewed.digest, &reviewed.words()?));
    lines.push(String::new());
    lines.push("What will exist afterwards that does not exist now:".to_owned());
    for (index, paragraph) in show::steps(&reviewed.plan)?.iter().enumerate() {
        lines.push(format!("{}. {}", index + 1, paragraph.title));
        lines.extend(paragraph.lines.iter().flat_map(|line| wrapped("     ", line)));
    }
    Ok(lines)
}

fn wrapped(indent: &str, line: &show::Line) -> Vec<String> {
    let texts = wrap(&line.text, 80 - 10 - indent.len());
    let labels = [line.label].into_iter().chain(std::iter::repeat(""));
    let lines = labels.zip(texts).map(|(label, text)| show::Line { label, text });
    lines.map(|line| format!("{indent}{line}")).collect()
}

/// A digest as people compare it: hex in two lines, words in four.
fn digest_lines(digest: &str, words: &[String]) -> Vec<String> {
    let bytes = crate::model::text::unhex(digest).unwrap_or_default();
    let hex = colons(&bytes);
    let (first, second) = hex.split_at(hex.len().min(48));
    let mut lines =
        vec![format!("SHA-256   {}", first.trim_end_matches(':')), format!("          {second}")];
    for (index, line) in words.chunks(6).enumerate() {
        let label = if index == 0 { "in words" } else { "" };
        lines.push(format!("{label:9} {}", line.join(" ")));
    }
    lines
}

/// What a ceremony made, for people.
fn show_made(ui: &Ui, made: &[Made]) {
    for one in made {
        let kind = if one.kind() == "crl" { " CRL" } else { "" };
        ui.status(&format!("{}{kind}", one.object));
        for line in one.lines() {
            ui.status(&format!("  {line}"));
        }
    }
}

/// What a ceremony made, for programs.
fn made_json(made: &[Made]) -> Vec<serde_json::Value> {
    let one = |made: &Made| {
        serde_json::json!({ "object": made.object.to_string(), "kind": made.kind(),
            "sha256": made.fingerprint() })
    };
    made.iter().map(one).collect()
}
