//! Everything that is to be replaced in time, as the journal and the declarations know it. No
//! certificate file is read: that is `verify`'s work.

use super::ca::{self, View};
use super::row::{Kind, Row, State};
use crate::authority::cadence::{self, Ca};
use crate::authority::{Estate, estate::Declared, identity};
use crate::error::Result;
use crate::journal::{History, Record};
use crate::model::{
    cadence::{Cadence, Deadlines},
    environment::{Environment, KeyHome},
    identity::{Identity, KeyPlace},
    kind::Kind as IdentityKind,
    name::Name,
};
use time::{Duration, OffsetDateTime};

/// All rows at that moment: the root, then each environment. On a medium: what roots have signed.
pub fn rows(estate: &Estate, at: OffsetDateTime) -> Result<Vec<Row>> {
    let is_medium = estate.is_medium()?;
    let history = &estate.history();
    let view = View { estate, history, at };
    let mut rows = Vec::new();
    let cas = cadence::declared(estate, at);
    for ca in cas.iter().filter(|ca| ca.is_root()) {
        ca::rows(&view, ca, &mut rows);
    }
    for declared in &estate.environments {
        let environment = &declared.environment;
        let is_here = |ca: &&Ca| ca.scope.environment() == Some(&environment.name);
        for ca in cas.iter().filter(is_here) {
            // Neither the keys nor the CRLs of intermediates are on a medium.
            let key = if is_medium { KeyHome::Vault } else { ca.key };
            ca::rows(&view, &Ca { key, ..ca.clone() }, &mut rows);
        }
        if is_medium {
            continue;
        }
        let leaves = Leaves::of(environment);
        for name in identity::declared(estate, &environment.name)? {
            let row = identity_row(history, &leaves, &name, at);
            rows.push(match row.next {
                // Only what there is something to do for is looked at more closely.
                Some(_) if is_on_its_host(estate, declared, &name) => brought(row),
                _ => row,
            });
        }
    }
    if is_medium {
        rows.retain(|row| row.life.is_some());
        rows.iter_mut().for_each(|row| row.next = None);
    }
    Ok(rows)
}

/// What the rows of one environment's identities have in common.
struct Leaves<'a> {
    environment: &'a Environment,
    cadences: Vec<(IdentityKind, Cadence)>,
}

impl<'a> Leaves<'a> {
    fn of(environment: &'a Environment) -> Self {
        let cadence = |kind| (kind, environment.declared.identity.cadence(kind));
        Self { environment, cadences: IdentityKind::ALL.into_iter().map(cadence).collect() }
    }

    fn life(&self, record: &Record) -> Option<Deadlines> {
        let kind = cadence::kind(record);
        let (_, cadence) = self.cadences.iter().find(|(known, _)| *known == kind)?;
        cadence::of(record, cadence, Duration::ZERO)
    }
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
///
/// # Errors
/// Usage, when there is no such environment.
pub fn of_identity(estate: &Estate, identity: &Identity, at: OffsetDateTime) -> Result<Row> {
    let leaves = Leaves::of(&estate.environment(&identity.environment)?.environment);
    let row = identity_row(&estate.history(), &leaves, &identity.name, at);
    let is_on_its_host = identity.declared.key == Some(KeyPlace::Host);
    Ok(if row.next.is_some() && is_on_its_host { brought(row) } else { row })
}

/// How it stands with one identity, as far as the journal knows it. There may be very many of them:
/// nothing is made that a row does not keep.
fn identity_row(history: &History, leaves: &Leaves, name: &Name, at: OffsetDateTime) -> Row {
    let environment = &leaves.environment.name;
    let object = [environment.as_str(), "/", name.as_str()].concat();
    let record = history.current(&object);
    let life = record.and_then(|record| leaves.life(record));
    let revocation = record.and_then(|record| history.revocation(record));
    let issuer = record.and_then(|record| record.issuer.as_deref());
    let state = match (record, by_age(life.as_ref(), at)) {
        (None, _) => State::Missing,
        _ if revocation.is_some() => State::Revoked,
        (_, State::Valid) if ca::is_under_tainted(history, issuer) => State::Due,
        (_, state) => state,
    };
    let is_over = revocation.is_some_and(|revocation| identity::ended(revocation).is_some());
    let is_idle = state == State::Valid || is_over;
    let next = (!is_idle).then(|| format!("rootward identity issue {object}"));
    let (kind, environment) = (Kind::Identity, Some(environment.clone()));
    Row { object, kind, environment, state, life, replaces: None, is_last: false, next }
}

/// The state of something that is replaced as it ages.
pub fn dated(life: Option<Deadlines>, row: Row, at: OffsetDateTime) -> Row {
    let state = by_age(life.as_ref(), at);
    let next = row.next.filter(|_| state != State::Valid);
    Row { state, life, next, ..row }
}

/// How far its time has run, as a state.
pub fn by_age(life: Option<&Deadlines>, at: OffsetDateTime) -> State {
    match life {
        Some(life) if at > life.end => State::Expired,
        Some(life) if at >= life.rotate_by => State::Overdue,
        Some(life) if at >= life.due => State::Due,
        _ => State::Valid,
    }
}

/// Something that is not there, and the command that makes it.
pub fn missing(object: String, next: &str) -> Row {
    Row {
        object,
        kind: Kind::Identity,
        environment: None,
        state: State::Missing,
        life: None,
        replaces: None,
        is_last: false,
        next: Some(next.to_owned()),
    }
}
