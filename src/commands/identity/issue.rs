//! `rootward identity issue | renew`

use crate::authority::{
    self, Keys,
    identity::{Asked, Report, State},
};
use crate::commands::{Session, day, environment, member, read_named, unlock};
use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::{
    environment::ISSUER,
    name::{Name, ObjectRef, Scope},
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// When an identity gets a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Where there is none as declared, or two thirds of its life are over.
    Due,
    /// Now.
    Now,
}

/// Which identities, and where their keys and the issuer's passphrase come from.
#[derive(Debug, clap::Args)]
pub struct IssueArgs {
    /// The identities, such as prod/synapse
    #[arg(value_parser = member, value_name = "ENV/NAME", required_unless_present_any = ["env", "all"])]
    objects: Vec<ObjectRef>,
    /// All identities of an environment
    #[arg(long, value_name = "ENV", value_parser = environment, conflicts_with_all = ["objects", "all"])]
    env: Option<Name>,
    /// All identities of all environments
    #[arg(long, conflicts_with = "objects")]
    all: bool,
    /// The request of the one identity, made on its host, PEM or DER
    #[arg(long, value_name = "FILE", conflicts_with_all = ["env", "all"])]
    csr: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Passphrases,
}

/// Issues what was asked for, environment after environment.
pub fn run(args: &IssueArgs, when: When, session: &Session) -> Result<ExitCode> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    if csr.is_some() && args.objects.len() != 1 {
        let count = args.objects.len();
        return Err(Error::usage(format!("got --csr and {count} identities, expected one")));
    }
    let mut estate = session.change()?;
    let wanted = wanted(args, &estate)?;
    let mut source = unlock::Source::of_passphrases(session, &args.unlock);
    let mut keys = Keys::new(&mut source);
    let count = wanted.values().map(Vec::len).sum();
    let bar = session.ui.progress(count, "issuing");
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    let mut reports = Vec::with_capacity(count);
    let mut stopped = None;
    for (environment, names) in &wanted {
        let progress = || bar.inc(1);
        let by_name = !args.objects.is_empty();
        let anew = when == When::Now;
        let asked = Asked { environment, names, csr, by_name, anew };
        let issued = authority::identity::issue(&mut estate, &asked, &mut keys, &progress);
        match issued {
            Ok(issued) => reports.extend(issued),
            Err(error) => {
                let issuer = ObjectRef::member(environment, &ISSUER.parse().map_err(Error::usage)?);
                stopped = Some(estate.refuse(&issuer, error));
                break;
            }
        }
    }
    bar.finish_and_clear();
    let Some(error) = stopped else { return print(session, &estate, reports) };
    // What was issued in an environment before stays issued, and is said.
    if !reports.is_empty()
        && let Err(failure) = print(session, &estate, reports)
    {
        session.ui.error(&failure);
    }
    Err(error)
}

/// The names asked for, by environment, each once.
fn wanted(args: &IssueArgs, estate: &authority::Estate) -> Result<BTreeMap<Name, Vec<Name>>> {
    let mut wanted: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    for object in &args.objects {
        let Scope::Member { environment, name } = &object.scope else {
            return Err(Error::usage(format!("got {object}, expected an identity ENV/NAME")));
        };
        let environment = &estate.environment(environment)?.environment;
        if object.generation.is_some() || environment.intermediate(name).is_some() {
            let error = Error::usage(format!("got {object}, expected an identity ENV/NAME"));
            return Err(match environment.intermediate(name) {
                Some(_) => error.hint(format!("rootward intermediate request {}", object.scope)),
                None => error.hint(format!("rootward identity issue {}", object.scope)),
            });
        }
        let names = wanted.entry(environment.name.clone()).or_default();
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    for declared in &estate.environments {
        let environment = &declared.environment.name;
        if args.all || args.env.as_ref() == Some(environment) {
            let names = authority::identity::declared(estate, environment)?;
            wanted.insert(environment.clone(), names);
        }
    }
    if let Some(environment) = &args.env
        && wanted.is_empty()
    {
        estate.environment(environment)?;
    }
    Ok(wanted)
}

/// Few identities: a line each. Many: the exceptions and a sum.
fn print(session: &Session, estate: &authority::Estate, reports: Vec<Report>) -> Result<ExitCode> {
    let ui = session.ui;
    let is_long = reports.len() > 24;
    let (mut issued, mut current, mut waiting) = (Vec::new(), 0, 0);
    let (mut failures, mut waits) = (Vec::new(), None);
    let mut objects = Vec::with_capacity(reports.len());
    for Report { object, result } in reports {
        let (state, until, problem) = match &result {
            Ok(State::Issued { not_after }) => ("issued", Some(*not_after), None),
            Ok(State::Current { not_after }) => ("current", Some(*not_after), None),
            Ok(State::WaitsForRequest) => ("waiting", None, None),
            Ok(State::Revoked { reason }) => ("revoked", None, Some(reason.clone())),
            Err(error) => ("failed", None, Some(error.messages().join(": "))),
        };
        objects.push(serde_json::json!({
            "object": object.to_string(), "state": state,
            "not_after": until.map(timestamp), "problem": problem,
        }));
        match result {
            Ok(State::Issued { .. }) => issued.push(object.clone()),
            Ok(State::Current { .. }) => current += 1,
            Ok(State::WaitsForRequest) => {
                waiting += 1;
                ui.status(&format!("waiting  {object} for a request of its host"));
                waits = Some(object.clone());
            }
            Ok(State::Revoked { reason }) => {
                ui.status(&format!("revoked  {object} ({reason}), passed over"));
            }
            Err(error) => {
                failures.push((object, error));
                continue;
            }
        }
        if let Some(until) = until.filter(|_| !is_long) {
            ui.status(&format!("{state:8} {object}, valid until {}", day(until)));
        }
    }
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1, "issued": issued.len(), "current": current, "waiting": waiting,
            "failed": failures.len(), "objects": objects,
        }))?;
    }
    if is_long {
        let mut line = format!("{} issued, {current} current", issued.len());
        for (number, what) in [(waiting, "waiting for a request"), (failures.len(), "failed")] {
            if number > 0 {
                line.push_str(&format!(", {number} {what}"));
            }
        }
        ui.status(&line);
    }
    whereabouts(session, estate, &issued);
    if let Some(Scope::Member { name, .. }) = waits.map(|object| object.scope) {
        ui.hint(&format!("a request is made on its host: rootward identity request {name}"));
    }
    let Some((object, last)) = failures.pop() else {
        if !issued.is_empty() {
            ui.next("rootward status");
        }
        return Ok(ExitCode::SUCCESS);
    };
    for (object, error) in failures {
        ui.error(&error.context(object));
    }
    Err(last.context(object))
}

/// Where what was issued is.
fn whereabouts(session: &Session, estate: &authority::Estate, issued: &[ObjectRef]) {
    let file = match issued {
        [] => return,
        [object] => {
            let has_key = estate.workspace.exists(&format!("identities/{object}/key.pem"));
            let key = if has_key { ", key.pem" } else { "" };
            format!("identities/{object}/cert.pem, chain.pem{key}")
        }
        _ => "identities/ENV/NAME/cert.pem, chain.pem, key.pem".to_owned(),
    };
    session.ui.status(&format!("files    {file}"));
}
