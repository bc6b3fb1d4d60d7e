//! The sealing secret: what the shares are shares of.

use crate::context::Rng;
use crate::error::{Error, Result};
use crate::model::text::hex;
use std::fmt;
use zeroize::Zeroizing;

/// 32 random bytes, wiped after use.
pub struct Secret(Zeroizing<[u8; Self::LENGTH]>);

impl Secret {
    /// Its length in bytes.
    pub const LENGTH: usize = 32;

    /// A new one.
    ///
    /// # Errors
    /// Failed, when there is no randomness.
    pub fn random(rng: &Rng) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        rng.fill(bytes.as_mut())
            .map_err(|_| Error::failed("no randomness: there is no sealing secret"))?;
        Ok(Self(bytes))
    }

    /// From its bytes; `None` when there are more or fewer than 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// The bytes that are shared.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// What the root key is sealed with: 64 lower-case hexadecimal digits, so that a person can
    /// type it to openssl.
    pub fn passphrase(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(self.0.as_ref()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
