//! The state of everything, as the journal and the declarations know it. No certificate file is
//! read: that is `verify`'s work.

use super::{Estate, identity};
use crate::error::Result;
use crate::journal::{Act, History, Record, chain::instant};
use crate::model::{
    environment::{ISSUER, KeyHome},
    name::{ObjectRef, Scope},
    span::Span,
};
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
    /// A CA past its signing stop, a CRL or leaf past two thirds of its life.
    Due,
    /// Nothing there yet.
    Missing,
    /// An intermediate whose request has to come from Vault.
    WaitsForRequest,
    /// A request that waits for the root.
    Requested,
    /// An older generation that a newer one has replaced.
    Superseded,
    /// A newer generation that does not sign yet.
    Prepared,
    /// Nothing to do.
    Valid,
}

impl State {
    /// As people and `--json` read it.
    pub fn word(self) -> &'static str {
        match self {
            State::Expired => "expired",
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

/// All rows at that moment: the root, then each environment.
pub fn rows(estate: &Estate, at: OffsetDateTime) -> Result<Vec<Row>> {
    let history = estate.history();
    let lifetimes = leaf_lifetimes(&estate.journal.records);
    let mut rows = Vec::new();
    root_rows(estate, &history, at, &mut rows);
    for declared in &estate.environments {
        let environment = &declared.environment;
        for (name, intermediate) in &environment.declared.intermediates {
            let scope = Scope::Member { environment: environment.name.clone(), name: name.clone() };
            let longest = lifetimes.get(scope.to_string().as_str()).copied().unwrap_or_default();
            let child = environment.declared.identity.lifetime.approximate().max(longest);
            let ca = Ca { scope: &scope, child, key: intermediate.key };
            intermediate_rows(&history, &ca, at, &mut rows);
        }
        for name in identity::declared(estate, &environment.name)? {
            let object = ObjectRef::member(&environment.name, &name);
            rows.push(identity_row(&history, &object, at));
        }
    }
    Ok(rows)
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

struct Ca<'a> {
    scope: &'a Scope,
    child: Duration,
    key: KeyHome,
}

fn root_rows(estate: &Estate, history: &History, at: OffsetDateTime, rows: &mut Vec<Row>) {
    let spans = estate.environments.iter().flat_map(|declared| {
        declared.environment.declared.intermediates.values().map(|ca| ca.lifetime)
    });
    let child = spans.map(Span::approximate).max().unwrap_or_default();
    let newest = history.generation(&Scope::Root);
    if newest == 0 {
        rows.push(missing("root".into(), Kind::Root, "rootward root create"));
        return;
    }
    let ca = Ca { scope: &Scope::Root, child, key: KeyHome::Local };
    for generation in 1..=newest {
        ca_rows(history, &ca, generation, at, rows);
    }
}

fn intermediate_rows(history: &History, ca: &Ca, at: OffsetDateTime, rows: &mut Vec<Row>) {
    let newest = history.generation(ca.scope);
    if newest == 0 {
        let request = format!("rootward intermediate request {}", ca.scope);
        rows.push(match ca.key {
            KeyHome::Local => missing(ca.scope.to_string(), Kind::Intermediate, &request),
            KeyHome::Vault => Row {
                state: State::WaitsForRequest,
                ..missing(
                    ca.scope.to_string(),
                    Kind::Intermediate,
                    &format!("{request} --csr FILE"),
                )
            },
        });
    }
    for generation in 1..=newest {
        ca_rows(history, ca, generation, at, rows);
    }
}

fn ca_rows(history: &History, ca: &Ca, generation: u32, at: OffsetDateTime, rows: &mut Vec<Row>) {
    let object = ObjectRef { scope: ca.scope.clone(), generation: Some(generation) };
    let is_root = *ca.scope == Scope::Root;
    let kind = if is_root { Kind::Root } else { Kind::Intermediate };
    let Some(record) = history.certificate(&object) else {
        rows.push(Row {
            state: State::Requested,
            ..missing(object.to_string(), kind, &format!("rootward intermediate sign {}", ca.scope))
        });
        return;
    };
    let not_after = record.not_after.as_deref().and_then(instant);
    let signing_stop = not_after.map(|end| end - ca.child);
    let state = match (not_after, signing_stop) {
        (Some(end), _) if at > end => State::Expired,
        _ if Some(generation) < history.active_generation(ca.scope) => State::Superseded,
        _ if Some(generation) > history.active_generation(ca.scope) => State::Prepared,
        (_, Some(stop)) if at > stop => State::Due,
        _ => State::Valid,
    };
    let next = (state == State::Due || state == State::Expired)
        .then(|| format!("rootward intermediate request {}@g{}", ca.scope, generation + 1))
        .filter(|_| !is_root);
    rows.push(Row { object: object.to_string(), kind, state, not_after, signing_stop, next });
    // Vault issues the CRL of a key that it holds; an issuer of identities has one from its first.
    let issues_leaves = is_root || ca.scope.to_string().ends_with(&format!("/{ISSUER}"));
    if ca.key == KeyHome::Local && (issues_leaves || history.crl(&object).is_some()) {
        rows.push(crl_row(history, &object, is_root, at));
    }
}

fn crl_row(history: &History, issuer: &ObjectRef, is_root: bool, at: OffsetDateTime) -> Row {
    let is_active = history.active_generation(&issuer.scope) == issuer.generation;
    let command = match (is_root, is_active) {
        (true, _) => "rootward root crl".to_owned(),
        (false, true) => format!("rootward intermediate crl {}", issuer.scope),
        (false, false) => format!("rootward intermediate crl {issuer}"),
    };
    let object = format!("{issuer} CRL");
    match history.crl(issuer) {
        None => missing(object, Kind::Crl, &command),
        Some(record) => {
            dated(record, Row { object, ..missing(String::new(), Kind::Crl, &command) }, at)
        }
    }
}

fn identity_row(history: &History, object: &ObjectRef, at: OffsetDateTime) -> Row {
    let row =
        missing(object.to_string(), Kind::Identity, &format!("rootward identity issue {object}"));
    match history.certificate(object) {
        None => row,
        Some(record) => dated(record, row, at),
    }
}

/// The state of something that is due after two thirds of its life.
fn dated(record: &Record, row: Row, at: OffsetDateTime) -> Row {
    let begin = record.not_before.as_deref().and_then(instant);
    let not_after = record.not_after.as_deref().and_then(instant);
    let state = match (begin, not_after) {
        (_, Some(end)) if at > end => State::Expired,
        (Some(begin), Some(end)) if at >= begin + (end - begin) * 2 / 3 => State::Due,
        _ => State::Valid,
    };
    let next = row.next.filter(|_| state != State::Valid);
    Row { state, not_after, next, ..row }
}

fn missing(object: String, kind: Kind, next: &str) -> Row {
    let next = Some(next.to_owned());
    Row { object, kind, state: State::Missing, not_after: None, signing_stop: None, next }
}
