//! How private keys are held. Each way of custody yields a [`Signer`].

#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod sealed;
pub mod shares;
pub mod soft;

use crate::error::Result;
use crate::model::key::PublicKey;

/// Something that signs with one private key, wherever that key is.
pub trait Signer: Sync {
    /// The public half, to be compared with a certificate.
    fn public(&self) -> &PublicKey;

    /// Signs with the algorithm that belongs to the key: ECDSA with SHA-256 on P-256 and with
    /// SHA-384 on P-384 (as a DER sequence), Ed25519, RSA PKCS#1 1.5 with SHA-256.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}
