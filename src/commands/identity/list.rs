//! `rootward identity list`

use crate::authority::{Estate, identity};
use crate::ceremony::plan;
use crate::commands::{
    Session, day, left,
    status::{tone, waiting},
};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::model::{
    identity::Identity,
    name::{ObjectRef, Scope},
};
use crate::rotation::{Kind, Row, rows};
use crate::ui::Tone;
use rayon::prelude::*;
use serde_json::{Value, json};

/// One line for each; what is declared of it as far as it can be read.
pub fn run(session: &Session) -> Result<()> {
    let estate = session.read()?;
    let (ui, at) = (session.ui, session.context.now());
    let rows: Vec<Row> =
        rows(&estate, at)?.into_iter().filter(|row| row.kind == Kind::Identity).collect();
    let declared: Vec<Option<Identity>> =
        rows.par_iter().with_min_len(32).map(|row| load(&estate, row)).collect();
    if ui.json {
        let objects = rows.iter().zip(&declared).map(|(row, identity)| {
            let mut value = row.document(at);
            value["declared"] = identity.as_ref().map(declaration).into();
            value
        });
        let objects: Vec<Value> = objects.collect();
        let plan = plan::open(&estate)?;
        return ui.json(&json!({
            "version": 1, "at": timestamp(at), "objects": objects, "plan": plan.as_ref().map(waiting),
        }));
    }
    if rows.is_empty() {
        ui.status(match estate.is_medium()? {
            true => "this is a medium: identities are not on it",
            false => "there is no identity yet",
        });
        return Ok(());
    }
    let cells: Vec<Vec<(String, Tone)>> = rows
        .iter()
        .zip(&declared)
        .map(|(row, identity)| line(row, identity.as_ref(), at))
        .collect();
    let mut header = vec!["OBJECT", "KIND", "STATE", "NOT AFTER", "LEFT", "POLICIES", "AUTH"];
    while header.len() > 5 && width(&header, &cells) > ui.text_width() {
        header.pop();
    }
    let cells: Vec<_> =
        cells.into_iter().map(|line| line.into_iter().take(header.len()).collect()).collect();
    ui.table(&header, &cells, &[4])
}

fn load(estate: &Estate, row: &Row) -> Option<Identity> {
    let object: ObjectRef = row.object.parse().ok()?;
    let Scope::Member { environment, name } = object.scope else { return None };
    identity::load(estate, estate.environment(&environment).ok()?, &name).ok().map(|(it, _)| it)
}

/// Of what cannot be read `verify` and `identity show` say why.
fn line(row: &Row, identity: Option<&Identity>, at: time::OffsetDateTime) -> Vec<(String, Tone)> {
    let tone = tone(row, at);
    let of = |word: &dyn Fn(&Identity) -> String| identity.map_or_else(|| "?".to_owned(), word);
    let dash = || "-".to_owned();
    let policies = |identity: &Identity| match (&identity.declared.policies, &identity.declared.ops)
    {
        (policies, ops) if ops.is_empty() => policies.len().to_string(),
        (policies, ops) => format!("{} + {}", policies.len(), ops.len()),
    };
    vec![
        (row.object.clone(), Tone::Plain),
        (of(&|identity| identity.declared.kind.to_string()), Tone::Plain),
        (row.state.word().to_owned(), tone),
        (row.not_after().map_or_else(dash, day), Tone::Plain),
        (row.not_after().map_or_else(dash, |end| left(end, at)), tone),
        (of(&policies), Tone::Plain),
        (of(&|identity| methods(identity).join(", ")), Tone::Plain),
    ]
}

fn methods(identity: &Identity) -> Vec<&'static str> {
    identity.declared.auth.iter().map(|auth| auth.word()).collect()
}

/// As wide as the table will be.
fn width(header: &[&str], cells: &[Vec<(String, Tone)>]) -> usize {
    let column = |index: usize| {
        let cells = cells.iter().map(|line| line[index].0.chars().count());
        cells.chain([header[index].len()]).max().unwrap_or(0) + 2
    };
    (0..header.len()).map(column).sum::<usize>() - 2
}

fn declaration(identity: &Identity) -> Value {
    let names = |set: &[crate::model::name::Name]| -> Vec<String> {
        set.iter().map(ToString::to_string).collect()
    };
    let declared = &identity.declared;
    json!({
        "kind": declared.kind.word(),
        "unix_user": declared.unix_user,
        "policies": names(&declared.policies),
        "ops": names(&declared.ops),
        "auth": methods(identity),
    })
}
