//! Who has which policies: a table for each environment. Where identities are many, those that have
//! the same are one line.

use super::words::{self, chip, count, scrolling, section};
use super::{Declared, View};
use crate::markup::{El, el};
use crate::model::{
    cadence::Stage,
    identity::{Auth, Identity, Kind},
    name::{Name, ObjectRef},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// From this many identities in an environment on, those that have the same are one line.
const MANY: usize = 30;

pub fn render(view: &View) -> El {
    let stages: HashMap<&str, Stage> =
        view.rows.iter().map(|row| (row.object.as_str(), row.stage(view.at))).collect();
    let tables = view.environments.iter().filter(|it| !it.identities.is_empty());
    let mut tables = tables.map(|declared| table(declared, &stages)).peekable();
    let section = section("identities", "Identities and policies");
    if tables.peek().is_none() {
        return section.child(el("p").class("note").text("No identity is declared here."));
    }
    let legend =
        "run: what its logins may do at run time; ops: what its CI may do to provision it.";
    section.child(el("p").class("note").text(legend)).children(tables)
}

/// What makes identities alike.
type Shape<'a> = (Kind, BTreeSet<&'a Name>, BTreeSet<&'a Name>, Vec<Auth>);

fn shape(identity: &Identity) -> Shape<'_> {
    let declared = &identity.declared;
    let (policies, ops) = (declared.policies.iter().collect(), declared.ops.iter().collect());
    let mut auth = declared.auth.clone();
    auth.sort();
    (declared.kind, policies, ops, auth)
}

fn table(declared: &Declared, stages: &HashMap<&str, Stage>) -> El {
    let environment = &declared.environment.name;
    let identities = &declared.identities;
    let used = identities.iter().flat_map(|it| it.declared.policies.iter().chain(&it.declared.ops));
    let policies: BTreeSet<&Name> = used.collect();
    let mut alike: BTreeMap<Shape, Vec<&Identity>> = BTreeMap::new();
    for identity in identities {
        alike.entry(shape(identity)).or_default().push(identity);
    }
    let is_summed = identities.len() >= MANY;
    let title = format!(
        "{environment}: {}, {}",
        count(identities.len() as u64, "identity", "identities"),
        count(policies.len() as u64, "policy", "policies")
    );
    let heads = ["Identity", "Stage", "Logs in by"];
    let heads = heads.into_iter().map(|head| el("th").attr("scope", "col").text(head));
    let columns = policies.iter().map(|policy| {
        el("th").class("policy").attr("scope", "col").child(el("span").text(policy.as_str()))
    });
    let mut bodies: Vec<El> = Vec::new();
    for kind in Kind::ALL {
        let of_kind = || alike.iter().filter(|(shape, _)| shape.0 == kind);
        let number: u64 = of_kind().map(|(_, them)| them.len() as u64).sum();
        if number == 0 {
            continue;
        }
        let title = count(number, kind.word(), &format!("{kind}s"));
        let span = (policies.len() + 3).to_string();
        let head = el("th").attr("colspan", span).attr("scope", "rowgroup");
        let head = el("tr").class("group").child(head.child(el("span").text(&title)));
        let mut rows = Vec::new();
        for (shape, them) in of_kind() {
            let lines: Vec<&[&Identity]> =
                if is_summed { vec![them] } else { them.chunks(1).collect() };
            rows.extend(lines.into_iter().map(|them| line(shape, them, &policies, stages)));
        }
        bodies.push(el("tbody").child(head).children(rows));
    }
    let table = el("table")
        .class("matrix")
        .child(el("caption").text(&title))
        .child(el("thead").child(el("tr").children(heads).children(columns)))
        .children(bodies);
    scrolling(&title).child(table)
}

/// One identity, or several that have the same.
fn line(
    (_, run, ops, auth): &Shape,
    them: &[&Identity],
    policies: &BTreeSet<&Name>,
    stages: &HashMap<&str, Stage>,
) -> El {
    let stage = |it: &&Identity| {
        let object = ObjectRef::member(&it.environment, &it.name).to_string();
        stages.get(object.as_str()).copied().unwrap_or_default()
    };
    let names: Vec<&str> = them.iter().map(|it| it.name.as_str()).collect();
    let head = el("th").attr("scope", "row");
    let head = match names.as_slice() {
        [name] => head.text(name),
        names => head.child(
            el("details")
                .child(el("summary").text(&count(names.len() as u64, "identity", "identities")))
                .child(words::names(names.iter().copied())),
        ),
    };
    let worst = them.iter().map(stage).max().unwrap_or_default();
    let logins: Vec<&str> = auth.iter().map(|auth| auth.word()).collect();
    let logins = if logins.is_empty() { "–".to_owned() } else { logins.join(", ") };
    let cells = policies.iter().map(|policy| {
        let cell = el("td");
        match (run.contains(policy), ops.contains(policy)) {
            (true, true) => cell.class("has").text("run, ops"),
            (true, false) => cell.class("has").text("run"),
            (false, true) => cell.class("ops").text("ops"),
            (false, false) => cell,
        }
    });
    el("tr")
        .child(head)
        .child(el("td").child(chip(worst)))
        .child(el("td").text(&logins))
        .children(cells)
}
