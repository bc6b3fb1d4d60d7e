//! Public SSH keys (RFC 4253 section 6.6; PROTOCOL.u2f of OpenSSH), and what they have signed.

use crate::model::text::clean;
use base64ct::{Base64, Base64Unpadded, Encoding};
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use ssh_encoding::{Decode, Mpint, Reader, Result as Decoded};

const KNOWN: &str = "ssh-ed25519, sk-ssh-ed25519@openssh.com, ecdsa-sha2-nistp256, \
                     ecdsa-sha2-nistp384 or ssh-rsa";

/// A public key: the bytes by which it is compared, and the numbers in them.
#[derive(Clone)]
pub struct Key {
    blob: Vec<u8>,
    algorithm: String,
    numbers: Numbers,
}

#[derive(Clone)]
enum Numbers {
    Ed25519(Vec<u8>),
    /// In a security key, for an application, usually `ssh:`.
    Touched(Vec<u8>, Vec<u8>),
    Ecdsa(Curve, Vec<u8>),
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
}

#[derive(Clone, Copy)]
struct Curve {
    name: &'static str,
    /// Of each of the two numbers in a signature.
    length: usize,
    algorithm: &'static dyn VerificationAlgorithm,
}

const CURVES: [Curve; 2] = [
    Curve { name: "nistp256", length: 32, algorithm: &ECDSA_P256_SHA256_FIXED },
    Curve { name: "nistp384", length: 48, algorithm: &ECDSA_P384_SHA384_FIXED },
];

impl Key {
    /// As in a line of authorized_keys: `ssh-ed25519 AAAA...`, then perhaps a comment.
    ///
    /// # Errors
    /// In words: as [`Self::parse`]; not base64; another type before it than in it.
    pub fn from_line(text: &str) -> Result<Self, String> {
        let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty());
        let (Some(name), Some(body)) = (fields.next(), fields.next()) else {
            return Err(format!("got {:?}, expected a key: its type and its base64", clean(text)));
        };
        let blob = Base64::decode_vec(body);
        let blob = blob.map_err(|_| format!("got {:?}, expected base64", clean(body)))?;
        let key = Self::parse(&blob)?;
        if key.algorithm != name {
            return Err(format!("got {:?} before a key of {}", clean(name), key.algorithm));
        }
        Ok(key)
    }

    /// # Errors
    /// In words: an unknown type, a certificate, a number of another length, RSA of fewer than
    /// 2048 bits, bytes after it.
    pub fn parse(blob: &[u8]) -> Result<Self, String> {
        let broken = |error: ssh_encoding::Error| format!("not a public key: {error}");
        let mut reader = blob;
        let algorithm = String::decode(&mut reader).map_err(broken)?;
        let numbers = Numbers::decode(&algorithm, &mut reader).map_err(broken)?;
        let numbers = numbers
            .ok_or_else(|| format!("got a key of {:?}, expected {KNOWN}", clean(&algorithm)))?;
        reader.ensure_finished().map_err(broken)?;
        if let Numbers::Rsa(key) = &numbers {
            let bits =
                key.n.len() * 8 - key.n.first().map_or(0, |byte| byte.leading_zeros() as usize);
            if !(2048..=8192).contains(&bits) {
                return Err(format!("got RSA of {bits} bits, expected 2048 to 8192"));
            }
        }
        Ok(Self { blob: blob.to_vec(), algorithm, numbers })
    }

    /// Is it the very same key?
    pub fn is(&self, other: &Self) -> bool {
        self.blob == other.blob
    }

    /// As `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        let hash = digest(&SHA256, &self.blob);
        format!("SHA256:{}", Base64Unpadded::encode_string(hash.as_ref()))
    }

    /// `signature` has the name of its algorithm and its value (RFC 4253 section 6.6), and of a
    /// security key its flags and counter.
    ///
    /// # Errors
    /// In words: malformed, of another algorithm than the key's, made without a touch, or not
    /// over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), String> {
        let broken = |error: ssh_encoding::Error| format!("not a signature: {error}");
        let mut reader = signature;
        let algorithm = String::decode(&mut reader).map_err(broken)?;
        let value = Vec::decode(&mut reader).map_err(broken)?;
        let valid = match (&self.numbers, algorithm.as_str()) {
            (Numbers::Rsa(key), "rsa-sha2-256") => {
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &value).is_ok()
            }
            (Numbers::Rsa(key), "rsa-sha2-512") => {
                key.verify(&RSA_PKCS1_2048_8192_SHA512, message, &value).is_ok()
            }
            (Numbers::Ed25519(key), "ssh-ed25519") => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, &value).is_ok()
            }
            (Numbers::Touched(key, application), "sk-ssh-ed25519@openssh.com") => {
                let signed = touched(application, &mut reader, message)?;
                UnparsedPublicKey::new(&ED25519, key).verify(&signed, &value).is_ok()
            }
            (Numbers::Ecdsa(curve, point), name) if name == self.algorithm => {
                let value = curve.fixed(&value).map_err(broken)?;
                UnparsedPublicKey::new(curve.algorithm, point).verify(message, &value).is_ok()
            }
            (_, other) => {
                let (other, of) = (clean(other), &self.algorithm);
                return Err(format!(
                    "got a signature by {other:?}, which a key of {of} cannot make"
                ));
            }
        };
        reader.ensure_finished().map_err(broken)?;
        let message = || format!("{} has not signed these bytes", self.fingerprint());
        if valid { Ok(()) } else { Err(message()) }
    }
}

impl Numbers {
    /// None for a type that is not known.
    fn decode(algorithm: &str, reader: &mut &[u8]) -> Decoded<Option<Self>> {
        Ok(Some(match algorithm {
            "ssh-ed25519" => Self::Ed25519(Decode::decode(reader)?),
            "sk-ssh-ed25519@openssh.com" => {
                Self::Touched(Decode::decode(reader)?, Decode::decode(reader)?)
            }
            "ssh-rsa" => {
                let (e, n) = (positive(reader)?, positive(reader)?);
                Self::Rsa(RsaPublicKeyComponents { n, e })
            }
            _ => {
                let is = |curve: &&Curve| algorithm.strip_prefix("ecdsa-sha2-") == Some(curve.name);
                let Some(curve) = CURVES.iter().find(is) else { return Ok(None) };
                if String::decode(reader)? != curve.name {
                    return Err(ssh_encoding::LabelError::new(curve.name).into());
                }
                Self::Ecdsa(*curve, Decode::decode(reader)?)
            }
        }))
    }
}

impl Curve {
    /// The two numbers of a signature (RFC 5656 section 3.1.2), each at its full length.
    fn fixed(self, value: &[u8]) -> Decoded<Vec<u8>> {
        let mut reader = value;
        let mut fixed = Vec::with_capacity(2 * self.length);
        for _ in 0..2 {
            let number = positive(&mut reader)?;
            let zeros = self.length.checked_sub(number.len());
            fixed.resize(fixed.len() + zeros.ok_or(ssh_encoding::Error::Length)?, 0);
            fixed.extend(number);
        }
        reader.finish(fixed)
    }
}

/// What a security key signs in place of the message (PROTOCOL.u2f, "SSH U2F Signatures").
fn touched(application: &[u8], reader: &mut &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
    const PRESENT: u8 = 1;
    let broken = |error: ssh_encoding::Error| format!("not a signature: {error}");
    let flags = u8::decode(reader).map_err(broken)?;
    let counter = u32::decode(reader).map_err(broken)?;
    if flags & PRESENT == 0 {
        return Err("made without a touch of the security key, expected one".into());
    }
    let (application, message) = (digest(&SHA256, application), digest(&SHA256, message));
    Ok([application.as_ref(), &[flags], &counter.to_be_bytes(), message.as_ref()].concat())
}

/// The octets of a positive number, without leading zeros.
fn positive(reader: &mut &[u8]) -> Decoded<Vec<u8>> {
    let number = Mpint::decode(reader)?;
    Ok(number.as_positive_bytes().ok_or(ssh_encoding::Error::MpintEncoding)?.to_vec())
}
