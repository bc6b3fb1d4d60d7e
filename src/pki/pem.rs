//! PEM files that rootward itself wrote, or that hold public certificates.

use crate::error::{Error, Result};
use der::pem::{LineEnding, encode_string};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use zeroize::Zeroizing;

/// One block of PEM, lines of 64 characters (RFC 7468).
pub fn encode(label: &str, der: &[u8]) -> Result<String> {
    encode_string(label, LineEnding::LF, der)
        .map_err(|error| Error::failed(format!("PEM: {error}")))
}

/// One certificate.
pub fn certificate(der: &[u8]) -> Result<String> {
    encode("CERTIFICATE", der)
}

/// Several certificates in one file, in the order given.
pub fn certificates<'a>(ders: impl IntoIterator<Item = &'a [u8]>) -> Result<String> {
    ders.into_iter().map(certificate).collect()
}

/// An unencrypted private key, for identities.
pub fn private_key(pkcs8: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(encode("PRIVATE KEY", pkcs8)?.into_bytes()))
}

/// All certificates of a PEM file; one at least.
pub fn read_certificates(file: &str, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut ders = Vec::new();
    for block in CertificateDer::pem_slice_iter(bytes) {
        let block = block.map_err(|error| Error::failed(format!("{file}: {error}")))?;
        ders.push(block.as_ref().to_vec());
    }
    if ders.is_empty() {
        return Err(Error::failed(format!("{file} has no BEGIN CERTIFICATE, expected one")));
    }
    Ok(ders)
}

/// The single block of that label in a file of ours.
pub fn read_one(file: &str, label: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let failed = |why: &str| Error::failed(format!("{file}: {why}, expected one BEGIN {label}"));
    match der::pem::decode_vec(bytes) {
        Ok((found, der)) if found == label => Ok(der),
        Ok((found, _)) => Err(failed(&format!("got BEGIN {found}"))),
        Err(error) => Err(failed(&error.to_string())),
    }
}
