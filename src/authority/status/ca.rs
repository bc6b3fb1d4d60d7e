//! The rows of roots and intermediates: how far their rotation is, and what it waits for.

use super::{Kind, Row, State, dated, missing};
use crate::authority::rotate::{self, Phase};
use crate::authority::{Estate, crl, keys::PLAN};
use crate::journal::{History, chain::instant};
use crate::model::{
    environment::{ISSUER, KeyHome},
    name::{ObjectRef, Scope},
};
use time::{Duration, OffsetDateTime};

/// A CA, whichever of its generations.
pub struct Ca<'a> {
    pub estate: &'a Estate<'a>,
    pub scope: &'a Scope,
    /// The longest life of what it issues.
    pub child: Duration,
    pub key: KeyHome,
}

/// A row for each generation and its CRL, or for the first that is missing.
pub fn rows(history: &History, ca: &Ca, at: OffsetDateTime, rows: &mut Vec<Row>) {
    let newest = history.generation(ca.scope);
    let is_root = *ca.scope == Scope::Root;
    let kind = if is_root { Kind::Root } else { Kind::Intermediate };
    if newest == 0 {
        let row = missing(ca.scope.to_string(), kind, &first(ca));
        let waits = ca.key == KeyHome::Vault;
        rows.push(Row { state: if waits { State::WaitsForRequest } else { row.state }, ..row });
    }
    for generation in 1..=newest {
        let object = ObjectRef { scope: ca.scope.clone(), generation: Some(generation) };
        rows.push(generation_row(history, ca, &object, kind, at));
        rows.extend(crl_row(history, ca, &object, at));
    }
    if let Some(next) = history.prepared_root().filter(|_| is_root) {
        let row = missing(next.to_string(), kind, PLAN);
        rows.push(Row { state: State::Requested, ..row });
    }
}

/// The first command for a CA that is not there.
fn first(ca: &Ca) -> String {
    match (ca.scope, ca.key) {
        (Scope::Root, _) => "rootward root create".to_owned(),
        (scope, KeyHome::Local) => format!("rootward intermediate request {scope}"),
        (scope, KeyHome::Vault) => format!("rootward intermediate request {scope} --csr FILE"),
    }
}

fn generation_row(
    history: &History,
    ca: &Ca,
    object: &ObjectRef,
    kind: Kind,
    at: OffsetDateTime,
) -> Row {
    let Some(record) = history.certificate(object) else {
        let sign = ca.estate.by_root(format!("rootward intermediate sign {}", ca.scope));
        return Row { state: State::Requested, ..missing(object.to_string(), kind, &sign) };
    };
    let not_after = record.not_after.as_deref().and_then(instant);
    let signing_stop = not_after.map(|end| end - ca.child);
    let phase = rotate::phase(history, object);
    let state = match phase {
        _ if not_after.is_some_and(|end| at > end) => State::Expired,
        Phase::Revoked => State::Revoked,
        Phase::Tainted => State::Tainted,
        Phase::Superseded => State::Superseded,
        Phase::Prepared => State::Prepared,
        _ if signing_stop.is_some_and(|stop| at > stop) => State::Due,
        _ if is_under_tainted(history, record.issuer.as_deref()) => State::Due,
        Phase::Active | Phase::Requested => State::Valid,
    };
    let next = next(history, ca, object, state, at);
    Row { object: object.to_string(), kind, state, not_after, signing_stop, next }
}

/// Is what this CA issued to be replaced, since it is tainted or revoked?
pub fn is_under_tainted(history: &History, issuer: Option<&str>) -> bool {
    let issuer = issuer.and_then(|issuer| issuer.parse::<ObjectRef>().ok());
    issuer.is_some_and(|issuer| {
        matches!(rotate::phase(history, &issuer), Phase::Tainted | Phase::Revoked)
    })
}

/// What a rotation waits for.
fn next(
    history: &History,
    ca: &Ca,
    object: &ObjectRef,
    state: State,
    at: OffsetDateTime,
) -> Option<String> {
    let scope = ca.scope;
    let is_active = history.active_generation(scope) == object.generation;
    match state {
        State::Expired | State::Revoked | State::Due if is_active => {
            let csr = if ca.key == KeyHome::Vault { " --csr FILE" } else { "" };
            let prepare = format!("rootward rotate prepare {scope}{csr}");
            Some(prepare).filter(|_| rotate::successor(history, scope).is_none())
        }
        State::Prepared => Some(format!("rootward rotate activate {object}")),
        State::Superseded => Some(format!("rootward rotate taint {object}")),
        State::Tainted if history.dependents(object, at).is_empty() => {
            Some(format!("rootward rotate revoke {object} --reason superseded"))
        }
        // What is to be replaced has rows of its own.
        _ => None,
    }
}

/// Vault issues the CRL of a key that it holds; an issuer of identities has one from its first.
fn crl_row(history: &History, ca: &Ca, issuer: &ObjectRef, at: OffsetDateTime) -> Option<Row> {
    let is_root = *ca.scope == Scope::Root;
    let issues_leaves = is_root || ca.scope.to_string().ends_with(&format!("/{ISSUER}"));
    let is_shown = crl::is_needed(history, issuer, at)
        && ca.key == KeyHome::Local
        && (issues_leaves || history.crl(issuer).is_some());
    if !is_shown {
        return None;
    }
    let is_active = history.active_generation(&issuer.scope) == issuer.generation;
    let command = match (is_root, is_active) {
        (true, _) if ca.estate.need_root(issuer).is_err() => PLAN.to_owned(),
        (true, true) => "rootward root crl".to_owned(),
        (true, false) => {
            format!("rootward root crl --generation {}", issuer.generation.unwrap_or(1))
        }
        (false, true) => format!("rootward intermediate crl {}", issuer.scope),
        (false, false) => format!("rootward intermediate crl {issuer}"),
    };
    let row = missing(format!("{issuer} CRL"), Kind::Crl, &command);
    let Some(record) = history.crl(issuer) else { return Some(row) };
    let row = dated(record, row, at);
    let lacks = crl::lacks(history, issuer) && row.state == State::Valid;
    Some(if lacks { Row { state: State::Due, next: Some(command), ..row } } else { row })
}
