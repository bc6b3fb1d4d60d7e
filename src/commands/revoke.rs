//! `rootward revoke OBJECT --reason REASON`

mod why;

pub use why::Why;

use super::{Session, day, member, unlock};
use crate::authority::revoke::{self, Published, Revocation};
use crate::authority::{Estate, Keys, ca::ca_dir, crl, keys::PLAN};
use crate::ceremony::{guard::sandbox::Sandbox, plan::Wanted, single};
use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::{
    environment::{ISSUER, KeyHome},
    name::{ObjectRef, Scope},
};
use crate::pki::crl::Crl;
use crate::ui::lines::count;
use std::process::ExitCode;

/// Revoke the certificates of an identity, or an intermediate
///
/// All unexpired certificates of an identity, or one of them by its serial number; one generation
/// of an intermediate. The issuer's next CRL is issued in the same act when its key is here; else
/// it names the revocation from the next one on. A revocation cannot be taken back: it is asked
/// for once more, and without a terminal --yes is needed.
///
/// After keyCompromise, superseded or unspecified, `identity issue` makes a new certificate. After
/// affiliationChanged, cessationOfOperation or privilegeWithdrawn it makes none. cACompromise is
/// for intermediates alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward revoke prod/hello --reason keyCompromise --yes
  $ rootward revoke prod/vault@g1 --reason cessationOfOperation --yes")]
pub struct RevokeArgs {
    /// The identity, or one generation of an intermediate such as prod/vault@g1
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// Why, as RFC 5280 section 5.3.1 writes it; unspecified puts no reason on the CRL
    #[arg(long, value_name = "REASON", value_parser = Why::read)]
    reason: Why,
    /// This certificate alone, of all that the identity has
    #[arg(long, value_name = "SERIAL")]
    serial: Option<String>,
    #[command(flatten)]
    unlock: unlock::Args,
}

/// Judges, asks, revokes.
pub fn run(args: &RevokeArgs, session: &Session) -> Result<ExitCode> {
    let mut estate = session.change()?;
    let serial = args.serial.as_deref();
    let revocation = revoke::judge(&estate, &args.object, serial, args.reason.0)?;
    carry_out(session, &mut estate, &revocation, &args.unlock)?;
    Ok(ExitCode::SUCCESS)
}

/// Asks, revokes, says what comes next: also the end of `rotate revoke` of an intermediate.
pub fn carry_out<'c>(
    session: &Session,
    estate: &mut Estate<'c>,
    revocation: &Revocation,
    unlock: &unlock::Args,
) -> Result<()> {
    let object = &revocation.object;
    let ui = session.ui;
    if revocation.entries.is_empty() {
        ui.status(&format!("{object} is already revoked"));
        return print(session, revocation, &[]);
    }
    let reason = Why(revocation.reason).word();
    let what = count(revocation.entries.len(), "certificate");
    ui.status(&format!("{object}: {what} to revoke, {reason}"));
    for entry in &revocation.entries {
        let (serial, until) = (&entry.serial, day(entry.not_after));
        ui.status(&format!("  serial   {serial}, until {until}, by {}", entry.issuer));
    }
    session.confirm(&format!("revoke {object}, which cannot be taken back?"))?;
    let mut source = unlock::Source::new(session, unlock);
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    let published = commit(estate, &mut keys, revocation, &sandbox);
    let published = published.map_err(|error| estate.refuse(object, error))?;
    ui.status(&format!("revoked {object}"));
    for published in &published {
        say(session, estate, published);
    }
    print(session, revocation, &published)?;
    next(session, estate, revocation);
    Ok(())
}

/// The lines and the CRLs in one act.
fn commit<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    revocation: &Revocation,
    sandbox: &Sandbox,
) -> Result<Vec<Published>> {
    revoke::stage(estate, revocation)?;
    let issuers = revocation.entries.iter().map(|entry| &entry.issuer);
    let roots: Vec<ObjectRef> =
        issuers.filter(|issuer| issuer.scope == Scope::Root).cloned().collect();
    if !roots.is_empty() {
        return publish_roots(estate, keys, &roots, sandbox);
    }
    let published = revoke::publish(estate, keys, revocation)?;
    estate.commit(Vec::new(), Vec::new())?;
    Ok(published)
}

/// The next CRLs of roots, in a ceremony of their own when the keys are here, with everything that
/// is staged.
pub fn publish_roots<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    roots: &[ObjectRef],
    sandbox: &Sandbox,
) -> Result<Vec<Published>> {
    if roots.is_empty() || roots.iter().any(|root| estate.need_root(root).is_err()) {
        estate.commit(Vec::new(), Vec::new())?;
        return Ok(roots.iter().cloned().map(Published::Due).collect());
    }
    let wanted: Vec<Wanted> = roots.iter().cloned().map(Wanted::Crl).collect();
    let made = single::several(estate, keys, &wanted, Some(sandbox))?;
    let crl = |made: crate::ceremony::steps::Made| {
        made.crl().map(|(object, crl)| Published::Crl(object, Box::new(crl)))
    };
    made.into_iter().map(crl).collect()
}

/// Where the revocation is, or will be.
pub fn say(session: &Session, estate: &Estate, published: &Published) {
    let ui = session.ui;
    match published {
        Published::Crl(issuer, crl) => {
            let until = day(crl.next_update);
            ui.status(&format!("issued CRL {} of {issuer}, next update {until}", crl.number));
            ui.status(&format!("  file     {}/crl.pem", ca_dir(issuer)));
        }
        Published::Due(issuer) if issuer.scope == Scope::Root => {
            ui.status(&format!("it goes on the CRL of {issuer} at the next ceremony"));
        }
        Published::Due(issuer) if is_in_vault(estate, issuer) => {
            ui.status(&format!("the key of {issuer} is in Vault, which issues its CRL"));
        }
        Published::Due(issuer) => {
            ui.status(&format!("the CRL of {issuer} is due: its key is not here"));
        }
        Published::Moot(issuer) => {
            ui.status(&format!("{issuer} is not in force itself, and issues no CRL"));
        }
    }
}

fn is_in_vault(estate: &Estate, issuer: &ObjectRef) -> bool {
    let Scope::Member { environment, name } = &issuer.scope else { return false };
    let declared = estate.environment(environment).ok();
    let intermediate = declared.and_then(|declared| declared.environment.intermediate(name));
    intermediate.is_some_and(|intermediate| intermediate.key == KeyHome::Vault)
}

/// What is to be done with the CRL, or to get one.
fn next(session: &Session, estate: &Estate, revocation: &Revocation) {
    let (ui, now) = (session.ui, session.context.now());
    let history = estate.history();
    let mut issuers = revocation.entries.iter().rev().map(|entry| &entry.issuer);
    let Some(issuer) = issuers.find(|issuer| crl::is_needed(&history, issuer, now)) else { return };
    if crl::lacks(&history, issuer) {
        match issuer.scope {
            Scope::Root => ui.next(PLAN),
            Scope::Member { .. } => ui.next(&format!("rootward intermediate crl {issuer}")),
        }
        return;
    }
    let path = format!("{}/crl.pem", ca_dir(issuer));
    let Scope::Member { environment, name } = &issuer.scope else {
        return ui.hint(&format!("who checks CRLs of the root loads {path}"));
    };
    if name.as_str() == ISSUER {
        ui.hint(&format!("nginx: ssl_crl names a file with {path} and the root's CRL; reload it"));
        ui.next(&format!("rootward vault apply {environment}"));
    }
}

fn print(session: &Session, revocation: &Revocation, published: &[Published]) -> Result<()> {
    if !session.ui.json {
        return Ok(());
    }
    let serials: Vec<serde_json::Value> = revocation
        .entries
        .iter()
        .map(|entry| {
            serde_json::json!({
                "serial": entry.serial,
                "issuer": entry.issuer.to_string(),
                "not_after": timestamp(entry.not_after),
            })
        })
        .collect();
    session.ui.json(&serde_json::json!({
        "version": 1,
        "object": revocation.object.to_string(),
        "reason": Why(revocation.reason).word(),
        "revoked": serials,
        "crls": crls(published),
    }))
}

/// The CRLs that were issued, for `--json`.
pub fn crls(published: &[Published]) -> Vec<serde_json::Value> {
    let of = |published: &Published| {
        let (issuer, crl): (&ObjectRef, &Crl) = match published {
            Published::Crl(issuer, crl) => (issuer, crl),
            Published::Due(_) | Published::Moot(_) => return None,
        };
        Some(serde_json::json!({
            "issuer": issuer.to_string(),
            "number": crl.number,
            "next_update": timestamp(crl.next_update),
            "file": format!("{}/crl.pem", ca_dir(issuer)),
        }))
    };
    published.iter().filter_map(of).collect()
}

impl Session<'_> {
    /// Goes on only when a person agrees, or `--yes` was given.
    ///
    /// # Errors
    /// Usage: nobody is there to ask; failed: the answer was another.
    pub fn confirm(&self, question: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        match self.ui.confirm(question)? {
            Some(true) => Ok(()),
            Some(false) => Err(Error::failed("nothing was changed: the answer was not yes")),
            None => Err(Error::usage("got no terminal to ask at, expected --yes")
                .hint("add --yes, when it is meant")),
        }
    }
}
