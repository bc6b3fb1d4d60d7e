//! The state of everything, as the journal and the declarations know it. No certificate file is
//! read: that is `verify`'s work.

mod ca;

use super::estate::Declared;
use super::{Estate, identity};
use crate::error::Result;
use crate::journal::{Act, History, Record, chain::instant};
use crate::model::{
    environment::KeyHome,
    identity::{Identity, KeyPlace},
    name::{Name, ObjectRef, Scope},
    span::Span,
};
use ca::Ca;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// One line of `rootward status`.
#[derive(Clone, Debug)]
pub struct Row {
    /// As [`ObjectRef`] writes it; of a CRL with ` CRL` behind.
    pub object: String,
    /// What it is.
    pub kind: Kind,
    /// At the moment that was asked about.
    pub state: State,
    /// notAfter, or nextUpdate of a CRL; `None` while it is missing.
    pub not_after: Option<OffsetDateTime>,
    /// Of CAs: the last moment at which a full-lifetime child can be signed.
    pub signing_stop: Option<OffsetDateTime>,
    /// What to type next, when there is something to do.
    pub next: Option<String>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Root,
    Intermediate,
    Crl,
    Identity,
}

/// In order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Past its notAfter or nextUpdate.
    Expired,
    /// Nobody is to trust it.
    Revoked,
    /// A CA past its signing stop, a CRL or leaf past two thirds of its life, a CRL that lacks a
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
}

impl State {
    /// As people and `--json` read it.
    pub fn word(self) -> &'static str {
        match self {
            State::Expired => "expired",
            State::Revoked => "revoked",
            State::Tainted => "tainted",
            State::Due => "due",
            State::Missing => "missing",
            State::WaitsForRequest => "waits for request",
            State::Requested => "requested",
            State::Superseded => "superseded",
            State::Prepared => "prepared",
            State::Valid => "valid",
        }
    }
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Root => "root",
            Kind::Intermediate => "intermediate",
            Kind::Crl => "crl",
            Kind::Identity => "identity",
        }
    }
}

/// All rows at that moment: the root, then each environment. On a medium: what roots have signed.
pub fn rows(estate: &Estate, at: OffsetDateTime) -> Result<Vec<Row>> {
    let is_medium = estate.is_medium()?;
    let history = estate.history();
    let lifetimes = leaf_lifetimes(&estate.journal.records);
    let mut rows = Vec::new();
    let child = longest_intermediate(estate);
    let root = Ca { estate, scope: &Scope::Root, child, key: KeyHome::Local };
    ca::rows(&history, &root, at, &mut rows);
    for declared in &estate.environments {
        let environment = &declared.environment;
        for (name, intermediate) in &environment.declared.intermediates {
            let scope = Scope::Member { environment: environment.name.clone(), name: name.clone() };
            let longest = lifetimes.get(scope.to_string().as_str()).copied().unwrap_or_default();
            let child = environment.declared.identity.lifetime.approximate().max(longest);
            // Neither the keys nor the CRLs of intermediates are on a medium.
            let key = if is_medium { KeyHome::Vault } else { intermediate.key };
            let ca = Ca { estate, scope: &scope, child, key };
            ca::rows(&history, &ca, at, &mut rows);
        }
        if is_medium {
            continue;
        }
        for name in identity::declared(estate, &environment.name)? {
            let object = ObjectRef::member(&environment.name, &name);
            let row = identity_row(&history, &object, at);
            rows.push(match row.next {
                // Only what there is something to do for is looked at more closely.
                Some(_) if is_on_its_host(estate, declared, &name) => brought(row),
                _ => row,
            });
        }
    }
    if is_medium {
        rows.retain(|row| row.not_after.is_some());
        rows.iter_mut().for_each(|row| row.next = None);
    }
    Ok(rows)
}

/// The longest life of an intermediate that is declared.
fn longest_intermediate(estate: &Estate) -> Duration {
    let spans = estate.environments.iter().flat_map(|declared| {
        declared.environment.declared.intermediates.values().map(|ca| ca.lifetime)
    });
    spans.map(Span::approximate).max().unwrap_or_default()
}

/// The longest life of a leaf that each issuer (without generation) has given.
fn leaf_lifetimes(records: &[Record]) -> HashMap<&str, Duration> {
    let mut longest = HashMap::new();
    for record in records.iter().filter(|record| record.act == Act::IdentityIssue) {
        let dates = record.not_before.as_deref().and_then(instant);
        let dates = dates.zip(record.not_after.as_deref().and_then(instant));
        let issuer = record.issuer.as_deref().and_then(|issuer| issuer.split('@').next());
        if let (Some((begin, end)), Some(issuer)) = (dates, issuer) {
            let entry = longest.entry(issuer).or_insert(Duration::ZERO);
            *entry = (end - begin + Duration::SECOND).max(*entry);
        }
    }
    longest
}

/// Is its key made on its host? What cannot be read is `verify`'s matter.
fn is_on_its_host(estate: &Estate, declared: &Declared, name: &Name) -> bool {
    let identity = identity::load(estate, declared, name);
    identity.is_ok_and(|(identity, _)| identity.declared.key == Some(KeyPlace::Host))
}

/// Its next certificate waits for a request of its host.
fn brought(row: Row) -> Row {
    let state = match row.state {
        State::Missing => State::WaitsForRequest,
        other => other,
    };
    Row { state, next: row.next.map(|next| format!("{next} --csr FILE")), ..row }
}

/// How it stands with one declared identity.
pub fn of_identity(estate: &Estate, identity: &Identity, at: OffsetDateTime) -> Row {
    let object = ObjectRef::member(&identity.environment, &identity.name);
    let row = identity_row(&estate.history(), &object, at);
    let is_on_its_host = identity.declared.key == Some(KeyPlace::Host);
    if row.next.is_some() && is_on_its_host { brought(row) } else { row }
}

/// How it stands with one identity, as far as the journal knows it.
fn identity_row(history: &History, object: &ObjectRef, at: OffsetDateTime) -> Row {
    let issue = format!("rootward identity issue {object}");
    let row = missing(object.to_string(), Kind::Identity, &issue);
    let Some(record) = history.certificate(object) else { return row };
    let row = dated(record, row, at);
    let is_tainted = || ca::is_under_tainted(history, record.issuer.as_deref());
    match history.revocation(record) {
        Some(revocation) => {
            let next = Some(issue).filter(|_| identity::ended(revocation).is_none());
            Row { state: State::Revoked, next, ..row }
        }
        None if row.state == State::Valid && is_tainted() => {
            Row { state: State::Due, next: Some(issue), ..row }
        }
        None => row,
    }
}

/// The state of something that is due after two thirds of its life.
fn dated(record: &Record, row: Row, at: OffsetDateTime) -> Row {
    let not_after = record.not_after.as_deref().and_then(instant);
    let state = match (record.rotation(), not_after) {
        (_, Some(end)) if at > end => State::Expired,
        (Some(rotation), _) if at >= rotation => State::Due,
        _ => State::Valid,
    };
    let next = row.next.filter(|_| state != State::Valid);
    Row { state, not_after, next, ..row }
}

fn missing(object: String, kind: Kind, next: &str) -> Row {
    let next = Some(next.to_owned());
    Row { object, kind, state: State::Missing, not_after: None, signing_stop: None, next }
}
