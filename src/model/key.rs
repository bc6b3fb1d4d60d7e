//! Public keys and their algorithms.

use serde::Deserialize;
use std::fmt;
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// The algorithms of keys that rootward certifies or signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    P256,
    P384,
    Ed25519,
    /// Only imported: rootward makes no RSA keys.
    Rsa,
}

/// What a declaration may ask rootward to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    P256,
    P384,
    Ed25519,
    Rsa,
}

impl From<Choice> for Algorithm {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::P256 => Algorithm::P256,
            Choice::P384 => Algorithm::P384,
            Choice::Ed25519 => Algorithm::Ed25519,
            Choice::Rsa => Algorithm::Rsa,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Algorithm::P256 => "P-256",
            Algorithm::P384 => "P-384",
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::Rsa => "RSA",
        })
    }
}

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A public key of an allowed algorithm, with its exact SubjectPublicKeyInfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// With the curve, where there is one.
    pub algorithm: Algorithm,
    /// DER of the whole SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), as it was received.
    pub spki: Vec<u8>,
    /// The subjectPublicKey bits: an EC point, 32 octets, or an RSAPublicKey.
    pub bits: Vec<u8>,
}

impl PublicKey {
    /// # Errors
    /// In words, when this is not strict DER of an allowed algorithm on a named curve.
    pub fn from_spki(spki: &[u8]) -> Result<Self, String> {
        use der::Decode;
        let info = SubjectPublicKeyInfoRef::from_der(spki)
            .map_err(|error| format!("the public key is not strict DER ({error})"))?;
        let bits = info.subject_public_key.as_bytes();
        let bits = bits.ok_or("the public key has unused bits, expected none")?.to_vec();
        let parameters = info.algorithm.parameters;
        let named = || parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        let algorithm = match info.algorithm.oid {
            EC_PUBLIC_KEY => match named() {
                Some(PRIME256V1) => Algorithm::P256,
                Some(SECP384R1) => Algorithm::P384,
                Some(SECP521R1) => {
                    return Err("got the curve P-521, expected P-256 or P-384".into());
                }
                Some(curve) => {
                    return Err(format!("got the curve {curve}, expected P-256 or P-384"));
                }
                None => return Err("got explicit curve parameters, expected a named curve".into()),
            },
            ED25519 if parameters.is_none() => Algorithm::Ed25519,
            RSA_ENCRYPTION if parameters.is_some_and(|any| any.is_null()) => Algorithm::Rsa,
            other => {
                return Err(format!(
                    "got the key type {other}, expected P-256, P-384, Ed25519 or RSA"
                ));
            }
        };
        Self { algorithm, spki: spki.to_vec(), bits }.with_sound_point()
    }

    /// Uncompressed points only: some verifiers refuse the others (RFC 5480 section 2.2).
    fn with_sound_point(self) -> Result<Self, String> {
        let expected = match self.algorithm {
            Algorithm::P256 => 65,
            Algorithm::P384 => 97,
            Algorithm::Ed25519 => 32,
            Algorithm::Rsa => return Ok(self),
        };
        let uncompressed = self.algorithm == Algorithm::Ed25519 || self.bits.first() == Some(&0x04);
        if self.bits.len() == expected && uncompressed {
            if self.algorithm == Algorithm::Ed25519 && has_small_order(&self.bits) {
                let message = "got an Ed25519 point of small order, for which everybody can sign";
                return Err(message.into());
            }
            return Ok(self);
        }
        Err(format!(
            "got a {} point of {} bytes, expected {expected} bytes, uncompressed",
            self.algorithm,
            self.bits.len()
        ))
    }

    /// From the raw public key of an algorithm that rootward makes keys for.
    pub fn from_bits(algorithm: Algorithm, bits: &[u8]) -> Result<Self, String> {
        let prefix: &[u8] = match algorithm {
            Algorithm::P256 => b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
            Algorithm::P384 => b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00",
            Algorithm::Ed25519 => b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
            Algorithm::Rsa => return rsa_spki(bits),
        };
        Self::from_spki(&[prefix, bits].concat())
    }
}

/// The y coordinates of the eight points whose order divides 8, and of their encodings above p:
/// 0, 1, p-1, two of order 8, p, p+1. A signature for such a key proves nothing (RFC 8032 leaves
/// the check to the protocol); the sign of x makes no difference.
fn has_small_order(point: &[u8]) -> bool {
    const ORDER_8: [&str; 2] = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    let Some((last, rest)) = point.split_last() else { return false };
    let (Some((first, middle)), top) = (rest.split_first(), last & 0x7f) else { return false };
    let filled_with = |byte| middle.iter().all(|other| *other == byte);
    let is_tiny = matches!(first, 0 | 1) && filled_with(0) && top == 0;
    let is_near_p = matches!(first, 0xec..=0xee) && filled_with(0xff) && top == 0x7f;
    is_tiny || is_near_p || ORDER_8.contains(&super::text::hex(&[rest, &[top]].concat()).as_str())
}

fn rsa_spki(bits: &[u8]) -> Result<PublicKey, String> {
    use der::{
        Encode,
        asn1::{AnyRef, BitStringRef},
    };
    use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
    let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    let subject_public_key = BitStringRef::from_bytes(bits).map_err(|e| e.to_string())?;
    let info = SubjectPublicKeyInfoRef { algorithm, subject_public_key };
    PublicKey::from_spki(&info.to_der().map_err(|e| e.to_string())?)
}
