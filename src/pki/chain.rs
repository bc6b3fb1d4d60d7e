//! The second implementation: rustls-webpki judges chains and leaves.

use super::inspect::{CLIENT_AUTH, Certificate};
use crate::error::{Error, Result};
use crate::model::rule::Rule;
use der::{
    Decode, Encode,
    asn1::{AnyRef, BitStringRef},
};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::time::Duration;
use time::OffsetDateTime;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::spki::AlgorithmIdentifierRef;

/// A CA certificate that is taken as trusted, with its name constraints.
#[derive(Clone, Debug)]
pub struct Anchor(TrustAnchor<'static>);

impl Anchor {
    /// A CA certificate that is to be trusted as it is.
    ///
    /// # Errors
    /// Failed, when rustls-webpki cannot read it.
    pub fn new(certificate: &Certificate) -> Result<Self> {
        let der = CertificateDer::from(certificate.der.as_slice());
        let anchor = anchor_from_trusted_cert(&der).map_err(|error| {
            Error::from(Rule::ChainRejected.found(format!("as a trust anchor: {error}")))
        })?;
        Ok(Self(anchor.to_owned()))
    }
}

/// Does rustls-webpki find that this key signed that certificate or CRL? (It judges whole chains for
/// leaves alone.)
///
/// # Errors
/// CHAIN-REJECTED with its reason.
pub fn signed(issuer: &Certificate, der: &[u8]) -> Result<()> {
    let rejected =
        |why: String| Error::from(Rule::ChainRejected.found(format!("rustls-webpki says {why}")));
    let signed = Signed::from_der(der)?;
    let oid = signed.algorithm.oid;
    let issuer_der = CertificateDer::from(issuer.der.as_slice());
    let key = EndEntityCert::try_from(&issuer_der).map_err(|error| rejected(error.to_string()))?;
    let algorithm = AlgorithmIdentifierRef { ..signed.algorithm }.to_der()?;
    let tbs = signed.tbs.to_der()?;
    let made = signed.signature.raw_bytes();
    // An identifier of webpki is the content of the SEQUENCE.
    let fits = webpki::ALL_VERIFICATION_ALGS
        .iter()
        .filter(|known| algorithm.ends_with(known.signature_alg_id().as_ref()));
    for known in fits {
        if key.verify_signature(*known, &tbs, made).is_ok() {
            return Ok(());
        }
    }
    Err(rejected(format!("that the signature ({oid}) does not verify")))
}

/// The three parts of a certificate or CRL (RFC 5280 sections 4.1 and 5.1).
#[derive(der::Sequence)]
struct Signed<'a> {
    tbs: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

/// Does rustls-webpki accept the leaf directly under `anchor` at that moment?
///
/// # Errors
/// CHAIN-REJECTED with its reason.
pub fn accepts(anchor: &Anchor, leaf: &Certificate, at: OffsetDateTime) -> Result<()> {
    accepts_through(anchor, &[], leaf, at)
}

/// The same, through intermediates.
pub fn accepts_through(
    anchor: &Anchor,
    intermediates: &[&Certificate],
    leaf: &Certificate,
    at: OffsetDateTime,
) -> Result<()> {
    let rejected = |error: webpki::Error| {
        Error::from(Rule::ChainRejected.found(format!("rustls-webpki says {error}")))
    };
    let der = CertificateDer::from(leaf.der.as_slice());
    let end = EndEntityCert::try_from(&der).map_err(rejected)?;
    let chain: Vec<CertificateDer> =
        intermediates.iter().map(|ca| CertificateDer::from(ca.der.as_slice())).collect();
    let is_client = leaf.facts.extended_key_usage.iter().any(|oid| oid == CLIENT_AUTH);
    let usage = if is_client { KeyUsage::client_auth() } else { KeyUsage::server_auth() };
    let seconds = u64::try_from(at.unix_timestamp())?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let anchors = std::slice::from_ref(&anchor.0);
    end.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, anchors, &chain, at, usage, None, None)
        .map(|_| ())
        .map_err(rejected)
}
