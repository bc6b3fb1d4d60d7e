//! `rootward ceremony verify`

use super::brought::{BroughtArgs, no_plan};
use super::{made_json, show_made, witnesses};
use crate::authority::Estate;
use crate::ceremony::{medium, verify};
use crate::commands::Session;
use crate::error::Result;
use crate::store::file;

/// Check a response against its plan: every line, every signature
///
/// The transcript and the root's signature under it, the witnesses' signatures, each certificate
/// and CRL by two implementations, and that the journal goes on. Changes nothing. Works before the
/// import and years after it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony verify response.toml
  $ rootward ceremony verify response.toml --witnesses allowed_signers")]
pub struct CheckArgs {
    #[command(flatten)]
    brought: BroughtArgs,
}

pub fn run(args: &CheckArgs, session: &Session) -> Result<()> {
    let brought = &args.brought;
    let (file, (name, response)) = (&brought.response, brought.read()?);
    let dir = session.dir()?;
    let plan = brought.plan(&response, &dir)?;
    let plan = plan.ok_or_else(|| no_plan(&name, &response))?;
    // As it was declared then.
    let estate = Estate::read_with(&dir, &session.context, medium::files(&plan.plan)?)?;
    let verified = verify::verify(&estate, &plan, &name, &response)?;
    let filed = witnesses::filed(&dir, file, &response)?;
    let keys = filed.as_deref().map(file::shown);
    let witnessed = brought.witnesses.check(&plan.plan, (file, &response), filed)?;
    let ui = session.ui;
    if ui.json {
        return ui.json(&serde_json::json!({ "version": 1, "number": response.number,
            "plan": plan.digest, "signed_by": verified.signed_by.to_string(),
            "witnesses": witnesses::json(witnessed.as_ref()),
            "made": made_json(&verified.made) }));
    }
    show_made(ui, &verified.made);
    ui.status(&format!("the transcript is signed by {}", verified.signed_by));
    let hint = "add: --witnesses ALLOWED_SIGNERS";
    witnesses::show(ui, &plan.plan, witnessed.as_ref(), hint);
    if let (Some(keys), false) = (keys, brought.witnesses.is_given()) {
        ui.status(&format!("with the keys of {keys}, as they were filed"));
    }
    ui.status(&format!("ceremony {}: all is well", response.number));
    Ok(())
}
