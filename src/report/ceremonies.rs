//! The last ceremonies: what the journal says of each, and who was there, as its filed plan says.

use super::View;
use super::words::{count, recorded, scrolling, section, short, spoken};
use crate::authority::Estate;
use crate::ceremony::plan::{LIMIT, Reviewed};
use crate::journal::{Act, Record};
use crate::markup::{El, el};
use crate::model::name::ObjectRef;
use crate::store::layout;

/// How many are shown.
const LAST: usize = 10;

pub fn render(view: &View) -> El {
    let section = section("ceremonies", "Ceremonies");
    let records = &view.estate.journal.records;
    let held = records.iter().enumerate().filter(|(_, record)| record.act == Act::Ceremony);
    let held: Vec<usize> = held.map(|(index, _)| index).collect();
    if held.is_empty() {
        return section.child(el("p").class("note").text("None was held yet."));
    }
    let lines = held.iter().enumerate().rev().take(LAST).filter_map(|(place, index)| {
        let since = place.checked_sub(1).and_then(|before| held.get(before)).map_or(0, |it| it + 1);
        Some(line(view, records.get(*index)?, records.get(since..*index)?))
    });
    let heads = ["No.", "When and where", "Signed by the root", "Plan", "People"];
    let heads = heads.map(|head| el("th").attr("scope", "col").text(head));
    let title = match held.len() {
        all @ ..=LAST => count(all as u64, "ceremony was held", "ceremonies were held"),
        all => format!("The last {LAST} of {all} ceremonies"),
    };
    let table = el("table")
        .class("plain")
        .child(el("caption").text(&title))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(lines));
    section.child(scrolling(&title).child(table))
}

fn line(view: &View, record: &Record, before: &[Record]) -> El {
    let number = record.number.unwrap_or_default();
    let place = el("td").child(recorded(&record.time)).child(el("br"));
    let place = place.foreign(&format!("{}@{}", record.user, record.host));
    let made = before.iter().filter(|record| is_of_root(record)).map(made);
    el("tr")
        .child(el("th").attr("scope", "row").text(&number.to_string()))
        .child(place)
        .child(el("td").child(el("ul").children(made)))
        .child(plan(record))
        .child(people(view, number, record))
}

/// Is it the work of a root key? What else is between two ceremonies was done without one.
fn is_of_root(record: &Record) -> bool {
    let is_root =
        || record.object.parse().is_ok_and(|it: ObjectRef| it.scope.environment().is_none());
    match record.act {
        Act::RootCreate | Act::RootLink | Act::IntermediateSign => true,
        Act::CrlIssue | Act::CustodySeal => is_root(),
        _ => false,
    }
}

fn made(record: &Record) -> El {
    let line = el("li").child(el("code").text(&record.object));
    match record.act {
        Act::CrlIssue => line.text(&format!(" CRL {}", record.number.unwrap_or_default())),
        Act::RootLink => line.text(" link by ").foreign(record.issuer.as_deref().unwrap_or("?")),
        Act::CustodySeal => line.text(" sealed anew"),
        _ => line,
    }
}

/// Its digest by the words that were typed, and by its first bytes; what was waived.
fn plan(record: &Record) -> El {
    let digest = record.plan.as_deref().unwrap_or_default();
    let words = spoken(digest);
    let waived = record.waivers.iter().map(|waiver| el("li").text("waived ").foreign(waiver));
    el("td")
        .when(!words.is_empty(), |it| it.text(&format!("{words} …")).child(el("br")))
        .child(el("code").text(&format!("{}…", short(digest))))
        .when(!record.waivers.is_empty(), |it| it.child(el("ul").children(waived)))
}

/// Operator and witnesses, and whose signatures are filed. They are not verified here.
fn people(view: &View, number: u64, record: &Record) -> El {
    let cell = el("td");
    let path = layout::ceremony(number, layout::PLAN);
    let bytes = match view.estate.workspace.read_if_any(&path, LIMIT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return cell.text("its plan is not filed here"),
        Err(_) => return cell.text(&format!("{path} cannot be read")),
    };
    let plan = match Reviewed::parse(&path, &bytes) {
        Ok(plan) if Some(&plan.digest) == record.plan.as_ref() => plan.plan,
        _ => return cell.text(&format!("{path} is not the plan on record")),
    };
    let cell = cell.foreign(&plan.operator).text(" (operator)");
    let cell = plan.witnesses.iter().fold(cell, |cell, name| cell.text(", ").foreign(name));
    let signed = signatures(view.estate, number);
    match (plan.witnesses.is_empty(), signed) {
        (true, _) => cell.text("; nobody witnessed"),
        (false, 0) => cell.text("; no signature of a witness is filed"),
        (false, signed) => cell.text(&format!(
            "; {} of {} filed",
            signed,
            count(plan.witnesses.len() as u64, "signature", "signatures")
        )),
    }
}

fn signatures(estate: &Estate, number: u64) -> usize {
    let dir = format!("{}/{number:04}", layout::CEREMONIES);
    let entries = estate.workspace.entries(&dir).unwrap_or_default();
    let is_signature = |name: &str| name.starts_with(layout::TRANSCRIPT) && name.ends_with(".sig");
    entries.iter().filter(|entry| is_signature(&entry.name)).count()
}
