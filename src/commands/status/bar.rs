//! One life as a bar of characters that every terminal has, with today on it.

use crate::model::cadence::Deadlines;
use time::OffsetDateTime;

/// What is over, and today.
const OVER: char = '=';
const TODAY: char = '|';

/// What is to come: until the window opens, the window, what is later than that, and what is past
/// the signing stop.
const TO_COME: [char; 4] = ['-', '+', '!', 'x'];

/// `width` cells from the first to the last second. However short the window is, and what follows
/// it, each has a cell of its own; and today is in that of its own part.
pub fn bar(life: &Deadlines, at: OffsetDateTime, width: usize) -> String {
    let moments = [life.begin, life.due, life.rotate_by, life.signing_stop, life.end];
    let edges = edges(&moments, width);
    let part = (0..TO_COME.len()).rev().find(|part| moments[*part] <= at).unwrap_or(0);
    let today = match at > life.end {
        true => width,
        false => {
            let last = edges[part + 1].saturating_sub(1);
            cell(&moments, at, width).min(last).max(edges[part])
        }
    };
    let today = today.min(width.saturating_sub(1));
    let cell = |index: usize| match index {
        _ if index < today => OVER,
        _ if index == today => TODAY,
        _ => {
            let part = edges[1..].iter().position(|edge| index < *edge);
            part.and_then(|part| TO_COME.get(part)).copied().unwrap_or(OVER)
        }
    };
    (0..width).map(cell).collect()
}

/// The cell in which each part begins, and the end.
fn edges(moments: &[OffsetDateTime; 5], width: usize) -> [usize; 5] {
    let mut edges = moments.map(|moment| cell(moments, moment, width));
    edges[4] = width;
    for part in (1..TO_COME.len()).rev() {
        let least = usize::from(moments[part] < moments[part + 1]);
        edges[part] = edges[part].min(edges[part + 1].saturating_sub(least));
    }
    edges
}

fn cell(moments: &[OffsetDateTime; 5], at: OffsetDateTime, width: usize) -> usize {
    let whole = (moments[4] - moments[0]).whole_seconds().max(1);
    let gone = (at - moments[0]).whole_seconds().clamp(0, whole);
    // Neither a width of a terminal nor the seconds of ten thousand years come near an overflow.
    usize::try_from(gone * width as i64 / whole).unwrap_or(0).min(width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cadence::Cadence;
    use time::{Duration, macros::datetime};

    const BEGIN: OffsetDateTime = datetime!(2026-01-01 00:00:00 UTC);

    fn life(cadence: &Cadence, days: i64, child: i64) -> Deadlines {
        cadence.deadlines(BEGIN, BEGIN + Duration::days(days), Duration::days(child))
    }

    #[test]
    fn the_parts_of_a_life_and_today_are_where_they_are() {
        let root = life(&Cadence::root(), 20 * 365, 3 * 365);
        let shown = |days: i64| bar(&root, BEGIN + Duration::days(days), 20);
        assert_eq!(shown(0), "|------------+++!xxx");
        assert_eq!(shown(10 * 365), "==========|--+++!xxx");
        assert_eq!(shown(15 * 365), "===============|!xxx");
        assert_eq!(shown(18 * 365), "==================|x");
        assert_eq!(shown(20 * 365), "===================|");
        assert_eq!(shown(30 * 365), "===================|");
        assert_eq!(shown(-365), shown(0));
    }

    /// From the first day to the last: it says the same as the deadlines.
    #[test]
    fn today_is_in_the_part_that_the_deadlines_say() {
        let lives = [
            life(&Cadence::identity(), 30, 0),
            life(&Cadence::identity(), 1, 0),
            life(&Cadence::crl(), 30, 0),
            life(&Cadence::root_crl(), 365, 0),
            life(&Cadence::intermediate(), 3 * 365, 90),
            life(&Cadence::intermediate(), 100, 100),
            life(&Cadence::root(), 20 * 365, 3 * 365),
        ];
        for life in lives {
            let moments = [life.begin, life.due, life.rotate_by, life.signing_stop, life.end];
            for step in 0..=200 {
                let at = life.begin + (life.end - life.begin) * step / 200;
                for width in [8, 12, 31] {
                    let shown: Vec<char> = bar(&life, at, width).chars().collect();
                    assert_eq!(shown.len(), width);
                    assert_eq!(shown.iter().filter(|c| **c == TODAY).count(), 1);
                    // What is ahead has a cell, what is behind has none.
                    for (part, mark) in TO_COME.into_iter().enumerate().skip(1) {
                        let is_there = shown.contains(&mark);
                        let (from, until) = (moments[part], moments[part + 1]);
                        assert!(is_there || at >= from || from == until, "{shown:?} {at}");
                        assert!(!is_there || at < until, "{shown:?} {at}");
                    }
                }
            }
        }
    }
}
