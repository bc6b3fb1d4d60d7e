//! Reminders: what is new beside what was said already, and the text of a message. Pure functions of
//! rows and a moment.

mod block;
mod item;
mod said;
mod text;

pub use said::Said;
pub use text::{Place, message, trial};

use super::Row;
use crate::model::cadence::Stage;
use time::OffsetDateTime;

/// What there is to be told: from `min` on, and nothing that is quiet.
pub fn due(rows: &[Row], min: Stage, at: OffsetDateTime) -> Vec<&Row> {
    rows.iter().filter(|row| row.stage(at) >= min.max(Stage::Notice)).collect()
}

#[cfg(test)]
mod tests;
