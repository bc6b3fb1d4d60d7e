//! The single checks that `verify` is made of.

use crate::authority::ca::ca_dir;
use crate::authority::{Estate, crl, custody};
use crate::custody::{Signer, sealed, soft::SoftKey};
use crate::error::{Error, Result};
use crate::journal::{Act, Record, chain::timestamp};
use crate::model::{key::PublicKey, name::ObjectRef, rule::Rule, site::Role};
use crate::pki::{
    inspect::Certificate,
    issuer::Issuer,
    lint::{self, Extras},
    pem,
    profile::{Draft, Profile},
};
use crate::store::layout;
use std::fmt::Display;
use time::OffsetDateTime;

/// What is wrong, each in one line that names the object or file first.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    pub fn push(&mut self, problem: String) {
        self.0.push(problem);
    }

    pub fn add(&mut self, object: &ObjectRef, problem: &str) {
        self.push(format!("{object}: {problem}"));
    }

    pub fn error(&mut self, object: &ObjectRef, error: &Error) {
        self.add(object, &error.messages().join(": "));
    }

    pub fn extend(&mut self, problems: impl IntoIterator<Item = String>) {
        self.0.extend(problems);
    }

    pub fn into_list(self) -> Vec<String> {
        self.0
    }

    pub fn list(&self) -> &[String] {
        &self.0
    }

    /// The value, or its error as a problem.
    pub fn keep<T>(&mut self, object: &ObjectRef, result: Result<T>) -> Option<T> {
        result.inspect_err(|error| self.error(object, error)).ok()
    }

    /// Is the certificate valid now?
    pub fn in_force(&mut self, object: &ObjectRef, certificate: &Certificate, now: OffsetDateTime) {
        let facts = &certificate.facts;
        if now > facts.not_after {
            self.add(object, &format!("it expired on {}", timestamp(facts.not_after)));
        }
        if now < facts.not_before.replace_nanosecond(0).unwrap_or(facts.not_before) {
            self.add(object, &format!("it is not valid before {}", timestamp(facts.not_before)));
        }
    }

    /// The rules of issuing, on what was issued.
    pub fn lint(
        &mut self,
        object: &ObjectRef,
        certificate: &Certificate,
        draft: &Draft,
        issuer: Option<&Issuer>,
        act: Act,
    ) {
        let imported = act == Act::IntermediateImport;
        let extras = if imported { Extras::NotCritical } else { Extras::None };
        let findings = lint::certificate(&certificate.facts, draft, issuer, extras);
        // Judged at import against its own chain, which need not end in our root.
        // Nothing is said of an issuer that is not there: that is a problem of its own.
        let orphan = issuer.is_none() && draft.profile != Profile::Root;
        let foreign = |rule| {
            if orphan && matches!(rule, Rule::IssuerName | Rule::SignatureAlgorithm) {
                return true;
            }
            imported
                && matches!(rule, Rule::SubjectForm | Rule::IssuerName | Rule::SignatureAlgorithm)
        };
        for finding in findings.iter().filter(|finding| !foreign(finding.rule)) {
            self.add(object, &finding.to_string());
        }
        if let Some(issuer) = issuer
            && !certificate.is_signed_by(&issuer.certificate.facts.key)
        {
            self.add(object, &format!("it is not signed by {}", issuer.object));
        }
    }
}

/// The file is the certificate that the journal recorded.
pub fn recorded(estate: &Estate, path: &str, record: &Record) -> Result<Certificate> {
    let der = pem::read_one(path, "CERTIFICATE", &estate.workspace.read(path)?)?;
    let certificate = Certificate::parse(path, der)?;
    let got = certificate.fingerprint();
    match &record.fingerprint {
        Some(expected) if *expected == got => Ok(certificate),
        expected => Err(Error::failed(format!(
            "got the certificate {}…, the journal's entry {} recorded {}…",
            &got[..16],
            record.seq,
            expected.as_deref().and_then(|hash| hash.get(..16)).unwrap_or("none")
        ))),
    }
}

pub fn certificate(estate: &Estate, record: &Record, dir: &str) -> Result<Certificate> {
    let path = format!("{dir}/cert.pem");
    recorded(estate, &path, record).map_err(|error| error.context(path))
}

/// `chain.pem` of an intermediate: itself, its issuers, a root; each signed by the next.
pub fn chain(
    estate: &Estate,
    object: &ObjectRef,
    certificate: &Certificate,
) -> Result<Vec<Certificate>> {
    let path = format!("{}/chain.pem", ca_dir(object));
    let ders = pem::read_certificates(&path, &estate.workspace.read(&path)?)?;
    let chain: Vec<Certificate> =
        ders.into_iter().map(|der| Certificate::parse(&path, der)).collect::<Result<_>>()?;
    if chain[0].der != certificate.der {
        return Err(Error::failed(format!("{path} does not begin with its cert.pem")));
    }
    crate::authority::import::links(&chain)
        .map_err(|finding| Error::from(finding).context(path))?;
    Ok(chain)
}

/// The current CRL: as recorded, signed by its issuer, not overdue. Was there one?
pub fn crl(
    estate: &Estate,
    issuer: &ObjectRef,
    certificate: &Certificate,
    problems: &mut Problems,
) -> bool {
    let Some(Some(last)) = problems.keep(issuer, estate.crl(issuer)) else { return false };
    let facts = &certificate.facts;
    if last.issuer != facts.subject || !last.is_signed_by(&facts.key) {
        problems.add(issuer, "its CRL is not signed by it");
    }
    let now = estate.context.now();
    if now > last.next_update && crl::is_needed(&estate.history(), issuer, now) {
        problems.add(issuer, &format!("its CRL ran out on {}", timestamp(last.next_update)));
    }
    true
}

/// A CA's key, where it is here at all: sealed, and for its owner's eyes only.
pub fn sealed_key(estate: &Estate, object: &ObjectRef, problems: &mut Problems) -> bool {
    let path = format!("{}/key.pem", ca_dir(object));
    if !estate.workspace.exists(&path) {
        return false;
    }
    private(estate, &path, problems);
    if let Some(bytes) = problems.keep(object, estate.workspace.read(&path))
        && let Some(weakness) = sealed::weakness(&bytes)
    {
        problems.push(format!("{path} {weakness}"));
    }
    true
}

/// How a root key is held is what the journal recorded, where the key or what is said of it is here.
pub fn custody(estate: &Estate, object: &ObjectRef, role: Role, problems: &mut Problems) {
    let unrecorded = problems.keep(object, custody::unrecorded(estate, object)).flatten();
    // On a medium the next ceremony records it.
    if let Some(held) = unrecorded.filter(|_| role == Role::Online) {
        let recorded = estate.recorded_custody(object).unwrap_or("nothing");
        let file = layout::CUSTODY;
        problems.add(object, &format!("{file} says {held}, the journal recorded {recorded}"));
    }
}

/// An identity's key, where it is made here: for its owner's eyes only, and of its certificate.
pub fn plain_key(
    estate: &Estate,
    path: &str,
    expected: &PublicKey,
    problems: &mut Problems,
) -> Result<()> {
    let Some(bytes) = estate.workspace.read_if_any(path, crate::store::file::SMALL)? else {
        return Ok(());
    };
    private(estate, path, problems);
    let der = zeroize::Zeroizing::new(pem::read_one(path, "PRIVATE KEY", &bytes)?);
    if SoftKey::open(&der, estate.context.rng)?.public() != expected {
        problems.push(format!("{path} is not the key of the certificate"));
    }
    Ok(())
}

fn private(estate: &Estate, path: &str, problems: &mut Problems) {
    let said = |mode: &dyn Display| format!("{path} has mode {mode}, expected 0600 or 0400");
    match estate.workspace.mode(path) {
        // A stick without permissions of its own is mounted with "umask=077": 0700.
        Some(mode) if mode & 0o077 == 0 => {}
        None => {}
        Some(mode) => problems.push(said(&format!("{mode:04o}"))),
    }
}
