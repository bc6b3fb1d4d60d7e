//! A key at rest: encrypted PKCS#8 (RFC 5958) under scrypt (RFC 7914) and AES-256-CBC, which
//! stock openssl opens: `openssl pkey -in key.pem`.

use crate::context::Rng;
use crate::error::{Error, Explain, Result};
use der::Decode;
use pkcs8::{
    EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
    pkcs5::{EncryptionScheme, pbes2, scrypt},
};
use zeroize::Zeroizing;

/// scrypt's parameters: N = 2^15 with r = 7 takes 28 MiB, the most that stock openssl agrees to
/// (its limit is 32 MiB), and p = 5 makes a guess as long as N = 2^17, r = 8, p = 1 would, the
/// figure of the OWASP Password Storage Cheat Sheet. pkcs8's default is N = 2^14, r = 8, p = 1.
const LOG_N: u8 = 15;
const R: u32 = 7;
const P: u32 = 5;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Seals unencrypted PKCS#8 DER; gives PEM.
pub fn seal(pkcs8: &[u8], passphrase: &[u8], rng: &Rng) -> Result<Zeroizing<Vec<u8>>> {
    let no_randomness = |_| Error::failed("no randomness: the key was not sealed");
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rng.fill(&mut salt).and_then(|()| rng.fill(&mut iv)).map_err(no_randomness)?;
    let sealing = |error: &dyn std::fmt::Display| Error::failed(format!("cannot seal: {error}"));
    let cost = scrypt::Params::new(LOG_N, R, P).map_err(|error| sealing(&error))?;
    let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv);
    let parameters = parameters.map_err(|error| sealing(&error))?;
    let key = PrivateKeyInfoRef::try_from(pkcs8).map_err(|error| sealing(&error))?;
    let sealed = key.encrypt_with_params(parameters, passphrase);
    let sealed = sealed.map_err(|error| sealing(&error))?;
    let pem = sealed.to_pem(LABEL, LineEnding::LF).map_err(|error| sealing(&error))?;
    Ok(Zeroizing::new(pem.as_bytes().to_vec()))
}

/// The most work that a key may ask for before it is tried: eight times what [`seal`] asks for, in
/// at most 1 GiB. A hostile key could else keep this machine busy for years.
const MOST: u64 = 1 << 23;
const MOST_ROUNDS: u32 = 20_000_000;

/// Opens what [`seal`] or openssl sealed; gives unencrypted PKCS#8 DER.
///
/// CBC is not authenticated: the caller compares the public key with the certificate.
///
/// # Errors
/// Failed: not a sealed key, or a wrong passphrase.
pub fn open(file: &str, pem: &[u8], passphrase: &[u8]) -> Result<SecretDocument> {
    let der = decode(file, pem)?;
    let sealed = EncryptedPrivateKeyInfoRef::from_der(der.as_bytes()).context(file)?;
    if asks_too_much(&sealed.encryption_algorithm) {
        return Err(Error::failed(format!(
            "{file} is sealed with an absurd cost, so it is not tried"
        ))
        .hint("seal it again with: openssl pkcs8 -topk8 -scrypt"));
    }
    sealed.decrypt(passphrase).map_err(|_| {
        Error::failed(format!("wrong passphrase for {file}"))
            .hint("type it again; nothing was changed")
    })
}

fn asks_too_much(scheme: &EncryptionScheme) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return false };
    let scrypt = parameters.kdf.scrypt().is_some_and(|scrypt| cost(scrypt) > MOST);
    scrypt || parameters.kdf.pbkdf2().is_some_and(|kdf| kdf.iteration_count > MOST_ROUNDS)
}

/// N * r * p, as far as it can be said.
fn cost(scrypt: &pbes2::ScryptParams) -> u64 {
    let memory = scrypt.cost_parameter.saturating_mul(u64::from(scrypt.block_size));
    memory.saturating_mul(u64::from(scrypt.parallelization))
}

/// In words, why this is not a key sealed with scrypt at least as strongly as [`seal`] does.
pub fn weakness(pem: &[u8]) -> Option<String> {
    let Ok(der) = decode("key", pem) else { return Some("is not a sealed key".into()) };
    let Ok(sealed) = EncryptedPrivateKeyInfoRef::from_der(der.as_bytes()) else {
        return Some("is not a sealed key".into());
    };
    let scrypt = match &sealed.encryption_algorithm {
        EncryptionScheme::Pbes2(parameters) => parameters.kdf.scrypt(),
        _ => None,
    };
    let Some(scrypt) = scrypt else {
        return Some("is sealed with another key derivation, expected scrypt".into());
    };
    let cost = cost(scrypt);
    let expected = (1_u64 << LOG_N) * u64::from(R * P);
    (cost < expected).then(|| format!("is sealed with scrypt N*r*p = {cost}, expected {expected}"))
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
