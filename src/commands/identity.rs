//! `rootward identity issue | list`

use super::{Session, day, object, read_named, unlock};
use crate::authority::{
    self,
    identity::{Report, State},
};
use crate::error::{Error, Result};
use crate::model::{
    environment::ISSUER,
    name::{Name, ObjectRef, Scope},
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Identities: Unix users, apps, proxies and listeners, ENV/NAME
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Issue certificates as identities/ENV/NAME/identity.toml declares
    ///
    /// The key is made here, or comes as a request from the host that keeps it (--csr). What has
    /// a certificate as declared, with at least a third of its life left, is left alone.
    #[command(after_help = "Example:\n  $ rootward identity issue --env prod")]
    Issue(IssueArgs),
    /// List the identities of all environments
    #[command(after_help = "Example:\n  $ rootward identity list --json")]
    List,
}

#[derive(Debug, clap::Args)]
pub struct IssueArgs {
    /// ENV/NAME, as many as wanted
    #[arg(value_parser = object, required_unless_present_any = ["env", "all"])]
    objects: Vec<ObjectRef>,
    /// All identities of an environment
    #[arg(long, value_name = "ENV", conflicts_with_all = ["objects", "all"])]
    env: Option<String>,
    /// All identities of all environments
    #[arg(long, conflicts_with = "objects")]
    all: bool,
    /// The request of the one identity, made on its host, PEM or DER
    #[arg(long, value_name = "FILE", conflicts_with_all = ["env", "all"])]
    csr: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
}

pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Issue(args) => issue(args, session),
        Verb::List => super::status::list(session, authority::status::Kind::Identity),
    }
}

fn issue(args: &IssueArgs, session: &Session) -> Result<ExitCode> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    if csr.is_some() && args.objects.len() != 1 {
        return Err(Error::usage("got --csr with several identities, expected one"));
    }
    let mut estate = session.change()?;
    let wanted = wanted(args, &estate)?;
    let mut source = unlock::Source::new(session, &args.unlock);
    let count = wanted.values().map(Vec::len).sum();
    let bar = session.ui.progress(count, "issuing");
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    let mut reports = Vec::with_capacity(count);
    let mut stopped = None;
    for (environment, names) in &wanted {
        let progress = || bar.inc(1);
        let issued = authority::identity::issue(
            &mut estate,
            environment,
            names,
            csr,
            &mut source,
            &progress,
        );
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
    let Some(error) = stopped else { return print(session, reports) };
    // What was issued in an environment before stays issued, and is said.
    if !reports.is_empty()
        && let Err(failure) = print(session, reports)
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
            return Err(Error::usage("got root, expected an identity ENV/NAME"));
        };
        let environment = &estate.environment(environment)?.environment;
        if object.generation.is_some() || environment.intermediate(name).is_some() {
            let error = Error::usage(format!("got {object}, expected an identity ENV/NAME"));
            return Err(error.hint(format!("rootward intermediate request {}", object.scope)));
        }
        let names = wanted.entry(environment.name.clone()).or_default();
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    for declared in &estate.environments {
        let environment = &declared.environment.name;
        if args.all || args.env.as_deref() == Some(environment.as_str()) {
            let names = authority::identity::declared(estate, environment)?;
            wanted.insert(environment.clone(), names);
        }
    }
    if let Some(environment) = &args.env
        && wanted.is_empty()
    {
        let name: Name = environment.parse().map_err(Error::usage)?;
        estate.environment(&name)?;
    }
    Ok(wanted)
}

/// Few identities: a line each. Many: the exceptions and a sum.
fn print(session: &Session, reports: Vec<Report>) -> Result<ExitCode> {
    let ui = session.ui;
    let is_long = reports.len() > 24;
    let (mut issued, mut current, mut waiting) = (0, 0, 0);
    let mut failures = Vec::new();
    for Report { object, result } in reports {
        let line = match result {
            Ok(State::Issued { not_after }) => {
                issued += 1;
                format!("issued   {object}, valid until {}", day(not_after))
            }
            Ok(State::Current { not_after }) => {
                current += 1;
                format!("current  {object}, valid until {}", day(not_after))
            }
            Ok(State::WaitsForRequest) => {
                waiting += 1;
                ui.status(&format!("waiting  {object}: bring its request with --csr FILE"));
                continue;
            }
            Err(error) => {
                failures.push((object, error));
                continue;
            }
        };
        if !is_long {
            ui.status(&line);
        }
    }
    if ui.json {
        let failed = failures.len();
        ui.json(&serde_json::json!({
            "version": 1, "issued": issued, "current": current, "waiting": waiting, "failed": failed,
        }))?;
    } else if is_long {
        ui.status(&format!("{issued} issued, {current} current, {waiting} waiting for a request"));
    }
    let Some((object, last)) = failures.pop() else { return Ok(ExitCode::SUCCESS) };
    for (object, error) in failures {
        ui.error(&error.context(object));
    }
    Err(last.context(object))
}
