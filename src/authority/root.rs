//! Making the root.

use super::ca::ca_dir;
use super::estate::contradiction;
use super::{Estate, Keys, crl, keys::Sealed};
use crate::custody::sealed;
use crate::error::{Error, Explain, Result};
use crate::journal::{Act, Record, chain::timestamp};
use crate::model::{
    key::Algorithm,
    name::{ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{
    crl::Crl,
    inspect::{Certificate, sha256},
    issue,
    issuer::Issuer,
    pem,
    profile::{Draft, Profile},
    request,
    subject::Subject,
};
use crate::store::Output;
use der::Decode;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// A root: which one, and its certificate.
pub type Root = (ObjectRef, Certificate);

/// The root that is there, when it is the one that is declared; `None` before the first.
///
/// # Errors
/// CONTRADICTION, when it is not as declared, or there are files that nobody recorded.
pub fn existing(estate: &Estate) -> Result<Option<Root>> {
    if let Some(generation) = estate.active_generation(&Scope::Root) {
        return as_declared(estate, generation).map(Some);
    }
    nothing_in_the_way(estate, &ObjectRef::root(1))?;
    Ok(None)
}

/// What is there and recorded nowhere is never written over.
///
/// # Errors
/// CONTRADICTION.
fn nothing_in_the_way(estate: &Estate, object: &ObjectRef) -> Result<()> {
    let dir = ca_dir(object);
    for file in ["key.pem", "cert.pem", "crl.pem"] {
        if estate.workspace.exists(&format!("{dir}/{file}")) {
            let message = format!("{dir}/{file} is there, but the journal knows of no {object}");
            return Err(contradiction(message).into());
        }
    }
    Ok(())
}

/// When a root that is made now, and its first CRL, are to end: as declared.
///
/// # Errors
/// Failed, past the year 9999.
pub fn ends(estate: &Estate) -> Result<(OffsetDateTime, OffsetDateTime)> {
    let now = estate.context.now().replace_nanosecond(0)?;
    let lifetime = &estate.root.lifetime;
    let ends = lifetime.root.not_after(now).zip(lifetime.crl.not_after(now));
    ends.ok_or_else(|| Error::failed("the root would last past the year 9999"))
}

/// Makes a root's key, certificate and first CRL, as one step of several.
///
/// # Errors
/// CONTRADICTION, when an imported key is not as declared; every rule of issuing and of custody.
pub fn step<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    object: &ObjectRef,
    (not_after, next_update): (OffsetDateTime, OffsetDateTime),
) -> Result<(Certificate, Crl)> {
    nothing_in_the_way(estate, object)?;
    let declared: Algorithm = estate.root.key.algorithm.into();
    let public = match keys.held(object).map(|signer| signer.public().clone()) {
        Some(imported) => imported,
        None => keys.generate(estate, object, declared)?,
    };
    if public.algorithm != declared {
        let got = public.algorithm;
        let message = format!("the key to import is {got}, ca/root/root.toml declares {declared}");
        return Err(contradiction(message).into());
    }
    request::rsa_weakness(&public)?;
    let draft = Draft::new(
        Profile::Root,
        Subject::of_root(&estate.root, object.generation.unwrap_or(1)),
        public,
        estate.root.lifetime.root,
        estate.context.now(),
        estate.context.rng,
    )?;
    let draft = Draft { not_after, ..draft };
    let linted = issue::lint(object, &draft, None, &estate.history(), estate.context.now())?;
    let Sealed { outputs: key, held } = keys.seal(estate, object)?;
    let signer = keys.held(object).ok_or_else(|| Error::failed("the new key is not there"))?;
    let certificate = linted.sign(None, signer)?;
    let record = certificate_record(Act::RootCreate, object, &certificate, None);
    let record = Record {
        declaration: Some(estate.root_declaration.clone()),
        custody: Some(held.to_string()),
        ..record
    };
    let issuer = Issuer::new(object.clone(), certificate.clone(), false)?;
    let (crl_output, crl_record, crl) =
        crl::issue_next(estate, &issuer, None, next_update, signer)?;
    let path = format!("{}/cert.pem", ca_dir(object));
    let mut outputs = key;
    outputs.extend([Output::public(path, pem::certificate(&certificate.der)?), crl_output]);
    estate.stage(outputs, vec![record, crl_record])?;
    Ok((certificate, crl))
}

fn as_declared(estate: &Estate, generation: u32) -> Result<Root> {
    let object = ObjectRef::root(generation);
    let certificate = estate.recorded_certificate(&object, &ca_dir(&object))?;
    let declared = Subject::of_root(&estate.root, generation);
    if certificate.facts.attributes != declared.attributes() {
        let message = format!("{object} has another subject than ca/root/root.toml: {declared}");
        return Err(contradiction(message).into());
    }
    let algorithm: Algorithm = estate.root.key.algorithm.into();
    let got = certificate.facts.key.algorithm;
    if got != algorithm {
        let message = format!("{object} has a {got} key, ca/root/root.toml declares {algorithm}");
        return Err(contradiction(message).into());
    }
    Ok((object, certificate))
}

/// Takes a key that was made elsewhere as the key of a root that is about to be made. `file` is the
/// name of what holds it: unencrypted or sealed PKCS#8 in PEM.
///
/// # Errors
/// Failed: not such a file, or a wrong passphrase.
pub fn adopt<'c>(
    estate: &Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    object: &ObjectRef,
    (file, pem): (&str, &[u8]),
) -> Result<()> {
    let pkcs8 = imported(object, file, pem, keys)?;
    keys.adopt(estate, object, pkcs8).map(|_| ())
}

fn imported(
    object: &ObjectRef,
    file: &str,
    pem: &[u8],
    keys: &mut Keys,
) -> Result<Zeroizing<Vec<u8>>> {
    let decoded = std::str::from_utf8(pem).ok().map(pkcs8::SecretDocument::from_pem);
    let Some(Ok((label, der))) = decoded else {
        let message = format!("{file} is no private key, expected PKCS#8 in PEM");
        return Err(Error::failed(message)
            .hint("convert it with: openssl pkcs8 -topk8 -in KEY -out key.pem"));
    };
    match label {
        "ENCRYPTED PRIVATE KEY" => {
            let passphrase = keys.passphrase(object)?;
            let opened = sealed::open(file, pem, &passphrase)?;
            Ok(Zeroizing::new(opened.as_bytes().to_vec()))
        }
        "PRIVATE KEY" => {
            pkcs8::PrivateKeyInfoRef::from_der(der.as_bytes()).context(file)?;
            Ok(Zeroizing::new(der.as_bytes().to_vec()))
        }
        other => Err(Error::failed(format!("{file}: got BEGIN {other}, expected PRIVATE KEY"))
            .hint("convert it with: openssl pkcs8 -topk8 -in KEY -out key.pem")),
    }
}

/// What the journal keeps of a certificate.
pub fn certificate_record(
    act: Act,
    object: &ObjectRef,
    certificate: &Certificate,
    issuer: Option<&ObjectRef>,
) -> Record {
    let facts = &certificate.facts;
    Record {
        issuer: issuer.map(ToString::to_string),
        serial: Some(facts.serial.clone()),
        fingerprint: Some(certificate.fingerprint()),
        key: Some(sha256(&facts.key.spki)),
        cn: Some(facts.cn().to_owned()),
        uri: facts.names.uri.first().cloned(),
        not_before: Some(timestamp(facts.not_before)),
        not_after: Some(timestamp(facts.not_after)),
        ..Record::new(act, object)
    }
}

/// The root as it is now, for `root show`.
pub fn show(estate: &Estate, generation: Option<u32>) -> Result<Root> {
    let active = estate.active_generation(&Scope::Root);
    let generation = generation
        .or(active)
        .ok_or_else(|| Error::failed("there is no root yet").hint("rootward root create"))?;
    let object = ObjectRef::root(generation);
    if estate.history().certificate(&object).is_none() {
        return Err(Error::usage(format!("there is no {object}")).hint("rootward root show"));
    }
    let certificate = estate.recorded_certificate(&object, &ca_dir(&object))?;
    if !certificate.is_signed_by(&certificate.facts.key) {
        return Err(Rule::SignatureInvalid.found("the root does not verify with its key").into());
    }
    Ok((object, certificate))
}
