//! The links between an old and a new root, as steps and as files (see [`crate::pki::link`]).

use super::root::certificate_record;
use super::{Estate, Keys};
use crate::error::{Error, Result};
use crate::journal::{Act, Record, chain::instant};
use crate::model::{name::ObjectRef, rule::Rule};
use crate::pki::{
    inspect::{Certificate, sha256},
    link, pem,
    profile::LinkKind,
};
use crate::store::{Output, layout};
use time::OffsetDateTime;

/// Which of the two it is: the newer root's under the older one, or the reverse.
pub fn kind(root: &ObjectRef, issuer: &ObjectRef) -> LinkKind {
    match root.generation > issuer.generation {
        true => LinkKind::NewWithOld,
        false => LinkKind::OldWithNew,
    }
}

/// Both lie with the newer root.
pub fn path(root: &ObjectRef, issuer: &ObjectRef) -> String {
    let newer = root.generation.max(issuer.generation).unwrap_or(1);
    let name = match kind(root, issuer) {
        LinkKind::NewWithOld => "new-with-old-link.pem",
        LinkKind::OldWithNew => "old-with-new-link.pem",
    };
    format!("{}/{name}", layout::root(newer))
}

/// When a link between two roots ends: with the older one, whichever it stands for (RFC 9810
/// section 4.4.1).
///
/// # Errors
/// Failed, when the older root has no certificate.
pub fn end(estate: &Estate, one: &ObjectRef, other: &ObjectRef) -> Result<OffsetDateTime> {
    let older = ObjectRef::root(one.generation.min(other.generation).unwrap_or(1));
    let history = estate.history();
    let end = history.certificate(&older).and_then(|record| record.not_after.as_deref());
    end.and_then(instant).ok_or_else(|| Error::failed(format!("{older} has no certificate")))
}

/// Certifies the key of `root` under `issuer`, as one step of several.
///
/// # Errors
/// LINK-DATES, LINK-PAIR and every rule of issuing; a wrong passphrase.
pub fn step<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    root: &ObjectRef,
    issuer: &ObjectRef,
) -> Result<Certificate> {
    let (of, by) = (estate.issuer(root)?, estate.issuer(issuer)?);
    let (now, rng) = (estate.context.now(), estate.context.rng);
    let linted = link::lint_one(kind(root, issuer), &of, &by, &estate.history(), now, rng)?;
    let certificate = linted.sign(Some(&by), keys.signer(estate, &by)?)?;
    let record = certificate_record(Act::RootLink, root, &certificate, Some(issuer));
    let output = Output::public(path(root, issuer), pem::certificate(&certificate.der)?);
    estate.stage(vec![output], vec![record])?;
    Ok(certificate)
}

/// The DER of a link, as the journal recorded it.
///
/// # Errors
/// NOT-AS-RECORDED; failed, when the file is missing.
pub fn recorded(estate: &Estate, record: &Record) -> Result<Vec<u8>> {
    let (root, issuer) = ends(record)?;
    let path = path(&root, &issuer);
    let der = pem::read_one(&path, "CERTIFICATE", &estate.workspace.read(&path)?)?;
    if record.fingerprint.as_deref() == Some(&sha256(&der)) {
        return Ok(der);
    }
    let message = format!("{path} is not the certificate that the journal recorded");
    Err(Rule::NotAsRecorded.found(message).into())
}

/// The root that a link stands for, and the one that signed it.
///
/// # Errors
/// Failed, when the line is not that of a link.
pub fn ends(record: &Record) -> Result<(ObjectRef, ObjectRef)> {
    let issuer = record.issuer.as_deref().and_then(|issuer| issuer.parse().ok());
    let ends = record.object.parse().ok().zip(issuer);
    ends.ok_or_else(|| Error::failed(format!("entry {} is no link between roots", record.seq)))
}
