//! A plan as people read it: what is made, changed and removed, field by field, and what is there
//! that nobody declared.

use crate::error::Result;
use crate::model::text::clean;
use crate::pki::{inspect::Certificate, pem};
use crate::ui::{Tone, Ui, lines::count};
use crate::vault::{Action, Change, Kind, Plan, Step, Stranger};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Every step, each with what it changes.
pub fn steps(ui: &Ui, plan: &Plan) -> Result<()> {
    for step in &plan.steps {
        let (sign, tone) = sign(step.action);
        let summary = summary(step).unwrap_or_default();
        let line = format!("{sign} {:36}  {summary}", step.address.to_string());
        ui.raw(&format!("{}\n", ui.paint(clean(&line).trim_end(), tone)))?;
        if step.action == Action::Change {
            step.changes.iter().try_for_each(|change| changed(ui, change))?;
        }
    }
    Ok(())
}

fn sign(action: Action) -> (char, Tone) {
    match action {
        Action::Create => ('+', Tone::Good),
        Action::Change => ('~', Tone::Warn),
        Action::Remove => ('-', Tone::Bad),
    }
}

/// What is most worth knowing of what is made.
fn summary(step: &Step) -> Option<String> {
    if step.action != Action::Create {
        return None;
    }
    let field = |name: &str| step.body.get(name).map(|value| value_text(name, value));
    match step.address.kind {
        Kind::Policy => {
            let text = step.body.get("policy")?.as_str()?;
            let sources =
                text.lines().filter_map(|line| line.strip_prefix("# identities/policies/"));
            let names: Vec<&str> = sources.map(|file| file.trim_end_matches(".hcl")).collect();
            Some(if names.is_empty() { "nothing".to_owned() } else { names.join(", ") })
        }
        Kind::Mount | Kind::Auth => field("type"),
        Kind::Issuer => field("serial_number").map(|serial| format!("serial {serial}")),
        Kind::Crl => {
            let serials = step.body.get("serials")?.as_array()?.len();
            Some(format!("{serials} revoked"))
        }
        Kind::Entity => (step.body.get("disabled")? == true).then(|| "disabled".to_owned()),
        Kind::Alias => field("name"),
        Kind::AuthConfig => None,
        Kind::PkiRole => field("allowed_domains"),
        _ => field("token_policies").map(|policies| format!("policy {policies}")),
    }
}

/// One field: on a line, or as a diff where it is text of many lines.
pub fn changed(ui: &Ui, change: &Change) -> Result<()> {
    if let (Value::String(before), Value::String(after)) = (&change.before, &change.after)
        && change.field == "policy"
    {
        return diff(ui, before, after);
    }
    let text = |value: &Value| clean(&value_text(&change.field, value));
    let (before, after) = (text(&change.before), text(&change.after));
    let line = format!("    {}: {before} -> {after}", clean(&change.field));
    if line.chars().count() <= ui.text_width() {
        return ui.raw(&format!("{line}\n"));
    }
    let (before, after) = (ui.paint(&before, Tone::Bad), ui.paint(&after, Tone::Good));
    ui.raw(&format!("    {}:\n      - {before}\n      + {after}\n", clean(&change.field)))
}

/// Lines that went and came, with one line around them.
fn diff(ui: &Ui, before: &str, after: &str) -> Result<()> {
    let diff = TextDiff::from_lines(before, after);
    for group in diff.grouped_ops(1) {
        for op in group {
            let is_empty = |change: &similar::Change<&str>| change.value().trim().is_empty();
            for change in diff.iter_changes(&op) {
                if change.tag() == ChangeTag::Equal && is_empty(&change) {
                    continue;
                }
                let (sign, tone) = match change.tag() {
                    ChangeTag::Delete => ('-', Tone::Bad),
                    ChangeTag::Insert => ('+', Tone::Good),
                    ChangeTag::Equal => (' ', Tone::Faint),
                };
                let line = format!("    {sign} {}", clean(change.value().trim_end()));
                ui.raw(&format!("{}\n", ui.paint(line.trim_end(), tone)))?;
            }
        }
    }
    Ok(())
}

/// A value in one line; certificates by their names, since nobody reads base64.
fn value_text(field: &str, value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.contains("-----BEGIN CERTIFICATE") => certificates(text),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) if text.contains("-----BEGIN PUBLIC KEY") => public_key(text),
        Value::String(text) => text.trim_end().to_owned(),
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) => {
            items.iter().map(|item| value_text(field, item)).collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) if field.contains("ttl") || field.contains("period") => {
            seconds(number.as_u64().unwrap_or_default())
        }
        Value::Object(fields) if fields.is_empty() => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// `CN (fingerprint)` of each.
fn certificates(text: &str) -> String {
    let Ok(ders) = pem::read_certificates("certificate", text.as_bytes()) else {
        return "what is no certificate".to_owned();
    };
    let one = |der: Vec<u8>| match Certificate::parse("certificate", der) {
        Ok(certificate) => {
            let print: String = certificate.fingerprint().chars().take(8).collect();
            format!("{} ({print})", certificate.facts.cn())
        }
        Err(_) => "what is no certificate".to_owned(),
    };
    ders.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn public_key(text: &str) -> String {
    let digest: String =
        crate::pki::inspect::sha256(text.trim().as_bytes()).chars().take(8).collect();
    format!("public key ({digest})")
}

/// As declarations write it.
fn seconds(count: u64) -> String {
    match count {
        0 => "0".to_owned(),
        count if count % 86_400 == 0 => format!("{}d", count / 86_400),
        count if count % 3600 == 0 => format!("{}h", count / 3600),
        count if count % 60 == 0 => format!("{}m", count / 60),
        count => format!("{count}s"),
    }
}

/// Is there something that only `--prune` removes?
pub fn wants_prune(plan: &Plan) -> bool {
    !plan.prune && plan.strangers.iter().any(is_removable)
}

fn is_removable(stranger: &Stranger) -> bool {
    let is_kept = matches!(stranger.address.kind, Kind::Mount | Kind::Auth);
    stranger.owner.is_some() && !is_kept
}

/// What nobody declared; `all` of it, or what `--prune` would remove.
pub fn strangers(ui: &Ui, plan: &Plan, all: bool) -> Result<()> {
    let shown: Vec<&Stranger> =
        plan.strangers.iter().filter(|stranger| all || is_removable(stranger)).collect();
    if shown.is_empty() || plan.prune && !all {
        return Ok(());
    }
    ui.raw("\nnot declared:\n")?;
    for stranger in shown {
        let whose = match &stranger.owner {
            Some(_) if is_removable(stranger) => "rootward's: --prune removes it",
            Some(_) => "rootward's, and kept with what is in it",
            None if stranger.address.kind == Kind::Group => {
                "gives its policies to declared entities"
            }
            None => "not rootward's: left alone",
        };
        let line = format!("  ? {:32}  {whose}", stranger.address.to_string());
        ui.raw(&format!("{}\n", ui.paint(&clean(&line), Tone::Warn)))?;
    }
    Ok(())
}

/// `5 to make, 2 to change, 1 to remove`.
pub fn sum(plan: &Plan) -> String {
    numbers(plan, ["to make", "to change", "to remove"])
}

/// `5 made, 2 changed, 1 removed`.
pub fn done(plan: &Plan) -> String {
    numbers(plan, ["made", "changed", "removed"])
}

fn numbers(plan: &Plan, words: [&str; 3]) -> String {
    let number = |action: Action| plan.steps.iter().filter(|step| step.action == action).count();
    let numbers = [Action::Create, Action::Change, Action::Remove].map(number);
    let parts = numbers.iter().zip(words).filter(|(number, _)| **number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    if parts.is_empty() { "no changes".to_owned() } else { parts.join(", ") }
}

/// `3 things that nobody declared`, where there are any.
pub fn uninvited(plan: &Plan) -> Option<String> {
    let number = plan.strangers.len();
    (number > 0).then(|| format!("{} that nobody declared", count(number, "thing")))
}
