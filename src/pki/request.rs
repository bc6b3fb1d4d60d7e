//! Requests that came from elsewhere (PKCS#10, RFC 2986): read strictly, believed in nothing but
//! the public key.

use super::armor;
use super::inspect::{COMMON_NAME, Names, attributes, common_name, sha256};
use super::rsa;
use super::san;
use crate::error::{Result, none_of};
use crate::model::{
    environment::Environment,
    key::{Algorithm, PublicKey},
    rule::{Finding, Rule},
    text::is_plain,
};
use der::{Decode, Encode};
use x509_parser::prelude::{
    FromDer, ParsedCriAttribute, ParsedExtension, X509CertificationRequest,
    X509CertificationRequestInfo, X509Name,
};

/// A request that proved possession of an allowed key.
#[derive(Clone, Debug)]
pub struct Request {
    /// The whole request, as it was signed.
    pub der: Vec<u8>,
    /// All that is taken from it.
    pub key: PublicKey,
    /// DER of the subject.
    subject: Vec<u8>,
    attributes: Vec<(String, String)>,
    names: Names,
}

/// ECDSA (not with SHA-512, which ring does not have), RSA PKCS#1 and PSS with SHA-2, Ed25519. For
/// PSS the digest is in the parameters, which the verification reads.
pub const SIGNATURES: [&str; 7] = [
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.113549.1.1.10",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.3.101.112",
];

/// extensionRequest of RFC 2985 and its Microsoft twin.
const EXTENSION_REQUESTS: [&str; 2] = ["1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"];

impl Request {
    /// From a file's bytes, PEM or DER.
    ///
    /// # Errors
    /// REQUEST-FORM, REQUEST-HOLDS-KEY, REQUEST-ATTRIBUTES, REQUEST-SUBJECT, REQUEST-SAN,
    /// KEY-ALGORITHM, KEY-WEAK, SIGNATURE-ALGORITHM, POSSESSION.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let der = armor::decode(bytes)?;
        canonical(&der)?;
        let form = |why: String| Rule::RequestForm.found(why);
        let (_, parsed) = X509CertificationRequest::from_der(&der)
            .map_err(|error| form(format!("not a request: {error}")))?;
        let info = &parsed.certification_request_info;
        if info.version.0 != 0 {
            return Err(form(format!("got version {}, expected 0", info.version.0)).into());
        }
        // The key is judged before the signature: a monstrous RSA key is not even tried.
        let key = PublicKey::from_spki(info.subject_pki.raw)
            .map_err(|why| Rule::KeyAlgorithm.found(why))?;
        rsa_weakness(&key)?;
        let algorithm = parsed.signature_algorithm.algorithm.to_id_string();
        if !SIGNATURES.contains(&algorithm.as_str()) {
            let message = format!(
                "got {algorithm}, expected ECDSA with SHA-256 or SHA-384, RSA with SHA-2, or Ed25519"
            );
            return Err(Rule::SignatureAlgorithm.found(message).into());
        }
        parsed.verify_signature().map_err(|_| {
            Rule::Possession.found("the request's signature does not verify with its own key")
        })?;
        Ok(Self {
            names: names(info)?,
            attributes: subject(&info.subject)?,
            subject: info.subject.as_raw().to_vec(),
            key,
            der,
        })
    }

    /// SHA-256 of the DER: what a reviewer compares.
    pub fn digest(&self) -> String {
        sha256(&self.der)
    }

    /// The last common name, or nothing.
    pub fn cn(&self) -> &str {
        common_name(&self.attributes)
    }

    /// The subject for people.
    pub fn subject(&self) -> String {
        super::subject::shown(&self.attributes)
    }

    /// What an intermediate's request must not say, although nothing is taken from it.
    ///
    /// # Errors
    /// REQUEST-NAMES-ROOT, REQUEST-SAN.
    pub fn check_for_ca(&self, environment: &Environment, root: &[u8]) -> Result<()> {
        let mut findings = san::outside(&self.names, self.cn(), environment);
        let claims = self.cn().split(|c: char| !c.is_alphanumeric());
        let claims = claims.into_iter().any(|word| word.eq_ignore_ascii_case("root"));
        if self.subject == root || claims {
            let message = format!("the request's subject is {:?}", self.subject());
            findings.push(Rule::RequestNamesRoot.found(message));
        }
        none_of(findings)
    }

    /// A leaf's request must be for the identity of that name.
    ///
    /// # Errors
    /// REQUEST-DIFFERS, REQUEST-SAN.
    pub fn check_for_leaf(&self, environment: &Environment, name: &str) -> Result<()> {
        let mut findings = san::outside(&self.names, self.cn(), environment);
        if self.cn() != name {
            let got = self.subject();
            let message = format!("the request's subject is {got:?}, expected CN = {name}");
            findings.push(Rule::RequestDiffers.found(message));
        }
        none_of(findings)
    }
}

/// A second parser, strict DER, must read the same and write the same bytes again: trailing
/// bytes, a fourth element and non-minimal lengths pass the first one.
fn canonical(der: &[u8]) -> Result<(), Finding> {
    let form = |why: String| Rule::RequestForm.found(why);
    // The optional attributes are left out by some makers, although RFC 2986 asks for the field.
    let request = x509_cert::request::CertReq::from_der(der)
        .map_err(|error| form(format!("not a request in strict DER: {error}")))?;
    if request.to_der().ok().as_deref() != Some(der) {
        return Err(form("the request is not in canonical DER".into()));
    }
    if request.signature.as_bytes().is_none() {
        return Err(form("the signature has unused bits, expected none".into()));
    }
    let types = request.info.subject.iter().map(|value| value.oid);
    if types.chain(request.info.attributes.iter().map(|attribute| attribute.oid)).any(is_padded) {
        return Err(form("an object identifier has leading zeros".into()));
    }
    // All attributes that requests carry have one value (RFC 2985 sections 5.4.1 and 5.4.2).
    let crowded = |attribute: &&x509_cert::attr::Attribute| attribute.values.len() > 1;
    match request.info.attributes.iter().find(crowded) {
        None => Ok(()),
        Some(attribute) => {
            let (oid, count) = (attribute.oid, attribute.values.len());
            let message = format!("the attribute {oid} has {count} values, expected one");
            Err(Rule::RequestAttributes.found(message))
        }
    }
}

/// ITU-T X.690 section 8.19.2: no arc begins with the octet 0x80. The parsers read over it.
fn is_padded(oid: der::oid::ObjectIdentifier) -> bool {
    let octets = oid.as_bytes();
    let before = std::iter::once(&0).chain(octets);
    before.zip(octets).any(|(before, octet)| *before < 0x80 && *octet == 0x80)
}

/// KEY-WEAK for an RSA key that has been factored in practice; other keys pass.
pub fn rsa_weakness(key: &PublicKey) -> Result<(), Finding> {
    if key.algorithm != Algorithm::Rsa {
        return Ok(());
    }
    let parsed = x509_parser::public_key::RSAPublicKey::from_der(&key.bits);
    let Ok((&[], parsed)) = parsed else {
        return Err(Rule::KeyAlgorithm.found("the RSA key is not modulus and exponent"));
    };
    match rsa::weakness(parsed.modulus, parsed.exponent) {
        Some(weakness) => Err(Rule::KeyWeak.found(weakness)),
        None => Ok(()),
    }
}

fn subject(name: &X509Name) -> Result<Vec<(String, String)>, Finding> {
    let wrong = |why: String| Err(Rule::RequestSubject.found(why));
    let attributes = attributes(name);
    let unreadable = name.iter_attributes().any(|attribute| attribute.as_str().is_err());
    if attributes.is_empty() || unreadable {
        return wrong("the subject is empty or no text, expected a common name".into());
    }
    for (_, text) in &attributes {
        if text.is_empty() || text.trim() != text || !text.chars().all(is_plain) {
            return wrong(format!(
                "got {:?} in the subject, expected plain characters",
                crate::model::text::clean(text).chars().take(64).collect::<String>()
            ));
        }
        if text.chars().count() > 64 {
            let count = text.chars().count();
            return wrong(format!("got {count} characters in the subject, expected at most 64"));
        }
        let is_path = text.split(['/', '\\']).any(|part| part == "." || part == "..");
        if is_path || text.starts_with('/') {
            return wrong(format!("got {text:?} in the subject, expected a name, not a path"));
        }
    }
    match attributes.iter().filter(|(oid, _)| oid == COMMON_NAME).count() {
        1 => Ok(attributes),
        count => wrong(format!("got {count} common names in the subject, expected one")),
    }
}

/// The alternative names that the request asks for; everything else in it is ignored.
fn names(info: &X509CertificationRequestInfo) -> Result<Names, Finding> {
    let twice = |what: &str| Rule::RequestAttributes.found(format!("{what}, expected one"));
    let requests: Vec<_> = info
        .iter_attributes()
        .filter(|attribute| EXTENSION_REQUESTS.contains(&attribute.oid.to_id_string().as_str()))
        .collect();
    if requests.len() > 1 {
        return Err(twice("got two extensionRequest attributes"));
    }
    let mut names = Names::default();
    for attribute in requests {
        let ParsedCriAttribute::ExtensionRequest(request) = attribute.parsed_attribute() else {
            continue;
        };
        let mut seen: Vec<String> = Vec::new();
        for extension in &request.extensions {
            let oid = extension.oid.to_id_string();
            if seen.contains(&oid) {
                return Err(twice(&format!("got the extension {oid} twice")));
            }
            seen.push(oid);
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(san) => {
                    san.general_names.iter().for_each(|name| names.add(name, false));
                }
                ParsedExtension::ParseError { error } => {
                    let message =
                        format!("the extension {} cannot be read: {error}", extension.oid);
                    return Err(Rule::RequestAttributes.found(message));
                }
                _ => {}
            }
        }
    }
    Ok(names)
}
