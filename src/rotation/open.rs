//! What of the rows is still to be replaced by somebody.

use super::{Kind, Row};
use crate::model::name::Name;
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;

/// The rows of an environment, and those of the root, which is every environment's; all without
/// one.
#[must_use]
pub fn of_environment(rows: Vec<Row>, environment: Option<&Name>) -> Vec<Row> {
    let is_its = |row: &Row| row.environment.is_none() || row.environment.as_ref() == environment;
    rows.into_iter().filter(|row| environment.is_none() || is_its(row)).collect()
}

/// Those that have a date or something to do, one for each thing: neither a CA whose successor is on
/// its way (it has a row of its own, by when it is to be active), nor a CRL that ends with its issuer
/// (none can follow it).
#[must_use]
pub fn open(rows: &[Row]) -> Vec<&Row> {
    let is_ca = |row: &&Row| matches!(row.kind, Kind::Root | Kind::Intermediate);
    let cas = || rows.iter().filter(is_ca);
    let followed: HashSet<&str> =
        cas().filter(|row| row.replaces.is_some()).map(|row| scope(&row.object)).collect();
    let ends: HashMap<&str, OffsetDateTime> =
        cas().filter_map(|row| Some((row.object.as_str(), row.not_after()?))).collect();
    let is_followed =
        |row: &&Row| is_ca(row) && row.replaces.is_none() && followed.contains(scope(&row.object));
    let is_last = |row: &&Row| {
        let issuer = row.object.strip_suffix(" CRL").and_then(|issuer| ends.get(issuer));
        issuer.is_some() && row.not_after().as_ref() == issuer && row.next.is_none()
    };
    let is_open = |row: &&Row| row.deadlines().is_some() || row.next.is_some();
    rows.iter().filter(is_open).filter(|row| !is_followed(row) && !is_last(row)).collect()
}

/// An object without its generation.
fn scope(object: &str) -> &str {
    object.split('@').next().unwrap_or_default()
}
