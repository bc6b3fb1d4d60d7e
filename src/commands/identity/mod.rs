//! `rootward identity add | issue | renew | revoke | remove | show | list`, and on the host
//! `request | install`

mod add;
mod host;
mod install;
mod issue;
mod list;
#[cfg(feature = "vault")]
mod live;
mod remove;
mod request;
#[cfg(feature = "vault")]
mod revoke;
mod show;
mod words;

use super::Session;
use crate::error::{Error, Result};
use crate::model::name::{Name, ObjectRef, Scope};
use issue::When;
use std::process::ExitCode;

/// Identities: add, issue, renew, revoke, remove, show, list
///
/// A Unix user, an app, a proxy or a listener (the TLS server certificate of a Vault), each
/// declared in identities/ENV/NAME/identity.toml. `request` and `install` are for the host on which
/// it runs, and need no workspace.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward identity issue --all
  $ rootward identity list"
)]
pub enum Verb {
    Add(add::Args),
    Request(request::Args),
    /// Issue certificates as declared
    ///
    /// The key is made here, or comes as a request from the host that keeps it (--csr). What has
    /// a certificate as declared, with more than a third of its life left, is left alone.
    #[command(after_help = "Examples:
  $ rootward identity issue prod/hello
  $ rootward identity issue --env prod
  $ rootward identity issue prod/remote --csr remote.csr")]
    Issue(issue::IssueArgs),
    Install(install::Args),
    /// Issue certificates anew, before they are due
    ///
    /// As `issue`, also where more than a third of the life is left. A key that was made here is
    /// replaced by a new one; a host brings a new request, or the same again (--csr).
    #[command(after_help = "Examples:
  $ rootward identity renew prod/hello
  $ rootward identity renew prod/remote --csr remote.csr")]
    Renew(issue::IssueArgs),
    #[cfg(feature = "vault")]
    Revoke(revoke::RevokeArgs),
    Show(show::ShowArgs),
    /// List the identities of all environments
    ///
    /// POLICIES is how many templates it has, and (+) how many whoever provisions it. Columns for
    /// which there is no room are left out; `identity show` has everything.
    #[command(after_help = "Examples:
  $ rootward identity list
  $ rootward identity list --json")]
    List,
    Remove(remove::Args),
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Add(args) => add::run(args, session),
        Verb::Request(args) => request::run(args, session),
        Verb::Issue(args) => issue::run(args, When::Due, session),
        Verb::Install(args) => install::run(args, session),
        Verb::Renew(args) => issue::run(args, When::Now, session),
        #[cfg(feature = "vault")]
        Verb::Revoke(args) => revoke::run(args, session),
        Verb::Show(args) => show::run(args, session),
        Verb::List => {
            list::run(session)?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Remove(args) => remove::run(args, session),
    }
}

/// Environment and name of an identity.
///
/// # Errors
/// Usage, when a generation is named.
fn parts(object: &ObjectRef) -> Result<(&Name, &Name)> {
    match (&object.scope, object.generation) {
        (Scope::Member { environment, name }, None) => Ok((environment, name)),
        _ => Err(Error::usage(format!("got {object}, expected an identity ENV/NAME"))),
    }
}
