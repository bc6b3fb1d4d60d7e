//! The only caller of rcgen: drafts in, to-be-signed DER out. Nothing is signed here.

use super::crl::{Reason, Revoked};
use super::profile::{Draft, Profile};
use super::subject::Subject;
use crate::error::{Error, Result};
use crate::model::key::{Algorithm, PublicKey};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyIdMethod, KeyUsagePurpose, NameConstraints,
    PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey,
};
use std::cell::RefCell;
use x509_parser::prelude::{FromDer, X509Name};

/// Who will sign: what of the issuer goes into the to-be-signed bytes.
#[derive(Clone, Debug)]
pub struct IssuerName {
    /// DER of the subject of the issuer's certificate.
    pub subject: Vec<u8>,
    /// The issuer's subject key identifier.
    pub key_id: Vec<u8>,
    /// Of the issuer's key; decides the signature algorithm.
    pub algorithm: Algorithm,
}

/// The signature algorithm of a key (RFC 5758, RFC 8410, RFC 4055).
pub fn signature_oid(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::P256 => "1.2.840.10045.4.3.2",
        Algorithm::P384 => "1.2.840.10045.4.3.3",
        Algorithm::Ed25519 => "1.3.101.112",
        Algorithm::Rsa => "1.2.840.113549.1.1.11",
    }
}

/// The identifier of a key (RFC 7093 section 2, method 1): of the bits of the key alone, where
/// rcgen's own takes the whole SubjectPublicKeyInfo.
fn key_id(key: &PublicKey) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, &key.bits).as_ref()[..20].to_vec()
}

/// The to-be-signed certificate (RFC 5280 section 4.1.2).
/// Without an issuer it is its own.
pub fn certificate(draft: &Draft, issuer: Option<&IssuerName>) -> Result<Vec<u8>> {
    let mut params = CertificateParams::default();
    params.not_before = draft.not_before;
    params.not_after = draft.not_after;
    params.serial_number = Some(SerialNumber::from_slice(&draft.serial.0));
    params.distinguished_name = distinguished_name(&draft.subject)?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(match &draft.profile {
        // What the root signed names it by the identifier that it has already.
        Profile::Link(link) => link.root.facts.subject_key_id.clone().unwrap_or_default(),
        _ => key_id(&draft.key),
    });
    // rcgen leaves the authority key identifier out by default (facts: trap 6); a root's own
    // would name itself, which RFC 5280 section 4.2.1.1 lets a self-signed certificate omit.
    params.use_authority_key_identifier_extension = draft.profile != Profile::Root;
    params.is_ca = match draft.profile {
        Profile::Root | Profile::Link(_) => IsCa::Ca(BasicConstraints::Unconstrained),
        Profile::Intermediate { .. } => IsCa::Ca(BasicConstraints::Constrained(0)),
        _ => IsCa::ExplicitNoCa,
    };
    params.key_usages = match draft.profile.is_ca() {
        true => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        false => vec![KeyUsagePurpose::DigitalSignature],
    };
    let (server, client) =
        (ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth);
    match &draft.profile {
        Profile::Root | Profile::Link(_) => {}
        Profile::Intermediate { dns, ip } => {
            params.extended_key_usages = vec![server, client];
            params.name_constraints = Some(name_constraints(dns, ip));
        }
        Profile::Client { dns, uri } => {
            params.extended_key_usages = vec![client];
            params.subject_alt_names = dns_names(dns)?;
            params.subject_alt_names.push(SanType::URI(uri.as_str().try_into()?));
        }
        Profile::Listener { dns, ip } => {
            params.extended_key_usages = vec![server];
            params.subject_alt_names = dns_names(dns)?;
            params.subject_alt_names.extend(ip.iter().copied().map(SanType::IpAddress));
        }
    }
    let (issuer_params, algorithm) = match issuer {
        Some(issuer) => (issuer_params(issuer)?, issuer.algorithm),
        None => (params.clone(), draft.key.algorithm),
    };
    capture(algorithm, |key| {
        let issuer = rcgen::Issuer::from_params(&issuer_params, key);
        params.signed_by(&Public(&draft.key), &issuer).map(|_| ())
    })
}

/// The to-be-signed request (RFC 2986 section 4.1): a subject and a key, nothing else.
pub fn request(subject: &Subject, key: &PublicKey) -> Result<Vec<u8>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(subject)?;
    let tbs = RefCell::new(Vec::new());
    params.serialize_request(&Capture { key: Some(key), algorithm: key.algorithm, tbs: &tbs })?;
    Ok(tbs.into_inner())
}

/// What goes into a CRL.
pub struct CrlDraft<'a> {
    pub number: u64,
    pub this_update: time::OffsetDateTime,
    pub next_update: time::OffsetDateTime,
    pub revoked: &'a [Revoked],
}

/// The to-be-signed CRL (RFC 5280 section 5.1.2).
pub fn crl(draft: &CrlDraft, issuer: &IssuerName) -> Result<Vec<u8>> {
    let revoked = draft.revoked.iter().map(|entry| {
        Ok(rcgen::RevokedCertParams {
            serial_number: SerialNumber::from_slice(&entry.serial_bytes()?),
            revocation_time: entry.date,
            reason_code: entry.reason.map(reason),
            invalidity_date: None,
        })
    });
    let params = rcgen::CertificateRevocationListParams {
        this_update: draft.this_update,
        next_update: draft.next_update,
        crl_number: SerialNumber::from(draft.number),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect::<Result<_>>()?,
        // A CRL's authority key identifier comes from these parameters, not from the issuer.
        key_identifier_method: KeyIdMethod::PreSpecified(issuer.key_id.clone()),
    };
    let issuer_params = issuer_params(issuer)?;
    capture(issuer.algorithm, |key| {
        params.signed_by(&rcgen::Issuer::from_params(&issuer_params, key)).map(|_| ())
    })
}

/// The lint refuses [`Reason::Other`] before anything is encoded.
fn reason(reason: Reason) -> rcgen::RevocationReason {
    match reason {
        Reason::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
        Reason::CaCompromise => rcgen::RevocationReason::CaCompromise,
        Reason::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
        Reason::Superseded => rcgen::RevocationReason::Superseded,
        Reason::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
        Reason::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
        Reason::Other(_) => rcgen::RevocationReason::CertificateHold,
    }
}

fn issuer_params(issuer: &IssuerName) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = read_name(&issuer.subject)?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(issuer.key_id.clone());
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn dns_names(names: &[crate::model::net::DnsName]) -> Result<Vec<SanType>> {
    names.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into()?))).collect()
}

/// Where no range is declared no address is permitted: an absent type would permit all of them
/// (RFC 5280 section 4.2.1.10).
fn name_constraints(
    dns: &[crate::model::net::DnsName],
    ip: &[crate::model::net::Cidr],
) -> NameConstraints {
    let subnet = |range: &crate::model::net::Cidr| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(range.address, range.prefix))
    };
    let dns = dns.iter().map(|name| GeneralSubtree::DnsName(name.to_string()));
    let excluded_subtrees = super::profile::excluded(ip).iter().map(subnet).collect();
    NameConstraints {
        permitted_subtrees: dns.chain(ip.iter().map(subnet)).collect(),
        excluded_subtrees,
    }
}

fn distinguished_name(subject: &Subject) -> Result<DistinguishedName> {
    let mut name = DistinguishedName::new();
    if let Some(country) = &subject.country {
        // RFC 5280 appendix A: countryName is a PrintableString.
        name.push(DnType::CountryName, DnValue::PrintableString(country.as_str().try_into()?));
    }
    if let Some(organization) = &subject.organization {
        name.push(DnType::OrganizationName, organization.as_str());
    }
    name.push(DnType::CommonName, subject.common_name.as_str());
    Ok(name)
}

/// A certificate's subject as rcgen can write it again; the lint compares the bytes.
fn read_name(der: &[u8]) -> Result<DistinguishedName> {
    let (_, name) =
        X509Name::from_der(der).map_err(|error| Error::failed(format!("a name: {error}")))?;
    let mut copy = DistinguishedName::new();
    for attribute in name.iter_attributes() {
        let oid: Vec<u64> = attribute.attr_type().iter().into_iter().flatten().collect();
        let text = attribute.as_str().map_err(|error| Error::failed(format!("a name: {error}")))?;
        let value = match attribute.attr_value().tag() {
            x509_parser::der_parser::asn1_rs::Tag::PrintableString => {
                DnValue::PrintableString(text.try_into()?)
            }
            x509_parser::der_parser::asn1_rs::Tag::Ia5String => {
                DnValue::Ia5String(text.try_into()?)
            }
            _ => DnValue::Utf8String(text.to_owned()),
        };
        copy.push(DnType::from_oid(&oid), value);
    }
    Ok(copy)
}

/// rcgen only gives out what it has signed, so it is handed a key that takes down the
/// to-be-signed bytes and answers with an empty signature.
fn capture(
    algorithm: Algorithm,
    encode: impl FnOnce(Capture) -> Result<(), rcgen::Error>,
) -> Result<Vec<u8>> {
    let tbs = RefCell::new(Vec::new());
    encode(Capture { key: None, algorithm, tbs: &tbs })?;
    Ok(tbs.into_inner())
}

struct Capture<'a> {
    key: Option<&'a PublicKey>,
    algorithm: Algorithm,
    tbs: &'a RefCell<Vec<u8>>,
}

impl SigningKey for Capture<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.tbs.replace(message.to_vec());
        Ok(Vec::new())
    }
}

impl PublicKeyData for Capture<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.map_or(&[], |key| &key.bits)
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        algorithm(self.algorithm)
    }
}

struct Public<'a>(&'a PublicKey);

impl PublicKeyData for Public<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.0.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        algorithm(self.0.algorithm)
    }
}

fn algorithm(algorithm: Algorithm) -> &'static SignatureAlgorithm {
    match algorithm {
        Algorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        Algorithm::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        Algorithm::Ed25519 => &rcgen::PKCS_ED25519,
        Algorithm::Rsa => &rcgen::PKCS_RSA_SHA256,
    }
}
