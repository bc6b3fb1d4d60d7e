//! `rootward ceremony import`

use super::{made_json, read_plan, show_made};
use crate::ceremony::import;
use crate::ceremony::response::{LIMIT, Response};
use crate::commands::Session;
use crate::error::{Error, Result};
use crate::store::file;
use std::path::PathBuf;

/// File what a ceremony made: certificates, CRLs, journal
///
/// Verifies all of it first. The journal goes on exactly as on the medium. A response that was
/// imported before, that continues another journal, that is cut off, or that is for another plan
/// is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  $ rootward ceremony import response.toml")]
pub struct ImportArgs {
    /// The response
    #[arg(value_name = "RESPONSE")]
    response: PathBuf,
    /// The plan; otherwise the one of that number in this workspace
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

pub fn run(args: &ImportArgs, session: &Session) -> Result<()> {
    let name = file::shown(&args.response);
    let bytes = file::read(&args.response, LIMIT)?;
    let response = Response::parse(&name, &bytes)?;
    let mut estate = session.change_in_any_case()?;
    import::in_sequence(&estate, &name, &response)?;
    let plan = match &args.plan {
        Some(path) => path.clone(),
        None => session.dir()?.join(import::plan_path(&response)),
    };
    if !file::exists(&plan) {
        let message = format!("{} is not here, so {name} has no plan", file::shown(&plan));
        return Err(Error::failed(message).hint("name the plan with --plan FILE"));
    }
    let plan = read_plan(&plan)?;
    let text = String::from_utf8_lossy(&bytes);
    let made = import::import(&mut estate, &plan, &name, &response, &text)?;
    let ui = session.ui;
    if ui.json {
        ui.json(&serde_json::json!({ "version": 1, "number": response.number,
            "made": made_json(&made) }))?;
    }
    show_made(ui, &made);
    ui.status(&format!("ceremony {} is filed; the journal goes on", response.number));
    ui.next("rootward status");
    Ok(())
}
