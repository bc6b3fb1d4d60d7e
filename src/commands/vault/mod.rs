//! `rootward vault VERB`: what has to do with the servers of environments.

mod apply;
mod config;
pub mod connect;
mod found;
mod options;
mod plan;
pub mod show;

use super::Session;
use crate::error::Result;
use std::process::ExitCode;

/// The servers of environments: plan, apply, drift, config
///
/// A server is spoken to over mutual TLS. Which one, and as whom, is said by options, else by the
/// variables of bao and vault (BAO_ADDR, then VAULT_ADDR, and so on), else by environment.toml. A
/// server whose certificate an intermediate of another environment has issued is refused.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Example:
  $ rootward vault config prod"
)]
pub enum Verb {
    /// Show what has to be done to the server
    ///
    /// Policies, mounts, issuers, CRLs, entities, aliases and roles are compared with what is
    /// declared; nothing is written.
    #[command(after_help = "Examples:
  $ rootward vault plan prod
  $ rootward vault plan prod --only crl,entity
  $ rootward vault plan prod -o plan.json")]
    Plan(plan::PlanArgs),
    /// Do it
    ///
    /// Either all that differs now, after a question, or exactly what a plan in a file says. What
    /// was interrupted goes on when it is typed again.
    #[command(after_help = "Examples:
  $ rootward vault apply prod --yes
  $ rootward vault apply prod plan.json")]
    Apply(apply::ApplyArgs),
    /// Show where the server differs, and what is there that nobody declared
    ///
    /// Every entity and role is looked into. What is rootward's is removed by vault apply --prune;
    /// what is somebody else's is named and left alone.
    #[command(after_help = "Examples:
  $ rootward vault drift prod
  $ rootward vault drift prod --exit-code")]
    Drift(plan::DriftArgs),
    /// Render the server's own configuration
    ///
    /// In HCL: a listener that asks everybody for a certificate of this environment, raft storage,
    /// the audit device, and the seal as declared in [server] of environment.toml. No secret is in
    /// it.
    #[command(after_help = "Examples:
  $ rootward vault config prod
  $ rootward vault config prod -o server.hcl")]
    Config(config::Args),
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Plan(args) => plan::plan(args, session),
        Verb::Apply(args) => apply::run(args, session),
        Verb::Drift(args) => plan::drift(args, session),
        Verb::Config(args) => config::run(args, session).map(|()| ExitCode::SUCCESS),
    }
}
