//! Witnesses of a ceremony sign its transcript afterwards, each with an SSH key of their own:
//! `ssh-keygen -Y sign -n rootward-transcript FILE`. Their signatures are verified here, as
//! `ssh-keygen -Y verify` does it; where the two differ, this is the stricter.

mod allowed;
mod key;
mod pattern;
mod sshsig;

pub use allowed::{AllowedSigners, Principal};

use crate::error::Result;
use crate::model::rule::{Finding, Rule};
use sshsig::SshSig;
use time::OffsetDateTime;

/// Whose signature over `message` the bytes of a `.sig` file are. `at` is when the key must be
/// valid: the time of the ceremony.
///
/// # Errors
/// WITNESS-SIGNATURE: not one SSH signature, of another namespace, or not over this message;
/// WITNESS-UNKNOWN: by a key that is not allowed, not for this namespace, or not at that time.
pub fn verify(
    message: &[u8],
    signature: &[u8],
    allowed: &AllowedSigners,
    namespace: &str,
    at: OffsetDateTime,
) -> Result<Principal> {
    let wrong = |why: String| Rule::WitnessSignature.found(why);
    let signature = SshSig::parse(signature).map_err(wrong)?;
    signature.verify(message, namespace).map_err(wrong)?;
    let unknown = |why: String| Rule::WitnessUnknown.found(why);
    Ok(allowed.principal(&signature.key, namespace, at).map_err(unknown)?)
}

/// WITNESS-MISSING for each of the `expected` who has not signed.
pub fn missing(expected: &[impl AsRef<str>], found: &[Principal]) -> Vec<Finding> {
    let finding = |name: &str| {
        let message = format!("no signature of {name}, expected one of each witness");
        Rule::WitnessMissing.found(message)
    };
    let seats = expected.iter().zip(seats(expected, found));
    let absent = seats.filter(|(_, seat)| seat.is_none());
    absent.map(|(name, _)| finding(name.as_ref())).collect()
}

/// For each of the `expected` the place in `found` of the one that stands for them. One key is one
/// person, however many patterns it matches and however often it signed: it stands for one witness
/// alone.
pub fn seats(expected: &[impl AsRef<str>], found: &[Principal]) -> Vec<Option<usize>> {
    let mut keys: Vec<usize> = Vec::new();
    for (place, principal) in found.iter().enumerate() {
        if keys.iter().all(|&other| found[other].fingerprint() != principal.fingerprint()) {
            keys.push(place);
        }
    }
    let may: Vec<Vec<bool>> = expected
        .iter()
        .map(|name| keys.iter().map(|&key| found[key].is(name.as_ref())).collect())
        .collect();
    let mut stands_for = vec![None; keys.len()];
    for witness in 0..expected.len() {
        seat(witness, &may, &mut stands_for, &mut vec![false; keys.len()]);
    }
    let of = |witness| stands_for.iter().position(|other| *other == Some(witness));
    (0..expected.len()).map(|witness| of(witness).map(|key| keys[key])).collect()
}

/// Finds a key for a witness, moving the witnesses seated before to other keys of theirs where
/// that makes room (augmenting paths: the most witnesses that the keys can stand for).
fn seat(
    witness: usize,
    may: &[Vec<bool>],
    stands_for: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for key in 0..stands_for.len() {
        if !may[witness][key] || tried[key] {
            continue;
        }
        tried[key] = true;
        if stands_for[key].is_none_or(|other| seat(other, may, stands_for, tried)) {
            stands_for[key] = Some(witness);
            return true;
        }
    }
    false
}
