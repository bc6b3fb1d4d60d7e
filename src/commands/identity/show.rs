//! `rootward identity show ENV/NAME`

#[cfg(feature = "vault")]
use super::live;
use super::{parts, words};
use crate::authority::{
    Estate,
    identity::{
        self,
        grants::{self, Grants},
    },
};
#[cfg(feature = "vault")]
use crate::commands::vault::connect;
use crate::commands::{Session, day, left, member, moment};
use crate::error::Result;
use crate::journal::{Record, chain::timestamp};
use crate::model::{
    identity::{Identity, Kind},
    name::{Name, ObjectRef},
    text::{colons, wrap},
};
use crate::pki::inspect::Certificate;
use crate::rotation::{Row, of_identity};
use crate::store::layout;
use crate::ui::Ui;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Show one identity: its certificate, how it logs in, what it may do
///
/// From the workspace, and with --live from its server. What it may do is what its policies say, rule by rule: of those that
/// match a path, the longest decides.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity show prod/hello
  $ rootward identity show prod/hello --json
  $ rootward identity show prod/hello --live")]
pub struct ShowArgs {
    /// The identity, such as prod/web
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// Ask the server, too: entity, aliases, roles and policies as they are
    #[cfg(feature = "vault")]
    #[arg(long)]
    live: bool,
    #[cfg(feature = "vault")]
    #[command(flatten)]
    connection: connect::Args,
}

/// Everything that is known of it here.
struct Shown<'e> {
    object: &'e ObjectRef,
    identity: Identity,
    row: Row,
    /// The current certificate and its record.
    certificate: Option<(Certificate, Record)>,
    grants: Grants,
    /// In its directory.
    files: Vec<String>,
}

/// One page.
pub fn run(args: &ShowArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let shown = gather(&estate, &args.object, session)?;
    let ui = session.ui;
    #[cfg(feature = "vault")]
    let live = args.live.then(|| live::of(&args.connection, session, &estate, &shown.identity));
    #[cfg(feature = "vault")]
    let live = live.transpose()?;
    if ui.json {
        let json = value(&shown);
        #[cfg(feature = "vault")]
        let json = match &live {
            Some(live) => with(json, "server", live::value(live)),
            None => json,
        };
        ui.json(&json)?;
        return Ok(ExitCode::SUCCESS);
    }
    page(session, &shown)?;
    #[cfg(feature = "vault")]
    live.iter().try_for_each(|live| live::page(ui, live))?;
    if let Some(next) = &shown.row.next {
        ui.next(next);
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "vault")]
fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

fn gather<'e>(estate: &Estate, object: &'e ObjectRef, session: &Session) -> Result<Shown<'e>> {
    let (environment, name) = parts(object)?;
    let (identity, _) = identity::load(estate, estate.environment(environment)?, name)?;
    let history = estate.history();
    let row = of_identity(estate, &identity, session.context.now())?;
    let dir = layout::identity(environment, name);
    let certificate = match history.certificate(object) {
        Some(record) => Some((estate.recorded_certificate(object, &dir)?, record.clone())),
        None => None,
    };
    let grants = grants::of(estate, &identity)?;
    let files = estate.workspace.entries(&dir)?.into_iter().map(|entry| entry.name).collect();
    Ok(Shown { object, identity, row, certificate, grants, files })
}

fn page(session: &Session, shown: &Shown) -> Result<()> {
    let ui = session.ui;
    let Shown { identity, .. } = shown;
    let declared = &identity.declared;
    field(ui, "object", &shown.object.to_string())?;
    field(ui, "kind", declared.kind.word())?;
    if let Some(user) = &declared.unix_user {
        field(ui, "Unix user", user)?;
    }
    field(ui, "state", &state(session, shown))?;
    if let Some((certificate, record)) = &shown.certificate {
        of_certificate(ui, certificate, record)?;
    }
    field(ui, "key", key(shown))?;
    for (index, auth) in declared.auth.iter().enumerate() {
        let (role, alias) = (identity.role(*auth), identity.alias(*auth));
        let policy = identity.policy_of(*auth);
        let label = if index == 0 { "logs in" } else { "" };
        field(ui, label, &format!("{auth}: role {role}, known as {alias}, policy {policy}"))?;
    }
    let sets = [(identity.runtime_policy(), &declared.policies)];
    let ops = identity.ops_policy().map(|ops| (ops, &declared.ops));
    let sets = sets.into_iter().filter(|_| declared.kind != Kind::Listener);
    for (index, (policy, set)) in sets.chain(ops).enumerate() {
        let names: Vec<&str> = set.iter().map(|name| name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        field(ui, if index == 0 { "policies" } else { "" }, &format!("{policy}: {names}"))?;
    }
    field(ui, "files", &format!("identities/{}/: {}", shown.object, shown.files.join(", ")))?;
    ui.out("")?;
    words::say(ui, identity, &shown.grants)
}

fn field(ui: &Ui, label: &str, text: &str) -> Result<()> {
    let width = ui.text_width().saturating_sub(13);
    for (index, line) in wrap(text, width).iter().enumerate() {
        ui.out(&format!("{:12} {line}", if index == 0 { label } else { "" }))?;
    }
    Ok(())
}

fn state(session: &Session, shown: &Shown) -> String {
    let (row, now) = (&shown.row, session.context.now());
    let rotation = row.life.as_ref().map(|life| life.due);
    match (row.not_after(), rotation.filter(|_| row.next.is_none())) {
        (Some(end), Some(rotation)) => format!(
            "{}, {} left; to be issued anew from {} on",
            row.state.word(),
            left(end, now),
            day(rotation)
        ),
        (Some(end), None) => format!("{}, {} left", row.state.word(), left(end, now)),
        (None, _) => row.state.word().to_owned(),
    }
}

fn of_certificate(ui: &Ui, certificate: &Certificate, record: &Record) -> Result<()> {
    let facts = &certificate.facts;
    field(ui, "serial", &facts.serial)?;
    field(ui, "valid", &format!("{} to {}", moment(facts.not_before), moment(facts.not_after)))?;
    field(ui, "issuer", record.issuer.as_deref().unwrap_or("-"))?;
    let hex = colons(digest(&SHA256, &certificate.der).as_ref());
    let (first, second) = hex.split_at(48);
    field(ui, "SHA-256", first.trim_end_matches(':'))?;
    field(ui, "", second)?;
    for (label, names) in [("URI", &facts.names.uri), ("DNS", &facts.names.dns)] {
        if !names.is_empty() {
            field(ui, label, &names.join(", "))?;
        }
    }
    Ok(())
}

/// Where its key is.
fn key(shown: &Shown) -> &'static str {
    let is_here = shown.files.iter().any(|file| file == "key.pem");
    let was_brought =
        shown.certificate.as_ref().is_some_and(|(_, record)| record.request.is_some());
    match shown.identity.declared.key.map(|place| place.word()) {
        _ if is_here => "here",
        _ if was_brought => "on its host",
        Some("host") => "to be made on its host",
        _ => "to be made here, unless a request is brought",
    }
}

fn value(shown: &Shown) -> Value {
    let Shown { identity, row, .. } = shown;
    let declared = &identity.declared;
    let certificate = shown.certificate.as_ref().map(|(certificate, record)| {
        let facts = &certificate.facts;
        json!({
            "serial": facts.serial,
            "not_before": timestamp(facts.not_before),
            "not_after": timestamp(facts.not_after),
            "rotation": shown.row.life.as_ref().map(|life| timestamp(life.due)),
            "issuer": record.issuer,
            "sha256": certificate.fingerprint(),
            "uri": facts.names.uri,
            "dns": facts.names.dns,
            "algorithm": facts.key.algorithm.to_string(),
        })
    });
    let logins = declared.auth.iter().map(|auth| {
        json!({
            "method": auth.word(), "role": identity.role(*auth),
            "alias": identity.alias(*auth), "policy": identity.policy_of(*auth),
        })
    });
    let logins: Vec<Value> = logins.collect();
    let names = |set: &[Name]| -> Vec<String> { set.iter().map(ToString::to_string).collect() };
    json!({
        "version": 1,
        "object": shown.object.to_string(),
        "kind": declared.kind.word(),
        "unix_user": declared.unix_user,
        "state": row.state.word(),
        "next": row.next,
        "certificate": certificate,
        "key": key(shown),
        "logins": logins,
        "policies": names(&declared.policies),
        "ops": names(&declared.ops),
        "may": words::json(&shown.grants.runtime),
        "ops_may": words::json(&shown.grants.ops),
        "files": shown.files,
    })
}
