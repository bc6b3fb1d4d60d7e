//! `rootward policy show`

use super::holder_of;
use crate::authority::rights::{Holder, Issues, Part, Rights, Scope, issues};
use crate::commands::{Session, member};
use crate::error::{Error, Result};
use crate::model::name::{self, ObjectRef};
use crate::policy::{Acl, Grant};
use crate::ui::Tone;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Show what an identity may do, and which rules say so
///
/// One line for each path of its rules; of rules with the same path their capabilities together.
/// Over a path that several match, the exact one decides, else the one whose first wildcard comes
/// last.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward policy show prod/hello
  $ rootward policy show prod/hello --json")]
pub struct ShowArgs {
    /// Whose rights, such as prod/hello
    #[arg(value_name = "ENV/NAME", value_parser = member)]
    identity: ObjectRef,
}

/// A table for each of its policies, and what it has certified.
pub fn run(args: &ShowArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let name::Scope::Member { environment, name } = &args.identity.scope else {
        return Err(Error::usage("expected ENV/NAME"));
    };
    let scope = Scope { environment: Some(environment), identity: Some(name) };
    let rights = Rights::of(&estate, scope)?.sound()?;
    holder_of(&rights, Part::Runtime)?;
    let identity = &rights.holders[0].identity;
    let own = rights.environments.first().and_then(|it| issues(it, identity, &rights.holders));
    let ui = session.ui;
    if ui.json {
        let policies: Vec<Value> = rights.holders.iter().map(policy).collect();
        let issues = own.as_ref().map(|it| {
            json!({ "role": it.role, "dns": it.dns.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "uri": it.uri, "ttl": it.ttl })
        });
        let object = args.identity.to_string();
        ui.json(
            &json!({ "version": 1, "identity": object, "policies": policies, "issues": issues }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    for (index, holder) in rights.holders.iter().enumerate() {
        if index > 0 {
            ui.raw("\n")?;
        }
        let logins: Vec<String> = holder.logins().map(|auth| auth.to_string()).collect();
        let by = if logins.is_empty() { "no login".to_owned() } else { logins.join(", ") };
        ui.out(&format!("policy {} ({by})", holder.policy()))?;
        let acl = holder.acl();
        let rows: Vec<_> = grants(&acl).into_iter().map(row).collect();
        match rows.is_empty() {
            true => ui.out("  nothing")?,
            false => ui.table(&["  PATH", "CAPABILITIES", "BY RULE"], &rows, &[])?,
        }
    }
    own.map_or(Ok(()), |own| certified(session, &own))?;
    Ok(ExitCode::SUCCESS)
}

fn certified(session: &Session, own: &Issues) -> Result<()> {
    let names = own.dns.iter().map(ToString::to_string).chain(own.uri.map(str::to_owned));
    let names: Vec<String> = names.collect();
    let life = match own.ttl {
        ttl if ttl % 86_400 == 0 => format!("{}d", ttl / 86_400),
        ttl => format!("{}h", ttl / 3600),
    };
    session.ui.raw("\n")?;
    session.ui.out(&format!("has certified by {}, for {life} at most:", own.role))?;
    names.iter().try_for_each(|name| session.ui.out(&format!("  {name}")))
}

fn grants<'a>(acl: &'a Acl<'a>) -> Vec<&'a Grant<'a>> {
    let mut grants: Vec<_> = acl.grants().collect();
    grants.sort_by(|a, b| a.pattern.text().cmp(b.pattern.text()));
    grants
}

fn sources(grant: &Grant) -> Vec<String> {
    let place =
        |origin: &crate::policy::Origin| format!("{}:{}", origin.policy.source, origin.rule.line);
    grant.origins.iter().map(place).collect()
}

fn row(grant: &Grant) -> Vec<(String, Tone)> {
    let words = grant.capabilities.words().join(", ");
    let tone = if grant.capabilities.is_deny() { Tone::Bad } else { Tone::Plain };
    let mark = if grant.limits.is_some() { " !" } else { "" };
    let files = sources(grant);
    let files: Vec<&str> =
        files.iter().map(|place| place.rsplit('/').next().unwrap_or(place)).collect();
    vec![
        (format!("  {}", grant.pattern), Tone::Plain),
        (format!("{words}{mark}"), tone),
        (files.join(", "), Tone::Plain),
    ]
}

fn policy(holder: &Holder) -> Value {
    let acl = holder.acl();
    let rule = |grant: &Grant| {
        json!({
            "path": grant.pattern.text(),
            "capabilities": grant.capabilities.words(),
            "has_limits": grant.limits.is_some(),
            "rules": sources(grant),
        })
    };
    let rules: Vec<Value> = grants(&acl).into_iter().map(rule).collect();
    let logins: Vec<String> = holder.logins().map(|auth| auth.to_string()).collect();
    json!({ "policy": holder.policy(), "logins": logins, "rules": rules })
}
