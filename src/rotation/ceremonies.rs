//! The ceremonies that the rows of today ask for: what has overlapping windows is one.

use super::{Row, State};
use time::OffsetDateTime;

/// One ceremony that is to be held.
#[derive(Clone, Debug)]
pub struct Ceremony<'a> {
    /// From here on all of it can be done.
    pub opens: OffsetDateTime,
    /// By then it has to have been held.
    pub by: OffsetDateTime,
    /// What needs the root key, the most urgent first.
    pub table: Vec<&'a Row>,
}

/// In order of time; none for what waits for a first ceremony without any date. What is signed in
/// them has windows of its own later, which are not looked at here.
#[must_use]
pub fn ceremonies<'a>(open: &[&'a Row]) -> Vec<Ceremony<'a>> {
    let windows = open.iter().filter(|row| row.needs_root());
    let windows = windows.filter_map(|row| row.deadlines().map(|it| (it.due, it.rotate_by, *row)));
    let mut windows: Vec<_> = windows.collect();
    windows.sort_by_key(|(_, rotate_by, _)| *rotate_by);
    let mut ceremonies = Vec::new();
    while let Some((_, by, _)) = windows.first().copied() {
        let (now, later): (Vec<_>, Vec<_>) = windows.into_iter().partition(|(due, ..)| *due <= by);
        let opens = now.iter().map(|(due, ..)| *due).max().unwrap_or(by);
        ceremonies.push(Ceremony { opens, by, table: now.iter().map(|(.., row)| *row).collect() });
        windows = later;
    }
    if let Some(first) = ceremonies.first_mut() {
        let waits = |row: &&&Row| row.state == State::Requested && row.deadlines().is_none();
        first.table.extend(open.iter().filter(waits));
    }
    ceremonies
}
