//! Events as an iCalendar object (RFC 5545).

use crate::journal::chain::timestamp;
use time::{Date, Duration, OffsetDateTime};

/// Something that happens on a day. Days have no time zone, so that no clock change moves them and
/// everybody sees the same date: the one in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for the same thing in every run.
    pub uid: String,
    pub day: Date,
    pub summary: String,
    pub description: String,
    pub categories: Vec<String>,
    /// 1 the highest to 9 (RFC 5545 section 3.8.1.9).
    pub priority: u8,
}

/// The calendar. `sequence` grows when any date may have moved, at `stamp`.
#[must_use]
pub fn calendar(name: &str, events: &[Event], stamp: OffsetDateTime, sequence: u64) -> String {
    let mut lines = Lines::default();
    lines.put("BEGIN", "VCALENDAR");
    lines.put("VERSION", "2.0");
    lines.put("PRODID", "-//rootward//rootward//EN");
    lines.put("CALSCALE", "GREGORIAN");
    lines.put("X-WR-CALNAME", &text(name));
    for event in events {
        lines.event(event, stamp, sequence);
    }
    lines.put("END", "VCALENDAR");
    lines.text
}

#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn event(&mut self, event: &Event, stamp: OffsetDateTime, sequence: u64) {
        let stamp: String = timestamp(stamp).chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let categories: Vec<String> = event.categories.iter().map(|it| text(it)).collect();
        self.put("BEGIN", "VEVENT");
        self.put("UID", &event.uid);
        self.put("DTSTAMP", &stamp);
        self.put("LAST-MODIFIED", &stamp);
        self.put("SEQUENCE", &sequence.to_string());
        self.put("DTSTART;VALUE=DATE", &date(event.day));
        // Exclusive (RFC 5545 section 3.6.1).
        self.put("DTEND;VALUE=DATE", &date(event.day + Duration::DAY));
        self.put("SUMMARY", &text(&event.summary));
        self.put("DESCRIPTION", &text(&event.description));
        self.put("CATEGORIES", &categories.join(","));
        self.put("PRIORITY", &event.priority.to_string());
        self.put("TRANSP", "TRANSPARENT");
        self.put("BEGIN", "VALARM");
        self.put("ACTION", "DISPLAY");
        self.put("DESCRIPTION", &text(&event.summary));
        // At nine of that day, where one is (section 3.8.6.3).
        self.put("TRIGGER", "PT9H");
        self.put("END", "VALARM");
        self.put("END", "VEVENT");
    }

    /// A content line, folded at 75 octets without its end, never within a character (section 3.1).
    fn put(&mut self, name: &str, value: &str) {
        const OCTETS: usize = 75;
        let mut length = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if length + c.len_utf8() > OCTETS {
                self.text.push_str("\r\n ");
                length = 1;
            }
            self.text.push(c);
            length += c.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

/// Section 3.3.11. Control characters have no place in it.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn date(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn lines_are_folded_by_octets_and_between_characters() {
        for word in ["a", "é", "世", "😀"] {
            for before in 0..8 {
                let value = "x".repeat(before) + &word.repeat(120);
                let mut lines = Lines::default();
                lines.put("SUMMARY", &value);
                let text = lines.text.strip_suffix("\r\n").unwrap();
                assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
                assert_eq!(text.replace("\r\n ", ""), format!("SUMMARY:{value}"));
            }
        }
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(text("a;b,c\\d\ne\r\tf:\"g\""), "a\\;b\\,c\\\\d\\nef:\"g\"");
    }

    #[test]
    fn days_end_where_the_next_begins() {
        let event = Event {
            uid: "1".into(),
            day: date!(2028 - 02 - 29),
            summary: "s".into(),
            description: "d".into(),
            categories: vec!["a".into(), "b".into()],
            priority: 5,
        };
        let made = calendar("n", &[event], datetime!(2026-11-22 10:00:00 UTC), 7);
        assert!(made.contains("DTSTART;VALUE=DATE:20280229\r\nDTEND;VALUE=DATE:20280301\r\n"));
        assert!(made.contains("DTSTAMP:20261122T100000Z\r\n"), "{made}");
        assert!(made.contains("CATEGORIES:a,b\r\n"), "{made}");
    }
}
