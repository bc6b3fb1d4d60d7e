//! One share: BCR-2020-011, with one group.

use super::{secret::Secret, words};
use crate::error::{Error, Result};
use crate::model::rule::Rule;
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// Identifier, group and member data, before the value.
const HEADER: usize = 5;
const LENGTH: usize = HEADER + Secret::LENGTH;

/// CBOR: tag 40309 (sskr) of a byte string of 37 bytes. In words: "tuna next keep hard data".
const FRAME: [u8; 5] = [0xd9, 0x9d, 0x75, 0x58, LENGTH as u8];

/// What all shares of one secret have in common, and no other's: 16 random bits, as four
/// hexadecimal digits. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetId(u16);

impl fmt::Display for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0)
    }
}

impl FromStr for SetId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits =
            text.len() == 4 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u16::from_str_radix(text, 16) {
            Ok(id) if digits => Ok(Self(id)),
            _ => {
                let got = crate::model::text::clean(text);
                Err(format!("got the share set {got:?}, expected four digits of 0-9 and a-f"))
            }
        }
    }
}

/// A share of a [`Secret`], wiped after use.
pub struct Share(Zeroizing<[u8; LENGTH]>);

impl Share {
    /// From SSKR's own bytes.
    ///
    /// # Errors
    /// Refused, SHARE-FOREIGN: of a secret with another length, of several groups, for one
    /// custodian alone.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let share = bytes.try_into().map(|bytes| Self(Zeroizing::new(bytes)));
        let share = share.map_err(|_| foreign())?;
        let [_, _, groups, group_and_threshold, member, ..] = *share.0;
        // One group of one, the first; two or more of its members; four reserved bits.
        if groups != 0 || !(1..16).contains(&group_and_threshold) || member >= 16 {
            return Err(foreign());
        }
        Ok(share)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// What stands on the paper: 46 words, the last four of which are a checksum.
    pub fn words(&self) -> Zeroizing<String> {
        let mut framed = Zeroizing::new([0; FRAME.len() + LENGTH]);
        let (frame, value) = framed.split_at_mut(FRAME.len());
        frame.copy_from_slice(&FRAME);
        value.copy_from_slice(self.0.as_ref());
        words::encode(framed.as_ref())
    }

    /// How many words a share has.
    pub const WORDS: usize = FRAME.len() + LENGTH + words::CHECKSUM;

    /// How many words there are in a part of what a custodian types, `before` of which were typed
    /// already.
    ///
    /// # Errors
    /// Refused, SHARE-MISTYPED: an unknown word, by its position.
    pub fn words_in(part: &str, before: usize) -> Result<usize> {
        words::read(part, before).map(|bytes| bytes.len())
    }

    /// What a custodian typed, in any case and over any lines, with or without numbers.
    ///
    /// # Errors
    /// Refused. SHARE-MISTYPED: an unknown word, by its position; a wrong checksum. SHARE-FOREIGN:
    /// words of something else.
    pub fn parse(text: &str) -> Result<Self> {
        let framed = words::decode(text)?;
        Self::from_bytes(framed.strip_prefix(&FRAME).ok_or_else(foreign)?)
    }

    /// The set that it belongs to.
    pub fn set(&self) -> SetId {
        SetId(u16::from_be_bytes([self.0[0], self.0[1]]))
    }

    /// Its number in the set, from 1.
    pub fn number(&self) -> u8 {
        (self.0[4] & 15) + 1
    }

    /// How many shares of its set unlock the key.
    pub fn needed(&self) -> u8 {
        (self.0[3] & 15) + 1
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({}, {})", self.set(), self.number())
    }
}

fn foreign() -> Error {
    let finding = Rule::ShareForeign.found(
        "got words that are complete, but of something else, expected a share of a root key",
    );
    Error::from(finding).hint("look for the paper that names this root and the share's number")
}
