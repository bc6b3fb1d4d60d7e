//! What a certificate says, read once into plain fields.

use crate::error::{Error, Result};
use crate::model::{key::PublicKey, net::Cidr, text::hex};
use ring::digest::{SHA256, digest};
use std::net::IpAddr;
use time::OffsetDateTime;
use x509_parser::prelude::{
    AttributeTypeAndValue, FromDer, GeneralName, ParsedExtension, SubjectPublicKeyInfo,
    TbsCertificate, X509Certificate, X509Name,
};

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// A finished certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The whole certificate.
    pub der: Vec<u8>,
    /// What it says.
    pub facts: Facts,
}

/// The fields of a certificate, signed or about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Lower-case hexadecimal of the content octets.
    pub serial: String,
    /// DER of the whole name.
    pub issuer: Vec<u8>,
    /// DER of the whole name.
    pub subject: Vec<u8>,
    /// Object identifier and text of each attribute of the subject, in order.
    pub attributes: Vec<(String, String)>,
    /// The first second of its validity.
    pub not_before: OffsetDateTime,
    /// The last second, inclusive (RFC 5280 section 4.1.2.5).
    pub not_after: OffsetDateTime,
    /// The certified key.
    pub key: PublicKey,
    /// Dotted object identifier.
    pub signature_algorithm: String,
    /// Object identifier and criticality of each extension, in order.
    pub extensions: Vec<(String, bool)>,
    /// basicConstraints cA.
    pub is_ca: bool,
    /// basicConstraints pathLenConstraint.
    pub path_length: Option<u32>,
    /// Bits as x509-parser numbers them; see [`super::profile`].
    pub key_usage: Option<u16>,
    /// Dotted object identifiers.
    pub extended_key_usage: Vec<String>,
    /// subjectAltName.
    pub names: Names,
    /// nameConstraints permittedSubtrees.
    pub permitted: Names,
    /// nameConstraints excludedSubtrees.
    pub excluded: Names,
    pub subject_key_id: Option<Vec<u8>>,
    pub authority_key_id: Option<Vec<u8>>,
}

/// Names in a subject alternative name, or subtrees in name constraints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub dns: Vec<String>,
    pub uri: Vec<String>,
    pub mail: Vec<String>,
    pub ip: Vec<IpAddr>,
    pub ranges: Vec<Cidr>,
    /// Anything else, or anything malformed, in words.
    pub other: Vec<String>,
}

impl Certificate {
    /// # Errors
    /// Failed, in words: not one DER certificate, or one with a key that is not allowed.
    pub fn parse(file: &str, der: Vec<u8>) -> Result<Self> {
        let wrong = |why: &str| Error::failed(format!("{file}: {why}"));
        let (rest, parsed) = X509Certificate::from_der(&der)
            .map_err(|error| wrong(&format!("not a certificate: {error}")))?;
        if !rest.is_empty() {
            return Err(wrong("bytes after the certificate"));
        }
        if parsed.signature_algorithm != parsed.tbs_certificate.signature {
            // RFC 5280 section 4.1.1.2.
            return Err(wrong("the two signature algorithms differ"));
        }
        let facts = Facts::of(&parsed.tbs_certificate).map_err(|why| wrong(&why))?;
        Ok(Self { facts, der })
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> String {
        sha256(&self.der)
    }

    /// Does the signature verify with the issuer's key?
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(&self.der) else { return false };
        let Ok((_, spki)) = SubjectPublicKeyInfo::from_der(&issuer.spki) else { return false };
        parsed.verify_signature(Some(&spki)).is_ok()
    }

    /// Are issuer and subject the same name, byte for byte?
    pub fn is_self_issued(&self) -> bool {
        self.facts.issuer == self.facts.subject
    }
}

impl Facts {
    /// Reads to-be-signed DER (RFC 5280 section 4.1).
    pub fn parse_tbs(der: &[u8]) -> Result<Self, String> {
        match TbsCertificate::from_der(der) {
            Ok(([], tbs)) => Self::of(&tbs),
            Ok(_) => Err("bytes after the to-be-signed certificate".into()),
            Err(error) => Err(format!("not a to-be-signed certificate: {error}")),
        }
    }

    fn of(tbs: &TbsCertificate) -> Result<Self, String> {
        let mut facts = Self {
            serial: hex(tbs.raw_serial()),
            issuer: tbs.issuer.as_raw().to_vec(),
            subject: tbs.subject.as_raw().to_vec(),
            attributes: attributes(&tbs.subject),
            not_before: tbs.validity.not_before.to_datetime(),
            not_after: tbs.validity.not_after.to_datetime(),
            key: PublicKey::from_spki(tbs.subject_pki.raw)?,
            signature_algorithm: tbs.signature.algorithm.to_id_string(),
            extensions: Vec::new(),
            is_ca: false,
            path_length: None,
            key_usage: None,
            extended_key_usage: Vec::new(),
            names: Names::default(),
            permitted: Names::default(),
            excluded: Names::default(),
            subject_key_id: None,
            authority_key_id: None,
        };
        for extension in tbs.extensions() {
            facts.extensions.push((extension.oid.to_id_string(), extension.critical));
            facts.read(extension.parsed_extension());
        }
        Ok(facts)
    }

    /// The last common name of the subject, or nothing.
    pub fn cn(&self) -> &str {
        common_name(&self.attributes)
    }

    fn read(&mut self, extension: &ParsedExtension) {
        match extension {
            ParsedExtension::BasicConstraints(basic) => {
                self.is_ca = basic.ca;
                self.path_length = basic.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => self.key_usage = Some(usage.flags),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.extended_key_usage = extended_key_usages(usage);
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                names.general_names.iter().for_each(|name| self.names.add(name, false));
            }
            ParsedExtension::NameConstraints(constraints) => {
                for subtree in constraints.permitted_subtrees.iter().flatten() {
                    self.permitted.add(&subtree.base, true);
                }
                for subtree in constraints.excluded_subtrees.iter().flatten() {
                    self.excluded.add(&subtree.base, true);
                }
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
    }
}

fn extended_key_usages(usage: &x509_parser::extensions::ExtendedKeyUsage) -> Vec<String> {
    let known = [
        (usage.server_auth, SERVER_AUTH),
        (usage.client_auth, CLIENT_AUTH),
        (usage.any, "2.5.29.37.0"),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let known = known.into_iter().filter(|(set, _)| *set).map(|(_, oid)| oid.to_owned());
    known.chain(usage.other.iter().map(|oid| oid.to_id_string())).collect()
}

/// Object identifier and text of each attribute; what is no text stands as nothing.
pub fn attributes(name: &X509Name) -> Vec<(String, String)> {
    let text = |attribute: &AttributeTypeAndValue| {
        let value = attribute.as_str().unwrap_or_default().to_owned();
        (attribute.attr_type().to_id_string(), value)
    };
    name.iter_attributes().map(text).collect()
}

/// The last common name among the attributes of a name, or nothing.
pub fn common_name(attributes: &[(String, String)]) -> &str {
    let is_cn = |(oid, _): &&(String, String)| oid == COMMON_NAME;
    attributes.iter().rev().find(is_cn).map_or("", |(_, text)| text)
}

/// id-at-commonName.
pub const COMMON_NAME: &str = "2.5.4.3";
/// id-at-organizationName.
pub const ORGANIZATION: &str = "2.5.4.10";
/// id-at-countryName.
pub const COUNTRY: &str = "2.5.4.6";
/// id-kp-serverAuth.
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// id-kp-clientAuth.
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

impl Names {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `subtree`: an address is a range of twice the octets (RFC 5280 section 4.2.1.10).
    pub fn add(&mut self, name: &GeneralName, subtree: bool) {
        match name {
            GeneralName::DNSName(name) => self.dns.push((*name).to_owned()),
            GeneralName::URI(uri) if !subtree => self.uri.push((*uri).to_owned()),
            GeneralName::IPAddress(octets) if subtree => match range(octets) {
                Some(range) => self.ranges.push(range),
                None => self.other.push(format!("an address range of {} octets", octets.len())),
            },
            GeneralName::IPAddress(octets) => match address(octets) {
                Some(address) => self.ip.push(address),
                None => self.other.push(format!("an address of {} octets", octets.len())),
            },
            GeneralName::RFC822Name(name) => self.mail.push((*name).to_owned()),
            other => self.other.push(format!("{other}")),
        }
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(octets));
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

fn range(octets: &[u8]) -> Option<Cidr> {
    let (net, mask) = octets.split_at_checked(octets.len() / 2)?;
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let leading: u32 = mask.iter().take_while(|byte| **byte == 0xff).count() as u32 * 8
        + mask.iter().find(|byte| **byte != 0xff).map_or(0, |byte| byte.leading_ones());
    let prefix = u8::try_from(ones).ok().filter(|_| ones == leading)?;
    Some(Cidr { address: address(net)?, prefix })
}
