//! A stretch of time, and where its moments are.

use crate::markup::{El, el};
use crate::report::words::day;
use time::{Date, Duration, Month, OffsetDateTime};

/// From the left edge to the right.
pub struct Axis {
    begin: OffsetDateTime,
    end: OffsetDateTime,
    /// Where lines are drawn, with what is written there.
    ticks: Vec<(OffsetDateTime, String)>,
    pub now: OffsetDateTime,
}

/// No more lines than that, so that a narrow page has room for what is written at them.
const LINES: usize = 6;

/// The distances between lines, in months; below a month, in days.
const MONTHS: [u8; 8] = [1, 3, 6, 12, 24, 60, 120, 240];
const DAYS: [i64; 3] = [1, 7, 14];

impl Axis {
    /// What these lives take. The past has a quarter of the room at most.
    pub fn of(
        lives: impl Iterator<Item = (OffsetDateTime, OffsetDateTime)>,
        now: OffsetDateTime,
    ) -> Self {
        let (begin, end) = lives.fold((now, now + Duration::DAY), |(begin, end), life| {
            (begin.min(life.0), end.max(life.1))
        });
        let begin = begin.max(now - (end - now) / 3);
        Self { begin, end, ticks: ticks(begin, end), now }
    }

    /// In percent of the width; what is outside is at the edge.
    pub fn at(&self, moment: OffsetDateTime) -> f64 {
        let share =
            (moment - self.begin).as_seconds_f64() / (self.end - self.begin).as_seconds_f64();
        (share * 100.0).clamp(0.0, 100.0)
    }

    /// Is it before everything that is shown?
    pub fn is_before(&self, moment: OffsetDateTime) -> bool {
        moment < self.begin
    }

    /// The lines behind a bar, and today.
    pub fn grid(&self) -> impl Iterator<Item = El> {
        let lines = self.ticks.iter().map(|(moment, _)| line("grid", self.at(*moment)));
        lines.chain([line("now", self.at(self.now))])
    }

    /// What is written above the bars.
    pub fn labels(&self) -> El {
        let label = |class, moment, text: &str| {
            let at = self.at(moment);
            let anchor = if at > 88.0 {
                "end"
            } else if at < 12.0 {
                "start"
            } else {
                "middle"
            };
            let y = if class == "now" { "11" } else { "25" };
            el("text")
                .class(class)
                .attr("x", percent(at))
                .attr("y", y)
                .attr("text-anchor", anchor)
                .text(text)
        };
        let ticks = self.ticks.iter().map(|(moment, text)| label("tick", *moment, text));
        el("svg")
            .class("axis")
            .attr("width", "100%")
            .attr("height", "30")
            .attr("role", "img")
            .attr("aria-label", format!("{} to {}", day(self.begin), day(self.end)))
            .child(label("now", self.now, &day(self.now)))
            .children(ticks)
    }
}

pub fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

pub fn line(class: &'static str, at: f64) -> El {
    let x = percent(at);
    el("line").class(class).attr("x1", &x).attr("x2", x).attr("y1", "0").attr("y2", "100%")
}

/// The beginnings of years, months or days, as many as there is room for.
fn ticks(begin: OffsetDateTime, end: OffsetDateTime) -> Vec<(OffsetDateTime, String)> {
    for step in DAYS {
        let days = every(begin, end, |date| date.checked_add(Duration::days(step)), begin.date());
        if days.len() <= LINES {
            return days.into_iter().map(|at| (at, day(at).split_off(5))).collect();
        }
    }
    let first = begin.date().replace_day(1).unwrap_or(begin.date());
    for step in MONTHS {
        let from = match step {
            1 => first,
            3 | 6 => first.replace_month(Month::January).unwrap_or(first),
            _ => Date::from_ordinal_date(
                begin.year() / i32::from(step / 12) * i32::from(step / 12),
                1,
            )
            .unwrap_or(first),
        };
        let months = every(begin, end, |date| later(date, step), from);
        if months.len() <= LINES {
            let width = if step < 12 { 7 } else { 4 };
            return months
                .into_iter()
                .map(|at| (at, day(at).chars().take(width).collect()))
                .collect();
        }
    }
    Vec::new()
}

fn every(
    begin: OffsetDateTime,
    end: OffsetDateTime,
    next: impl Fn(Date) -> Option<Date>,
    first: Date,
) -> Vec<OffsetDateTime> {
    let dates = std::iter::successors(Some(first), |date| next(*date));
    let moments = dates.map(|date| date.midnight().assume_utc());
    moments.skip_while(|at| *at < begin).take_while(|at| *at <= end).take(LINES + 1).collect()
}

fn later(date: Date, months: u8) -> Option<Date> {
    let month = u8::from(date.month()) - 1 + months;
    let year = date.year() + i32::from(month / 12);
    Date::from_calendar_date(year, Month::try_from(month % 12 + 1).ok()?, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn lines_are_few_and_at_round_dates() {
        let begin = datetime!(2026-11-22 10:00 UTC);
        for (days, first, last) in [
            (3, "11-23", "11-25"),
            (29, "11-29", "12-20"),
            (90, "12-06", "02-14"),
            (365, "2027-01", "2027-10"),
            (1095, "2027-01", "2029-07"),
            (7305, "2030", "2045"),
            (36525, "2040", "2120"),
        ] {
            let axis = Axis::of([(begin, begin + Duration::days(days))].into_iter(), begin);
            let labels: Vec<&str> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
            assert!((2..=LINES).contains(&labels.len()), "{labels:?}");
            assert_eq!((labels[0], labels[labels.len() - 1]), (first, last), "{labels:?}");
        }
    }

    #[test]
    fn the_past_has_less_room_than_the_future() {
        let now = datetime!(2026-11-22 10:00 UTC);
        let long_ago = (now - Duration::days(900), now + Duration::days(10));
        let axis = Axis::of([long_ago].into_iter(), now);
        assert!((axis.at(now) - 25.0).abs() < 0.01 && axis.is_before(long_ago.0));
    }
}
