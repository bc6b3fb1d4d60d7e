//! `rootward rotate prepare`

use super::{is_ca, print};
use crate::authority::rotate::{self, NextRoot};
use crate::authority::{self, Estate, Keys, Outcome, ca::ca_dir, keys::PLAN};
use crate::ceremony::{plan::successor, single, steps::Made};
use crate::commands::{Session, day, read_named, unlock};
use crate::error::{Error, Result};
use crate::model::{
    environment::KeyHome,
    name::{ObjectRef, Scope},
};
use std::path::PathBuf;

/// What is to be prepared.
#[derive(Debug, clap::Args)]
pub struct PrepareArgs {
    /// The root, or an intermediate such as prod/identity
    #[arg(value_name = "OBJECT")]
    object: ObjectRef,
    /// The request for a key in Vault, PEM or DER
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
    #[command(flatten)]
    shares: unlock::NewShares,
}

/// The next generation, of whichever kind.
pub fn run(args: &PrepareArgs, session: &Session) -> Result<()> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    is_ca(&estate, &args.object)?;
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    match (&args.object.scope, csr) {
        (Scope::Root, Some(_)) => {
            Err(Error::usage("got --csr for the root, whose key is made in the ceremony"))
        }
        (Scope::Root, None) => root(args, session, &mut estate),
        (Scope::Member { .. }, csr) => intermediate(args, session, &mut estate, csr),
    }
}

/// The object without a generation, or with the one that is next.
fn agrees(asked: &ObjectRef, next: &ObjectRef) -> Result<()> {
    match asked.generation {
        Some(generation) if Some(generation) != next.generation => {
            Err(Error::usage(format!("got {asked}, expected {next}")))
        }
        _ => Ok(()),
    }
}

fn intermediate(
    args: &PrepareArgs,
    session: &Session,
    estate: &mut Estate,
    csr: Option<&[u8]>,
) -> Result<()> {
    let scope = &args.object.scope;
    let next = rotate::next(&estate.history(), scope)?;
    agrees(&args.object, &next)?;
    if csr.is_none() {
        in_vault(estate, scope, &next)?;
    }
    let mut source = unlock::Source::new(session, &args.unlock);
    let mut keys = Keys::new(&mut source);
    let outcome = authority::intermediate::request(estate, &next, csr, &mut keys)?;
    let done = !matches!(outcome, Outcome::AlreadyThere(_));
    let (object, request) = outcome.into_inner();
    let ui = session.ui;
    ui.status(&match done {
        true => format!("prepared {object}"),
        false => format!("{object} is prepared already"),
    });
    ui.status(&format!("  subject  {}", request.subject()));
    ui.status(&format!("  SHA-256  {}", request.digest()));
    ui.status(&format!("  request  {}/request.csr", ca_dir(&object)));
    print(session, &object, "prepared", done)?;
    let is_signed = estate.history().certificate(&object).is_some();
    ui.next(&match is_signed {
        true => format!("rootward rotate activate {object}"),
        false => estate.by_root(format!("rootward intermediate sign {object}")),
    });
    Ok(())
}

/// A key that is made in Vault needs its request, unless it is filed.
fn in_vault(estate: &Estate, scope: &Scope, next: &ObjectRef) -> Result<()> {
    let Scope::Member { environment, name } = scope else { return Ok(()) };
    let declared = &estate.environment(environment)?.environment;
    let is_in_vault =
        declared.intermediate(name).is_some_and(|declared| declared.key == KeyHome::Vault);
    if !is_in_vault || estate.history().request(next).is_some() {
        return Ok(());
    }
    Err(Error::usage(format!("the key of {next} is made in Vault, expected its request"))
        .hint(format!("rootward intermediate request {next} --from-vault, or --csr FILE")))
}

fn root(args: &PrepareArgs, session: &Session, estate: &mut Estate) -> Result<()> {
    let old = estate.in_force(&ObjectRef::newest_root());
    let outcome = rotate::prepare_root(estate)?;
    let (NextRoot::There(next) | NextRoot::Waits(next)) = &outcome;
    agrees(&args.object, next)?;
    let ui = session.ui;
    if let NextRoot::There(next) = &outcome {
        ui.status(&format!("{next} is prepared already"));
        print(session, next, "prepared", false)?;
        ui.next(&format!("rootward rotate activate {next}"));
        return Ok(());
    }
    if estate.need_key(&old).is_err() {
        let done = !estate.journal.lines.is_empty();
        estate.commit(Vec::new(), Vec::new())?;
        ui.status(&format!("{next} waits for the ceremony that makes it"));
        print(session, next, "requested", done)?;
        ui.next(PLAN);
        return Ok(());
    }
    let mut source = unlock::Source::new(session, &args.unlock).shares_to(&args.shares);
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    let wanted = successor(next, &old);
    let made = single::several(estate, &mut keys, &wanted, Some(&sandbox));
    let made = made.map_err(|error| estate.refuse(next, error))?;
    for made in &made {
        let by = if made.object == *next { &old } else { next };
        show(session, made, by);
    }
    print(session, next, "prepared", true)?;
    let dir = ca_dir(next);
    ui.status(&format!(
        "  files    {dir}/cert.pem, crl.pem, new-with-old-link.pem, old-with-new-link.pem"
    ));
    ui.status(&format!("           {dir}/key.pem: keep it offline, with a copy"));
    ui.hint("every trust.pem and chain.pem is new: bring them to whoever loads them");
    ui.next(&format!("rootward rotate activate {next}"));
    Ok(())
}

/// A root, or a link that `by` has signed.
fn show(session: &Session, made: &Made, by: &ObjectRef) {
    if let crate::ceremony::steps::Product::Certificate(certificate) = &made.product {
        let facts = &certificate.facts;
        let is_root = certificate.is_self_issued();
        let cn = facts.cn();
        session.ui.status(&match is_root {
            true => format!("made {}: {cn}", made.object),
            false => format!("linked {} under {by}: {cn}", made.object),
        });
        let (from, to) = (day(facts.not_before), day(facts.not_after));
        session.ui.status(&format!("  valid    {from} to {to}"));
        session.ui.status(&format!("  SHA-256  {}", certificate.fingerprint()));
    }
}
