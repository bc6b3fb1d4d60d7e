//! `rootward root crl` and `rootward intermediate crl ENV/NAME`.

use super::{Session, day, unlock};
use crate::authority::{self, Estate, Keys, Outcome};
use crate::ceremony::{guard::sandbox::Sandbox, plan::Wanted, single};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::model::name::{ObjectRef, Scope};
use crate::pki::crl::Crl;
use crate::ui::lines::count;

/// Shared with `intermediate crl`.
#[derive(Debug, clap::Args)]
pub struct CrlArgs {
    /// Issue the next CRL at once
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    unlock: unlock::Args,
}

fn root_crl<'c>(
    estate: &mut Estate<'c>,
    asked: &ObjectRef,
    at_once: bool,
    keys: &mut Keys<'_, 'c>,
    sandbox: &Sandbox,
) -> Result<Outcome<(ObjectRef, Crl)>> {
    let object = estate.in_force(asked);
    let mut issue = || {
        estate.check_clock()?;
        let is_due = at_once || authority::crl::lacks(&estate.history(), &object);
        if let Some(crl) = authority::crl::current(estate, &object)?.filter(|_| !is_due) {
            return Ok(Outcome::AlreadyThere((object.clone(), crl)));
        }
        estate.need_root(&object)?;
        let made = single::perform(estate, keys, Wanted::Crl(object.clone()), Some(sandbox))?;
        made.crl().map(Outcome::Done)
    };
    issue().map_err(|error| estate.refuse(&object, error))
}

/// Issues the next CRL when it is due, or at once.
pub fn run(asked: &ObjectRef, args: &CrlArgs, session: &Session) -> Result<()> {
    let mut estate = session.change()?;
    let mut source = unlock::Source::new(session, &args.unlock);
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    let outcome = match asked.scope {
        Scope::Root => root_crl(&mut estate, asked, args.now, &mut keys, &sandbox)?,
        Scope::Member { .. } => authority::crl::refresh(&mut estate, asked, args.now, &mut keys)?,
    };
    let made = !matches!(outcome, Outcome::AlreadyThere(_));
    let (object, crl) = outcome.into_inner();
    let path = format!("{}/crl.pem", authority::ca::ca_dir(&object));
    let ui = session.ui;
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1,
            "object": object.to_string(),
            "made": made,
            "number": crl.number,
            "revoked": crl.revoked.len(),
            "this_update": timestamp(crl.this_update),
            "next_update": timestamp(crl.next_update),
            "file": path,
        }))?;
    }
    let (number, revoked) = (crl.number, count(crl.revoked.len(), "certificate"));
    let said = if made { "issued" } else { "not due yet:" };
    ui.status(&format!("{said} CRL {number} of {object}, next update {}", day(crl.next_update)));
    ui.status(&format!("  revoked  {revoked}"));
    ui.status(&format!("  file     {path}"));
    if !made {
        let verb = match asked.scope {
            Scope::Root => "root crl".to_owned(),
            Scope::Member { .. } => format!("intermediate crl {asked}"),
        };
        ui.hint(&format!("issue the next one all the same: rootward {verb} --now"));
    }
    Ok(())
}
