//! CRLs of the root and of intermediates whose key is held by the operator.

use super::ca::ca_dir;
use super::{Estate, Outcome, Passphrases};
use crate::custody::Signer;
use crate::error::{Error, Result};
use crate::journal::{Act, Record, chain::timestamp};
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

/// Makes the next CRL; gives what is to be written and recorded.
pub fn issue_next(
    estate: &Estate,
    issuer: &Issuer,
    previous: Option<&Crl>,
    cadence: Span,
    signer: &dyn Signer,
) -> Result<(Output, Record)> {
    let history = estate.history();
    let mut plan = Plan::next(previous, cadence, &history, estate.context.now())?;
    // A CRL that outlives its issuer would be refused; near the end the CRL ends with it.
    plan.next_update = plan.next_update.min(issuer.certificate.facts.not_after);
    let crl = issue(&plan, issuer, previous, &history, signer)?;
    let record = Record {
        fingerprint: Some(crl.fingerprint()),
        number: Some(crl.number),
        not_before: Some(timestamp(crl.this_update)),
        not_after: Some(timestamp(crl.next_update)),
        ..Record::new(Act::CrlIssue, &issuer.object)
    };
    let path = format!("{}/crl.pem", ca_dir(&issuer.object));
    Ok((Output::public(path, pem::encode("X509 CRL", &crl.der)?), record))
}

/// Issues the next CRL of a CA when half the life of the current one is over, or at once.
///
/// # Errors
/// Every rule of CRLs, ISSUER-UNFIT, ISSUER-KEY, NOT-AS-RECORDED; a wrong passphrase.
pub fn refresh(
    estate: &mut Estate,
    asked: &ObjectRef,
    at_once: bool,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<(ObjectRef, Crl)>> {
    let issued = issue_if_due(estate, asked, at_once, passphrases);
    let scope = asked.scope.clone();
    let generation = asked.generation.or_else(|| estate.active_generation(&scope));
    let object = ObjectRef { scope, generation };
    issued.map_err(|error| estate.refuse(&object, error))
}

fn issue_if_due(
    estate: &mut Estate,
    asked: &ObjectRef,
    at_once: bool,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<(ObjectRef, Crl)>> {
    estate.check_clock()?;
    let cadence = cadence(estate, &asked.scope)?;
    let issuer = estate.issuer(asked)?;
    let previous = estate.crl(&issuer.object)?;
    if let Some(crl) = &previous
        && !at_once
        && estate.context.now() < crl.this_update + (crl.next_update - crl.this_update) / 2
    {
        return Ok(Outcome::AlreadyThere((issuer.object, crl.clone())));
    }
    let passphrase = passphrases.open(&issuer.object)?;
    let key = estate.unlock(&issuer, &passphrase)?;
    let (output, record) = issue_next(estate, &issuer, previous.as_ref(), cadence, &key)?;
    estate.commit(vec![output], vec![record])?;
    let crl = estate.crl(&issuer.object)?;
    let crl = crl.ok_or_else(|| Error::failed("the CRL just made is not there"))?;
    Ok(Outcome::Done((issuer.object, crl)))
}

/// How long a CRL of this CA is declared to be valid.
pub fn cadence(estate: &Estate, scope: &Scope) -> Result<Span> {
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
