//! One life as a bar: until its window opens, the window, what is after it.

use super::axis::{Axis, line, percent};
use crate::markup::{El, el};
use crate::report::words::{count, day};
use crate::rotation::Row;
use time::OffsetDateTime;

/// The patterns that the bars are filled with: they are told apart without colours.
pub fn patterns() -> El {
    let pattern = |id: &'static str, size: &str, path: &str| {
        el("pattern")
            .attr("id", id)
            .attr("width", size)
            .attr("height", size)
            .attr("patternUnits", "userSpaceOnUse")
            .child(el("path").class(id).attr("d", path))
    };
    el("svg")
        .class("patterns")
        .attr("aria-hidden", "true")
        .attr("width", "0")
        .attr("height", "0")
        .child(
            el("defs")
                .child(pattern("window", "6", "M-1 1 l2 -2 M0 6 l6 -6 M5 7 l2 -2"))
                .child(pattern("late", "5", "M0 0 l5 5 M0 5 l5 -5"))
                .child(pattern("rest", "4", "M1 1 h1 v1 h-1 z M3 3 h1 v1 h-1 z")),
        )
}

/// What the bars mean.
pub fn legend() -> El {
    let sample = |class: &'static str, text: &str| {
        let sample = el("svg").attr("width", "28").attr("height", "26").attr("aria-hidden", "true");
        let sample = match class {
            "now" => sample.child(line("now", 50.0)),
            "stop" => sample.child(diamond(50.0)),
            _ => sample.child(part(class, 0.0, 100.0)),
        };
        el("li").child(sample).text(" ").text(text)
    };
    el("ul")
        .class("legend")
        .child(sample("life", "in force"))
        .child(sample("window", "due: its window is open"))
        .child(sample("late", "after “rotate by”"))
        .child(sample("stop", "signing stop"))
        .child(sample("rest", "signs nothing of full lifetime any more"))
        .child(sample("now", "the day of this report"))
}

/// As high as a line.
fn canvas(axis: &Axis, title: &str, text: &str) -> El {
    el("svg")
        .class("bar")
        .attr("width", "100%")
        .attr("height", "26")
        .attr("role", "img")
        .child(el("title").text(title))
        .child(el("desc").text(text))
        .children(axis.grid())
}

fn part(class: &'static str, from: f64, to: f64) -> El {
    let (y, height) = if class == "life" || class == "rest" { ("8", "10") } else { ("5", "16") };
    el("rect")
        .class(class)
        .attr("x", percent(from))
        .attr("width", percent((to - from).max(0.0)))
        .attr("y", y)
        .attr("height", height)
}

/// A path knows no percents, so it stands in a picture of its own.
fn diamond(at: f64) -> El {
    let path = el("path").class("stop").attr("d", "M0 4 l5 9 l-5 9 l-5 -9 z");
    el("svg").attr("x", percent(at)).attr("overflow", "visible").child(path)
}

/// The life of one row.
pub fn of(row: &Row, axis: &Axis) -> El {
    let Some(life) = &row.life else {
        let text = "There is none yet.";
        let line = el("text").class("none").attr("x", percent(axis.at(axis.now))).attr("dx", "6");
        let line = line.attr("y", "17").text("nothing there yet");
        return canvas(axis, &row.object, text).child(line);
    };
    let deadlines = row.deadlines();
    let due = deadlines.map_or(life.end, |it| it.due.clamp(life.begin, life.end));
    let by = deadlines.map_or(life.end, |it| it.rotate_by.clamp(due, life.end));
    let stop = row.signing_stop().unwrap_or(life.end).max(by);
    let text = match deadlines {
        Some(it) => format!(
            "From {} to {}; due from {} to {}{}.",
            day(life.begin),
            day(life.end),
            day(it.due),
            day(it.rotate_by),
            stops(row)
        ),
        None => format!("From {} to {}{}.", day(life.begin), day(life.end), stops(row)),
    };
    let parts = [
        ("life", life.begin, due),
        ("window", due, by),
        ("late", by, stop),
        ("rest", stop, life.end),
    ];
    let parts = parts.into_iter().map(|(class, from, to)| (class, axis.at(from), axis.at(to)));
    let bar = canvas(axis, &row.object, &text)
        .children(
            parts.filter(|(_, from, to)| to > from).map(|(class, from, to)| part(class, from, to)),
        )
        .children(
            row.signing_stop().filter(|it| !axis.is_before(*it)).map(|it| diamond(axis.at(it))),
        );
    let is_over = axis.is_before(life.end);
    let over = || el("text").class("none").attr("x", "4").attr("y", "17").text("◂ earlier");
    bar.when(is_over, |bar| bar.child(over())).child(line("now", axis.at(axis.now)))
}

fn stops(row: &Row) -> String {
    row.signing_stop().map(|stop| format!("; signing stop {}", day(stop))).unwrap_or_default()
}

/// How many of these moments are where: a column for each part of the width.
pub fn columns(title: &str, moments: &[OffsetDateTime], axis: &Axis) -> El {
    const PARTS: usize = 60;
    let mut counts = [0usize; PARTS];
    for moment in moments {
        // From 0 to 100, so that no number is out of range.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let part = (axis.at(*moment) / 100.0 * PARTS as f64) as usize;
        counts[part.min(PARTS - 1)] += 1;
    }
    let most = counts.iter().max().copied().unwrap_or(0).max(1);
    let column = |(index, count): (usize, &usize)| {
        let height = 2.0 + 20.0 * *count as f64 / most as f64;
        el("rect")
            .class("life")
            .attr("x", percent(index as f64 * 100.0 / PARTS as f64))
            .attr("width", percent(86.0 / PARTS as f64))
            .attr("y", format!("{:.1}", 25.0 - height))
            .attr("height", format!("{height:.1}"))
    };
    let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let text = format!(
        "When {} to be replaced, the most of them on one spot: {most}.",
        count(moments.len() as u64, "is", "are")
    );
    canvas(axis, title, &text).children(filled.map(column)).child(line("now", axis.at(axis.now)))
}
