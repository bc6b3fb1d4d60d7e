//! A CA that is to sign, and the key that has to be its own.

use super::chain::Anchor;
use super::encode::IssuerName;
use super::inspect::Certificate;
use crate::custody::Signer;
use crate::error::Result;
use crate::model::{name::ObjectRef, rule::Rule};

/// A CA that is to sign.
pub struct Issuer {
    /// With its generation.
    pub object: ObjectRef,
    /// As the journal recorded it.
    pub certificate: Certificate,
    /// Does its own issuer's last CRL name it?
    pub revoked: bool,
    /// The same in PEM, for the chains of its children.
    pub pem: String,
    /// The same for rustls-webpki.
    pub anchor: Anchor,
}

impl Issuer {
    pub fn new(object: ObjectRef, certificate: Certificate, revoked: bool) -> Result<Self> {
        let anchor = Anchor::new(&certificate)?;
        let pem = super::pem::certificate(&certificate.der)?;
        Ok(Self { object, certificate, revoked, pem, anchor })
    }

    /// What its children carry of it.
    pub fn name(&self) -> IssuerName {
        let facts = &self.certificate.facts;
        IssuerName {
            subject: facts.subject.clone(),
            key_id: facts.subject_key_id.clone().unwrap_or_default(),
            algorithm: facts.key.algorithm,
        }
    }
}

/// Refuses a signer whose key is not the issuer's. Sealed keys are not authenticated, and a token
/// may hold another key: compared each time.
pub fn check_signer(issuer: &Issuer, signer: &dyn Signer) -> Result<()> {
    if signer.public().spki == issuer.certificate.facts.key.spki {
        return Ok(());
    }
    let message = format!("the private key is not the key of {}'s certificate", issuer.object);
    Err(Rule::IssuerKey.found(message).into())
}
