//! What is due: the commands to type, the next ceremony, what comes up after that.

use super::View;
use super::todo::Task;
use super::words::{self, chip, count, date, distance, moment, scrolling, section, short};
use crate::markup::{El, el};
use crate::rotation::{Row, State, ceremonies::Ceremony};

/// How many of what comes up are shown.
const AHEAD: usize = 8;

/// How many names of several are shown.
const NAMES: usize = 12;

pub fn render(view: &View, tasks: &[Task]) -> El {
    let section = section("due", "What is due").when(view.at > view.estate.context.now(), |it| {
        it.child(el("p").class("note").text("As it will be then, if nothing is done until then."))
    });
    let section = match (&view.open, view.is_medium) {
        (Some(_), _) => section.child(waiting(view)),
        (None, true) => section.child(
            el("p")
                .text("This is a medium: what it is to sign is planned in the online workspace."),
        ),
        (None, false) => section,
    };
    let section = match tasks.is_empty() {
        true => section.child(el("p").class("calm").text("There is nothing to do.")),
        false => section
            .child(el("ol").class("tasks").children(tasks.iter().map(|task| item(view, task)))),
    };
    section.children(ceremony(view)).children(ahead(view))
}

/// A plan that waits comes before all else: until its end nothing but its response changes anything.
fn waiting(view: &View) -> El {
    let card = el("div").class("card");
    let Some(open) = &view.open else { return card };
    let (plan, digest) = (&open.plan, short(&open.digest));
    let is_stale = view.at > plan.expires;
    let card =
        card.child(el("h3").text(&format!("Plan {} waits for its ceremony", plan.number))).child(
            el("p")
                .text("Made ")
                .child(moment(plan.created))
                .text(if is_stale { "; stale since " } else { "; it holds until " })
                .child(moment(plan.expires))
                .text(". SHA-256 ")
                .child(el("code").text(&digest))
                .text(&format!("… ({} …).", words::spoken(&open.digest))),
        );
    let steps = plan.steps.iter().map(|step| {
        el("li")
            .text(&format!("{} ", step.act()))
            .child(el("code").text(&step.object().to_string()))
    });
    let command = match is_stale {
        true => "rootward ceremony plan --withdraw",
        false => "rootward ceremony import response.toml",
    };
    card.child(el("ul").children(steps)).child(el("pre").text(command))
}

fn item(view: &View, task: &Task) -> El {
    let title = el("h3").child(chip(task.stage)).text(" ").text(&task.what);
    let why = el("p").text(&task.why);
    let why = match task.by {
        Some(by) => {
            let words = if by < view.at { "; the last day for it was " } else { "; rotate by " };
            why.text(words).child(date(by)).text(&format!(" ({})", distance(view.at, by)))
        }
        None => why,
    };
    let shown = task.objects.iter().take(NAMES).map(String::as_str);
    let more = task.objects.len().saturating_sub(NAMES);
    let names = words::names(shown).when(more > 0, |it| it.text(&format!("and {more} more")));
    el("li")
        .child(title)
        .child(why)
        .when(!task.objects.is_empty(), |it| it.child(names))
        .child(el("pre").text(&task.command))
}

/// By when the root key is needed next, and for what.
fn ceremony(view: &View) -> Option<El> {
    let Ceremony { by, table, .. } = view.ceremony()?;
    let card = el("div").class("card").child(el("h3").text("The next ceremony")).child(
        el("p")
            .text(if by < view.at { "Was to be held by " } else { "Hold it by " })
            .child(el("strong").child(date(by)))
            .text(&format!(" ({}). On its table:", distance(view.at, by))),
    );
    // What can be replaced by then comes along.
    let along = table.iter().map(|row| {
        let item = el("li").child(el("code").text(&row.object));
        match row.deadlines() {
            Some(deadlines) => item
                .text(", due from ")
                .child(date(deadlines.due))
                .text(" to ")
                .child(date(deadlines.rotate_by)),
            None => item.text(", which waits for it"),
        }
    });
    Some(card.child(el("ul").children(along)))
}

/// The windows that open next.
fn ahead(view: &View) -> Option<El> {
    const TITLE: &str = "What comes up next";
    let opens = |row: &&Row| row.deadlines().is_some_and(|deadlines| deadlines.due > view.at);
    let mut rows: Vec<&Row> =
        view.rows.iter().filter(opens).filter(|row| row.state != State::Prepared).collect();
    rows.sort_by_key(|row| row.deadlines().map(|deadlines| deadlines.due));
    let more = rows.len().saturating_sub(AHEAD);
    let lines = rows.iter().take(AHEAD).filter_map(|row| {
        let deadlines = row.deadlines()?;
        Some(
            el("tr")
                .child(el("th").attr("scope", "row").text(&row.object))
                .child(el("td").child(date(deadlines.due)))
                .child(el("td").text(&distance(view.at, deadlines.due)))
                .child(el("td").child(date(deadlines.rotate_by))),
        )
    });
    let head = ["What", "Due from", "That is", "Rotate by"];
    let head = head.map(|title| el("th").attr("scope", "col").text(title));
    let table = el("table")
        .class("plain")
        .child(el("caption").text(TITLE))
        .child(el("thead").child(el("tr").children(head)))
        .child(el("tbody").children(lines));
    let rest = (more > 0).then(|| {
        let more = count(more as u64, "more follows", "more follow");
        el("p").class("note").text(&format!("{more}."))
    });
    (!rows.is_empty()).then(|| el("div").child(scrolling(TITLE).child(table)).children(rest))
}
