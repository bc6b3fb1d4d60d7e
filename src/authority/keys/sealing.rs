//! The passphrase of a sealed key, from whoever has it or a part of it.

use super::held::Held;
use super::secrets::Secrets;
use crate::context::Rng;
use crate::custody::shares::{Gathering, Secret, SetId, Share, Threshold, split};
use crate::error::{Error, Result};
use crate::model::name::ObjectRef;
use zeroize::Zeroizing;

/// A passphrase, and how it came about: for the transcript.
pub struct Unlocked {
    /// What opens the sealed key.
    pub passphrase: Zeroizing<Vec<u8>>,
    /// `its passphrase`, `shares 1, 3, 5 (3 of 5, set 9a7f)`.
    pub by: String,
}

/// Asks for what opens a sealed key. `notes` gets what was refused on the way; no secret.
///
/// # Errors
/// SHARE-MISTYPED, SHARE-FOREIGN, SHARE-REPEATED, SHARES-TOO-FEW.
pub fn unlock(
    secrets: &mut dyn Secrets,
    object: &ObjectRef,
    held: Held,
    notes: &mut Vec<String>,
) -> Result<Unlocked> {
    let Held::Shares { set, threshold } = held else {
        let passphrase = secrets.open(object)?;
        return Ok(Unlocked { passphrase, by: "its passphrase".into() });
    };
    let mut gathering = Gathering::new(Some(set), threshold);
    let mut tries = 0;
    while let Some(words) = secrets.share(object, gathering.progress())? {
        match Share::parse(&words).and_then(|share| gathering.add(share)) {
            Ok(_) => tries = 0,
            Err(error) => {
                tries += 1;
                let refused = |finding| format!("refused: {finding}");
                let refused: Vec<String> = error.findings.iter().map(refused).collect();
                secrets.again(error, tries)?;
                notes.extend(refused);
            }
        }
    }
    let numbers: Vec<String> = gathering.numbers().iter().map(ToString::to_string).collect();
    let by = format!("shares {} ({threshold}, set {set})", numbers.join(", "));
    Ok(Unlocked { passphrase: passphrase(&gathering.finish()?), by })
}

/// A new secret, shared among custodians: the passphrase for the key, and how it is held. `old` is
/// the set that is replaced: by chance the new one could have the same identifier.
///
/// # Errors
/// Failed: no randomness; a custodian did not take a share.
pub fn share_out(
    secrets: &mut dyn Secrets,
    object: &ObjectRef,
    threshold: Threshold,
    old: Option<SetId>,
    rng: &Rng,
) -> Result<(Zeroizing<Vec<u8>>, Held)> {
    let secret = Secret::random(rng)?;
    let (set, shares) = loop {
        let shares = split(&secret, threshold, rng)?;
        let first = shares.first().ok_or_else(|| Error::failed("the secret has no shares"))?;
        if Some(first.set()) != old {
            break (first.set(), shares);
        }
    };
    for share in &shares {
        secrets.show_share(object, share, threshold.of())?;
    }
    Ok((passphrase(&secret), Held::Shares { set, threshold }))
}

fn passphrase(secret: &Secret) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(secret.passphrase().as_bytes().to_vec())
}
