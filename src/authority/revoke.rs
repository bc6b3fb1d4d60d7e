//! Revocation: a line in the journal, which every later CRL of the issuer takes up.

use super::{Estate, Keys, crl};
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{
    name::{ObjectRef, Scope},
    rule::Rule,
    text::clean,
};
use crate::pki::crl::{Crl, Reason};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// One certificate that is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub serial: String,
    pub not_after: OffsetDateTime,
    /// Whose CRL is to name it.
    pub issuer: ObjectRef,
}

/// What was asked for, judged.
#[derive(Debug)]
pub struct Revocation {
    pub object: ObjectRef,
    pub reason: Option<Reason>,
    /// Empty, when all that is meant is revoked already.
    pub entries: Vec<Entry>,
}

/// A CRL that names it now, or why there is none yet.
#[derive(Debug)]
pub enum Published {
    /// It was issued in the same act.
    Crl(ObjectRef, Box<Crl>),
    /// The issuer's key is not here.
    Due(ObjectRef),
    /// The issuer is itself revoked: nobody asks for its CRLs.
    Moot(ObjectRef),
}

/// Finds and judges what is to be revoked: all certificates of an identity that have not expired,
/// or the one with this serial number; the certificate of one generation of an intermediate.
///
/// # Errors
/// Usage: a root, an intermediate without its generation, what was never issued. REVOKE-EXPIRED,
/// CRL-REASON, CRL-SCOPE.
pub fn judge(
    estate: &Estate,
    object: &ObjectRef,
    serial: Option<&str>,
    reason: Option<Reason>,
) -> Result<Revocation> {
    let is_ca = is_ca(estate, object)?;
    fits(reason, is_ca)?;
    let issued = issued(estate, object, serial)?;
    let now = estate.context.now();
    let history = estate.history();
    let live = |record: &&&Record| record.ends().is_some_and(|end| now <= end);
    let live: Vec<&Record> = issued.iter().filter(live).copied().collect();
    if live.is_empty() {
        let last = issued.iter().filter_map(|record| record.not_after.as_deref()).max();
        let message = format!("{object} expired on {}", last.unwrap_or_default());
        return Err(Rule::RevokeExpired.found(message).into());
    }
    let new = live.into_iter().filter(|record| history.revocation(record).is_none());
    let entries = new.map(|record| {
        let issuer = record.issuer.as_deref().and_then(|issuer| issuer.parse().ok());
        let elsewhere = || format!("{object} was signed elsewhere, by none of our roots");
        Ok(Entry {
            serial: record.serial.clone().unwrap_or_default(),
            not_after: record.ends().unwrap_or(now),
            issuer: issuer.ok_or_else(|| Error::from(Rule::CrlScope.found(elsewhere())))?,
        })
    });
    let entries = entries.collect::<Result<_>>()?;
    Ok(Revocation { object: object.clone(), reason, entries })
}

/// Is it an intermediate (with its generation), or an identity?
fn is_ca(estate: &Estate, object: &ObjectRef) -> Result<bool> {
    let Scope::Member { environment, name } = &object.scope else {
        let generation = object.generation.or(estate.active_generation(&object.scope));
        let root = ObjectRef::root(generation.unwrap_or(1));
        return Err(Error::usage("a root is on nobody's CRL: it is rotated, then revoked")
            .hint(format!("rootward rotate revoke {root} --reason superseded")));
    };
    let is_ca = estate.environment(environment)?.environment.intermediate(name).is_some();
    match (is_ca, object.generation) {
        (true, None) => {
            let generation = estate.active_generation(&object.scope).unwrap_or(1);
            let first = object.clone().at(generation);
            Err(Error::usage(format!("got {object}, expected a generation such as {first}")))
        }
        (false, Some(_)) => {
            let scope = &object.scope;
            Err(Error::usage(format!("got {object}, expected an identity such as {scope}")))
        }
        (is_ca, _) => Ok(is_ca),
    }
}

/// May a CRL give this reason for it?
///
/// # Errors
/// CRL-REASON.
pub fn fits(reason: Option<Reason>, is_ca: bool) -> Result<()> {
    let found = |why: &str| Err(Rule::CrlReason.found(why).into());
    match reason {
        Some(reason @ Reason::Other(_)) => {
            found(&format!("got {reason}, expected one that is final"))
        }
        Some(Reason::CaCompromise) if !is_ca => {
            found("got cACompromise of an identity, expected keyCompromise")
        }
        _ => Ok(()),
    }
}

/// Every certificate that the object ever had, or the one with this serial number.
fn issued<'e>(
    estate: &'e Estate,
    object: &ObjectRef,
    serial: Option<&str>,
) -> Result<Vec<&'e Record>> {
    let name = object.to_string();
    let serial = serial.map(|text| text.replace(':', "").to_lowercase());
    let is_meant = |record: &&Record| {
        record.act.is_certificate()
            && record.object == name
            && serial.as_deref().is_none_or(|serial| record.serial.as_deref() == Some(serial))
    };
    let records: Vec<&Record> = estate.journal.records.iter().filter(is_meant).collect();
    if !records.is_empty() {
        return Ok(records);
    }
    Err(match serial {
        Some(serial) => {
            let serial = clean(&serial);
            Error::usage(format!("{object} never had a certificate with serial {serial}"))
                .hint(format!("rootward journal show --object {object}"))
        }
        None => Error::usage(format!("{object} never had a certificate")).hint("rootward status"),
    })
}

/// Puts the revocation into the journal, as one step of several.
///
/// # Errors
/// CLOCK-BEHIND-JOURNAL.
pub fn stage(estate: &mut Estate, revocation: &Revocation) -> Result<()> {
    estate.check_clock()?;
    let records = revocation.entries.iter().map(|entry| Record {
        serial: Some(entry.serial.clone()),
        issuer: Some(entry.issuer.to_string()),
        reason: revocation.reason.map(|reason| reason.to_string()),
        ..Record::new(Act::Revoke, &revocation.object)
    });
    estate.stage(Vec::new(), records.collect())
}

/// The next CRLs of the intermediates that issued it, as far as their keys are here, as one step of
/// several.
///
/// # Errors
/// Every rule of CRLs; a wrong passphrase.
pub fn publish<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    revocation: &Revocation,
) -> Result<Vec<Published>> {
    let issuers: BTreeSet<&ObjectRef> =
        revocation.entries.iter().map(|entry| &entry.issuer).collect();
    let mut published = Vec::new();
    for issuer in issuers {
        published.push(if !crl::is_needed(&estate.history(), issuer, estate.context.now()) {
            Published::Moot(issuer.clone())
        } else if estate.need_key(issuer).is_err() {
            Published::Due(issuer.clone())
        } else {
            let next_update = crl::next_update(estate, issuer)?;
            let crl = crl::step(estate, keys, issuer, next_update)?;
            Published::Crl(issuer.clone(), Box::new(crl))
        });
    }
    Ok(published)
}
