//! A key in a token, and its signatures.

use super::token::Token;
use crate::custody::Signer;
use crate::error::{Error, Explain, Result};
use crate::model::{
    key::{Algorithm, PublicKey},
    rule::Rule,
    text::clean,
};
use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use der::{
    Decode, Encode,
    asn1::{ObjectIdentifier, OctetStringRef, UintRef},
};
use ring::digest;
use std::sync::Arc;

/// The named curves of RFC 5480 section 2.1.1.1.
const CURVES: [(Algorithm, ObjectIdentifier); 2] = [
    (Algorithm::P256, ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")),
    (Algorithm::P384, ObjectIdentifier::new_unwrap("1.3.132.0.34")),
];

/// A private key in an open token, which stays open as long as its keys are used.
pub struct TokenKey {
    token: Arc<Token>,
    handle: ObjectHandle,
    public: PublicKey,
}

impl Token {
    /// The key pair of that label; the token is unlocked.
    ///
    /// # Errors
    /// Refused, TOKEN-KEY: none or several; on another curve; one that can leave the token or does
    /// not sign; no public half. Failed: the token does.
    pub fn key(self: &Arc<Self>, label: &str) -> Result<TokenKey> {
        let session = self.session()?;
        let shown = clean(label);
        let labelled = Attribute::Label(label.as_bytes().to_vec());
        let class = Attribute::Class(ObjectClass::PRIVATE_KEY);
        let found = session.find_objects(&[class, labelled.clone()]).context("no list of keys")?;
        let [handle] = found[..] else {
            let hint = "pkcs11-tool --list-objects --login shows the keys and their labels";
            let detail = format!("got {} private keys {shown:?}, expected one", found.len());
            return Err(unfit(detail).hint(hint));
        };
        let algorithm = algorithm_of(&session, handle, &shown)?;
        let id = match &attributes(&session, handle, AttributeType::Id)?[..] {
            [Attribute::Id(id)] if !id.is_empty() => Attribute::Id(id.clone()),
            _ => labelled,
        };
        let class = Attribute::Class(ObjectClass::PUBLIC_KEY);
        let found = session.find_objects(&[class, id]).context("no list of keys")?;
        let [half] = found[..] else {
            let detail = format!("got {} public keys {shown:?}, expected one", found.len());
            return Err(unfit(detail));
        };
        let public = public_key(&session, half, algorithm, &shown)?;
        drop(session);
        Ok(TokenKey { token: Arc::clone(self), handle, public })
    }

    /// Makes a key pair in the token, from where the private key cannot be taken; the token is
    /// unlocked.
    ///
    /// # Errors
    /// Refused, TOKEN-KEY: the label is taken; an algorithm other than P-256 and P-384. Failed: the
    /// token does.
    pub fn generate(self: &Arc<Self>, label: &str, algorithm: Algorithm) -> Result<TokenKey> {
        let curve = CURVES.iter().find(|(other, _)| *other == algorithm).map(|(_, curve)| curve);
        let curve = curve.ok_or_else(|| {
            unfit(format!("got {algorithm}, expected P-256 or P-384 for a key in a token"))
        })?;
        self.make(label, curve)?;
        self.key(label)
    }

    /// Is there a private key of that label? The token is unlocked.
    ///
    /// # Errors
    /// Failed: the token does.
    pub fn has(&self, label: &str) -> Result<bool> {
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let found = self.session()?.find_objects(&template).context("no list of keys")?;
        Ok(!found.is_empty())
    }

    fn make(&self, label: &str, curve: &ObjectIdentifier) -> Result<()> {
        let session = self.session()?;
        let name = [
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Id(label.as_bytes().to_vec()),
            Attribute::Token(true),
        ];
        let taken = session.find_objects(&name[..1]).context("no list of keys")?;
        if !taken.is_empty() {
            let detail =
                format!("got {:?}, which the token has, expected a new label", clean(label));
            return Err(unfit(detail));
        }
        let mut public = vec![
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(curve.to_der()?),
        ];
        let mut private = vec![
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Derive(false),
        ];
        public.extend_from_slice(&name);
        private.extend_from_slice(&name);
        session
            .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)
            .context("the token made no key")?;
        Ok(())
    }
}

impl Signer for TokenKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The digest is made here: not every token has a mechanism that also hashes.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let (hash, length) = match self.public.algorithm {
            Algorithm::P256 => (&digest::SHA256, 32),
            _ => (&digest::SHA384, 48),
        };
        let digest = digest::digest(hash, message);
        let session = self.token.session()?;
        let raw = session.sign(&Mechanism::Ecdsa, self.handle, digest.as_ref());
        let raw = raw.context("the token did not sign")?;
        if raw.len() != 2 * length {
            let got = raw.len();
            return Err(Error::failed(format!(
                "the token gave a signature of {got} bytes, expected {}",
                2 * length
            )));
        }
        let (r, s) = raw.split_at(length);
        Ok(signature(r, s)?)
    }
}

/// PKCS#11 gives r and s as they are; certificates have them as Ecdsa-Sig-Value (RFC 3279 section
/// 2.2.3).
fn signature(r: &[u8], s: &[u8]) -> der::Result<Vec<u8>> {
    [UintRef::new(r)?, UintRef::new(s)?].to_der()
}

/// The algorithm of a private key that stays where it is.
fn algorithm_of(session: &Session, handle: ObjectHandle, shown: &str) -> Result<Algorithm> {
    let has = |attribute: Attribute| -> Result<bool> {
        Ok(attributes(session, handle, attribute.attribute_type())?.contains(&attribute))
    };
    if !has(Attribute::Sensitive(true))? || !has(Attribute::Extractable(false))? {
        return Err(unfit(format!(
            "the key {shown:?} can be taken out of the token, expected sensitive and not extractable"
        )));
    }
    if !has(Attribute::KeyType(KeyType::EC))? || !has(Attribute::Sign(true))? {
        return Err(unfit(format!("the key {shown:?} is no EC key that signs, expected one")));
    }
    for (algorithm, curve) in CURVES {
        if has(Attribute::EcParams(curve.to_der()?))? {
            return Ok(algorithm);
        }
    }
    Err(unfit(format!("the key {shown:?} is on another curve, expected P-256 or P-384")))
}

fn public_key(
    session: &Session,
    half: ObjectHandle,
    algorithm: Algorithm,
    shown: &str,
) -> Result<PublicKey> {
    let point = match attributes(session, half, AttributeType::EcPoint)?.into_iter().next() {
        Some(Attribute::EcPoint(point)) => point,
        _ => return Err(unfit(format!("the public key {shown:?} has no point, expected one"))),
    };
    // A DER OCTET STRING (PKCS#11 3.0 section 2.3.3); older modules give the bare point.
    let bits = <&OctetStringRef>::from_der(&point).map_or(&point[..], OctetStringRef::as_bytes);
    PublicKey::from_bits(algorithm, bits)
        .map_err(|problem| unfit(format!("the public key {shown:?}: {problem}")))
}

fn attributes(
    session: &Session,
    handle: ObjectHandle,
    attribute: AttributeType,
) -> Result<Vec<Attribute>> {
    session.get_attributes(handle, &[attribute]).context("the token does not describe its key")
}

fn unfit(detail: String) -> Error {
    Error::from(Rule::TokenKey.found(detail))
        .hint("make the root's key in the token with rootward, under a label of its own")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_minimal_and_positive() {
        let mut small = [0; 32];
        small[31] = 1;
        let large = [0xff; 32];
        let expected = [b"\x30\x26\x02\x01\x01\x02\x21\x00".as_slice(), &large].concat();
        assert_eq!(signature(&small, &large).unwrap(), expected);
    }
}
