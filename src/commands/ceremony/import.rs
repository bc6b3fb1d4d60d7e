//! `rootward ceremony import`

use super::brought::{BroughtArgs, no_plan};
use super::{digest_lines, made_json, show_made, witnesses};
use crate::ceremony::steps::{Made, Product};
use crate::ceremony::{import, medium, verify};
use crate::commands::Session;
use crate::error::Result;
use crate::model::words;
use crate::store::{file, layout};

/// File what a ceremony made: certificates, CRLs, journal
///
/// Verifies all of it first, by the declarations that were planned. The journal goes on exactly as
/// on the medium. A response that was imported before, that continues another journal, that is cut
/// off, or that is for another plan is refused. With --witnesses every witness must have signed;
/// the signatures are filed beside the transcript, with the keys that they were checked with.
///
/// A new root is trusted from then on: its fingerprint is shown, and asked for once more, to be
/// compared with the paper. Without a terminal --yes is needed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  $ rootward ceremony import response.toml --witnesses allowed_signers")]
pub struct ImportArgs {
    #[command(flatten)]
    brought: BroughtArgs,
}

pub fn run(args: &ImportArgs, session: &Session) -> Result<()> {
    let brought = &args.brought;
    let (file, (name, response)) = (&brought.response, brought.read()?);
    let plan = brought.plan(&response, &session.dir()?)?;
    let planned = plan.as_ref().map(|plan| medium::files(&plan.plan)).transpose()?;
    // As it was declared for the plan, whatever was edited since.
    let mut estate = session.change_seeing(planned.unwrap_or_default())?;
    import::in_sequence(&estate, &name, &response)?;
    let plan = plan.ok_or_else(|| no_plan(&name, &response))?;
    let verified = verify::verify(&estate, &plan, &name, &response)?;
    let witnessed = brought.witnesses.check(&plan.plan, (file, &response), None)?;
    compare_with_paper(session, &verified.made)?;
    let archive = witnessed.as_ref().map(|witnessed| witnessed.archive(&plan.plan));
    let filed = import::file(&mut estate, &plan, &response, verified, archive.unwrap_or_default())?;
    let ui = session.ui;
    if ui.json {
        ui.json(&serde_json::json!({ "version": 1, "number": response.number,
            "witnesses": witnesses::json(witnessed.as_ref()),
            "made": made_json(&filed.made) }))?;
    }
    show_made(ui, &filed.made);
    let archived = layout::ceremony(response.number, layout::RESPONSE);
    let archived = file::shown(&estate.workspace.root().join(archived));
    let hint = format!("rootward ceremony verify {archived} --witnesses ALLOWED_SIGNERS");
    witnesses::show(ui, &plan.plan, witnessed.as_ref(), &hint);
    for path in &filed.edited {
        ui.warn(&format!("{path} is not what was planned, and what was filed is by the plan"));
    }
    ui.status(&format!("ceremony {} is filed; the journal goes on", response.number));
    ui.next("rootward status");
    Ok(())
}

/// The first root is believed because the response brings it, and nothing here can say whether it
/// is the one that was made in the room: people can, from the paper.
fn compare_with_paper(session: &Session, made: &[Made]) -> Result<()> {
    for one in made {
        // A link is about a root, too, and signed by another.
        let Product::Certificate(certificate) = &one.product else { continue };
        if !certificate.is_self_issued() {
            continue;
        }
        let (object, fingerprint) = (&one.object, certificate.fingerprint());
        let lines = digest_lines(&fingerprint, &words::of_hex(&fingerprint)?);
        session.ui.status(&format!("{object} is new, and trusted from here on:"));
        lines.iter().for_each(|line| session.ui.status(&format!("  {line}")));
        session.confirm(&match session.ui.quiet {
            true => format!("{object}, SHA-256 {fingerprint}: is that on the paper?"),
            false => format!("is that the fingerprint of {object} on the paper?"),
        })?;
    }
    Ok(())
}
