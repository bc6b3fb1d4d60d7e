//! The forecast for people.

use crate::commands::day;
use crate::error::Result;
use crate::model::span::Span;
use crate::rotation::forecast::{Ceremony, Event, Forecast, Reason, Saving, Task};
use crate::ui::{Tone, Ui};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The columns that the table of ceremonies takes for ordinary names.
const WIDE: usize = 76;

/// The same of the table of what needs no ceremony.
const WIDE_WORK: usize = 66;

/// Each ceremony and what is on its table; without the reasons on a narrow terminal.
pub fn ceremonies(ui: &Ui, forecast: &Forecast) -> Result<()> {
    if forecast.ceremonies.is_empty() {
        return Ok(());
    }
    let has_reason = ui.table_width() >= WIDE;
    let mut header = vec!["#", "FROM", "BY", "ON THE TABLE", "WHY"];
    if !has_reason {
        header.pop();
    }
    let mut cells = Vec::new();
    for ceremony in &forecast.ceremonies {
        for (place, event) in ceremony.table.iter().enumerate() {
            let mut line = when(ceremony, place == 0);
            line.push((object(event), Tone::Plain));
            if has_reason {
                line.push(reason(event));
            }
            cells.push(line);
        }
    }
    ui.table(&header, &cells, &[0])
}

fn when(ceremony: &Ceremony, is_first: bool) -> Vec<(String, Tone)> {
    if !is_first {
        return vec![(String::new(), Tone::Plain); 3];
    }
    let by = match ceremony.is_overdue() {
        true => ("at once".to_owned(), Tone::Warn),
        false => (day(ceremony.closes), Tone::Plain),
    };
    vec![(ceremony.number.to_string(), Tone::Plain), (day(ceremony.opens), Tone::Plain), by]
}

fn object(event: &Event) -> String {
    match event.task {
        Task::RootCrl | Task::Crl => format!("{} CRL", event.object),
        Task::Identity if event.count > 1 => {
            format!("{} and {} more", event.object, event.count - 1)
        }
        _ => event.object.clone(),
    }
}

fn reason(event: &Event) -> (String, Tone) {
    let ends = if event.task == Task::Identity { "ends" } else { "next update" };
    match event.reason {
        Reason::Missing => ("not there yet".into(), Tone::Warn),
        Reason::Requested => ("waits for the root".into(), Tone::Warn),
        Reason::SigningStop(at) => (format!("signing stop {}", day(at)), Tone::Plain),
        Reason::Ends(at) => (format!("{ends} {}", day(at)), Tone::Plain),
        Reason::Early(at) => (format!("{ends} {}, early", day(at)), Tone::Faint),
        Reason::Lacks => ("lacks a revocation".into(), Tone::Warn),
        Reason::Revoked => ("revoked".into(), Tone::Bad),
        Reason::Tainted => ("its issuer is tainted".into(), Tone::Warn),
        Reason::Prepared => ("prepared".into(), Tone::Plain),
    }
}

/// What needs no root key: one line for each kind of it in each environment, or all of it.
pub fn work(ui: &Ui, forecast: &Forecast, all: bool) -> Result<()> {
    if forecast.work.is_empty() {
        return Ok(());
    }
    ui.raw("\n")?;
    if all { list(ui, forecast) } else { summed(ui, forecast) }
}

fn list(ui: &Ui, forecast: &Forecast) -> Result<()> {
    let cells = forecast.work.iter().map(|event| {
        let what = match event.task {
            Task::Activate => format!("{}, rotate activate", event.object),
            _ => object(event),
        };
        let by = if event.rotate_by <= event.at { "at once".into() } else { day(event.rotate_by) };
        let cells = [day(event.at), by, what];
        cells.map(|cell| (cell, Tone::Plain)).to_vec()
    });
    ui.table(&["FROM", "BY", "WITHOUT THE ROOT KEY"], &cells.collect::<Vec<_>>(), &[])
}

fn summed(ui: &Ui, forecast: &Forecast) -> Result<()> {
    let has_range = ui.table_width() >= WIDE_WORK;
    let years = years(forecast);
    let mut kinds: BTreeMap<(String, Task), Vec<&Event>> = BTreeMap::new();
    for event in &forecast.work {
        let environment = event.environment.as_ref().map_or("root".into(), ToString::to_string);
        kinds.entry((environment, event.task)).or_default().push(event);
    }
    let cells = kinds.into_iter().map(|((environment, task), events)| {
        let what = match task {
            Task::Activate => "rotate activate",
            Task::Crl => "CRLs",
            _ => "identities",
        };
        let mut a_year = vec![0; years.len()];
        for event in &events {
            let year = years.partition_point(|end| *end <= event.at);
            a_year[year.min(years.len() - 1)] += event.count;
        }
        let (least, most) = (a_year.iter().min(), a_year.iter().max());
        let (least, most) = (least.copied().unwrap_or(0), most.copied().unwrap_or(0));
        let range = if least == most { most.to_string() } else { format!("{least}-{most}") };
        let next = events.first().map_or_else(String::new, |event| day(event.at));
        let all: usize = a_year.iter().sum();
        let mut cells = vec![environment, what.to_owned(), next, all.to_string()];
        if has_range {
            cells.insert(3, range);
        }
        cells.into_iter().map(|cell| (cell, Tone::Plain)).collect()
    });
    let mut header = vec!["ENVIRONMENT", "WITHOUT ROOT KEY", "NEXT", "IN ALL"];
    if has_range {
        header.insert(3, "A YEAR");
    }
    let right: Vec<usize> = (3..header.len()).collect();
    ui.table(&header, &cells.collect::<Vec<_>>(), &right)
}

/// The end of each year from the beginning on.
fn years(forecast: &Forecast) -> Vec<OffsetDateTime> {
    let end = |count: u32| format!("{count}y").parse::<Span>().ok()?.after(forecast.from);
    let ends = (1..=50).map_while(end);
    let mut ends: Vec<OffsetDateTime> = ends.take_while(|end| *end < forecast.until).collect();
    ends.push(forecast.until);
    ends
}

/// What there is to do in all, in two lines.
pub fn sums(forecast: &Forecast, years: u32) -> Vec<String> {
    let on_tables = [
        (Task::Root, "root", "roots"),
        (Task::Intermediate, "intermediate", "intermediates"),
        (Task::RootCrl, "root CRL", "root CRLs"),
    ];
    let between = [(Task::Crl, "CRL", "CRLs"), (Task::Identity, "certificate", "certificates")];
    let tables = forecast.ceremonies.iter().flat_map(|ceremony| &ceremony.table);
    let ceremonies = count(forecast.ceremonies.len(), "ceremony", "ceremonies");
    let first = format!("{ceremonies} in {}", count(years as usize, "year", "years"));
    let made = all_of(&tables.collect::<Vec<_>>(), &on_tables);
    let mut lines = vec![if made.is_empty() { first } else { format!("{first}, for {made}") }];
    let work = all_of(&forecast.work.iter().collect::<Vec<_>>(), &between);
    if !work.is_empty() {
        lines.push(format!("without the root key: {work}"));
    }
    lines
}

fn all_of(events: &[&Event], tasks: &[(Task, &str, &str)]) -> String {
    let of = |(task, one, many): &(Task, &str, &str)| {
        let all = events.iter().filter(|event| event.task == *task);
        let all: usize = all.map(|event| event.count).sum();
        (all > 0).then(|| count(all, one, many))
    };
    tasks.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

/// `1 ceremony`, `2 ceremonies`.
pub fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// One change and what it saves.
pub fn saving(saving: &Saving) -> String {
    let Saving { change, declared, before, after } = saving;
    let after = count(*after, "ceremony", "ceremonies");
    format!("{} {declared} -> {}: {after} instead of {before}", change.of.described(), change.span)
}
