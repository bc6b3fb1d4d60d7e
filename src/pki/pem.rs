//! PEM files that rootward itself wrote, or that hold public certificates.

use crate::error::{Error, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
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

/// The DER of one public block, when it is written exactly as [`encode`] does it: read fast, in a
/// time that depends on what it says. `None` for all else, of which [`read_one`] says what it is.
pub fn read_public(label: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    /// Characters and bytes of a line.
    const LINE: (usize, usize) = (64, 48);
    let body = bytes.strip_prefix(b"-----BEGIN ")?.strip_prefix(label.as_bytes())?;
    let body = body.strip_prefix(b"-----\n")?.strip_suffix(b"-----\n")?;
    let body = body.strip_suffix(label.as_bytes())?.strip_suffix(b"-----END ")?;
    let mut der = Vec::with_capacity(body.len() / 4 * 3);
    for line in body.chunks(LINE.0 + 1) {
        let line = line.strip_suffix(b"\n").filter(|line| !line.is_empty())?;
        // Padding is nowhere but at the end.
        let is_whole = der.len().is_multiple_of(LINE.1);
        STANDARD.decode_vec(line, &mut der).ok().filter(|()| is_whole)?;
    }
    Some(der)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_fast_is_what_is_read_strictly() {
        for length in [1, 2, 3, 47, 48, 49, 95, 96, 97, 700] {
            let der: Vec<u8> = (0..length).map(|byte: u32| byte.to_le_bytes()[0]).collect();
            let text = certificate(&der).unwrap();
            assert_eq!(read_public("CERTIFICATE", text.as_bytes()), Some(der));
            assert_eq!(read_public("X509 CRL", text.as_bytes()), None);
            // Any one character in the place of another: the same bytes or none.
            for at in 0..text.len() {
                for other in [b'A', b'=', b'\n', b' ', b'-'] {
                    let mut bytes = text.clone().into_bytes();
                    bytes[at] = other;
                    let fast = read_public("CERTIFICATE", &bytes);
                    let strict = read_one("f", "CERTIFICATE", &bytes).ok();
                    assert!(fast.is_none() || fast == strict, "{length}, {at}, {other}");
                }
            }
            let twice = text.repeat(2);
            let crlf = text.replace('\n', "\r\n");
            let before = format!("x\n{text}");
            for odd in [&twice, &crlf, &before, &format!("{text}\n"), text.trim_end()] {
                assert_eq!(read_public("CERTIFICATE", odd.as_bytes()), None, "{odd}");
            }
        }
    }
}
