//! The rows of roots and intermediates: how far their rotation is, and what it waits for.

use super::row::{Kind, Row, State};
use super::rows::{by_age, dated, missing};
use crate::authority::cadence::{self, Ca};
use crate::authority::rotate::{self, Phase};
use crate::authority::{Estate, crl, keys::PLAN};
use crate::journal::History;
use crate::model::{
    cadence::Deadlines,
    environment::KeyHome,
    name::{ObjectRef, Scope},
};
use time::OffsetDateTime;

/// What a row is made from.
pub struct View<'a> {
    pub estate: &'a Estate<'a>,
    pub history: &'a History<'a>,
    pub at: OffsetDateTime,
}

/// A row for each generation and its CRL, or for the first that is missing.
pub fn rows(view: &View, ca: &Ca, rows: &mut Vec<Row>) {
    let newest = view.history.generation(&ca.scope);
    if newest == 0 {
        let row = of_ca(missing(ca.scope.to_string(), &first(ca)), ca);
        let waits = ca.key == KeyHome::Vault;
        rows.push(Row { state: if waits { State::WaitsForRequest } else { row.state }, ..row });
    }
    // What the one that signs has to be replaced by.
    let active = view.history.active_generation(&ca.scope);
    let active = active.map(|generation| at(ca, generation));
    let active = active.and_then(|active| cadence::of_ca(view.history, &active, ca));
    for generation in 1..=newest {
        let object = at(ca, generation);
        rows.push(generation_row(view, ca, &object, active.as_ref()));
        rows.extend(crl_row(view, ca, &object));
    }
    if let Some(next) = view.history.prepared_root().filter(|_| ca.is_root()) {
        let row = of_ca(missing(next.to_string(), PLAN), ca);
        rows.push(Row { state: State::Requested, replaces: active, ..row });
    }
}

fn at(ca: &Ca, generation: u32) -> ObjectRef {
    ObjectRef { scope: ca.scope.clone(), generation: Some(generation) }
}

fn of_ca(row: Row, ca: &Ca) -> Row {
    let kind = if ca.is_root() { Kind::Root } else { Kind::Intermediate };
    Row { kind, environment: ca.scope.environment().cloned(), ..row }
}

/// The first command for a CA that is not there.
fn first(ca: &Ca) -> String {
    match (&ca.scope, ca.key) {
        (Scope::Root, _) => "rootward root create".to_owned(),
        (scope, KeyHome::Local) => format!("rootward intermediate request {scope}"),
        (scope, KeyHome::Vault) => format!("rootward intermediate request {scope} --csr FILE"),
    }
}

fn generation_row(view: &View, ca: &Ca, object: &ObjectRef, active: Option<&Deadlines>) -> Row {
    let (history, at) = (view.history, view.at);
    let Some(record) = history.certificate(object) else {
        let sign = view.estate.by_root(format!("rootward intermediate sign {}", ca.scope));
        let row = of_ca(missing(object.to_string(), &sign), ca);
        return Row { state: State::Requested, replaces: active.cloned(), ..row };
    };
    let life = cadence::of(record, &ca.cadence, ca.child);
    let age = by_age(life.as_ref(), at);
    let is_over = age == State::Expired;
    let state = match rotate::phase(history, object) {
        Phase::Active if is_over => State::Expired,
        Phase::Prepared | Phase::Superseded | Phase::Tainted | Phase::Requested if is_over => {
            State::Ended
        }
        Phase::Revoked => State::Revoked,
        Phase::Tainted => State::Tainted,
        Phase::Superseded => State::Superseded,
        Phase::Prepared => State::Prepared,
        Phase::Active | Phase::Requested => match age {
            State::Overdue => State::Overdue,
            _ if is_under_tainted(history, record.issuer.as_deref()) => State::Due,
            age => age,
        },
    };
    let is_prepared = state == State::Prepared;
    let replaces = active.zip(life.as_ref()).filter(|_| is_prepared);
    let replaces = replaces.map(|(active, life)| active.until_activated(life.begin));
    let next = next(history, ca, object, state, at);
    let is_active = view.history.active_generation(&ca.scope) == object.generation;
    let is_last = is_active && rotate::successor(history, &ca.scope).is_some();
    Row { state, life, replaces, is_last, next, ..of_ca(missing(object.to_string(), ""), ca) }
}

/// Is what this CA issued to be replaced, since it is tainted or revoked?
pub fn is_under_tainted(history: &History, issuer: Option<&str>) -> bool {
    issuer.is_some_and(|issuer| history.is_distrusted(issuer))
}

/// What a rotation waits for.
fn next(
    history: &History,
    ca: &Ca,
    object: &ObjectRef,
    state: State,
    at: OffsetDateTime,
) -> Option<String> {
    let scope = &ca.scope;
    let is_active = history.active_generation(scope) == object.generation;
    match state {
        State::Expired | State::Revoked | State::Overdue | State::Due if is_active => {
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
fn crl_row(view: &View, ca: &Ca, issuer: &ObjectRef) -> Option<Row> {
    let (history, at) = (view.history, view.at);
    let is_shown = crl::is_needed(history, issuer, at)
        && ca.key == KeyHome::Local
        && (ca.has_crl() || history.crl(issuer).is_some());
    if !is_shown {
        return None;
    }
    let is_active = history.active_generation(&issuer.scope) == issuer.generation;
    let command = match (ca.is_root(), is_active) {
        (true, _) if view.estate.need_root(issuer).is_err() => PLAN.to_owned(),
        (true, true) => "rootward root crl".to_owned(),
        (true, false) => {
            format!("rootward root crl --generation {}", issuer.generation.unwrap_or(1))
        }
        (false, true) => format!("rootward intermediate crl {}", issuer.scope),
        (false, false) => format!("rootward intermediate crl {issuer}"),
    };
    let row = missing(format!("{issuer} CRL"), &command);
    let row = Row { kind: Kind::Crl, environment: ca.scope.environment().cloned(), ..row };
    let Some(record) = history.crl(issuer) else { return Some(row) };
    // No CRL of an issuer can be followed by one that lasts longer than the issuer.
    let issuer_ends = history.certificate(issuer).and_then(|it| it.not_after.as_ref());
    let is_last = record.not_after.as_ref() == issuer_ends;
    let life = cadence::of(record, &ca.crl_cadence, time::Duration::ZERO);
    let row = match is_last {
        true => Row { state: State::Valid, life, is_last: true, next: None, ..row },
        false => dated(life, row, at),
    };
    let lacks = crl::lacks(history, issuer) && row.state == State::Valid;
    Some(if lacks { Row { state: State::Due, next: Some(command), ..row } } else { row })
}
