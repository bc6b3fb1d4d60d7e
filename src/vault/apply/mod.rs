//! Carries out a plan, stage after stage. Whatever stops it, the next plan has what is left: every
//! step leads to the same end from wherever the server is.

mod aliases;
mod issuers;

use super::client::Client;
use super::parallel;
use super::plan::{Action, Plan, Step};
use super::resource::Kind;
use crate::error::{Explain, Result};
use aliases::Aliases;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does every step of the plan. `progress` is called after each.
///
/// # Errors
/// What the client says of the first step that fails, with how many were done before.
pub fn apply(client: &Client, plan: &Plan, progress: &(dyn Fn() + Sync)) -> Result<()> {
    let done = AtomicUsize::new(0);
    let count = || {
        done.fetch_add(1, Ordering::Relaxed);
        progress();
    };
    for steps in plan.steps.chunk_by(|one, next| one.stage() == next.stage()) {
        stage(client, steps, &count).map_err(|error| {
            let (done, all) = (done.load(Ordering::Relaxed), plan.steps.len());
            error
                .context(format!("stopped after {done} of {all} steps"))
                .hint(format!("type it again: rootward vault apply {}", plan.environment))
        })?;
    }
    Ok(())
}

/// Steps of one kind; most of them can be taken at once.
fn stage(client: &Client, steps: &[Step], count: &(dyn Fn() + Sync)) -> Result<()> {
    let each = |carry_out: &(dyn Fn(&Step) -> Result<()> + Sync)| {
        let one = |step: &Step| carry_out(step).context(&step.address).map(|()| count());
        parallel::each(steps, one).map(|_| ())
    };
    let first = steps.first().map(|step| (step.address.kind, step.action));
    match first {
        None => Ok(()),
        Some((Kind::Alias, Action::Remove)) => {
            let aliases = Aliases::of(client)?;
            each(&|step| aliases.remove(step))
        }
        Some((Kind::Alias, _)) => {
            let aliases = Aliases::of(client)?;
            aliases.make_room(steps)?;
            each(&|step| aliases.put(step))
        }
        Some((Kind::Issuer, _)) => issuers::in_order(steps).into_iter().try_for_each(|step| {
            issuers::set(client, step).context(&step.address).map(|()| count())
        }),
        Some((_, Action::Remove)) => each(&|step| client.delete(&step.address.path)),
        Some(_) => each(&|step| {
            client.put(&step.address.path, &Value::Object(step.body.clone())).map(|_| ())
        }),
    }
}
