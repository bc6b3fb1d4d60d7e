//! The years to come: which ceremonies have to be held, when, and what is on the table of each; and
//! what is done without the root key in between.
//!
//! A simulation from what the journal knows and what is declared. Whatever needs the root key has a
//! window, from the moment at which it is due to the one by which it is to be replaced. A ceremony is
//! held at the last moment that the earliest of these leaves, and serves every window that is open
//! then: for given windows no plan has fewer ceremonies (intervals are stabbed by their earliest
//! end). A certificate is never replaced before it is due; a root's CRL always is, since one more
//! signature costs nothing and a CRL that begins later never calls for an earlier ceremony.
//! What needs no root key is done as soon as it is due.

mod change;
mod daily;
mod issuer;
mod known;
mod savings;
mod window;
mod years;

pub use change::Change;
pub use savings::{Saving, savings};

use super::row::Kind;
use crate::authority::{Estate, cadence};
use crate::error::{Error, Result};
use crate::model::name::Name;
use time::OffsetDateTime;

/// What is to be done in a span of time, if it is done in time.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// To the second.
    pub from: OffsetDateTime,
    /// What happens then or later is not in it.
    pub until: OffsetDateTime,
    /// What needs the root key, in the order of time.
    pub ceremonies: Vec<Ceremony>,
    /// What needs no root key, in the order of time.
    pub work: Vec<Event>,
    /// What cannot be done as declared, in words.
    pub impossible: Vec<String>,
}

/// One ceremony, held in the window that everything on its table shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// From 1 on.
    pub number: usize,
    /// Before that moment something on its table is not due.
    pub opens: OffsetDateTime,
    /// By then it has to have been held; not after `held` when it should have been held before.
    pub closes: OffsetDateTime,
    /// When the simulation held it: in the last second of its window, or at once.
    pub held: OffsetDateTime,
    /// What is made, in the order of its steps.
    pub table: Vec<Event>,
}

/// Something that is made, or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What is done.
    pub task: Task,
    /// As [`crate::model::name::ObjectRef`] writes what is new: `prod/identity@g2`; of a CRL its
    /// issuer. Of several identities the first.
    pub object: String,
    /// `None` for what is the root's.
    pub environment: Option<Name>,
    /// How many identities; otherwise 1.
    pub count: usize,
    /// When the simulation did it.
    pub at: OffsetDateTime,
    /// From then on it may be done.
    pub due: OffsetDateTime,
    /// By then it is to be done.
    pub rotate_by: OffsetDateTime,
    /// Why then.
    pub reason: Reason,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// A generation of the root, with its first CRL and its links with the one before.
    Root,
    /// A CRL of a root.
    RootCrl,
    /// A certificate of an intermediate.
    Intermediate,
    /// `rotate activate`: it signs from here on.
    Activate,
    /// A CRL of an intermediate.
    Crl,
    /// A certificate of an identity.
    Identity,
}

/// Why something is done when it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was never there.
    Missing,
    /// Its request waits for the root.
    Requested,
    /// A CA that can sign no child of full lifetime after that moment.
    SigningStop(OffsetDateTime),
    /// A certificate or CRL that ends then.
    Ends(OffsetDateTime),
    /// A root's CRL that is not due, since the root key is at hand; it ends then.
    Early(OffsetDateTime),
    /// A CRL that lacks a revocation.
    Lacks,
    /// The one before is revoked.
    Revoked,
    /// Its issuer is tainted or revoked.
    Tainted,
    /// Its certificate is there.
    Prepared,
}

/// Simulates what is to be done from `from` until `until`; `changes` are made to the declarations
/// first.
///
/// # Errors
/// Usage: on a medium, which does not know the declared identities; a change of what is not declared.
pub fn forecast(
    estate: &Estate,
    from: OffsetDateTime,
    until: OffsetDateTime,
    changes: &[Change],
) -> Result<Forecast> {
    let (from, until) = (whole(from), whole(until));
    let start = Start::of(estate, from)?;
    let cas = change::apply(changes, estate, &start.cas)?;
    let years = years::simulate(&cas, &start.known, from, until);
    let mut work = years.activations;
    work.extend(daily::crls(&cas, &years.issuers, from, until));
    work.extend(daily::identities(estate, changes, from, until)?);
    work.sort_by(|a, b| (a.at, &a.environment, a.task).cmp(&(b.at, &b.environment, b.task)));
    Ok(Forecast { from, until, ceremonies: years.ceremonies, work, impossible: years.impossible })
}

/// What every simulation starts from.
struct Start {
    cas: Vec<cadence::Ca>,
    /// Of each of these.
    known: Vec<known::Known>,
}

impl Start {
    fn of(estate: &Estate, from: OffsetDateTime) -> Result<Self> {
        if estate.is_medium()? {
            return Err(Error::usage("this is a medium: it does not know what is declared online")
                .hint("ask for the forecast in the online workspace"));
        }
        let history = estate.history();
        let cas = cadence::declared(estate, from);
        let known = cas.iter().map(|ca| known::Known::of(&history, ca, from)).collect();
        Ok(Self { cas, known })
    }
}

/// X.509 knows no parts of a second.
fn whole(moment: OffsetDateTime) -> OffsetDateTime {
    moment.replace_nanosecond(0).unwrap_or(moment)
}

impl Forecast {
    /// Is a CRL on a table that is not due?
    pub fn has_early(&self) -> bool {
        let mut events = self.ceremonies.iter().flat_map(|ceremony| &ceremony.table);
        events.any(|event| matches!(event.reason, Reason::Early(_)))
    }
}

impl Ceremony {
    /// Is its time over already?
    pub fn is_overdue(&self) -> bool {
        self.closes <= self.held
    }
}

impl Task {
    /// What it makes.
    pub fn kind(self) -> Kind {
        match self {
            Task::Root => Kind::Root,
            Task::Intermediate | Task::Activate => Kind::Intermediate,
            Task::RootCrl | Task::Crl => Kind::Crl,
            Task::Identity => Kind::Identity,
        }
    }

    /// As `--json` has it.
    pub fn word(self) -> &'static str {
        match self {
            Task::Root => "root",
            Task::RootCrl => "root crl",
            Task::Intermediate => "intermediate",
            Task::Activate => "activate",
            Task::Crl => "crl",
            Task::Identity => "identity",
        }
    }
}

impl Reason {
    /// The moment that it names, if it does.
    pub fn moment(self) -> Option<OffsetDateTime> {
        match self {
            Reason::SigningStop(at) | Reason::Ends(at) | Reason::Early(at) => Some(at),
            _ => None,
        }
    }

    /// As `--json` has it.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Missing => "missing",
            Reason::Requested => "requested",
            Reason::SigningStop(_) => "signing stop",
            Reason::Ends(_) => "end",
            Reason::Early(_) => "early",
            Reason::Lacks => "lacks a revocation",
            Reason::Revoked => "revoked",
            Reason::Tainted => "issuer tainted",
            Reason::Prepared => "prepared",
        }
    }
}

#[cfg(test)]
mod tests;
