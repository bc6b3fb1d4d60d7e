//! CRLs of the root and of intermediates whose key is held by the operator.

use super::ca::ca_dir;
use super::{Estate, Keys, Outcome, cadence};
use crate::custody::Signer;
use crate::error::{Error, Result};
use crate::journal::{Act, History, Record, chain::timestamp};
use crate::model::{
    environment::KeyHome,
    name::{ObjectRef, Scope},
    span::Span,
    text::nearest,
};
use crate::pki::{
    crl::{Crl, Plan, issue},
    issuer::Issuer,
    pem,
};
use crate::store::{Output, layout};
use time::{Duration, OffsetDateTime};

/// Makes the next CRL, valid until then at most; gives what is to be written and recorded.
pub fn issue_next(
    estate: &Estate,
    issuer: &Issuer,
    previous: Option<&Crl>,
    next_update: OffsetDateTime,
    signer: &dyn Signer,
) -> Result<(Output, Record, Crl)> {
    let history = estate.history();
    let plan = Plan::next(previous, issuer, next_update, &history, estate.context.now())?;
    let crl = issue(&plan, issuer, previous, &history, signer)?;
    let record = Record {
        fingerprint: Some(crl.fingerprint()),
        number: Some(crl.number),
        not_before: Some(timestamp(crl.this_update)),
        not_after: Some(timestamp(crl.next_update)),
        ..Record::new(Act::CrlIssue, &issuer.object)
    };
    let path = format!("{}/crl.pem", ca_dir(&issuer.object));
    Ok((Output::public(path, pem::encode("X509 CRL", &crl.der)?), record, crl))
}

/// The next CRL of a CA, as one step of several.
///
/// # Errors
/// Every rule of CRLs, ISSUER-UNFIT, ISSUER-KEY, NOT-AS-RECORDED; a wrong passphrase.
pub fn step<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    object: &ObjectRef,
    next_update: OffsetDateTime,
) -> Result<Crl> {
    let issuer = estate.issuer(object)?;
    let previous = estate.crl(object)?;
    let signer = keys.signer(estate, &issuer)?;
    let (output, record, crl) =
        issue_next(estate, &issuer, previous.as_ref(), next_update, signer)?;
    estate.stage(vec![output], vec![record])?;
    Ok(crl)
}

/// The CRL that is in force, as long as it is not due and not half its life is over.
pub fn current(estate: &Estate, object: &ObjectRef) -> Result<Option<Crl>> {
    let (now, cadence) = (estate.context.now(), cadence::of_crl(estate, &object.scope)?);
    let is_fresh = |crl: &Crl| {
        let (begin, end) = (crl.this_update, crl.next_update);
        let due = cadence.deadlines(begin, end, Duration::ZERO).due;
        now < due.min(begin + (end - begin) / 2)
    };
    Ok(estate.crl(object)?.filter(is_fresh))
}

/// Issues the next CRL of an intermediate when half the life of the current one is over, or at
/// once.
///
/// # Errors
/// As for [`step`].
pub fn refresh<'c>(
    estate: &mut Estate<'c>,
    asked: &ObjectRef,
    at_once: bool,
    keys: &mut Keys<'_, 'c>,
) -> Result<Outcome<(ObjectRef, Crl)>> {
    let object = estate.in_force(asked);
    let issued = issue_if_due(estate, &object, at_once, keys);
    issued.map_err(|error| estate.refuse(&object, error))
}

fn issue_if_due<'c>(
    estate: &mut Estate<'c>,
    asked: &ObjectRef,
    at_once: bool,
    keys: &mut Keys<'_, 'c>,
) -> Result<Outcome<(ObjectRef, Crl)>> {
    estate.check_clock()?;
    let next_update = next_update(estate, asked)?;
    let is_due = at_once || lacks(&estate.history(), asked);
    if let Some(crl) = current(estate, asked)?.filter(|_| !is_due) {
        return Ok(Outcome::AlreadyThere((asked.clone(), crl)));
    }
    let crl = step(estate, keys, asked, next_update)?;
    estate.commit(Vec::new(), Vec::new())?;
    Ok(Outcome::Done((asked.clone(), crl)))
}

/// When a CRL that is made now is to end: as declared; near the end of its issuer with it, since
/// one that outlives its issuer would be refused.
pub fn next_update(estate: &Estate, issuer: &ObjectRef) -> Result<OffsetDateTime> {
    let lifetime = lifetime(estate, &issuer.scope)?;
    let this_update = estate.context.now().replace_nanosecond(0)?;
    let next_update = lifetime.not_after(this_update);
    let next_update =
        next_update.ok_or_else(|| Error::failed("the next update is past the year 9999"))?;
    let issuer = estate.issuer(issuer)?;
    Ok(next_update.min(issuer.certificate.facts.not_after))
}

/// What a CRL that is made now is to say.
pub fn planned(estate: &Estate, object: &ObjectRef) -> Result<Plan> {
    let (issuer, previous) = (estate.issuer(object)?, estate.crl(object)?);
    let next_update = next_update(estate, object)?;
    let now = estate.context.now();
    Plan::next(previous.as_ref(), &issuer, next_update, &estate.history(), now)
}

/// Was something revoked that the last CRL does not name?
pub fn lacks(history: &History, object: &ObjectRef) -> bool {
    let issued = history.crl(object).map_or(0, |record| record.seq);
    history.revocations(object).any(|record| record.seq > issued)
}

/// Does anybody ask for CRLs of this CA generation? For those of the one that signs, and of any other
/// as long as something that it issued has not expired: revoked or not, that is what they are about.
pub fn is_needed(history: &History, object: &ObjectRef, at: OffsetDateTime) -> bool {
    let Some(record) = history.certificate(object) else { return false };
    let lasts = |record: &Record| record.ends().is_some_and(|end| at <= end);
    let is_active = || history.active_generation(&object.scope) == object.generation;
    history.is_live(record, at) && (is_active() || history.issued_by(object).any(lasts))
}

/// How long a CRL of this CA is declared to be valid.
pub fn lifetime(estate: &Estate, scope: &Scope) -> Result<Span> {
    let Scope::Member { environment, name } = scope else { return Ok(estate.root.lifetime.crl) };
    let declared = &estate.environment(environment)?.environment;
    let intermediate = declared.intermediate(name).ok_or_else(|| no_such(estate, scope))?;
    match intermediate.key {
        KeyHome::Local => Ok(intermediate.crl),
        KeyHome::Vault => Err(Error::usage(format!("the key of {scope} is in Vault"))
            .hint("Vault issues its CRL: read pki/crl/pem there")),
    }
}

/// An object that is not declared as an intermediate; perhaps an identity, or misspelled.
pub fn no_such(estate: &Estate, scope: &Scope) -> Error {
    let error = Error::usage(format!("{scope} is not declared as an intermediate"));
    let Scope::Member { environment, name } = scope else { return error };
    if estate.workspace.exists(&layout::declaration(environment, name)) {
        return error.hint(format!("it is an identity: rootward identity issue {scope}"));
    }
    let known = estate.environment(environment).ok();
    let known = known.map(|known| known.environment.declared.intermediates.keys());
    let names = known.into_iter().flatten().map(|known| known.as_str());
    match nearest(name.as_str(), names) {
        Some(near) => error.hint(format!("did you mean {environment}/{near}?")),
        None => error.hint(format!(
            "declare [intermediates.{name}] in {}",
            layout::environment(environment)
        )),
    }
}
