//! `rootward policy VERB`

mod can;
mod diff;
mod eval;
mod git;
mod lint;
mod show;
mod who_can;

use super::Session;
use crate::authority::rights::{Holder, Part, Rights};
use crate::error::{Error, Kind, Result};
use crate::policy::Capability;
use std::process::ExitCode;

/// Who may do what, offline: can, who-can, show, diff, lint, eval
///
/// From the templates of identities/policies and what identities declare; every answer is the one
/// that the server would give, OpenBao or Vault as [server] of environment.toml says.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward policy can prod/hello read kvv2/data/hello/db
  $ rootward policy who-can read 'kvv2/data/*'
  $ rootward policy lint"
)]
pub enum Verb {
    Can(can::CanArgs),
    WhoCan(who_can::WhoCanArgs),
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    Lint(Box<lint::LintArgs>),

    Eval(eval::EvalArgs),
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Can(args) => can::run(args, session),
        Verb::WhoCan(args) => who_can::run(args, session),
        Verb::Show(args) => show::run(args, session),
        Verb::Diff(args) => diff::run(args, session),
        Verb::Lint(args) => lint::run(args, session),

        Verb::Eval(args) => eval::run(args, session),
    }
}

/// 0 for yes, 3 for no.
fn answered(yes: bool) -> ExitCode {
    if yes { ExitCode::SUCCESS } else { ExitCode::from(Kind::Refused.exit_code()) }
}

/// clap's value parser for what a request needs.
fn capability(word: &str) -> Result<Capability, String> {
    let words = || {
        let all = Capability::ALL.into_iter().filter(|one| *one != Capability::Deny);
        all.map(Capability::word).collect::<Vec<_>>().join(", ")
    };
    let wrong = || format!("got {word:?}, expected one of {}", words());
    let known = word.parse::<Capability>().ok().filter(|one| *one != Capability::Deny);
    known.ok_or_else(wrong)
}

/// One policy of the single identity that was loaded.
///
/// # Errors
/// Usage: it does not log in, or has no such policy.
fn holder_of(rights: &Rights, part: Part) -> Result<&Holder> {
    let Some(holder) = rights.holders.iter().find(|holder| holder.part == part) else {
        let object = rights.identities.first();
        let object = object.map(|it| format!("{}/{}", it.environment, it.name)).unwrap_or_default();
        return Err(match part {
            Part::Runtime => {
                Error::usage(format!("{object} declares no way to log in, so it has no rights"))
            }
            Part::Ops => Error::usage(format!("{object} declares no ops policies")),
        }
        .hint(format!("look at identities/{object}/identity.toml")));
    };
    Ok(holder)
}
