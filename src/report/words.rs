//! Moments, counts and stages as the page writes them.

use crate::ceremony::plan::CONFIRMING_WORDS;
use crate::journal::chain::{instant, timestamp};
use crate::markup::{El, el};
use crate::model::{cadence::Stage, words as digest_words};

pub use crate::model::moment::{day, moment as minute};

use time::OffsetDateTime;

/// A day that programs read to the second.
pub fn date(at: OffsetDateTime) -> El {
    el("time").attr("datetime", timestamp(at)).text(&day(at))
}

/// The same with the minute.
pub fn moment(at: OffsetDateTime) -> El {
    el("time").attr("datetime", timestamp(at)).text(&minute(at))
}

/// A moment of the journal.
pub fn recorded(text: &str) -> El {
    instant(text).map_or_else(|| el("span").foreign(text), moment)
}

/// How far off a moment is, in the unit that matters: `in 29 days`, `3 months ago`, `today`.
pub fn distance(from: OffsetDateTime, to: OffsetDateTime) -> String {
    let days = (to - from).whole_days();
    let far = match days.abs() {
        0 => return "today".into(),
        days @ 1..=90 => count(days.unsigned_abs(), "day", "days"),
        days @ 91..=730 => count(days.unsigned_abs() * 12 / 365, "month", "months"),
        days => count(days.unsigned_abs() * 4 / 1461, "year", "years"),
    };
    if days > 0 { format!("in {far}") } else { format!("{far} ago") }
}

/// `1 day`, `2 days`.
pub fn count(number: impl Into<u64>, one: &str, many: &str) -> String {
    match number.into() {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// A stage as a word with a border and a shape of its own, so that its colour is not needed.
pub fn chip(stage: Stage) -> El {
    let class = match stage {
        Stage::Quiet => "chip quiet",
        Stage::Notice => "chip notice",
        Stage::Warning => "chip warning",
        Stage::Critical => "chip critical",
        Stage::Overdue => "chip overdue",
        Stage::Stopped | Stage::Expired => "chip expired",
    };
    el("span").class(class).text(stage.word())
}

/// The words of a plan's digest that are typed to confirm it; nothing, where it is none.
pub fn spoken(digest: &str) -> String {
    let words = digest_words::of_hex(digest).unwrap_or_default();
    let words: Vec<&str> = words.iter().take(CONFIRMING_WORDS).map(String::as_str).collect();
    words.join(" ")
}

/// The first bytes of a digest, as people compare them at a glance.
pub fn short(digest: &str) -> String {
    digest.chars().take(16).collect()
}

/// Names in a row, each on one line where it fits.
pub fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> El {
    let mut names = names.into_iter().peekable();
    let mut list = el("p").class("names");
    while let Some(name) = names.next() {
        let comma = if names.peek().is_some() { "," } else { "" };
        list = list.child(el("span").text(&format!("{name}{comma}"))).text(" ");
    }
    list
}

/// A box that scrolls by itself, by keyboard too, when what is in it is wider than the page.
pub fn scrolling(label: &str) -> El {
    el("div").class("scroll").attr("role", "region").attr("aria-label", label).attr("tabindex", "0")
}

/// A section of the page with its title.
pub fn section(id: &'static str, title: &str) -> El {
    el("section")
        .attr("id", id)
        .attr("aria-labelledby", format!("{id}-title"))
        .child(el("h2").attr("id", format!("{id}-title")).text(title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_as_far_off_as_it_is() {
        let from = datetime!(2026-11-22 12:00 UTC);
        for (to, text) in [
            (datetime!(2026-11-23 11:00 UTC), "today"),
            (datetime!(2026-11-23 12:00 UTC), "in 1 day"),
            (datetime!(2026-11-20 11:00 UTC), "2 days ago"),
            (datetime!(2027-11-22 12:00 UTC), "in 12 months"),
            (datetime!(2046-11-22 12:00 UTC), "in 20 years"),
        ] {
            assert_eq!(distance(from, to), text);
        }
    }
}
