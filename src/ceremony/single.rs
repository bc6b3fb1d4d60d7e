//! A ceremony of one machine: the workspace is the medium.

use super::guard::sandbox::Sandbox;
use super::plan::{self, Reviewed, Terms, Wanted};
use super::transcript::Transcript;
use super::{
    conclude::{begin, conclude},
    steps, watch,
};
use crate::authority::{Estate, Keys};
use crate::error::Result;
use crate::model::span::Span;

/// A ceremony of one step.
///
/// # Errors
/// As for [`several`].
pub fn perform<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    wanted: Wanted,
    sandbox: Option<&Sandbox>,
) -> Result<steps::Made> {
    several(estate, keys, &[wanted], sandbox).map(|mut made| made.swap_remove(0))
}

/// Plans what is wanted, carries it out, and writes it with its transcript and with what was staged
/// before.
///
/// `sandbox`: what the process keeps from here on, to its end; nothing else is asked of the machine,
/// and what its kernel cannot hold is in the transcript. Without one the caller answers for it.
///
/// # Errors
/// Every rule of what is wanted; a wrong passphrase. The caller records the refusal.
pub fn several<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    wanted: &[Wanted],
    sandbox: Option<&Sandbox>,
) -> Result<Vec<steps::Made>> {
    let now = estate.context.now();
    let terms = Terms {
        operator: estate.context.origin.user.clone(),
        witnesses: Vec::new(),
        expires: Span::days(1).after(now).unwrap_or(now),
        waivers: Vec::new(),
        travels: false,
    };
    let plan: Reviewed = plan::make(estate, wanted, terms)?;
    let mut transcript = Transcript::begin(&plan, "", Box::new(|_| Ok(())))?;
    transcript.note("begin", &begin(estate))?;
    if let Some(sandbox) = sandbox {
        watch::enter(estate, keys, sandbox, &mut transcript)?;
    }
    let made = steps::perform(estate, keys, &plan.plan, &mut transcript)?;
    conclude(estate, keys, &plan, &mut transcript)?;
    estate.commit(Vec::new(), Vec::new())?;
    Ok(made)
}
