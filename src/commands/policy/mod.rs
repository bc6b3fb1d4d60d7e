//! `rootward policy VERB`

mod eval;

use super::Session;
use crate::error::Result;
use std::process::ExitCode;

/// What policies allow, exactly and without a server: eval
///
/// Policies of Vault and OpenBao in HCL. Every answer is the one that the server would give.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward policy eval <queries.jsonl"
)]
pub enum Verb {
    Eval(eval::EvalArgs),
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Eval(args) => eval::run(args, session),
    }
}
