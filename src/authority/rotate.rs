//! Rotation, by SPIRE's verbs: prepare -> activate -> taint -> revoke. A successor is known before
//! it signs, and what the old key signed is replaced before it is revoked.

use super::{Estate, crl, keys::PLAN, link, root, trust};
use crate::error::{Error, Result};
use crate::journal::{Act, History, Record, chain::timestamp};
use crate::model::{
    name::{ObjectRef, Scope},
    rule::{Finding, Rule},
};
use crate::pki::crl::Reason;

/// How far the rotation of one generation of a CA is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has no certificate yet.
    Requested,
    /// Newer than the one that signs.
    Prepared,
    /// It signs.
    Active,
    /// Older than the one that signs.
    Superseded,
    /// What it has signed is to be replaced.
    Tainted,
    /// Nobody is to trust it.
    Revoked,
}

/// As the journal has it.
pub fn phase(history: &History, object: &ObjectRef) -> Phase {
    let Some(record) = history.certificate(object) else { return Phase::Requested };
    let active = history.active_generation(&object.scope);
    match object.generation.cmp(&active) {
        _ if history.revocation(record).is_some() => Phase::Revoked,
        _ if history.is_tainted(object) => Phase::Tainted,
        std::cmp::Ordering::Less => Phase::Superseded,
        std::cmp::Ordering::Equal => Phase::Active,
        std::cmp::Ordering::Greater => Phase::Prepared,
    }
}

/// Is a generation on its way that is to follow the one that signs?
pub fn successor(history: &History, of: &Scope) -> Option<ObjectRef> {
    let at = |generation| ObjectRef { scope: of.clone(), generation: Some(generation) };
    let planned = history.prepared_root().filter(|_| *of == Scope::Root);
    let newest = at(history.generation(of));
    let is_next = newest.generation > Some(0)
        && newest.generation > history.active_generation(of)
        && matches!(phase(history, &newest), Phase::Requested | Phase::Prepared);
    planned.or_else(|| is_next.then_some(newest))
}

/// The generation that a rotation is to prepare: the one on its way, else the next.
///
/// # Errors
/// Failed, for a root that is not there.
pub fn next(history: &History, of: &Scope) -> Result<ObjectRef> {
    if *of == Scope::Root && history.generation(of) == 0 {
        return Err(Error::failed("there is no root yet").hint("rootward root create"));
    }
    let fresh = || ObjectRef { scope: of.clone(), generation: Some(history.generation(of) + 1) };
    Ok(successor(history, of).unwrap_or_else(fresh))
}

/// How far the next root is.
#[derive(Debug, PartialEq, Eq)]
pub enum NextRoot {
    /// It has its certificate.
    There(ObjectRef),
    /// It waits for the ceremony that makes it.
    Waits(ObjectRef),
}

/// Asks for the next root, as one step of several: the ceremony makes it.
///
/// # Errors
/// LINK-DATES, when it would end before the root that it is to follow.
pub fn prepare_root(estate: &mut Estate) -> Result<NextRoot> {
    let history = estate.history();
    let object = next(&history, &Scope::Root)?;
    if history.certificate(&object).is_some() {
        return Ok(NextRoot::There(object));
    }
    if history.prepared_root().is_some() {
        return Ok(NextRoot::Waits(object));
    }
    estate.check_clock()?;
    let active = estate.in_force(&ObjectRef::newest_root());
    let (ends, old) = (root::ends(estate)?.0, link::end(estate, &active, &object)?);
    if ends < old {
        let (ends, old) = (timestamp(ends), timestamp(old));
        let message = format!("{object} would end {ends}, {active} ends {old}");
        return Err(Rule::LinkDates.found(message).into());
    }
    estate.stage(Vec::new(), vec![Record::new(Act::RotatePrepare, &object)])?;
    Ok(NextRoot::Waits(object))
}

fn order(message: String) -> Error {
    Rule::RotateOrder.found(message).into()
}

/// The generation that signs cannot go: another one has to sign first.
fn it_signs(estate: &Estate, object: &ObjectRef) -> Error {
    let scope = &object.scope;
    order(format!("{object} is the one that signs")).hint(
        match successor(&estate.history(), scope) {
            Some(next) => format!("rootward rotate activate {next}"),
            None => format!("rootward rotate prepare {scope}"),
        },
    )
}

/// The generation that was named, which must have a certificate.
fn certified(estate: &Estate, object: &ObjectRef) -> Result<Phase> {
    let history = estate.history();
    if object.generation.is_none() {
        let newest = object.clone().at(history.generation(&object.scope).max(1));
        return Err(Error::usage(format!("got {object}, expected a generation such as {newest}")));
    }
    let scope = &object.scope;
    match phase(&history, object) {
        Phase::Requested if history.request(object).is_some() => {
            let message = format!("{object} has no certificate yet");
            let sign = format!("rootward intermediate sign {object}");
            Err(order(message).hint(estate.by_root(sign)))
        }
        Phase::Requested if history.prepared_root().as_ref() == Some(object) => {
            Err(order(format!("{object} has no certificate yet")).hint(PLAN))
        }
        Phase::Requested => Err(order(format!("{object} is not prepared"))
            .hint(format!("rootward rotate prepare {scope}"))),
        phase => Ok(phase),
    }
}

/// From here on this generation signs. Was it not so before?
///
/// # Errors
/// ROTATE-ORDER, without a certificate that is in force.
pub fn activate(estate: &mut Estate, object: &ObjectRef) -> Result<bool> {
    let phase = certified(estate, object)?;
    let refuse = |why: &str| Err(order(format!("{object} {why}, expected one that is prepared")));
    let history = estate.history();
    let record = history.certificate(object);
    match phase {
        Phase::Active => return Ok(false),
        Phase::Tainted => return refuse("is tainted"),
        Phase::Revoked => return refuse("is revoked"),
        Phase::Prepared | Phase::Superseded | Phase::Requested => {}
    }
    if !record.is_some_and(|record| history.is_live(record, estate.context.now())) {
        return refuse("has expired");
    }
    record_one(estate, Act::RotateActivate, object)
}

/// What this generation has signed is to be replaced. Was that not so before?
///
/// # Errors
/// ROTATE-ORDER, for the generation that signs.
pub fn taint(estate: &mut Estate, object: &ObjectRef) -> Result<bool> {
    match certified(estate, object)? {
        Phase::Tainted | Phase::Revoked => Ok(false),
        Phase::Active => Err(it_signs(estate, object)),
        Phase::Prepared | Phase::Superseded | Phase::Requested => {
            record_one(estate, Act::RotateTaint, object)
        }
    }
}

fn record_one(estate: &mut Estate, act: Act, object: &ObjectRef) -> Result<bool> {
    estate.check_clock()?;
    estate.commit(Vec::new(), vec![Record::new(act, object)])?;
    Ok(true)
}

/// May this generation be revoked, as the last step of a rotation?
///
/// # Errors
/// ROTATE-ORDER, ROTATE-IN-USE: a compromise alone may come before its time.
pub fn may_revoke(estate: &Estate, object: &ObjectRef, reason: Option<Reason>) -> Result<()> {
    let phase = certified(estate, object)?;
    let is_compromise = matches!(reason, Some(Reason::KeyCompromise | Reason::CaCompromise));
    if phase == Phase::Revoked {
        return Ok(());
    }
    if phase == Phase::Active {
        return Err(it_signs(estate, object));
    }
    if is_compromise {
        return Ok(());
    }
    if phase != Phase::Tainted {
        return Err(order(format!("{object} is not tainted"))
            .hint(format!("rootward rotate taint {object}")));
    }
    unused(estate, object).map_err(Error::from)
}

fn unused(estate: &Estate, object: &ObjectRef) -> Result<(), Finding> {
    let live = estate.history().dependents(object, estate.context.now());
    let Some(first) = live.first() else { return Ok(()) };
    let message = match live.len() {
        1 => format!("{object} has issued the certificate of {}, in use", first.object),
        count => format!("{object} has issued {count} certificates in use, {} one", first.object),
    };
    Err(Rule::RotateInUse.found(message))
}

/// Revokes a root, as one step of several: it leaves every `trust.pem`, and its links every chain.
/// Gives the roots whose CRLs are to name the links that stand for it.
///
/// # Errors
/// What hinders deriving the files anew.
pub fn revoke_root(
    estate: &mut Estate,
    object: &ObjectRef,
    reason: Option<Reason>,
) -> Result<Vec<ObjectRef>> {
    let history = estate.history();
    let now = estate.context.now();
    let own = history.certificate(object).into_iter();
    let of_it = |record: &&Record| record.object == object.to_string();
    let links = history.links().into_iter().filter(of_it);
    let live: Vec<&Record> =
        own.chain(links).filter(|record| history.is_live(record, now)).collect();
    let issuers = live.iter().filter_map(|record| record.issuer.as_deref()?.parse().ok());
    let mut issuers: Vec<ObjectRef> = issuers.collect();
    issuers.retain(|issuer| crl::is_needed(&history, issuer, now));
    let records = live.iter().map(|record| Record {
        serial: record.serial.clone(),
        issuer: record.issuer.clone(),
        reason: reason.map(|reason| reason.to_string()),
        ..Record::new(Act::Revoke, object)
    });
    let records = records.collect();
    estate.stage(Vec::new(), records)?;
    let derived = trust::derived(estate)?;
    estate.stage(derived, Vec::new())?;
    Ok(issuers)
}
