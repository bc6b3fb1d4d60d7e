//! Custodians bring their shares, one after the other.

use super::{
    scheme::combine,
    secret::Secret,
    share::{SetId, Share},
};
use crate::error::{Error, Result};
use crate::model::{rule::Rule, threshold::Threshold};

/// What was brought so far. Its Debug output has numbers, no shares.
#[derive(Debug)]
pub struct Gathering {
    set: Option<SetId>,
    threshold: Threshold,
    shares: Vec<Share>,
}

/// How far a [`Gathering`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many shares are there.
    pub given: u8,
    /// How many more it takes; 0 when the key can be unlocked.
    pub missing: u8,
}

impl Gathering {
    /// For the shares of a set, where it is known; else the first share says which it is.
    pub fn new(set: Option<SetId>, threshold: Threshold) -> Self {
        Self { set, threshold, shares: Vec::new() }
    }

    /// Takes one more. More than are needed may come: then each is checked against the others.
    ///
    /// # Errors
    /// Refused. SHARE-FOREIGN: of another set or threshold. SHARE-REPEATED: one that was there.
    pub fn add(&mut self, share: Share) -> Result<Progress> {
        let expected = *self.set.get_or_insert_with(|| share.set());
        let (needed, of) = (self.threshold.needed(), self.threshold.of());
        if share.set() != expected {
            let got = share.set();
            return Err(foreign(format!(
                "got a share of the set {got}, expected one of {expected}"
            )));
        }
        if share.needed() != needed || share.number() > of {
            return Err(foreign(format!(
                "got share {} of a set of which {} are needed, expected {needed} of {of}",
                share.number(),
                share.needed()
            )));
        }
        if let Some(before) = self.shares.iter().find(|other| other.number() == share.number()) {
            return Err(repeated(before, &share));
        }
        self.shares.push(share);
        Ok(self.progress())
    }

    /// How many shares are there, and how many are missing.
    pub fn progress(&self) -> Progress {
        let given = u8::try_from(self.shares.len()).unwrap_or(u8::MAX);
        Progress { given, missing: self.threshold.needed().saturating_sub(given) }
    }

    /// The numbers of the shares that are there, in order.
    pub fn numbers(&self) -> Vec<u8> {
        let mut numbers: Vec<u8> = self.shares.iter().map(Share::number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The secret that they are shares of.
    ///
    /// # Errors
    /// Refused. SHARES-TOO-FEW: before enough are there. SHARE-FOREIGN: they do not belong
    /// together although their set identifiers are equal.
    pub fn finish(self) -> Result<Secret> {
        let Progress { given, missing } = self.progress();
        let needed = self.threshold.needed();
        if missing > 0 {
            let detail = format!("got {given}, expected {needed} different ones of one set");
            let error = Error::from(Rule::SharesTooFew.found(detail));
            return Err(error.hint("begin again when enough custodians are there"));
        }
        let all: Vec<&Share> = self.shares.iter().collect();
        let (quorum, surplus) = all.split_at(usize::from(needed));
        let secret = combine(quorum).ok_or_else(unlike)?;
        for share in surplus {
            // A surplus share in the place of the first.
            let others: Vec<&Share> = quorum.iter().skip(1).chain([share]).copied().collect();
            let again = combine(&others).ok_or_else(unlike)?;
            if again.as_bytes() != secret.as_bytes() {
                return Err(unlike());
            }
        }
        Ok(secret)
    }
}

fn foreign(detail: String) -> Error {
    Error::from(Rule::ShareForeign.found(detail))
        .hint("look for the paper of this set; a set that was replaced unlocks nothing")
}

fn unlike() -> Error {
    foreign("the shares name one set and yet do not belong together".into())
}

fn repeated(before: &Share, share: &Share) -> Error {
    let number = share.number();
    if before.as_bytes() != share.as_bytes() {
        return foreign(format!("got a share {number} other than the share {number} before"));
    }
    let detail = format!("got share {number} again, expected one that is not there yet");
    Error::from(Rule::ShareRepeated.found(detail)).hint("ask the next custodian")
}

#[cfg(test)]
mod tests {
    use super::{super::scheme::split, *};

    const THRESHOLD: (u8, u8) = (3, 5);

    /// A set with an identifier that another may have by accident: one in 65,536 does.
    fn set(byte: u8) -> Vec<Share> {
        let secret = Secret::from_bytes(&[byte; 32]).unwrap();
        let threshold = Threshold::new(THRESHOLD.0, THRESHOLD.1).unwrap();
        let shares = split(&secret, threshold, &ring::rand::SystemRandom::new()).unwrap();
        let renamed = shares.iter().map(|share| [&[7, 7], &share.as_bytes()[2..]].concat());
        renamed.map(|bytes| Share::from_bytes(&bytes).unwrap()).collect()
    }

    fn gather(shares: &[&Share]) -> Result<Secret> {
        let threshold = Threshold::new(THRESHOLD.0, THRESHOLD.1).unwrap();
        let mut gathering = Gathering::new("0707".parse().ok(), threshold);
        for share in shares {
            gathering.add(Share::from_bytes(share.as_bytes())?)?;
        }
        gathering.finish()
    }

    #[test]
    fn sets_with_one_identifier_do_not_mix() {
        let (one, other) = (set(1), set(2));
        for shares in [
            [&one[0], &one[1], &other[2]].as_slice(),
            &[&one[3], &one[1], &other[2], &one[4]],
            &[&one[0], &one[1], &one[2], &other[3]],
            &[&one[0], &one[1], &one[2], &one[3], &other[4]],
            &[&one[0], &other[0]],
        ] {
            let error = gather(shares).unwrap_err();
            assert_eq!(error.findings[0].rule, Rule::ShareForeign, "{shares:?}");
        }
        let all: Vec<&Share> = other.iter().collect();
        assert_eq!(gather(&all).unwrap().as_bytes(), &[2; 32]);
    }
}
