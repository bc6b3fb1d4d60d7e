//! What another lifetime would save.

use super::change::{Change, Of, apply};
use super::{Ceremony, Start, Task, years};
use crate::authority::{Estate, cadence::Ca};
use crate::error::Result;
use crate::model::span::Span;
use time::{Duration, OffsetDateTime};

/// A change that saves ceremonies.
#[derive(Clone, Debug)]
pub struct Saving {
    /// What would be declared.
    pub change: Change,
    /// What it would replace.
    pub declared: String,
    /// How many ceremonies there are without it.
    pub before: usize,
    /// And with it.
    pub after: usize,
}

/// A length of time, and what it could be instead, from the nearest value on.
struct Trial {
    of: Of,
    declared: String,
    instead: Vec<Span>,
}

const LIVES: [&str; 6] = ["2y", "3y", "5y", "10y", "20y", "30y"];
const CRLS: [&str; 3] = ["90d", "180d", "365d"];
const LEADS: [&str; 4] = ["60d", "30d", "14d", "7d"];

/// Tries usual values for every length of time that calls for ceremonies, each by itself: longer
/// lives and shorter leads. Gives those that save at least one; of what saves alike the one nearest
/// to what is declared. What the standards forbid, or what would leave a CA less than half of its
/// life, is not tried.
///
/// # Errors
/// As for [`super::forecast`].
pub fn savings(
    estate: &Estate,
    from: OffsetDateTime,
    until: OffsetDateTime,
    changes: &[Change],
) -> Result<Vec<Saving>> {
    let (from, until) = (super::whole(from), super::whole(until));
    let start = Start::of(estate, from)?;
    let cas = apply(changes, estate, &start.cas)?;
    let simulate = |cas: &[Ca]| years::simulate(cas, &start.known, from, until);
    let years = simulate(&cas);
    if !years.impossible.is_empty() {
        return Ok(Vec::new());
    }
    let ceremonies = years.ceremonies;
    let before = ceremonies.len();
    let mut found = Vec::new();
    for trial in cas.iter().flat_map(|ca| trials(ca, &ceremonies)) {
        let mut best = before;
        let mut saving = None;
        for span in trial.instead {
            let change = Change { of: trial.of.clone(), span };
            let changes = [changes, std::slice::from_ref(&change)].concat();
            let changed = apply(&changes, estate, &start.cas)?;
            if is_worse(&changed, &cas, from) {
                continue;
            }
            let years = simulate(&changed);
            let after = years.ceremonies.len();
            if after < best && years.impossible.is_empty() {
                best = after;
                let declared = trial.declared.clone();
                saving = Some(Saving { change, declared, before, after });
            }
        }
        found.extend(saving);
    }
    found.sort_by_key(|saving| saving.after);
    Ok(found)
}

fn trials(ca: &Ca, ceremonies: &[Ceremony]) -> Vec<Trial> {
    let name = ca.scope.to_string();
    let is_made = |task: Task| {
        let mut events = ceremonies.iter().flat_map(|ceremony| &ceremony.table);
        events.any(|it| it.task == task && it.object.split('@').next() == Some(name.as_str()))
    };
    let mut trials = Vec::new();
    if is_made(if ca.is_root() { Task::Root } else { Task::Intermediate }) {
        trials.push(longer(Of::Ca(ca.scope.clone()), ca.lifetime, &LIVES));
        trials.push(sooner(Of::Lead(ca.scope.clone()), ca.cadence.lead()));
    }
    if is_made(Task::RootCrl) {
        trials.push(longer(Of::Crl(ca.scope.clone()), ca.crl_lifetime, &CRLS));
        trials.push(sooner(Of::CrlLead(ca.scope.clone()), ca.crl_cadence.lead()));
    }
    trials
}

fn spans(values: &[&str]) -> impl Iterator<Item = Span> {
    values.iter().filter_map(|value| value.parse().ok())
}

fn longer(of: Of, declared: Span, values: &[&str]) -> Trial {
    let is_longer = |span: &Span| span.approximate() > declared.approximate();
    let instead = spans(values).filter(is_longer).collect();
    Trial { of, declared: declared.to_string(), instead }
}

fn sooner(of: Of, declared: Duration) -> Trial {
    let instead = spans(&LEADS).filter(|span| span.approximate() < declared).collect();
    Trial { of, declared: format!("{}d", declared.whole_days()), instead }
}

/// Would a CA have to be replaced before half of its life that now has not?
fn is_worse(changed: &[Ca], declared: &[Ca], at: OffsetDateTime) -> bool {
    let is_useless = |ca: &Ca| ca.is_useless_early(at).is_some();
    changed.iter().zip(declared).any(|(new, old)| is_useless(new) && !is_useless(old))
}
