//! A key at rest: encrypted PKCS#8 (RFC 5958) under scrypt (RFC 7914) and AES-256-CBC, which
//! stock openssl opens: `openssl pkey -in key.pem`.

use crate::error::{Error, Explain, Result};
use der::Decode;
use pkcs8::{
    EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
    pkcs5::{EncryptionScheme, pbes2, scrypt},
};
use crate::context::Rng;
use zeroize::Zeroizing;

/// scrypt's cost as a power of two: N = 2^17, r = 8, p = 1 need 128 MiB and about 0.3 s a guess
/// (the figure of the OWASP Password Storage Cheat Sheet; pkcs8's default is 2^14).
pub const LOG_N: u8 = 17;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Seals unencrypted PKCS#8 DER; gives PEM.
pub fn seal(
    pkcs8: &[u8],
    passphrase: &[u8],
    rng: &Rng,
) -> Result<Zeroizing<Vec<u8>>> {
    let no_randomness = |_| Error::failed("no randomness: the key was not sealed");
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rng.fill(&mut salt).and_then(|()| rng.fill(&mut iv)).map_err(no_randomness)?;
    let sealing = |error: &dyn std::fmt::Display| Error::failed(format!("cannot seal: {error}"));
    let cost = scrypt::Params::new(LOG_N, 8, 1).map_err(|error| sealing(&error))?;
    let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv);
    let parameters = parameters.map_err(|error| sealing(&error))?;
    let key = PrivateKeyInfoRef::try_from(pkcs8).map_err(|error| sealing(&error))?;
    let sealed = key.encrypt_with_params(parameters, passphrase);
    let sealed = sealed.map_err(|error| sealing(&error))?;
    let pem = sealed.to_pem(LABEL, LineEnding::LF).map_err(|error| sealing(&error))?;
    Ok(Zeroizing::new(pem.as_bytes().to_vec()))
}

/// Opens what [`seal`] or openssl sealed; gives unencrypted PKCS#8 DER.
///
/// CBC is not authenticated: the caller compares the public key with the certificate.
///
/// # Errors
/// Failed: not a sealed key, or a wrong passphrase.
pub fn open(file: &str, pem: &[u8], passphrase: &[u8]) -> Result<SecretDocument> {
    let der = decode(file, pem)?;
    let sealed = EncryptedPrivateKeyInfoRef::from_der(der.as_bytes()).context(file)?;
    sealed.decrypt(passphrase).map_err(|_| {
        Error::failed(format!("wrong passphrase for {file}"))
            .hint("type it again; nothing was changed")
    })
}

/// Is this a key sealed with scrypt at least as strong as [`LOG_N`]? In words, when not.
pub fn weakness(pem: &[u8]) -> Option<String> {
    let Ok(der) = decode("key", pem) else { return Some("is not a sealed key".into()) };
    let Ok(sealed) = EncryptedPrivateKeyInfoRef::from_der(der.as_bytes()) else {
        return Some("is not a sealed key".into());
    };
    let cost = match &sealed.encryption_algorithm {
        EncryptionScheme::Pbes2(parameters) => parameters.kdf.scrypt().map(|scrypt| scrypt.cost_parameter),
        _ => None,
    };
    match cost {
        Some(cost) if cost >= 1 << LOG_N => None,
        Some(cost) => Some(format!("is sealed with scrypt N = {cost}, expected 2^{LOG_N}")),
        None => Some("is sealed with another key derivation, expected scrypt".into()),
    }
}

fn decode(file: &str, pem: &[u8]) -> Result<SecretDocument> {
    let text = std::str::from_utf8(pem).map_err(|_| not_sealed(file))?;
    match SecretDocument::from_pem(text) {
        Ok((LABEL, der)) => Ok(der),
        _ => Err(not_sealed(file)),
    }
}

fn not_sealed(file: &str) -> Error {
    Error::failed(format!("{file} is not a sealed key, expected one BEGIN {LABEL}"))
        .hint("restore it from the medium that holds the sealed key")
}
