//! `rootward rotate revoke`

use super::is_ca;
use crate::authority::{Estate, Keys, revoke, rotate};
use crate::commands::revoke::{Why, carry_out, crls, publish_roots, say};
use crate::commands::{Session, unlock};
use crate::error::Result;
use crate::model::name::{ObjectRef, Scope};

/// Which generation, and why.
#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// The generation, such as root@g1 or prod/identity@g1
    #[arg(value_name = "OBJECT")]
    object: ObjectRef,
    /// Why, as RFC 5280 section 5.3.1 writes it
    #[arg(long, value_name = "REASON", value_parser = Why::read)]
    reason: Why,
    #[command(flatten)]
    unlock: unlock::Args,
}

/// The last step of a rotation.
pub fn run(args: &RevokeArgs, session: &Session) -> Result<()> {
    let mut estate = session.change()?;
    let (object, reason) = (&args.object, args.reason.0);
    is_ca(&estate, object)?;
    revoke::fits(reason, true)?;
    rotate::may_revoke(&estate, object, reason)?;
    if object.scope == Scope::Root {
        return root(args, session, &mut estate);
    }
    let revocation = revoke::judge(&estate, object, None, reason)?;
    carry_out(session, &mut estate, &revocation, &args.unlock)
}

fn root(args: &RevokeArgs, session: &Session, estate: &mut Estate) -> Result<()> {
    let object = &args.object;
    let ui = session.ui;
    let history = estate.history();
    let is_done = rotate::phase(&history, object) == rotate::Phase::Revoked;
    let mut published = Vec::new();
    if is_done {
        ui.status(&format!("{object} is already revoked"));
    } else {
        let live = history.dependents(object, session.context.now()).len();
        if live > 0 {
            ui.warn(&format!("{live} intermediates under {object} stop working with it"));
        }
        session.confirm(&format!("revoke {object}, which cannot be taken back?"))?;
        let mut source = unlock::Source::new(session, &args.unlock);
        let sandbox = source.sandbox(estate.workspace.root())?;
        let mut keys = Keys::new(&mut source);
        estate.check_clock()?;
        let issuers = rotate::revoke_root(estate, object, args.reason.0);
        let made = issuers.and_then(|issuers| publish_roots(estate, &mut keys, &issuers, &sandbox));
        published = made.map_err(|error| estate.refuse(object, error))?;
        ui.status(&format!("revoked {object}: no trust.pem has it, and no chain.pem its links"));
        for published in &published {
            say(session, estate, published);
        }
        ui.hint("bring every trust.pem and chain.pem to whoever loads them");
    }
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1, "object": object.to_string(), "state": "revoked", "done": !is_done,
            "crls": crls(&published),
        }))?;
    }
    if !is_done {
        ui.next("rootward status");
    }
    Ok(())
}
