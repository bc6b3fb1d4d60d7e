//! The command line: `rootward NOUN VERB`.

use crate::commands;
use crate::ui::Color;
use clap::{ArgAction, Parser, Subcommand};
use std::path::PathBuf;

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
    /// The workspace, instead of the nearest one at or above the working directory
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    pub workspace: Option<PathBuf>,
    /// Print data as JSON with a versioned shape
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but data, warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Use colours
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub color: Color,
    /// Answer yes to prompts that are not about secrets
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub yes: bool,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLE: &str = "\
Example:
  $ rootward init --name \"Example Home\" --domain example.internal
  $ rootward root create
  $ rootward intermediate request prod/identity
  $ rootward intermediate sign prod/identity
  $ rootward identity issue --env prod
  $ rootward status";

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(commands::init::Args),
    #[command(subcommand)]
    Root(commands::root::Verb),
    #[command(subcommand)]
    Intermediate(commands::intermediate::Verb),
    #[command(subcommand)]
    Identity(commands::identity::Verb),
    Status(commands::status::Args),
    Verify(commands::verify::Args),
    #[command(subcommand)]
    Journal(commands::journal::Verb),
    Explain(commands::explain::Args),
    Completions(commands::docs::CompletionsArgs),
    Man(commands::docs::ManArgs),
}
