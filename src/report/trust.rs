//! Who trusts whom: the roots, the intermediates under each in every environment, and what those have
//! issued.

use super::words::{chip, count, date, section};
use super::{Declared, View};
use crate::authority::cadence;
use crate::journal::Record;
use crate::markup::{El, el};
use crate::model::{
    environment::{ISSUER, Intermediate, KeyHome},
    kind::Kind as IdentityKind,
    name::{Name, ObjectRef, Scope},
};
use crate::rotation::{Kind, Row, State};
use std::collections::BTreeMap;

pub fn render(view: &View) -> El {
    let section = section("trust", "Trust");
    let roots = of(view, &ObjectRef::newest_root().scope);
    let links = view.history.links();
    let linked = (!links.is_empty()).then(|| {
        let links = links.iter().filter_map(|link| Some((link, link.issuer.as_ref()?)));
        let links = links.map(|(link, issuer)| {
            el("li")
                .child(el("code").text(issuer))
                .text(" vouches for ")
                .child(el("code").text(&link.object))
        });
        el("div").child(el("h3").text("Links between roots")).child(el("ul").children(links))
    });
    let is_rooted = roots.iter().any(|row| row.life.is_some());
    let section = section
        .children(linked)
        .when(!is_rooted, |it| it.child(el("p").class("note").text("There is no root yet.")));
    let trees = view.environments.iter().map(|declared| {
        let environment = &declared.environment;
        el("article")
            .child(el("h3").text(environment.name.as_str()))
            .child(
                el("p")
                    .class("note")
                    .text(&format!("spiffe://{} at ", environment.declared.trust_domain))
                    .foreign(&environment.declared.address),
            )
            .child(tree(view, declared, &roots))
    });
    section.child(el("div").class("trees").children(trees))
}

/// The generations of a CA that are not over.
fn of<'v>(view: &'v View, scope: &Scope) -> Vec<&'v Row> {
    let is_of = |row: &&Row| {
        let object = row.object.parse::<ObjectRef>();
        row.kind != Kind::Crl
            && row.state != State::Ended
            && object.is_ok_and(|object| object.scope == *scope)
    };
    view.rows.iter().filter(is_of).collect()
}

fn tree(view: &View, declared: &Declared, roots: &[&Row]) -> El {
    let environment = &declared.environment;
    let mut under: BTreeMap<String, Vec<(&Row, &Name, &Intermediate)>> = BTreeMap::new();
    for (name, intermediate) in &environment.declared.intermediates {
        for row in of(view, &ObjectRef::member(&environment.name, name).scope) {
            let issuer = record(view, row).and_then(|record| record.issuer.clone());
            let issuer = issuer.unwrap_or_default();
            under.entry(issuer).or_default().push((row, name, intermediate));
        }
    }
    let branch = |rows: &[(&Row, &Name, &Intermediate)]| {
        let rows = rows.iter().map(|(row, name, intermediate)| {
            node(view, row).children(issued(view, declared, row, name, intermediate))
        });
        el("ul").children(rows)
    };
    let mut nodes: Vec<El> = Vec::new();
    for row in roots {
        let rows = under.remove(&row.object);
        nodes.push(node(view, row).children(rows.as_deref().map(branch)));
    }
    // What has no certificate yet hangs nowhere.
    for rows in under.values() {
        nodes.extend(rows.iter().map(|(row, ..)| node(view, row)));
    }
    el("ul").class("tree").children(nodes)
}

fn record<'v>(view: &'v View, row: &Row) -> Option<&'v Record> {
    view.history.certificate(&row.object.parse().ok()?)
}

/// A CA.
fn node(view: &View, row: &Row) -> El {
    let line = el("div").class("node").child(el("b").text(&row.object)).text(" ");
    let line = line.child(chip(row.stage(view.at))).text(&format!(" {}", row.state.word()));
    let line = match row.not_after() {
        Some(end) => line.text(", until ").child(date(end)),
        None => line,
    };
    el("li").child(line)
}

/// What an intermediate has issued, in short.
fn issued(
    view: &View,
    declared: &Declared,
    row: &Row,
    name: &Name,
    intermediate: &Intermediate,
) -> Option<El> {
    let leaf = |text: &str| el("li").child(el("div").class("node").text(text));
    if intermediate.key == KeyHome::Vault {
        let span = declared.environment.declared.identity.workload;
        let text = format!("workload certificates of the server, up to {span} each, not on record");
        return Some(el("ul").child(leaf(&text)));
    }
    let object: ObjectRef = row.object.parse().ok()?;
    let mut kinds: BTreeMap<IdentityKind, Vec<&str>> = BTreeMap::new();
    let (mut replaced, mut revoked, mut expired) = (0u64, 0u64, 0u64);
    for record in view.history.issued_by(&object) {
        let current = record.object.parse().ok().and_then(|it| view.history.certificate(&it));
        let is_current = current.is_some_and(|current| current.seq == record.seq);
        match (view.history.is_live(record, view.at), is_current) {
            (true, true) => {
                let kind = cadence::kind(record);
                let name = record.object.split('/').next_back().unwrap_or_default();
                kinds.entry(kind).or_default().push(name);
            }
            (true, false) => replaced += 1,
            (false, _) if view.history.revocation(record).is_some() => revoked += 1,
            (false, true) => expired += 1,
            (false, false) => {}
        }
    }
    kinds.values_mut().for_each(|names| names.sort_unstable());
    let mut leaves: Vec<El> = kinds
        .iter()
        .map(|(kind, names)| {
            let text = count(names.len() as u64, kind.word(), &format!("{kind}s"));
            // Servers are few, and whom one connects to.
            let text = match kind {
                IdentityKind::Listener => format!("{text}: {}", names.join(", ")),
                _ => text,
            };
            leaf(&text)
        })
        .collect();
    let is_active = view.history.active_generation(&object.scope) == object.generation;
    let is_missing = |name: &Name| {
        view.history.certificate(&ObjectRef::member(&declared.environment.name, name)).is_none()
    };
    let missing = declared.identities.iter().filter(|it| is_missing(&it.name)).count() as u64;
    let missing = if is_active && name.as_str() == ISSUER { missing } else { 0 };
    let others = [
        (replaced, "replaced, but valid still"),
        (missing, "declared, not issued yet"),
        (expired, "expired"),
        (revoked, "revoked"),
    ];
    for (number, what) in others {
        leaves.extend((number > 0).then(|| leaf(&format!("{number} {what}"))));
    }
    (!leaves.is_empty()).then(|| el("ul").children(leaves))
}
