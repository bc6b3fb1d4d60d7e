//! `rootward explain [RULE]`

use crate::error::{Error, Result};
use crate::model::{
    rule::{RULES, Rule, RuleText},
    text::{clean, nearest},
};
use crate::ui::{Tone, Ui, lines::wrap};
use std::process::ExitCode;

/// Explain a rule: what it refuses, why, and how to mend it
///
/// Every refusal begins with the id of its rule. Ids are stable: they can stand in notes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward explain
  $ rootward explain OUTLIVES-ISSUER")]
pub struct Args {
    /// The rule's id, such as OUTLIVES-ISSUER; without one, all rules are listed
    #[arg(value_name = "RULE")]
    rule: Option<String>,
}

/// One rule, or the list of all.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode> {
    match &args.rule {
        None => list(ui)?,
        Some(id) => {
            let rule = Rule::find(id).ok_or_else(|| unknown(id))?;
            explain(rule.text(), ui)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: &str) -> Error {
    let error = Error::usage(format!("there is no rule {:?}", clean(id)));
    match nearest(&id.to_uppercase(), RULES.iter().map(|text| text.id)) {
        Some(near) => error.hint(format!("rootward explain {near}")),
        None => error.hint("rootward explain"),
    }
}

fn value(text: &RuleText) -> serde_json::Value {
    serde_json::json!({
        "rule": text.id, "refuses": text.refuses, "why": text.why, "fix": text.fix,
    })
}

fn explain(text: &RuleText, ui: &Ui) -> Result<()> {
    if ui.json {
        return ui.json(&serde_json::json!({ "version": 1, "rules": [value(text)] }));
    }
    ui.out(text.id)?;
    for (label, paragraph) in [("refuses", text.refuses), ("why", text.why), ("fix", text.fix)] {
        for (index, line) in wrap(paragraph, ui.text_width() - 12).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            ui.out(&format!("  {label:8} {line}"))?;
        }
    }
    Ok(())
}

fn list(ui: &Ui) -> Result<()> {
    if ui.json {
        let rules: Vec<_> = RULES.iter().map(value).collect();
        return ui.json(&serde_json::json!({ "version": 1, "rules": rules }));
    }
    let mut rows = Vec::new();
    for text in RULES {
        for (index, line) in wrap(text.refuses, ui.text_width() - 24).into_iter().enumerate() {
            let id = if index == 0 { text.id } else { "" };
            rows.push(vec![(id.to_owned(), Tone::Plain), (line, Tone::Plain)]);
        }
    }
    ui.table(&["RULE", "REFUSES"], &rows, &[])
}
