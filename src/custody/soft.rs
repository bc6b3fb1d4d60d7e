//! A private key in this process's memory.

use super::Signer;
use crate::context::Rng;
use crate::error::{Error, Result};
use crate::model::key::{Algorithm, PublicKey};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

/// A key pair and the randomness that its signatures use.
pub struct SoftKey<'r> {
    pair: Pair,
    public: PublicKey,
    rng: &'r Rng,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// The PKCS#8 version 1 frame of an Ed25519 seed (RFC 8410 section 7). ring writes version 2 with
/// the public key, which stock openssl does not read.
const ED25519_FRAME: [u8; 16] =
    *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// Makes a key and gives its unencrypted PKCS#8 DER.
///
/// # Errors
/// Failed for RSA, which is imported but never made here, and when randomness fails.
pub fn generate(algorithm: Algorithm, rng: &Rng) -> Result<Zeroizing<Vec<u8>>> {
    let no_randomness = |_| Error::failed("no randomness: the key was not made");
    let ecdsa = |curve| {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, rng).map_err(no_randomness)?;
        Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
    };
    match algorithm {
        Algorithm::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::Ed25519 => {
            let mut seed = Zeroizing::new([0; 32]);
            rng.fill(seed.as_mut()).map_err(no_randomness)?;
            let mut pkcs8 = Zeroizing::new(Vec::with_capacity(48));
            pkcs8.extend_from_slice(&ED25519_FRAME);
            pkcs8.extend_from_slice(seed.as_ref());
            Ok(pkcs8)
        }
        Algorithm::Rsa => Err(Error::failed("rootward makes no RSA keys")
            .hint("use p384, p256 or ed25519, or bring an RSA key with --import-key FILE")),
    }
}

/// The public key of what [`generate`] has just made. Opening the key would give the same, after
/// multiplying the curve's generator once more, which is most of the cost of a new key.
pub fn public_of_generated(algorithm: Algorithm, pkcs8: &[u8], rng: &Rng) -> Result<PublicKey> {
    let length = match algorithm {
        Algorithm::P256 => 65,
        Algorithm::P384 => 97,
        Algorithm::Ed25519 | Algorithm::Rsa => {
            return Ok(SoftKey::open(pkcs8, rng)?.public.clone());
        }
    };
    // The last field of an ECPrivateKey, with nothing after it (RFC 5915 section 3).
    let point = pkcs8.len().checked_sub(length).and_then(|start| pkcs8.get(start..));
    let public = PublicKey::from_bits(algorithm, point.unwrap_or_default());
    public.map_err(Error::failed)
}

impl<'r> SoftKey<'r> {
    /// Opens an unencrypted PKCS#8 key.
    ///
    /// # Errors
    /// Failed, when it is not PKCS#8 of an allowed algorithm.
    pub fn open(pkcs8: &[u8], rng: &'r Rng) -> Result<Self> {
        let (pair, algorithm) = Self::pair(pkcs8, rng).ok_or_else(|| {
            Error::failed(
                "got a private key of an unknown kind, expected PKCS#8 with P-256, P-384, \
                 Ed25519 or RSA of 2048 to 4096 bits",
            )
            .hint("convert it with: openssl pkcs8 -topk8 -in KEY -out key.pem")
        })?;
        let bits = match &pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        };
        let public = PublicKey::from_bits(algorithm, bits).map_err(Error::failed)?;
        Ok(Self { pair, public, rng })
    }

    fn pair(pkcs8: &[u8], rng: &Rng) -> Option<(Pair, Algorithm)> {
        let ecdsa = |curve| EcdsaKeyPair::from_pkcs8(curve, pkcs8, rng).ok().map(Pair::Ecdsa);
        if let Some(pair) = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING) {
            return Some((pair, Algorithm::P256));
        }
        if let Some(pair) = ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING) {
            return Some((pair, Algorithm::P384));
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8) {
            return Some((Pair::Ed25519(pair), Algorithm::Ed25519));
        }
        let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
        Some((Pair::Rsa(Box::new(pair)), Algorithm::Rsa))
    }
}

impl Signer for SoftKey<'_> {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::failed("the key did not sign");
        match &self.pair {
            Pair::Ecdsa(pair) => {
                Ok(pair.sign(self.rng, message).map_err(failed)?.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, self.rng, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_of_a_new_key_is_the_one_that_opening_it_gives() {
        let rng = ring::rand::SystemRandom::new();
        for algorithm in [Algorithm::P256, Algorithm::P384, Algorithm::Ed25519] {
            let pkcs8 = generate(algorithm, &rng).unwrap();
            let public = public_of_generated(algorithm, &pkcs8, &rng).unwrap();
            assert_eq!(&public, SoftKey::open(&pkcs8, &rng).unwrap().public(), "{algorithm}");
            assert!(public_of_generated(algorithm, b"", &rng).is_err());
        }
    }
}
