//! What is to be done for each identity, from its declaration and its history.

use super::Asked;
use super::beside;
use super::report::{Report, State};
use crate::authority::estate::Declared;
use crate::authority::{Estate, cadence};
use crate::error::{Error, Result};
use crate::journal::{History, Record};
use crate::model::{
    environment::Environment,
    identity::{Identity, KeyPlace},
    name::{Name, ObjectRef},
    rule::Rule,
    text::nearest,
};
use crate::pki::{inspect::sha256, issuer::Issuer, request::Request};
use crate::store::{Workspace, file, layout};
use rayon::prelude::*;
use zeroize::Zeroizing;

/// One identity, loaded, with what is to be done.
pub struct Task {
    pub(super) identity: Identity,
    pub(super) object: ObjectRef,
    pub(super) declaration: String,
    pub(super) work: Work,
}

pub(super) enum Work {
    None(State),
    MakeKey,
    Sign(Box<Request>),
}

/// The declared identities of an environment.
pub fn declared(estate: &Estate, environment: &Name) -> Result<Vec<Name>> {
    declared_in(&estate.workspace, environment)
}

fn declared_in(workspace: &Workspace, environment: &Name) -> Result<Vec<Name>> {
    let dir = format!("identities/{environment}");
    let entries = workspace.entries(&dir)?;
    let names = entries.into_iter().filter(|entry| entry.is_dir).map(|entry| {
        let name = entry.name.parse();
        name.map_err(|error| Error::usage(format!("{dir}/{}: {error}", entry.name)))
    });
    names.collect()
}

/// Reads and checks one declaration, also beside the others; the hash is that of its bytes.
///
/// # Errors
/// As [`Identity::parse`]; usage, when it is not declared; NAME-OPS.
pub fn load(estate: &Estate, env: &Declared, name: &Name) -> Result<(Identity, String)> {
    let (identity, hash) = parse(estate, &env.environment, name)?;
    beside::check(estate, &env.environment, &identity)?;
    Ok((identity, hash))
}

pub(super) fn parse(estate: &Estate, env: &Environment, name: &Name) -> Result<(Identity, String)> {
    let (identity, bytes) = load_in(&estate.workspace, env, name)?;
    Ok((identity, sha256(&bytes)))
}

fn load_in(
    workspace: &Workspace,
    environment: &Environment,
    name: &Name,
) -> Result<(Identity, Zeroizing<Vec<u8>>)> {
    let path = layout::declaration(&environment.name, name);
    let bytes = workspace.read_if_any(&path, file::SMALL)?;
    let bytes = bytes.ok_or_else(|| undeclared(workspace, &environment.name, name))?;
    let identity = Identity::parse(environment, name.clone(), &path, &bytes)?;
    Ok((identity, bytes))
}

/// All identities of an environment, in order of their names.
///
/// # Errors
/// What is wrong with the first declaration that is not sound.
pub fn load_all(estate: &Estate, env: &Declared) -> Result<Vec<Identity>> {
    load_those(&estate.workspace, &env.environment, None)
}

/// The same of any workspace, or of one of its identities.
///
/// # Errors
/// As for [`load_all`].
pub fn load_those(
    workspace: &Workspace,
    environment: &Environment,
    only: Option<&Name>,
) -> Result<Vec<Identity>> {
    let load = |name: &Name| load_in(workspace, environment, name).map(|(identity, _)| identity);
    match only {
        Some(name) => Ok(vec![load(name)?]),
        None => {
            let names = declared_in(workspace, &environment.name)?;
            names.par_iter().with_min_len(16).map(load).collect()
        }
    }
}

pub(super) fn undeclared(workspace: &Workspace, environment: &Name, name: &Name) -> Error {
    let path = layout::declaration(environment, name);
    let error = Error::usage(format!("not declared, expected {path}"));
    let there = declared_in(workspace, environment).unwrap_or_default();
    match nearest(name.as_str(), there.iter().map(Name::as_str)) {
        Some(near) => error.hint(format!("did you mean {environment}/{near}?")),
        None => error.hint("what is declared: rootward identity list"),
    }
}

impl Task {
    /// An identity that was asked for by name, and is not to get a certificate, is refused; so is
    /// one that is to be renewed and cannot be.
    pub(super) fn asked(self, anew: bool) -> Result<Self, Report> {
        let error = match &self.work {
            Work::None(State::Revoked { reason }) => {
                Rule::IdentityRevoked.found(format!("it was revoked: {reason}")).into()
            }
            Work::None(State::WaitsForRequest) if anew => {
                let (object, name) = (&self.object, &self.identity.name);
                Error::usage("its key is on its host, expected a request from there")
                    .hint(format!("rootward identity renew {object} --csr {name}.csr"))
            }
            _ => return Ok(self),
        };
        Err(Report { object: self.object, result: Err(error) })
    }

    pub(super) fn is_work(&self) -> bool {
        !matches!(self.work, Work::None(_))
    }
}

/// Reads the declarations of those asked for, and says what is to be done for each.
///
/// # Errors
/// Usage: no such environment. What is wrong with one identity is in its report.
pub fn plan(estate: &Estate, asked: &Asked, issuer: &Issuer) -> Result<Vec<Result<Task, Report>>> {
    let env = estate.environment(asked.environment)?;
    let history = estate.history();
    let tasks = asked
        .names
        .par_iter()
        .with_min_len(8)
        .map(|name| {
            let object = ObjectRef::member(&env.environment.name, name);
            let task = plan_one(estate, asked, env, issuer, name, &history);
            task.map_err(|error| Report { object, result: Err(error) })
        })
        .collect();
    Ok(tasks)
}

fn plan_one(
    estate: &Estate,
    asked: &Asked,
    env: &Declared,
    issuer: &Issuer,
    name: &Name,
    history: &History,
) -> Result<Task> {
    let (identity, declaration) = load(estate, env, name)?;
    let object = ObjectRef::member(&env.environment.name, name);
    let request = asked.csr.map(Request::parse).transpose()?;
    let key_here = || estate.workspace.exists(&format!("{}/key.pem", identity_dir(&identity)));
    let place = identity.declared.key;
    if request.is_some() && (place == Some(KeyPlace::Here) || key_here()) {
        let message = format!("the key of {object} is here, got a request");
        return Err(Rule::KeyPlace.found(message).into());
    }
    if let Some(request) = &request {
        request.check_for_leaf(&env.environment, name.as_str())?;
        history.check_compromise(&sha256(&request.key.spki))?;
    }
    let wanted = (&object, declaration.as_str(), request.as_ref());
    let current = current(estate, env, history, issuer, wanted);
    let passed_over = |state: &State| !asked.anew || !matches!(state, State::Current { .. });
    let current = current.filter(passed_over);
    let work = match (request, current) {
        (_, Some(state)) => Work::None(state),
        (Some(request), None) => Work::Sign(Box::new(request)),
        (None, None) if place == Some(KeyPlace::Host) => Work::None(State::WaitsForRequest),
        (None, None) => Work::MakeKey,
    };
    Ok(Task { identity, object, declaration, work })
}

pub(super) fn identity_dir(identity: &Identity) -> String {
    layout::identity(&identity.environment, &identity.name)
}

/// Is there a certificate as declared, from this issuer, for this key, that is not yet due?
fn current(
    estate: &Estate,
    env: &Declared,
    history: &History,
    issuer: &Issuer,
    (object, declaration, request): (&ObjectRef, &str, Option<&Request>),
) -> Option<State> {
    let record = history.certificate(object)?;
    if let Some(revocation) = history.revocation(record) {
        return ended(revocation).map(|reason| State::Revoked { reason: reason.to_owned() });
    }
    let end = record.ends()?;
    let is_same = record.declaration.as_deref() == Some(declaration)
        && record.issuer.as_deref() == Some(issuer.object.to_string().as_str())
        && request.is_none_or(|request| record.key == Some(sha256(&request.key.spki)));
    let is_fresh = estate.context.now() < cadence::of_leaf(&env.environment, record)?.due;
    (is_same && is_fresh).then_some(State::Current { not_after: end })
}

/// The reason, when a revocation is about the identity and not about its key or certificate: it is
/// not to get another one.
pub fn ended(revocation: &Record) -> Option<&str> {
    const FOR_GOOD: [&str; 3] =
        ["cessationOfOperation", "privilegeWithdrawn", "affiliationChanged"];
    revocation.reason.as_deref().filter(|reason| FOR_GOOD.contains(reason))
}
