//! `rootward ceremony rehearse`

use super::read_plan;
use crate::ceremony::{medium, rehearse};
use crate::commands::{Session, openssl};
use crate::error::Result;
use crate::store::{file, workspace};
use std::path::PathBuf;

/// Rehearse a plan with throw-away keys
///
/// Every step as it will be: the rules, probes of the name constraints, chains judged by a second
/// implementation and, where it is installed, by openssl. Prints the transcript that the real run
/// will print, but for keys, serials and times. Nothing is written; no key is opened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony rehearse plan.toml
  $ rootward ceremony rehearse plan.toml --workspace /media/root")]
pub struct RehearseArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
}

pub fn run(args: &RehearseArgs, session: &Session) -> Result<()> {
    let plan = read_plan(&args.plan)?;
    // A medium that holds nothing yet is no workspace.
    let dir = match workspace::find(&session.start) {
        Ok(dir) => dir,
        Err(_) => file::canonical(&session.start)?,
    };
    let mut medium = medium::read(&dir, &plan, &session.context)?;
    let ui = session.ui;
    let rehearsed = rehearse::rehearse(&mut medium.estate, &plan, Box::new(|_| Ok(())))?;
    let second = openssl::check(&rehearsed.files)?;
    ui.raw(&rehearsed.transcript)?;
    ui.status(&match second {
        Some(version) => format!("{version} agrees"),
        None => "openssl is not installed, so it was not asked".to_owned(),
    });
    ui.status("rehearsed: every step passed with throw-away keys; nothing was written");
    Ok(())
}
