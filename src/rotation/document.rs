//! A row as JSON has it, for every verb alike.

use super::Row;
use crate::journal::chain::timestamp;
use serde_json::{Value, json};
use time::OffsetDateTime;

impl Row {
    /// All that there is of it at that moment.
    pub fn document(&self, at: OffsetDateTime) -> Value {
        let deadlines = self.deadlines();
        json!({
            "object": self.object,
            "kind": self.kind.word(),
            "environment": self.environment.as_ref().map(ToString::to_string),
            "state": self.state.word(),
            "stage": self.stage(at).word(),
            "not_before": self.life.as_ref().map(|life| timestamp(life.begin)),
            "due": deadlines.map(|it| timestamp(it.due)),
            "rotate_by": deadlines.map(|it| timestamp(it.rotate_by)),
            "signing_stop": self.signing_stop().map(timestamp),
            "not_after": self.not_after().map(timestamp),
            "seconds_left": self.not_after().map(|end| (end - at).whole_seconds()),
            "needs_root": self.needs_root(),
            "next": self.next,
        })
    }
}
