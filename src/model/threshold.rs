//! m of n: how many custodians it takes, of how many there are.

use serde::Deserialize;
use std::fmt;

/// The most shares of one set: a share has four bits for its number (BCR-2020-011).
const MOST: u8 = 16;

/// At least two, and at most all: `needed = 3`, `of = 5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Declared")]
pub struct Threshold {
    needed: u8,
    of: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    needed: u8,
    of: u8,
}

impl Threshold {
    /// # Errors
    /// In words: one needed share, more than there are, more than sixteen.
    pub fn new(needed: u8, of: u8) -> Result<Self, String> {
        if needed < 2 {
            return Err(format!(
                "needed: got {needed}, expected 2 to {MOST}: with one, each custodian alone could \
                 unlock the key"
            ));
        }
        if of > MOST {
            return Err(format!("of: got {of}, expected at most {MOST}"));
        }
        if needed > of {
            return Err(format!("needed: got {needed}, expected at most the {of} that there are"));
        }
        Ok(Self { needed, of })
    }

    /// How many shares unlock the key.
    pub fn needed(self) -> u8 {
        self.needed
    }

    /// How many shares there are.
    pub fn of(self) -> u8 {
        self.of
    }
}

impl TryFrom<Declared> for Threshold {
    type Error = String;

    fn try_from(declared: Declared) -> Result<Self, String> {
        Self::new(declared.needed, declared.of)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.needed, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits() {
        for (needed, of) in [(2, 2), (2, 16), (3, 5), (16, 16)] {
            let threshold = Threshold::new(needed, of).unwrap();
            assert_eq!((threshold.needed(), threshold.of()), (needed, of));
        }
        for (needed, of) in [(0, 0), (0, 5), (1, 1), (1, 5), (4, 3), (2, 17), (17, 17)] {
            assert!(Threshold::new(needed, of).unwrap_err().contains(", expected "));
        }
        assert!(Threshold::new(1, 3).unwrap_err().contains("each custodian alone"));
    }
}
