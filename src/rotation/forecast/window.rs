//! Windows, and the moments that hit as many as can be.

use super::Reason;
use crate::model::cadence::{Cadence, Deadlines};
use time::{Duration, OffsetDateTime};

/// From notBefore to notAfter, or from thisUpdate to nextUpdate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub begin: OffsetDateTime,
    pub end: OffsetDateTime,
}

/// When something may be done, and by when it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub due: OffsetDateTime,
    /// The first moment after it.
    pub by: OffsetDateTime,
    pub reason: Reason,
}

impl Life {
    /// What is declared for such a life.
    pub fn deadlines(self, cadence: &Cadence, child: Duration) -> Deadlines {
        cadence.deadlines(self.begin, self.end, child)
    }
}

impl Window {
    /// Now, and no later.
    pub fn at_once(at: OffsetDateTime, reason: Reason) -> Self {
        Self { due: at, by: at, reason }
    }

    /// That of a life.
    pub fn of(deadlines: &Deadlines, reason: Reason) -> Self {
        Self { due: deadlines.due, by: deadlines.rotate_by, reason }
    }

    /// Open from then on, if it was not before.
    pub fn open_at(self, at: OffsetDateTime, reason: Reason) -> Self {
        Self { due: self.due.min(at), reason, ..self }
    }

    /// Its last second.
    pub fn last(&self) -> OffsetDateTime {
        let last = self.by - Duration::SECOND;
        last.replace_nanosecond(0).unwrap_or(last).max(self.due)
    }
}

/// The moment at which to do the next thing: the last that leaves no window unhit, now at the
/// earliest. With each window that it hits taken out, its repetition hits all with the fewest moments:
/// some moment has to hit the window that ends first, and of those that do the last hits whatever any
/// of them hits.
pub fn next(windows: impl Iterator<Item = Window>, now: OffsetDateTime) -> Option<OffsetDateTime> {
    windows.map(|window| window.last()).min().map(|last| last.max(now))
}
