//! Lifetimes as people write them: `20y`, `365d`, `30d`, `12h`.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, str::FromStr};
use time::{Duration, OffsetDateTime};

/// A positive length of time. Years are calendar years (29 February becomes 28 February).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Years,
    Days,
    Hours,
    Minutes,
}

impl Span {
    /// That many days of 86,400 seconds.
    pub const fn days(count: u32) -> Self {
        Self { count, unit: Unit::Days }
    }

    /// That many hours.
    pub const fn hours(count: u32) -> Self {
        Self { count, unit: Unit::Hours }
    }

    /// `start` plus this span; `None` past the year 9999, the last that X.509 can say.
    pub fn after(self, start: OffsetDateTime) -> Option<OffsetDateTime> {
        self.shift(start, 1)
    }

    /// `end` minus this span.
    pub fn before(self, end: OffsetDateTime) -> Option<OffsetDateTime> {
        self.shift(end, -1)
    }

    /// The last second of a validity that begins at `start`: notAfter is inclusive (RFC 5280
    /// section 4.1.2.5), so a day is 86,400 seconds and not one more.
    pub fn not_after(self, start: OffsetDateTime) -> Option<OffsetDateTime> {
        self.after(start)?.checked_sub(Duration::SECOND)
    }

    fn shift(self, from: OffsetDateTime, sign: i32) -> Option<OffsetDateTime> {
        let count = i64::from(self.count) * i64::from(sign);
        let duration = match self.unit {
            Unit::Years => {
                let year = from.year().checked_add(i32::try_from(count).ok()?)?;
                return if (0..=9999).contains(&year) { with_year(from, year) } else { None };
            }
            Unit::Days => Duration::days(count),
            Unit::Hours => Duration::hours(count),
            Unit::Minutes => Duration::minutes(count),
        };
        from.checked_add(duration).filter(|then| (0..=9999).contains(&then.year()))
    }

    /// For comparing two spans: a year counts 365 days.
    pub fn approximate(self) -> Duration {
        let count = i64::from(self.count);
        match self.unit {
            Unit::Years => Duration::days(365 * count),
            Unit::Days => Duration::days(count),
            Unit::Hours => Duration::hours(count),
            Unit::Minutes => Duration::minutes(count),
        }
    }
}

fn with_year(from: OffsetDateTime, year: i32) -> Option<OffsetDateTime> {
    from.replace_year(year).ok().or_else(|| from.replace_day(28).ok()?.replace_year(year).ok())
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("got {text:?}, expected a number and y, d, h or m, such as 30d");
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
        let (count, unit) = text.split_at(split);
        let unit = match unit {
            "y" => Unit::Years,
            "d" => Unit::Days,
            "h" => Unit::Hours,
            "m" => Unit::Minutes,
            _ => return Err(expected()),
        };
        let count: u32 = count.parse().map_err(|_| expected())?;
        let span = Self { count, unit };
        if count == 0 || span.approximate() > Duration::days(365 * 100) {
            return Err(format!("got {text:?}, expected more than nothing and at most 100y"));
        }
        Ok(span)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Years => 'y',
            Unit::Days => 'd',
            Unit::Hours => 'h',
            Unit::Minutes => 'm',
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_day_has_86400_seconds_and_the_last_is_included() {
        let span: Span = "1d".parse().unwrap();
        let start = datetime!(2026-11-22 10:00:00 UTC);
        assert_eq!(span.not_after(start), Some(datetime!(2026-11-23 09:59:59 UTC)));
    }

    #[test]
    fn a_year_from_a_leap_day_ends_on_28_february() {
        let span: Span = "1y".parse().unwrap();
        let start = datetime!(2028-02-29 00:00:00 UTC);
        assert_eq!(span.after(start), Some(datetime!(2029-02-28 00:00:00 UTC)));
    }

    #[test]
    fn nonsense_is_named() {
        for text in ["", "d", "3", "0d", "3w", "-3d", "3.5d", "999999999999d", "101y", "3 d", "३d"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn past_the_year_9999_there_is_nothing() {
        let span: Span = "100y".parse().unwrap();
        assert_eq!(span.after(datetime!(9950-01-01 00:00:00 UTC)), None);
    }
}
