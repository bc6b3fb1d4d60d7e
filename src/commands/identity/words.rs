//! What an identity may do, in plain words and as JSON.

use crate::authority::identity::grants::{Grant, Grants, Path};
use crate::error::Result;
use crate::model::{
    identity::{Auth, Identity, Kind},
    name::ObjectRef,
    text::wrap,
};
use crate::ui::Ui;
use serde_json::{Value, json};

/// Both policies: what it may, and what whoever provisions it may.
pub fn say(ui: &Ui, identity: &Identity, grants: &Grants) -> Result<()> {
    let object = ObjectRef::member(&identity.environment, &identity.name);
    let runtime = logins(identity, &identity.runtime_policy());
    let head = match (grants.runtime.is_empty(), runtime.is_empty()) {
        _ if identity.declared.kind == Kind::Listener => {
            format!("{object} is shown to clients, and logs in nowhere")
        }
        (true, _) => format!("{object} may do nothing: it has no policies"),
        (false, true) => format!("{object} may, if it could log in:"),
        (false, false) => format!("{object} may, logged in by {runtime}:"),
    };
    sentence(ui, &head)?;
    list(ui, &grants.runtime)?;
    let Some(ops) = identity.ops_policy() else { return Ok(()) };
    let by = logins(identity, &ops);
    sentence(
        ui,
        &match by.is_empty() {
            true => "and whoever provisions it, if they could log in:".to_owned(),
            false => format!("and whoever provisions it, by {by}:"),
        },
    )?;
    list(ui, &grants.ops)
}

fn sentence(ui: &Ui, text: &str) -> Result<()> {
    wrap(text, ui.text_width()).iter().try_for_each(|line| ui.out(line))
}

/// The ways to log in that give a policy: `its certificate or the CI of example/web`.
fn logins(identity: &Identity, policy: &str) -> String {
    let ways = identity.declared.auth.iter().filter(|auth| identity.policy_of(**auth) == policy);
    let words: Vec<String> = ways.map(|auth| way(identity, *auth)).collect();
    words.join(" or ")
}

fn way(identity: &Identity, auth: Auth) -> String {
    match auth {
        Auth::Cert => "its certificate".to_owned(),
        Auth::Approle => "its role id".to_owned(),
        Auth::Jwt => format!("the CI of {}", identity.alias(auth)),
        Auth::Kubernetes => format!("the service account {}", identity.alias(auth)),
    }
}

/// A line for each set of capabilities; more where its paths need them.
fn list(ui: &Ui, grants: &[Grant]) -> Result<()> {
    let words: Vec<String> =
        grants.iter().map(|grant| grant.capabilities.words().join(", ")).collect();
    let column = words.iter().map(String::len).max().unwrap_or(0).clamp(8, 24);
    for (grant, words) in grants.iter().zip(words) {
        let path = |path: &Path| match path.has_limits {
            true => format!("{} (limited)", path.pattern),
            false => path.pattern.clone(),
        };
        let paths: Vec<String> = grant.paths.iter().map(path).collect();
        let width = ui.text_width().saturating_sub(column + 5).max(20);
        for (index, line) in wrap(&paths.join(", "), width).iter().enumerate() {
            let label = if index == 0 { words.as_str() } else { "" };
            ui.out(&format!("  {label:column$}   {line}"))?;
        }
    }
    Ok(())
}

/// The same for `--json`.
pub fn json(grants: &[Grant]) -> Vec<Value> {
    let path = |path: &Path| json!({ "path": path.pattern, "limited": path.has_limits });
    let grant = |grant: &Grant| {
        let paths: Vec<Value> = grant.paths.iter().map(path).collect();
        json!({ "capabilities": grant.capabilities.words(), "paths": paths })
    };
    grants.iter().map(grant).collect()
}
