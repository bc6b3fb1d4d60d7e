//! Carries out a plan, stage after stage. Whatever stops it, the next plan has what is left: every
//! step leads to the same end from wherever the server is.

mod aliases;
mod issuers;
mod stages;

use super::client::Client;
use super::parallel;
use super::plan::{Plan, Step};
use super::resource::Kind;
use crate::error::{Explain, Result};
use aliases::Aliases;
use serde_json::Value;
use stages::Stage;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does every step of the plan. `progress` is called after each.
///
/// # Errors
/// What the client says of the first step that fails, with how many were done before.
pub fn apply(client: &Client, plan: &Plan, progress: &(dyn Fn() + Sync)) -> Result<()> {
    let mut work: Vec<(Stage, &Step)> = plan
        .steps
        .iter()
        .flat_map(|step| Stage::of(step).into_iter().map(move |stage| (stage, step)))
        .collect();
    work.sort_by_key(|(stage, _)| *stage);
    let done = AtomicUsize::new(0);
    let count = || {
        done.fetch_add(1, Ordering::Relaxed);
        progress();
    };
    for part in work.chunk_by(|one, next| one.0 == next.0) {
        let steps: Vec<&Step> = part.iter().map(|(_, step)| *step).collect();
        let Some((stage, _)) = part.first() else { continue };
        carry_out(client, *stage, &steps, &count).map_err(|error| {
            let (done, all) = (done.load(Ordering::Relaxed), plan.steps.len());
            error.context(format!("stopped after {done} of {all} steps"))
        })?;
    }
    Ok(())
}

/// The steps of one stage; most of them are taken at once.
fn carry_out(
    client: &Client,
    stage: Stage,
    steps: &[&Step],
    count: &(dyn Fn() + Sync),
) -> Result<()> {
    let each = |carry_out: &(dyn Fn(&Step) -> Result<()> + Sync)| {
        let one = |step: &&Step| carry_out(step).context(&step.address).map(|()| count());
        parallel::each(steps, one).map(|_| ())
    };
    match stage {
        Stage::RoomForAlias => Aliases::of(client)?.make_room(steps),
        Stage::Alias => {
            let aliases = Aliases::of(client)?;
            each(&|step| aliases.put(step))
        }
        Stage::Removal(Reverse(Kind::Alias)) => {
            let aliases = Aliases::of(client)?;
            each(&|step| aliases.remove(step))
        }
        Stage::Removal(_) => each(&|step| client.delete(&step.address.path)),
        Stage::Ground(Kind::Issuer) => issuers::in_order(steps).into_iter().try_for_each(|step| {
            issuers::set(client, step).context(&step.address).map(|()| count())
        }),
        Stage::Ground(_) | Stage::ChangedRole | Stage::NewRole => each(&|step| {
            client.put(&step.address.path, &Value::Object(step.body.clone())).map(|_| ())
        }),
    }
}
