//! The ceremonies that the rows of today ask for: what has overlapping windows is one.

use super::Row;
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
pub fn ceremonies<'a>(open: &[&'a Row], at: OffsetDateTime) -> Vec<Ceremony<'a>> {
    let windows = open.iter().filter(|row| row.needs_root());
    let windows = windows.filter_map(|row| row.deadlines().map(|it| (it.due, it.rotate_by, *row)));
    let mut windows: Vec<_> = windows.collect();
    windows.sort_by_key(|(_, rotate_by, _)| *rotate_by);
    let mut ceremonies = Vec::new();
    while let Some((_, by, _)) = windows.first().copied() {
        // One that should have been held is held now, and has on its table what is due by now.
        let held = by.max(at);
        let (now, later): (Vec<_>, Vec<_>) =
            windows.into_iter().partition(|(due, ..)| *due <= held);
        let opens = now.iter().map(|(due, ..)| *due).max().unwrap_or(by);
        ceremonies.push(Ceremony { opens, by, table: now.iter().map(|(.., row)| *row).collect() });
        windows = later;
    }
    if let Some(first) = ceremonies.first_mut() {
        let is_on = |row: &Row| first.table.iter().any(|other| other.object == row.object);
        let waiting: Vec<&Row> = waiting(open, at).filter(|row| !is_on(row)).collect();
        first.table.splice(..0, waiting);
    }
    ceremonies
}

/// What a root key is to sign at once, whatever its dates.
pub fn waiting<'a>(open: &[&'a Row], at: OffsetDateTime) -> impl Iterator<Item = &'a Row> {
    open.iter().copied().filter(move |row| row.waits_for_root(at))
}
