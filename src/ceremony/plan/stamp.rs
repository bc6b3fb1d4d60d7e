//! Times in a plan: RFC 3339, UTC, to the second, as in the journal.

use crate::journal::chain::{instant, timestamp};
use serde::{Deserialize, Deserializer, Serializer, de::Error};
use time::OffsetDateTime;

pub fn serialize<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&timestamp(*time))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = instant(&text).filter(|time| timestamp(*time) == text);
    let expected = "expected a time such as 2026-11-22T10:00:00Z";
    time.ok_or_else(|| D::Error::custom(format!("got {text:?}, {expected}")))
}
