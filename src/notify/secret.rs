//! A password, a token, a URL that is one.

use crate::error::{Error, Result};
use std::fmt;
use zeroize::Zeroizing;

/// Wiped with its owner, and never shown.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The first line of a file; `file` is for messages.
    ///
    /// # Errors
    /// Failed: it is empty, or has what is no printable ASCII.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_plain = |byte: &u8| (0x20..0x7f).contains(byte);
        match std::str::from_utf8(line) {
            Ok(text) if !text.is_empty() && line.iter().all(is_plain) => Ok(Self::from(text)),
            _ => Err(Error::failed(format!(
                "{file} begins with no secret, expected one line of printable ASCII"
            ))),
        }
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
