//! A signature over bytes that are no certificate: that of a transcript.

use crate::model::key::{Algorithm, PublicKey};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// Does it verify, with the one algorithm that belongs to the key?
pub fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &dyn VerificationAlgorithm = match key.algorithm {
        Algorithm::P256 => &ECDSA_P256_SHA256_ASN1,
        Algorithm::P384 => &ECDSA_P384_SHA384_ASN1,
        Algorithm::Ed25519 => &ED25519,
        Algorithm::Rsa => &RSA_PKCS1_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(algorithm, &key.bits).verify(message, signature).is_ok()
}

/// Its name, for people and for openssl: `ecdsa-with-SHA384`.
pub fn name(key: &PublicKey) -> &'static str {
    match key.algorithm {
        Algorithm::P256 => "ecdsa-with-SHA256",
        Algorithm::P384 => "ecdsa-with-SHA384",
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::Rsa => "sha256WithRSAEncryption",
    }
}
