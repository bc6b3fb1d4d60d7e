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
    let objects: Vec<Value> = rows.iter().map(|row| row.document(at)).collect();
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

/// The plan that waits.
pub fn waiting(reviewed: &Reviewed) -> Value {
    json!({
        "number": reviewed.plan.number,
        "sha256": reviewed.digest,
        "created": timestamp(reviewed.plan.created),
        "expires": timestamp(reviewed.plan.expires),
    })
}
