//! One more identity: its declaration, as people would write it.

use super::{beside, grants};
use crate::authority::{Estate, Outcome};
use crate::error::{Error, Result};
use crate::model::{
    identity::{Auth, Identity, KeyPlace, Kind},
    name::{Name, ObjectRef},
    rule::Rule,
    span::Span,
    text::nearest,
};
use crate::store::{Output, file, layout};

/// What is to be declared; what is not given stays undeclared.
pub struct Wanted {
    /// A listener is declared by hand: it has names of its own, and no login.
    pub kind: Kind,
    pub unix_user: Option<String>,
    pub policies: Vec<Name>,
    /// Of whoever provisions it.
    pub ops: Vec<Name>,
    pub auth: Vec<Auth>,
    /// The `subject` of `[jwt]`.
    pub subject: Option<String>,
    /// Of `[kubernetes]`.
    pub namespace: Option<Name>,
    /// Of `[kubernetes]`.
    pub service_account: Option<Name>,
    pub lifetime: Option<Span>,
    pub key: Option<KeyPlace>,
}

/// Writes the declaration, unless the same is declared already.
///
/// # Errors
/// Usage: no such environment, no such policy, what [`Identity::parse`] refuses. CONTRADICTION:
/// something else is declared. NAME-TAKEN, NAME-OPS, POLICY-COUNT.
pub fn add(
    estate: &mut Estate,
    environment: &Name,
    name: &Name,
    wanted: &Wanted,
) -> Result<Outcome<Identity>> {
    let env = &estate.environment(environment)?.environment;
    let path = layout::declaration(environment, name);
    let text = text(environment, name, wanted);
    let identity = Identity::parse(env, name.clone(), &path, text.as_bytes())?;
    for (key, policies) in [("policies", &wanted.policies), ("ops", &wanted.ops)] {
        policies.iter().try_for_each(|policy| is_there(estate, key, policy))?;
    }
    beside::check(estate, env, &identity)?;
    grants::of(estate, &identity)?;
    if let Some(bytes) = estate.workspace.read_if_any(&path, file::SMALL)? {
        let there = Identity::parse(env, name.clone(), &path, &bytes)?;
        if there.declared == identity.declared {
            return Ok(Outcome::AlreadyThere(identity));
        }
        let object = ObjectRef::member(environment, name);
        let keys = differences(&there, &identity).join(", ");
        let message = format!("{path} declares {object} with other {keys}");
        return Err(Error::from(Rule::Contradiction.found(message))
            .hint(format!("edit {path}, then: rootward identity issue {object}")));
    }
    let dir = layout::identity(environment, name);
    if estate.workspace.exists(&dir) {
        let message = format!("{dir} is there without identity.toml, expected nothing there");
        return Err(Rule::Contradiction.found(message).into());
    }
    estate.stage(vec![Output::public(path, text)], Vec::new())?;
    estate.commit_foreign()?;
    Ok(Outcome::Done(identity))
}

/// The keys of the declaration in which the two differ.
fn differences(one: &Identity, other: &Identity) -> Vec<&'static str> {
    let (one, other) = (&one.declared, &other.declared);
    let keys = [
        ("kind", one.kind == other.kind),
        ("unix_user", one.unix_user == other.unix_user),
        ("policies", one.policies == other.policies),
        ("ops", one.ops == other.ops),
        ("auth", one.auth == other.auth),
        ("jwt", one.jwt == other.jwt),
        ("kubernetes", one.kubernetes == other.kubernetes),
        ("lifetime", one.lifetime == other.lifetime),
        ("key", one.key == other.key),
    ];
    keys.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
}

fn is_there(estate: &Estate, key: &str, policy: &Name) -> Result<()> {
    if estate.workspace.exists(&layout::policy(policy)) {
        return Ok(());
    }
    let entries = estate.workspace.entries(layout::POLICIES)?;
    let names = entries.iter().filter_map(|entry| entry.name.strip_suffix(".hcl"));
    let error = Error::usage(format!("{key}: got {policy}, expected one of {}", layout::POLICIES));
    Err(match nearest(policy.as_str(), names) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint(format!("what is there: ls {}", layout::POLICIES)),
    })
}

/// The declaration, the same for the same wish.
fn text(environment: &Name, name: &Name, wanted: &Wanted) -> String {
    let Wanted { kind, unix_user, policies, ops, auth, .. } = wanted;
    let mut lines = vec![
        format!("# What it may do, in plain words: rootward identity show {environment}/{name}"),
        line("version = 1", "of the format of this file"),
        line(&format!("kind = \"{kind}\""), "app, proxy, user or listener"),
    ];
    if let Some(user) = unix_user {
        lines.push(line(&format!("unix_user = {}", quoted(user)), "the Unix user that it runs as"));
    }
    lines.push(
        "\n# Files in identities/policies, without .hcl. {name} in them stands for its name."
            .into(),
    );
    lines.push(format!("policies = {}", list(policies.iter().map(Name::as_str))));
    if !ops.is_empty() {
        let ops = format!("ops = {}", list(ops.iter().map(Name::as_str)));
        lines.push(line(&ops, &format!("of whoever provisions it: the policy {name}-ops")));
    }
    lines.push(
        "\n# How it logs in, one way or several: \"cert\", \"approle\", \"jwt\", \"kubernetes\"."
            .into(),
    );
    lines.push(format!("auth = {}", list(auth.iter().map(|auth| auth.word()))));
    if wanted.lifetime.is_some() || wanted.key.is_some() {
        lines.push("\n# Its certificate.".into());
    }
    if let Some(lifetime) = wanted.lifetime {
        lines.push(format!("lifetime = \"{lifetime}\""));
    }
    if let Some(key) = wanted.key {
        let why = match key {
            KeyPlace::Host => "its key is made on its host, which brings a request",
            KeyPlace::Here => "its key is made here",
        };
        lines.push(line(&format!("key = \"{}\"", key.word()), why));
    }
    if let Some(subject) = &wanted.subject {
        lines.push("\n# Whose tokens are its CI's.\n[jwt]".into());
        lines.push(format!("subject = {}", quoted(subject)));
    }
    let account = [("namespace", &wanted.namespace), ("service_account", &wanted.service_account)];
    let account: Vec<String> = account
        .iter()
        .filter_map(|(key, name)| Some(format!("{key} = \"{}\"", name.as_ref()?)))
        .collect();
    if !account.is_empty() {
        lines.push("\n# The service account of its pods.\n[kubernetes]".into());
        lines.extend(account);
    }
    lines.join("\n") + "\n"
}

/// With the comment in one column.
fn line(entry: &str, comment: &str) -> String {
    format!("{entry:22} # {comment}")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(", "))
}
