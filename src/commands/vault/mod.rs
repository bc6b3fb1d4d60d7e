//! `rootward vault VERB`: what has to do with the servers of environments.

mod config;
pub mod connect;
mod found;

use super::Session;
use crate::error::Result;
use std::process::ExitCode;

/// The servers of environments: config
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
        Verb::Config(args) => config::run(args, session)?,
    }
    Ok(ExitCode::SUCCESS)
}
