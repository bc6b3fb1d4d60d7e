//! How keys are held, and how the journal stands.

use super::View;
use super::words::{chip, count, moment, recorded, scrolling, section};
use crate::authority::ca::ca_dir;
use crate::journal::{Act, Record};
use crate::markup::{El, el};
use crate::model::{
    cadence::Stage,
    name::{ObjectRef, Scope},
    text::{colons, unhex},
};
use crate::rotation::{Kind, Row, State};

/// How many refusals are shown.
const LAST: usize = 5;

pub fn render(view: &View) -> El {
    section("keeping", "Keys and journal")
        .children(custody(view))
        .child(journal(view))
        .children(refusals(view))
}

/// Each key that a person holds.
fn custody(view: &View) -> Option<El> {
    const TITLE: &str = "How keys are held";
    let is_ca = |row: &&Row| matches!(row.kind, Kind::Root | Kind::Intermediate);
    let rows = view.rows.iter().filter(is_ca).filter(|row| row.state != State::Ended);
    let objects = rows.filter_map(|row| row.object.parse::<ObjectRef>().ok());
    let mut lines = objects
        .filter(|object| object.generation.is_some())
        .map(|object| key(view, &object))
        .peekable();
    lines.peek()?;
    let heads = ["Key of", "Held by", "Since", "Here"];
    let heads = heads.map(|head| el("th").attr("scope", "col").text(head));
    let table = el("table")
        .class("plain")
        .child(el("caption").text(TITLE))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(lines));
    Some(scrolling(TITLE).child(table))
}

fn key(view: &View, object: &ObjectRef) -> El {
    let estate = view.estate;
    let is_root = object.scope == Scope::Root;
    let path = format!("{}/key.pem", ca_dir(object));
    let is_here = estate.workspace.exists(&path);
    let name = object.to_string();
    let sealed = estate.journal.records.iter().rev().find(|record| {
        matches!(record.act, Act::RootCreate | Act::CustodySeal) && record.object == name
    });
    let held = match (is_root, estate.recorded_custody(object)) {
        (true, Some(held)) => held.to_owned(),
        (true, None) => estate.held(object).map_or_else(|_| "?".into(), |held| held.to_string()),
        (false, _) if is_here => "passphrase".into(),
        (false, _) => "its server, or another machine".into(),
    };
    let here = match (is_here, is_root && !view.is_medium) {
        (true, true) => {
            el("td").child(chip(Stage::Notice)).text(" here; its place is an offline medium")
        }
        (true, false) => el("td").text("here, sealed"),
        (false, _) => el("td").text("not here"),
    };
    let since = sealed.or_else(|| view.history.certificate(object));
    let since = since.map_or_else(|| el("td").text("–"), |it| el("td").child(recorded(&it.time)));
    el("tr")
        .child(el("th").attr("scope", "row").text(&name))
        .child(el("td").foreign(&held))
        .child(since)
        .child(here)
}

fn journal(view: &View) -> El {
    let journal = &view.estate.journal;
    let entry = |label: &str, value: El| el("div").child(el("dt").text(label)).child(value);
    let list = el("dl").class("facts");
    let list =
        list.child(entry("Entries in the journal", el("dd").text(&journal.len().to_string())));
    let list = list.children(roots(view).map(|(object, fingerprint)| {
        entry(&format!("SHA-256 of {object}"), el("dd").child(el("code").text(&fingerprint)))
    }));
    let Some(last) = journal.records.last() else { return list };
    let by = |record: &Record| format!("{}@{}", record.user, record.host);
    let what = el("dd").child(recorded(&last.time)).text(&format!(", {} ", last.act));
    list.child(entry("Last entry", what.foreign(&last.object).text(" by ").foreign(&by(last))))
        .child(entry("Its hash (SHA-256)", el("dd").child(el("code").text(journal.hash()))))
}

/// The roots that are trusted, with what their certificates are compared by.
fn roots<'v>(view: &'v View) -> impl Iterator<Item = (ObjectRef, String)> + 'v {
    let roots = view.history.certified_generations(&Scope::Root).into_iter().map(ObjectRef::root);
    let live = roots.filter_map(|object| Some((view.history.certificate(&object)?, object)));
    let live = live.filter(|(record, _)| view.history.is_live(record, view.at));
    live.map(|(record, object)| {
        let bytes = unhex(record.fingerprint.as_deref().unwrap_or_default());
        (object, colons(&bytes.unwrap_or_default()))
    })
}

/// What rules refused to sign, the last first.
fn refusals(view: &View) -> Option<El> {
    let refused = || view.estate.journal.records.iter().filter(|it| it.act == Act::Refused);
    let number = refused().count();
    let lines = refused().rev().take(LAST).map(|record| {
        let line = el("li").child(recorded(&record.time)).text(" ").foreign(&record.object);
        record.refusal.iter().fold(line, |line, text| line.child(el("br")).foreign(text))
    });
    let title = match number {
        all @ ..=LAST => count(all as u64, "refusal on record", "refusals on record"),
        all => format!("The last {LAST} of {all} refusals on record"),
    };
    (number > 0).then(|| {
        el("div").child(el("h3").text(&title)).child(el("ul").class("refusals").children(lines))
    })
}

/// Where the page comes from, for its foot.
pub fn origin(view: &View) -> El {
    let foot = el("p").text("Made by rootward ").text(env!("CARGO_PKG_VERSION")).text(" on ");
    let foot = foot
        .child(moment(view.estate.context.now()))
        .text(" from the declarations and from the journal");
    let foot = match view.estate.journal.is_empty() {
        true => foot,
        false => foot.text(" as of entry ").text(&view.estate.journal.len().to_string()),
    };
    foot.text(". No certificate was read for it: that is the work of ")
        .child(el("code").text("rootward verify"))
        .text(".")
}
