//! One thing that is to be replaced in time, and how it stands.

use crate::model::{
    cadence::{Deadlines, Stage},
    name::Name,
};
use time::OffsetDateTime;

/// A generation of a CA, a CRL, or an identity.
#[derive(Clone, Debug)]
pub struct Row {
    /// As [`crate::model::name::ObjectRef`] writes it; of a CRL with ` CRL` behind.
    pub object: String,
    /// What it is.
    pub kind: Kind,
    /// `None` for what is the root's, which is every environment's.
    pub environment: Option<Name>,
    /// At the moment that was asked about.
    pub state: State,
    /// Of its certificate or CRL; `None` while it is missing.
    pub life: Option<Deadlines>,
    /// Of a CA that is on its way: by when it has to be there, which follows from the one that it
    /// replaces.
    pub replaces: Option<Deadlines>,
    /// Is nothing to be made in its place: is a CA's successor on its way, with a row of its own, or
    /// does a CRL end with its issuer?
    pub is_last: bool,
    /// What to type next, when there is something to do.
    pub next: Option<String>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Root,
    Intermediate,
    Crl,
    Identity,
}

/// In order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Past its notAfter or nextUpdate.
    Expired,
    /// Nobody is to trust it.
    Revoked,
    /// It should have been replaced.
    Overdue,
    /// Its window is open; or it is to be replaced for another reason: a CRL that lacks a
    /// revocation, whatever a tainted CA has signed.
    Due,
    /// Nothing there yet.
    Missing,
    /// An intermediate whose request has to come from Vault, an identity whose has to come from its
    /// host.
    WaitsForRequest,
    /// A request that waits for the root.
    Requested,
    /// A CA generation: what it has signed is to be replaced.
    Tainted,
    /// A newer generation that does not sign yet.
    Prepared,
    /// An older generation that a newer one has replaced.
    Superseded,
    /// Nothing to do.
    Valid,
    /// An older generation whose time is over.
    Ended,
}

impl Row {
    /// notAfter, or nextUpdate of a CRL; `None` while it is missing.
    pub fn not_after(&self) -> Option<OffsetDateTime> {
        self.life.as_ref().map(|life| life.end)
    }

    /// Of a CA: the last moment at which it can sign a child of full lifetime.
    pub fn signing_stop(&self) -> Option<OffsetDateTime> {
        let is_ca = matches!(self.kind, Kind::Root | Kind::Intermediate);
        self.life.as_ref().filter(|_| is_ca).map(|life| life.signing_stop)
    }

    /// By when there is something to do: what follows from the one that it replaces, else its own.
    /// `None` for what nobody will replace: older generations, and the last of their kind.
    pub fn deadlines(&self) -> Option<&Deadlines> {
        match self.state {
            _ if self.is_last => None,
            State::Ended | State::Superseded | State::Tainted => None,
            State::Revoked if self.next.is_none() => None,
            _ => self.replaces.as_ref().or(self.life.as_ref()),
        }
    }

    /// The last moment at which it is to be replaced, where it is to be.
    pub fn rotate_by(&self) -> Option<OffsetDateTime> {
        self.deadlines().map(|deadlines| deadlines.rotate_by)
    }

    /// Has somebody else to bring a request first: its server or its host?
    pub fn waits_for_request(&self) -> bool {
        self.next.as_ref().is_some_and(|next| next.ends_with(" --csr FILE"))
    }

    /// Has whoever sees to this environment to do with it? What is the root's is everybody's; so is
    /// everything where none is named.
    pub fn concerns(&self, environment: Option<&Name>) -> bool {
        environment.is_none()
            || self.environment.is_none()
            || self.environment.as_ref() == environment
    }

    /// How urgent it is at that moment.
    pub fn stage(&self, at: OffsetDateTime) -> Stage {
        let by_time = self.deadlines().map(|deadlines| deadlines.stage(at)).unwrap_or_default();
        let by_state = match self.state {
            State::Revoked if self.next.is_some() => Stage::Critical,
            State::Due if self.is_due_before_its_time(at) => Stage::Warning,
            State::Missing | State::WaitsForRequest | State::Requested => Stage::Notice,
            _ => Stage::Quiet,
        };
        by_time.max(by_state)
    }

    /// Is it to be replaced for another reason than its age?
    pub fn is_due_before_its_time(&self, at: OffsetDateTime) -> bool {
        self.state == State::Due && self.life.as_ref().is_some_and(|life| at < life.due)
    }

    /// Is a root key to sign it whatever the date? Not what has not even been requested.
    pub fn waits_for_root(&self, at: OffsetDateTime) -> bool {
        let waits = match self.state {
            State::Requested => self.deadlines().is_none(),
            State::Due => self.is_due_before_its_time(at),
            State::Revoked => self.next.is_some(),
            _ => false,
        };
        waits && self.needs_root()
    }

    /// Does it take a root key to replace it, and so mostly a ceremony?
    pub fn needs_root(&self) -> bool {
        match self.kind {
            Kind::Root | Kind::Intermediate => self.state != State::Prepared,
            Kind::Crl => self.environment.is_none(),
            Kind::Identity => false,
        }
    }
}

impl State {
    /// As people and `--json` read it.
    pub fn word(self) -> &'static str {
        match self {
            State::Expired => "expired",
            State::Revoked => "revoked",
            State::Tainted => "tainted",
            State::Overdue => "overdue",
            State::Due => "due",
            State::Missing => "missing",
            State::WaitsForRequest => "waits for request",
            State::Requested => "requested",
            State::Superseded => "superseded",
            State::Prepared => "prepared",
            State::Valid => "valid",
            State::Ended => "ended",
        }
    }
}

impl Kind {
    /// As people and `--json` read it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Root => "root",
            Kind::Intermediate => "intermediate",
            Kind::Crl => "crl",
            Kind::Identity => "identity",
        }
    }
}
