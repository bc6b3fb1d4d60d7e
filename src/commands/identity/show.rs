//! `rootward identity show ENV/NAME`

use crate::commands::{Session, member};
use crate::error::Result;
use crate::model::name::ObjectRef;
use std::process::ExitCode;

/// Show one identity: its certificate, how it logs in, what it may do
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity show prod/hello
  $ rootward identity show prod/hello --json")]
pub struct Args {
    /// The identity, such as prod/web
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
}

pub fn run(_args: &Args, _session: &Session) -> Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
