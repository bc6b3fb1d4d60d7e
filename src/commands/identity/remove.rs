//! `rootward identity remove ENV/NAME`

use super::parts;
use crate::authority::identity::remove;
use crate::commands::{Session, member};
use crate::error::Result;
use crate::model::name::ObjectRef;
use std::process::ExitCode;

/// Take an identity's declaration away, with its certificate and key
///
/// Only once no certificate of it is valid any more: revoke it first. What was ever issued stays in
/// ca/ENV/issued, and the journal says who removed it. It is asked for once more, and without a
/// terminal --yes is needed. An identity that is declared again under its name begins anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity remove test/alice --yes")]
pub struct Args {
    /// The identity, such as prod/web
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
}

/// Judges, asks, removes.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let object = &args.object;
    let (environment, name) = parts(object)?;
    let ui = session.ui;
    let mut estate = session.change()?;
    estate.environment(environment)?;
    let removal = remove::judge(&estate, environment, name)?;
    let paths = removal.as_ref().map(|removal| removal.paths.clone()).unwrap_or_default();
    match removal {
        None => ui.status(&format!("{object} is already removed")),
        Some(removal) => {
            for path in &paths {
                ui.status(&format!("  remove {path}"));
            }
            session.confirm(&format!("remove {object}, and its key if it is here, for good?"))?;
            remove::carry_out(&mut estate, removal)?;
            ui.status(&format!("removed {object}"));
        }
    }
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1, "object": object.to_string(), "removed": paths,
        }))?;
    } else {
        ui.next(&format!("rootward vault plan {environment} --prune"));
    }
    Ok(ExitCode::SUCCESS)
}
