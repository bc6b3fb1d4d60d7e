//! All lives beside each other: a table whose rows are bars, too. Roots and intermediates, CRLs and
//! identities have a scale of their own each.

mod axis;
mod bar;

use super::View;
use super::words::{chip, count, date, scrolling, section};
use crate::markup::{El, el};
use crate::model::name::Name;
use crate::rotation::{Kind, Row, State};
use axis::Axis;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// From this many identities on, those that are alike are one line.
const MANY: usize = 30;

/// So many that are alike have a line each all the same.
const FEW: usize = 5;

pub fn render(view: &View) -> El {
    let of = |kinds: &[Kind]| -> Vec<&Row> {
        let rows = view.rows.iter().filter(|row| kinds.contains(&row.kind));
        rows.filter(|row| row.state != State::Ended).collect()
    };
    let ended = view.rows.iter().filter(|row| row.state == State::Ended).count() as u64;
    let section = section("timeline", "Timeline")
        .child(bar::patterns())
        .child(bar::legend())
        .children(table(view, "Roots and intermediates", &of(&[Kind::Root, Kind::Intermediate])))
        .children(table(view, "CRLs", &of(&[Kind::Crl])))
        .children(table(view, "Identities", &of(&[Kind::Identity])));
    let is_empty = view.rows.iter().all(|row| row.life.is_none());
    let section = section
        .when(is_empty, |it| it.child(el("p").class("note").text("Nothing has been signed yet.")));
    section.when(ended > 0, |it| {
        let ended = count(ended, "older generation is", "older generations are");
        it.child(el("p").class("note").text(&format!("{ended} over, and not shown.")))
    })
}

fn table(view: &View, title: &str, rows: &[&Row]) -> Option<El> {
    // What is still to be made is among what is due.
    if rows.iter().all(|row| row.life.is_none()) {
        return None;
    }
    let lives = rows.iter().filter_map(|row| row.life.as_ref());
    let axis = Axis::of(lives.map(|life| (life.begin, life.end)), view.at);
    let is_of_cas = rows.iter().any(|row| row.signing_stop().is_some());
    let mut heads =
        vec!["What", "Stage", "Life", "From", "Due", "Rotate by", "Signing stop", "Ends"];
    if !is_of_cas {
        heads.retain(|head| *head != "Signing stop");
    }
    let head = heads.iter().map(|title| {
        let head = el("th").attr("scope", "col");
        match *title {
            "Life" => head
                .class("when")
                .child(el("span").class("unseen").text(title))
                .child(axis.labels()),
            title => head.text(title),
        }
    });
    let (shown, alike) = summed_up(rows);
    let lines = shown.into_iter().map(|row| line(view, row, &axis, is_of_cas));
    let sums = alike
        .into_iter()
        .filter_map(|((environment, _), rows)| sum(view, environment, &rows, &axis));
    let table = el("table")
        .class("bars")
        .child(el("caption").text(title))
        .child(el("thead").child(el("tr").children(head)))
        .child(el("tbody").children(lines).children(sums));
    Some(scrolling(title).child(table))
}

/// The rows that have a line of their own; and of many identities those that are alike, by their
/// environment and state.
fn summed_up<'r>(rows: &[&'r Row]) -> (Vec<&'r Row>, Alike<'r>) {
    let mut alike = Alike::new();
    let is_many = rows.len() >= MANY && rows.iter().all(|row| row.kind == Kind::Identity);
    if !is_many {
        return (rows.to_vec(), alike);
    }
    for row in rows {
        if let Some(environment) = &row.environment {
            alike.entry((environment, row.state)).or_default().push(row);
        }
    }
    let few: Vec<&Row> =
        alike.values().filter(|rows| rows.len() <= FEW).flatten().copied().collect();
    alike.retain(|_, rows| rows.len() > FEW);
    (few, alike)
}

type Alike<'r> = BTreeMap<(&'r Name, State), Vec<&'r Row>>;

fn line(view: &View, row: &Row, axis: &Axis, is_of_cas: bool) -> El {
    let deadlines = row.deadlines();
    let stage = el("td").child(chip(row.stage(view.at)));
    let stage = stage.child(el("small").text(&format!(" {}", row.state.word())));
    el("tr")
        .child(el("th").attr("scope", "row").text(&row.object))
        .child(stage)
        .child(el("td").class("when").child(bar::of(row, axis)))
        .child(cell("From", row.life.as_ref().map(|life| life.begin)))
        .child(cell("Due", deadlines.map(|it| it.due)))
        .child(cell("Rotate by", deadlines.map(|it| it.rotate_by)))
        .when(is_of_cas, |it| it.child(cell("Signing stop", row.signing_stop())))
        .child(cell("Ends", row.not_after()))
}

/// On a narrow page each date says what it is.
fn cell(label: &'static str, at: Option<OffsetDateTime>) -> El {
    match at {
        Some(at) => el("td").class("date").attr("data-label", label).child(date(at)),
        None => el("td").class("none").text("–"),
    }
}

/// One line for identities that are alike: the first moment of each kind, and how many are when.
fn sum(view: &View, environment: &Name, rows: &[&Row], axis: &Axis) -> Option<El> {
    let lives: Vec<_> = rows.iter().filter_map(|row| row.deadlines()).collect();
    let moments: Vec<OffsetDateTime> = lives.iter().map(|it| it.rotate_by).collect();
    let title = format!("{environment}: {}", count(rows.len() as u64, "identity", "identities"));
    let worst = rows.iter().max_by_key(|row| row.stage(view.at))?;
    let word = worst.state.word();
    let (bar, words) = match moments.is_empty() {
        true => (bar::of(worst, axis), format!(" {word}")),
        false => (bar::columns(&title, &moments, axis), format!(" {word}; the first")),
    };
    let stage = el("td").child(chip(worst.stage(view.at))).child(el("small").text(&words));
    Some(
        el("tr")
            .child(el("th").attr("scope", "row").text(&title))
            .child(stage)
            .child(el("td").class("when").child(bar))
            .child(cell("From", lives.iter().map(|it| it.begin).min()))
            .child(cell("Due", lives.iter().map(|it| it.due).min()))
            .child(cell("Rotate by", moments.iter().min().copied()))
            .child(cell("Ends", lives.iter().map(|it| it.end).min())),
    )
}
