//! `rootward policy lint`

use super::answered;
use crate::authority::Estate;
use crate::authority::lint::{self, Excused, Found, excuse, lint_roles, merged, roles};
use crate::authority::rights::{Rights, Scope};
use crate::commands::Session;
#[cfg(feature = "vault")]
use crate::commands::vault::connect;
use crate::error::Result;
use crate::model::{exception::Exception, name::Name};
use crate::store::file;
use crate::ui::{Tone, lines::count};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Find rights that reach too far, and roles that let in too many
///
/// Looks at the templates, at what every identity may do with them, and with --roles or --live at
/// the roles of certificate login. Each finding names a rule: rootward explain RULE. What is meant
/// to be so stands in identities/policies/exceptions.toml, with a reason and an end. The exit code
/// is 3 when there are findings.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward policy lint
  $ rootward policy lint --env prod --json
  $ rootward policy lint --exceptions")]
pub struct LintArgs {
    /// Only identities of this environment
    #[arg(long = "env", value_name = "ENV", value_parser = crate::commands::environment)]
    environment: Option<Name>,
    /// Also the roles in FILE, in JSON: by name, or as bao read -format=json prints them
    #[arg(long, value_name = "FILE")]
    roles: Vec<PathBuf>,
    /// List the exceptions, and what each lets pass
    #[arg(long)]
    exceptions: bool,
    /// Also the roles on the server of ENV
    #[cfg(feature = "vault")]
    #[arg(long, value_name = "ENV", value_parser = crate::commands::environment)]
    live: Option<Name>,
    #[cfg(feature = "vault")]
    #[command(flatten)]
    connection: connect::Args,
}

/// All findings, grouped by file.
pub fn run(args: &LintArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let scope = Scope { environment: args.environment.as_ref(), identity: None };
    let rights = Rights::of(&estate, scope)?;
    let mut found = lint::lint(&estate.workspace, &rights);
    found.extend(of_roles(args, session, &estate, &rights)?);
    let now = session.context.now();
    let excused = excuse(&estate.workspace, found, rights.is_whole, now)?;
    let ui = session.ui;
    if ui.json {
        let findings: Vec<Value> = excused.findings.iter().map(document).collect();
        let exceptions: Vec<Value> = exceptions(&excused);
        ui.json(&json!({ "version": 1, "findings": findings, "exceptions": exceptions }))?;
        return Ok(answered(excused.findings.is_empty()));
    }
    if args.exceptions {
        list(session, &excused)?;
    }
    let all = merged(&excused.findings);
    let mut file = "";
    for (one, others) in &all {
        if !file.is_empty() && one.file != file {
            ui.raw("\n")?;
        }
        file = &one.file;
        let more = match others.as_slice() {
            [] => String::new(),
            [other] => format!("; so is {other}"),
            [other, rest @ ..] => format!("; so are {other} and {} more", rest.len()),
        };
        ui.data_line(&format!("{one}{more}"), Tone::Warn)?;
    }
    let passed: usize = excused.exceptions.iter().map(|(_, passed)| passed.len()).sum();
    let passed = if passed == 0 { String::new() } else { format!(", {passed} let pass") };
    match all.first() {
        None => ui.status(&format!("{}: no findings{passed}", looked_at(&rights))),
        Some((first, _)) => {
            ui.status(&format!("{}: {}{passed}", looked_at(&rights), count(all.len(), "finding")));
            ui.hint(&format!("rootward explain {}", first.rule));
        }
    }
    Ok(answered(excused.findings.is_empty()))
}

fn looked_at(rights: &Rights) -> String {
    let templates = rights.templates.names().count();
    let policies = match rights.holders.len() {
        1 => "1 policy".to_owned(),
        number => format!("{number} policies"),
    };
    format!("{policies} of {}", count(templates, "template"))
}

/// The roles in files and on the server, each judged with those beside it.
fn of_roles(
    args: &LintArgs,
    session: &Session,
    estate: &Estate,
    rights: &Rights,
) -> Result<Vec<Found>> {
    let issuers = roles::Issuers::of(estate);
    let environment = args.environment.as_ref().and_then(|name| rights.environment(name));
    let mut found = Vec::new();
    for path in &args.roles {
        let bytes = file::read(path, file::LARGE)?;
        let all = roles::read(&file::shown(path), &bytes)?;
        session.ui.status(&format!("{}: {}", file::shown(path), count(all.len(), "role")));
        found.extend(lint_roles(&all, &issuers, rights, environment));
    }
    #[cfg(feature = "vault")]
    if let Some(name) = &args.live {
        let declared = estate.environment(name)?;
        let rights = Rights::of(estate, Scope { environment: Some(name), identity: None })?;
        let client = connect::connect(&args.connection, session, estate, name)?;
        let all = crate::vault::cert_roles(&client, &declared.environment)?;
        session.ui.status(&format!("the server of {name}: {}", count(all.len(), "role")));
        found.extend(lint_roles(&all, &issuers, &rights, Some(&declared.environment)));
    }
    Ok(found)
}

/// Each in two lines: what it is about, and why.
fn list(session: &Session, excused: &Excused) -> Result<()> {
    for (exception, passed) in &excused.exceptions {
        let Exception { rule, object, until, .. } = exception;
        let path = exception.path.as_ref().map(|path| format!(" on {path}")).unwrap_or_default();
        let passes = match passed.len() {
            0 => "lets nothing pass".to_owned(),
            number => format!("lets {} pass", count(number, "finding")),
        };
        session.ui.out(&format!("{rule} of {object}{path}"))?;
        session.ui.out(&format!("  until {until}, {passes}"))?;
        session.ui.data_line(&format!("  {}", exception.reason), Tone::Faint)?;
    }
    match excused.exceptions.is_empty() {
        true => session.ui.out("there are no exceptions"),
        false => Ok(()),
    }
}

fn document(one: &Found) -> Value {
    json!({
        "rule": one.rule.id(),
        "file": one.file,
        "line": one.line,
        "object": one.object,
        "path": one.path,
        "detail": one.detail,
    })
}

fn exceptions(excused: &Excused) -> Vec<Value> {
    let one = |(exception, passed): &(Exception, Vec<Found>)| {
        json!({
            "rule": exception.rule.id(),
            "object": exception.object,
            "path": exception.path,
            "reason": exception.reason,
            "until": exception.until.to_string(),
            "line": exception.line,
            "passes": passed.iter().map(document).collect::<Vec<_>>(),
        })
    };
    excused.exceptions.iter().map(one).collect()
}
