//! What of the rows is still to be replaced by somebody.

use super::Row;
use crate::model::name::Name;

/// The rows of an environment, and those of the root, which is every environment's; all without
/// one.
#[must_use]
pub fn of_environment(rows: Vec<Row>, environment: Option<&Name>) -> Vec<Row> {
    rows.into_iter().filter(|row| row.concerns(environment)).collect()
}

/// Those that have a date or something to do, one for each thing.
#[must_use]
pub fn open(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|row| row.deadlines().is_some() || row.next.is_some()).collect()
}
