//! The only caller of sskr: a secret becomes shares, and shares become a secret.

use super::{secret::Secret, share::Share};
use crate::context::Rng;
use crate::error::{Error, Explain, Result};
use crate::model::threshold::Threshold;
use rand_core::{CryptoRng, RngCore};
use zeroize::{Zeroize, Zeroizing};

/// Splits a secret; the shares are in the order of their numbers. They are combined again before
/// they are given out: a share that does not work is found when it is needed.
///
/// # Errors
/// Failed, when there is no randomness or the shares do not give the secret back.
pub fn split(secret: &Secret, threshold: Threshold, rng: &Rng) -> Result<Vec<Share>> {
    let members = sskr::GroupSpec::new(threshold.needed().into(), threshold.of().into())?;
    let spec = sskr::Spec::new(1, vec![members])?;
    let mut source = Source { rng, failed: false };
    let secret_to_split = sskr::Secret::new(secret.as_bytes())?;
    let groups = sskr::sskr_generate_using(&spec, &secret_to_split, &mut source)
        .context("the secret was not split")?;
    let made: Vec<_> = groups.into_iter().flatten().map(Zeroizing::new).collect();
    if source.failed {
        return Err(Error::failed("no randomness: the secret was not split"));
    }
    let shares = made.iter().map(|share| Share::from_bytes(share)).collect::<Result<Vec<_>>>()?;
    let needed = usize::from(threshold.needed());
    for window in shares.windows(needed) {
        let again = combine(&window.iter().collect::<Vec<_>>());
        if again.is_none_or(|again| again.as_bytes() != secret.as_bytes()) {
            return Err(Error::failed("the shares just made do not give the secret back"));
        }
    }
    Ok(shares)
}

/// The secret, or `None` when the digest in it says that the shares do not belong together.
pub fn combine(shares: &[&Share]) -> Option<Secret> {
    let bytes: Vec<&[u8]> = shares.iter().map(|share| share.as_bytes()).collect();
    Secret::from_bytes(sskr::sskr_combine(&bytes).ok()?.data())
}

/// The context's randomness for sskr, which cannot be told that there is none: that is asked
/// afterwards, and what was made without it is thrown away.
struct Source<'r> {
    rng: &'r Rng,
    failed: bool,
}

impl RngCore for Source<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if self.rng.fill(bytes).is_err() {
            self.failed = true;
            bytes.zeroize();
        }
    }
}

impl CryptoRng for Source<'_> {}
impl bc_rand::RandomNumberGenerator for Source<'_> {}
