//! The command line: `rootward NOUN VERB`.

use crate::commands::{self, Session};
use crate::error::Result;
use crate::ui::{Color, Ui};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Offline PKI and identity manager for people who run Vault or OpenBao.
///
/// rootward keeps a workspace: a directory with ca/ and identities/. People edit small TOML
/// declarations there; keys, requests, certificates, CRLs and a hash-chained journal are made
/// from them.
#[derive(Debug, Parser)]
#[command(
    name = "rootward",
    version,
    arg_required_else_help = true,
    propagate_version = false,
    after_help = EXAMPLE,
    max_term_width = 80,
    next_help_heading = "Global options"
)]
pub struct Cli {
    /// The workspace; otherwise the nearest one at or above the working directory
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    pub workspace: Option<PathBuf>,
    /// Print data as JSON with a versioned shape
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but data, warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Use colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "WHEN",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub color: Color,
    /// Answer yes to questions that are not about secrets
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub yes: bool,
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// # Errors
    /// clap's, also for help and version: see [`commands::usage::report`].
    pub fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        Self::from_arg_matches(&command().try_get_matches_from(arguments)?)
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// The command's own; the kind is the exit code.
    pub fn run(&self, ui: &Ui) -> Result<ExitCode> {
        let rng = ring::rand::SystemRandom::new();
        let session = || Session::new(ui, &rng, self.workspace.as_deref()).agreed(self.yes);
        match &self.command {
            Command::Init(args) => commands::init::run(args, &session()),
            Command::Root(verb) => commands::root::run(verb, &session()),
            Command::Intermediate(verb) => commands::intermediate::run(verb, &session()),
            Command::Ceremony(verb) => commands::ceremony::run(verb, &session()),
            Command::Identity(verb) => commands::identity::run(verb, &session()),
            Command::Revoke(args) => commands::revoke::run(args, &session()),
            Command::Rotate(verb) => commands::rotate::run(verb, &session()),
            Command::Status(args) => commands::status::run(args, &session()),
            Command::Forecast(args) => commands::forecast::run(args, &session()),
            Command::Check(args) => commands::check::run(args, &session()),
            Command::Metrics(args) => commands::metrics::run(args, &session()),
            Command::Calendar(args) => commands::calendar::run(args, &session()),
            Command::Remind(args) => commands::remind::run(args, &session()),
            Command::Report(args) => commands::report::run(args, &session()),
            Command::Verify(args) => commands::verify::run(args, &session()),
            Command::Custody(verb) => commands::custody::run(verb, &session()),
            #[cfg(feature = "vault")]
            Command::Vault(verb) => commands::vault::run(verb, &session()),
            Command::Journal(verb) => commands::journal::run(verb, &session()),
            Command::Policy(verb) => commands::policy::run(verb, &session()),
            Command::Explain(args) => commands::explain::run(args, ui),
            Command::Completions(args) => commands::docs::completions(args, command(), ui),
            Command::Man(args) => commands::docs::man(args, command(), ui),
        }
    }
}

/// The command line as clap knows it, with one shape for every help page.
pub fn command() -> clap::Command {
    shape(Cli::command())
}

/// The summary, what there is to know, the usage, one line an option, examples. clap's own long
/// form puts each option's text on a line of its own, so what is long moves above the usage.
fn shape(command: clap::Command) -> clap::Command {
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let command = match long.split_once("\n\n") {
        Some((_, rest)) => command.before_help(rest.to_owned()).long_about(None),
        None => command,
    };
    command.help_template(TEMPLATE).mut_subcommands(shape)
}

const TEMPLATE: &str = "\
{about}

{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXAMPLE: &str = "\
Example:
  $ rootward init --name \"Example Home\" --domain example.internal
  $ rootward root create
  $ rootward intermediate request prod/identity
  $ rootward intermediate sign prod/identity
  $ rootward identity issue --env prod
  $ rootward status";

/// The nouns, and the verbs that need none.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(commands::init::Args),
    #[command(subcommand)]
    Root(commands::root::Verb),
    #[command(subcommand)]
    Intermediate(commands::intermediate::Verb),
    #[command(subcommand)]
    Ceremony(commands::ceremony::Verb),
    #[command(subcommand)]
    Identity(commands::identity::Verb),
    #[command(subcommand)]
    Rotate(commands::rotate::Verb),
    Revoke(commands::revoke::RevokeArgs),
    Status(commands::status::Args),
    Forecast(commands::forecast::Args),
    Check(commands::check::Args),
    Metrics(commands::metrics::Args),
    Calendar(commands::calendar::Args),
    Remind(commands::remind::Args),
    Report(commands::report::Args),
    Verify(commands::verify::Args),
    #[cfg(feature = "vault")]
    #[command(subcommand)]
    Vault(commands::vault::Verb),
    #[command(subcommand)]
    Custody(commands::custody::Verb),
    #[command(subcommand)]
    Policy(commands::policy::Verb),
    #[command(subcommand)]
    Journal(commands::journal::Verb),
    Explain(commands::explain::Args),
    Completions(commands::docs::CompletionsArgs),
    Man(commands::docs::ManArgs),
}
