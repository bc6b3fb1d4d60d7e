//! The one issuance path: draft -> lint -> sign -> re-parse -> verify.
//!
//! The types keep the order: only a [`Linted`] can be signed, only what verified is a
//! [`Certificate`]. The bytes that were linted are the bytes that are signed.

use super::chain;
use super::encode;
use super::inspect::{Certificate, Facts, sha256};
use super::issuer::{Issuer, check_signer};
use super::lint::{self, Extras};
use super::profile::{Draft, Profile};
use crate::custody::Signer;
use crate::error::{Error, Result, none_of};
use crate::journal::history::{Candidate, History};
use crate::model::{key::PublicKey, name::ObjectRef, rule::Rule};
use der::{
    Encode,
    asn1::{AnyRef, BitStringRef},
    oid::ObjectIdentifier,
};
use time::OffsetDateTime;
use x509_cert::spki::AlgorithmIdentifierRef;

/// To-be-signed bytes that no rule objects to.
#[derive(Debug)]
pub struct Linted {
    tbs: Vec<u8>,
    /// What they say, parsed back.
    pub facts: Facts,
    is_leaf: bool,
}

/// Encodes and judges a draft; nothing is signed and no key is needed.
///
/// # Errors
/// A refusal with every rule that objects.
pub fn lint(
    object: &ObjectRef,
    draft: &Draft,
    issuer: Option<&Issuer>,
    history: &History,
    now: OffsetDateTime,
) -> Result<Linted> {
    let tbs = encode::certificate(draft, issuer.map(Issuer::name).as_ref())?;
    let facts = Facts::parse_tbs(&tbs).map_err(Error::failed)?;
    let mut findings = lint::certificate(&facts, draft, issuer, Extras::None);
    findings.extend(lint::begins_now(&facts, &draft.profile, now));
    if let Some(issuer) = issuer {
        findings.extend(lint::fitness(issuer, draft.profile.is_ca(), now));
    }
    let uri = match &draft.profile {
        Profile::Client { uri, .. } => Some(uri.as_str()),
        _ => None,
    };
    findings.extend(history.collisions(&Candidate {
        object,
        serial: &facts.serial,
        key: &sha256(&facts.key.spki),
        cn: facts.cn(),
        uri,
    }));
    none_of(findings)?;
    Ok(Linted { tbs, facts, is_leaf: !draft.profile.is_ca() })
}

impl Linted {
    /// Signs, parses again and verifies. Without an issuer the certificate signs itself.
    ///
    /// # Errors
    /// ISSUER-KEY, SIGNATURE-INVALID, SPKI-CHANGED, CHAIN-REJECTED; failed, when the signer fails.
    pub fn sign(self, issuer: Option<&Issuer>, signer: &dyn Signer) -> Result<Certificate> {
        if let Some(issuer) = issuer {
            check_signer(issuer, signer)?;
        }
        let der = assemble(&self.tbs, signer)?;
        let certificate = Certificate::parse("the certificate just made", der)?;
        self.verify(&certificate, issuer, signer.public())?;
        Ok(certificate)
    }

    fn verify(&self, made: &Certificate, issuer: Option<&Issuer>, key: &PublicKey) -> Result<()> {
        if made.facts.key.spki != self.facts.key.spki {
            let message = "the finished certificate has another public key than was linted";
            return Err(Rule::SpkiChanged.found(message).into());
        }
        // For a leaf the second implementation verifies the same signature.
        if !self.is_leaf || issuer.is_none() {
            return signature_is_valid(made.is_signed_by(key));
        }
        issuer.map_or(Ok(()), |issuer| chain::accepts(&issuer.anchor, made, made.facts.not_before))
    }
}

/// # Errors
/// SIGNATURE-INVALID, unless it is.
pub fn signature_is_valid(valid: bool) -> Result<()> {
    if valid {
        return Ok(());
    }
    Err(Rule::SignatureInvalid.found("the signature just made does not verify").into())
}

/// Signs to-be-signed bytes and puts the three parts together (RFC 5280 section 4.1; the same
/// shape serves requests, RFC 2986 section 4.2, and CRLs, RFC 5280 section 5.1).
pub fn assemble(tbs: &[u8], signer: &dyn Signer) -> Result<Vec<u8>> {
    let signature = signer.sign(tbs)?;
    let algorithm = signer.public().algorithm;
    let oid = ObjectIdentifier::new(encode::signature_oid(algorithm))
        .map_err(|error| Error::failed(error.to_string()))?;
    // RFC 4055 section 5: RSA has NULL parameters; RFC 5758 and RFC 8410: the others have none.
    let is_rsa = algorithm == crate::model::key::Algorithm::Rsa;
    let parameters = is_rsa.then_some(AnyRef::NULL);
    let signed = Signed {
        tbs: AnyRef::try_from(tbs)?,
        algorithm: AlgorithmIdentifierRef { oid, parameters },
        signature: BitStringRef::from_bytes(&signature)?,
    };
    Ok(signed.to_der()?)
}

#[derive(der::Sequence)]
struct Signed<'a> {
    tbs: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

/// A PKCS#10 request with a subject and a key, proving possession (RFC 2986).
pub fn request(subject: &super::subject::Subject, signer: &dyn Signer) -> Result<Vec<u8>> {
    assemble(&encode::request(subject, signer.public())?, signer)
}
