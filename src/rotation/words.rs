//! Dates and lengths of time as sentences have them.

use super::{Kind, Row, State};
use time::OffsetDateTime;

pub use crate::model::moment::day;

/// How far off it is: `61 days`, `5 hours`, `3 days ago`.
pub fn distance(moment: OffsetDateTime, at: OffsetDateTime) -> String {
    let hours = (moment - at).whole_hours();
    let (count, unit) = match hours.abs() {
        hours @ 0..48 => (hours, "hour"),
        hours => (hours / 24, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    let ago = if moment < at { " ago" } else { "" };
    format!("{count} {unit}{plural}{ago}")
}

/// What is to be done with it in time.
pub fn verb(row: &Row) -> &'static str {
    match (row.state, row.kind) {
        (State::Prepared, _) => "activate",
        (State::Requested, _) => "sign",
        (_, Kind::Root | Kind::Intermediate) => "rotate",
        (_, Kind::Crl | Kind::Identity) => "renew",
    }
}

/// The first few of these names, and how many there are besides.
pub fn few<S: AsRef<str>>(names: &[S]) -> String {
    const FEW: usize = 3;
    let shown: Vec<&str> = names.iter().take(FEW).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    #[test]
    fn distances_read_well() {
        let at = datetime!(2026-11-22 10:00:00 UTC);
        let said = |hours| distance(at + Duration::hours(hours), at);
        assert_eq!(said(61 * 24), "61 days");
        assert_eq!(said(47), "47 hours");
        assert_eq!(said(1), "1 hour");
        assert_eq!(said(0), "0 hours");
        assert_eq!(said(-1), "1 hour ago");
        assert_eq!(said(-49), "2 days ago");
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(few(&["a"]), "a");
        assert_eq!(few(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
