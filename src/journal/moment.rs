//! Moments as the journal writes them: RFC 3339, UTC, to the second, all of one width.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset, format_description::well_known::Rfc3339};

/// RFC 3339, UTC, to the second.
pub fn timestamp(time: OffsetDateTime) -> String {
    use time::macros::format_description;
    let time = time.to_offset(UtcOffset::UTC);
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.format(format).unwrap_or_default()
}

/// The reverse of [`timestamp`], and nothing else: `None` for any other way to write a moment.
/// Every line of a journal has three of them, which is why no general parser reads them.
pub fn exact(text: &str) -> Option<OffsetDateTime> {
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', rest @ ..] = text.as_bytes() else {
        return None;
    };
    let [h1, h2, b':', mi1, mi2, b':', s1, s2, b'Z'] = rest else { return None };
    let two = |tens: &u8, ones: &u8| Some(digit(*tens)? * 10 + digit(*ones)?);
    let year = i32::from(two(y1, y2)?) * 100 + i32::from(two(y3, y4)?);
    let month = Month::try_from(two(mo1, mo2)?).ok()?;
    let date = Date::from_calendar_date(year, month, two(d1, d2)?).ok()?;
    let time = Time::from_hms(two(h1, h2)?, two(mi1, mi2)?, two(s1, s2)?).ok()?;
    Some(OffsetDateTime::new_utc(date, time))
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// Any moment of RFC 3339; always in UTC, with a year of four digits.
pub fn instant(text: &str) -> Option<OffsetDateTime> {
    if let Some(time) = exact(text) {
        return Some(time);
    }
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    time.checked_to_offset(UtcOffset::UTC).filter(|time| (0..=9999).contains(&time.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the general parser makes of it, written again.
    fn is_as_written(text: &str) -> bool {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).ok();
        parsed.is_some_and(|time| timestamp(time) == text)
    }

    #[test]
    fn one_way_to_write_a_moment_is_exact() {
        for good in [
            "2026-11-22T10:00:00Z",
            "2028-02-29T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert!(is_as_written(good), "{good}");
            assert_eq!(exact(good).map(timestamp).as_deref(), Some(good));
            assert_eq!(exact(good), OffsetDateTime::parse(good, &Rfc3339).ok());
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22T10:00:00",
            "2026-11-22t10:00:00Z",
            "2026-11-22T10:00:00z",
            "2026-11-22 10:00:00Z",
            "2026-11-22T10:00:00.0Z",
            "2026-11-22T10:00:00+00:00",
            "2026-11-22T11:00:00+01:00",
            "2026-13-22T10:00:00Z",
            "2026-00-22T10:00:00Z",
            "2026-11-31T10:00:00Z",
            "2027-02-29T10:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:60:00Z",
            "2026-12-31T23:59:60Z",
            "+026-11-22T10:00:00Z",
            "2026-1:-22T10:00:00Z",
            "2026-11-22T10:00:00Zz",
        ] {
            assert!(!is_as_written(bad), "{bad}");
            assert_eq!(exact(bad), None, "{bad}");
        }
    }

    #[test]
    fn any_other_moment_is_read_all_the_same() {
        let there = exact("2026-11-22T10:00:00Z");
        assert_eq!(instant("2026-11-22T11:00:00+01:00"), there);
        assert_eq!(instant("2026-11-22T10:00:00.000Z"), there);
        assert_eq!(instant("0000-01-01T00:00:00+01:00"), None);
        assert_eq!(instant("tomorrow"), None);
    }
}
