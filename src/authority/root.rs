//! Making the root.

use super::ca::ca_dir;
use super::estate::contradiction;
use super::{Estate, Outcome, Passphrases, crl};
use crate::custody::{Signer, sealed, soft};
use crate::error::{Error, Explain, Result};
use crate::journal::{Act, Record, chain::timestamp};
use crate::model::{
    key::Algorithm,
    name::{ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{
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
use zeroize::Zeroizing;

/// A root: which one, and its certificate.
pub type Root = (ObjectRef, Certificate);

/// Makes the first root as declared, or finds it made.
///
/// `import` is the name of a file and what it holds: an unencrypted or sealed PKCS#8 key in PEM,
/// used instead of a new key.
///
/// # Errors
/// CONTRADICTION, when there is a root that is not as declared; every rule of issuing.
pub fn create(
    estate: &mut Estate,
    import: Option<(&str, &[u8])>,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<Root>> {
    let object = ObjectRef::root(estate.active_generation(&Scope::Root).unwrap_or(1));
    make(estate, import, passphrases).map_err(|error| estate.refuse(&object, error))
}

fn make(
    estate: &mut Estate,
    import: Option<(&str, &[u8])>,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<Root>> {
    if let Some(generation) = estate.active_generation(&Scope::Root) {
        return existing(estate, generation, import.is_some()).map(Outcome::AlreadyThere);
    }
    estate.check_clock()?;
    let object = ObjectRef::root(1);
    let dir = ca_dir(&object);
    for file in ["key.pem", "cert.pem", "crl.pem"] {
        if estate.workspace.exists(&format!("{dir}/{file}")) {
            let message = format!("{dir}/{file} is there, but the journal knows of no root");
            return Err(contradiction(message).into());
        }
    }
    let pkcs8 = match import {
        Some((file, pem)) => imported(&object, file, pem, passphrases)?,
        None => soft::generate(estate.root.key.algorithm.into(), estate.context.rng)?,
    };
    let key = soft::SoftKey::open(&pkcs8, estate.context.rng)?;
    let declared: Algorithm = estate.root.key.algorithm.into();
    if key.public().algorithm != declared {
        let got = key.public().algorithm;
        let message = format!("the key to import is {got}, ca/root/root.toml declares {declared}");
        return Err(contradiction(message).into());
    }
    request::rsa_weakness(key.public())?;
    let draft = Draft::new(
        Profile::Root,
        Subject::of_root(&estate.root, 1),
        key.public().clone(),
        estate.root.lifetime.root,
        estate.context.now(),
        estate.context.rng,
    )?;
    let linted = issue::lint(&object, &draft, None, &estate.history(), estate.context.now())?;
    let passphrase = passphrases.create(&object)?;
    let sealed_key = sealed::seal(&pkcs8, &passphrase, estate.context.rng)?;
    let certificate = linted.sign(None, &key)?;
    let record = certificate_record(Act::RootCreate, &object, &certificate, None);
    let record = Record { declaration: Some(estate.root_declaration.clone()), ..record };
    let issuer = Issuer::new(object.clone(), certificate.clone(), false)?;
    let cadence = estate.root.lifetime.crl;
    let (crl_output, crl_record) = crl::issue_next(estate, &issuer, None, cadence, &key)?;
    let outputs = vec![
        Output::secret(format!("{dir}/key.pem"), sealed_key),
        Output::public(format!("{dir}/cert.pem"), pem::certificate(&certificate.der)?),
        crl_output,
    ];
    estate.commit(outputs, vec![record, crl_record])?;
    Ok(Outcome::Done((object, certificate)))
}

/// The root that is there, when it is the one that is declared.
fn existing(estate: &Estate, generation: u32, is_import: bool) -> Result<Root> {
    let object = ObjectRef::root(generation);
    let certificate = estate.recorded_certificate(&object, &ca_dir(&object))?;
    if is_import {
        return Err(contradiction(format!("{object} has a key already")).into());
    }
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

fn imported(
    object: &ObjectRef,
    file: &str,
    pem: &[u8],
    passphrases: &mut dyn Passphrases,
) -> Result<Zeroizing<Vec<u8>>> {
    let decoded = std::str::from_utf8(pem).ok().map(pkcs8::SecretDocument::from_pem);
    let Some(Ok((label, der))) = decoded else {
        let message = format!("{file} is no private key, expected PKCS#8 in PEM");
        return Err(Error::failed(message)
            .hint("convert it with: openssl pkcs8 -topk8 -in KEY -out key.pem"));
    };
    match label {
        "ENCRYPTED PRIVATE KEY" => {
            let passphrase = passphrases.open(object)?;
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
