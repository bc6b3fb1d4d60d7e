//! `rootward ceremony VERB`

mod script;

use super::Session;
use crate::error::Result;
use std::process::ExitCode;

/// The air-gapped ceremony: script
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Example:
  $ rootward ceremony script plan.toml --html -o paper.html"
)]
pub enum Verb {
    Script(script::Args),
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Script(args) => script::run(args, session.ui),
    }
}
