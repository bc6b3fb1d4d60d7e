//! The frame: head, title, what matters most, and the sections in their order.

use super::todo::Task;
use super::words::{chip, count, date, distance, minute, moment};
use super::{View, ceremonies, due, identities, keeping, timeline, trust};
use crate::markup::{Document, El, el};
use crate::model::cadence::Stage;
use crate::rotation::{Kind, ceremonies::Ceremony};

const STYLE: &str = include_str!("style.css");

/// Nothing is run and nothing is loaded; the icon is given so that no browser asks for one.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const HEAD: &str = "\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"referrer\" content=\"no-referrer\">
<link rel=\"icon\" href=\"data:,\">
";

const SECTIONS: [(&str, &str); 6] = [
    ("#due", "Due"),
    ("#timeline", "Timeline"),
    ("#trust", "Trust"),
    ("#identities", "Identities"),
    ("#ceremonies", "Ceremonies"),
    ("#keeping", "Keys and journal"),
];

/// The whole file.
pub fn render(view: &View, tasks: &[Task]) -> String {
    let organization = &view.estate.root.subject.organization;
    let title = format!("{organization}: keys and certificates, {}", minute(view.at));
    let main = el("main")
        .attr("id", "main")
        .child(due::render(view, tasks))
        .child(timeline::render(view))
        .child(trust::render(view))
        .child(identities::render(view))
        .child(ceremonies::render(view))
        .child(keeping::render(view));
    let skip = el("a").class("skip").attr("href", "#main").text("To the content");
    let footer = el("footer").child(keeping::origin(view));
    let body = [skip, header(view, tasks), main, footer].map(El::finish).concat();
    Document { title: &title, policy: POLICY, head: HEAD, style: STYLE, body: &body }.render()
}

fn header(view: &View, tasks: &[Task]) -> El {
    let title = el("h1").foreign(&view.estate.root.subject.organization);
    let asof = el("p").class("asof").text("Keys and certificates as of ").child(moment(view.at));
    let links = SECTIONS.map(|(href, text)| el("a").attr("href", href).text(text));
    let links = el("nav").attr("aria-label", "Sections").children(links);
    el("header").child(title).child(asof).child(tiles(view, tasks)).child(links)
}

/// Four numbers.
fn tiles(view: &View, tasks: &[Task]) -> El {
    let tile = |label: &str, value: El, note: &str| {
        el("div").child(el("dt").text(label)).child(value).child(el("dd").text(note))
    };
    let value = || el("dd").class("value");
    let worst = view.worst();
    let of_worst = view.rows.iter().filter(|row| row.stage(view.at) == worst).count() as u64;
    let urgency = match worst {
        Stage::Quiet => "nothing presses".into(),
        _ => count(of_worst, "thing", "things"),
    };
    let of =
        |kind| view.rows.iter().filter(|row| row.kind == kind && row.life.is_some()).count() as u64;
    let cas = format!(
        "under {}, {}",
        count(of(Kind::Root), "root", "roots"),
        count(of(Kind::Intermediate), "intermediate", "intermediates")
    );
    let identities = view.rows.iter().filter(|row| row.kind == Kind::Identity).count();
    let ceremony = match view.ceremony() {
        Some(Ceremony { by, .. }) => {
            tile("Next ceremony by", value().child(date(by)), &distance(view.at, by))
        }
        None => tile("Next ceremony by", value().text("–"), "no root yet"),
    };
    el("dl")
        .class("tiles")
        .child(tile("Most urgent", value().child(chip(worst)), &urgency))
        .child(tile("To do", value().text(&tasks.len().to_string()), "commands to type"))
        .child(ceremony)
        .child(tile("Identities", value().text(&identities.to_string()), &cas))
}
