//! Digests as words, to be read aloud: BIP-39's English list, 24 words for 256 bits, the last one
//! with a checksum.

use crate::error::{Error, Result};

/// The 24 words of a SHA-256 digest.
///
/// # Errors
/// Failed, when these are not 32 bytes.
pub fn of(digest: &[u8]) -> Result<Vec<String>> {
    let mnemonic = bip39::Mnemonic::from_entropy(digest)?;
    Ok(mnemonic.words().map(str::to_owned).collect())
}

/// The words of a digest in lower-case hexadecimal.
///
/// # Errors
/// Failed, when it is not one.
pub fn of_hex(digest: &str) -> Result<Vec<String>> {
    let bytes = super::text::unhex(digest);
    of(&bytes.ok_or_else(|| Error::failed(format!("got the digest {digest:?}, expected hex")))?)
}
