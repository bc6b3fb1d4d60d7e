//! The same for machines.

use crate::ceremony::plan::Reviewed;
use crate::commands::Session;
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::rotation::Row;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// All of it; `more` are members beside those that are always there.
pub fn document(
    session: &Session,
    rows: &[Row],
    plan: Option<&Reviewed>,
    at: OffsetDateTime,
    more: Option<(&str, Value)>,
) -> Result<()> {
    let objects: Vec<Value> = rows.iter().map(|row| object(row, at)).collect();
    let mut document = json!({
        "version": 1,
        "at": timestamp(at),
        "objects": objects,
        "plan": plan.map(waiting),
    });
    if let Some((key, value)) = more {
        document[key] = value;
    }
    session.ui.json(&document)
}

/// A row.
pub fn object(row: &Row, at: OffsetDateTime) -> Value {
    let deadlines = row.deadlines();
    json!({
        "object": row.object,
        "kind": row.kind.word(),
        "environment": row.environment.as_ref().map(ToString::to_string),
        "state": row.state.word(),
        "stage": row.stage(at).word(),
        "not_before": row.life.as_ref().map(|life| timestamp(life.begin)),
        "due": deadlines.map(|deadlines| timestamp(deadlines.due)),
        "rotate_by": deadlines.map(|deadlines| timestamp(deadlines.rotate_by)),
        "signing_stop": row.signing_stop().map(timestamp),
        "not_after": row.not_after().map(timestamp),
        "seconds_left": row.not_after().map(|end| (end - at).whole_seconds()),
        "next": row.next,
    })
}

/// The plan that waits.
pub fn waiting(reviewed: &Reviewed) -> Value {
    json!({
        "number": reviewed.plan.number,
        "sha256": reviewed.digest,
        "created": timestamp(reviewed.plan.created),
        "expires": timestamp(reviewed.plan.expires),
    })
}
