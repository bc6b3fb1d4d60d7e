//! Identities: one certificate each, many at a time.

use super::estate::Declared;
use super::root::certificate_record;
use super::{Estate, Passphrases, crl};
use crate::custody::{
    Signer,
    soft::{self, SoftKey},
};
use crate::error::{Error, Kind, Result};
use crate::journal::{Act, History, Record, chain::instant};
use crate::model::{
    environment::ISSUER,
    identity::{Identity, KeyPlace},
    key::Algorithm,
    name::{Name, ObjectRef, Scope},
    rule::Rule,
    text::nearest,
};
use crate::pki::{
    inspect::{Certificate, sha256},
    issue::{self, Issuer},
    pem,
    profile::{Draft, Profile},
    request::Request,
    subject::Subject,
};
use crate::store::{Output, layout};
use rayon::prelude::*;
use time::OffsetDateTime;

/// What became of one identity.
#[derive(Debug)]
pub struct Report {
    /// `ENV/NAME`, without a generation.
    pub object: ObjectRef,
    /// A refusal of this one identity stops no other.
    pub result: Result<State>,
}

/// How it stands with an identity that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// It has a new certificate.
    Issued { not_after: OffsetDateTime },
    /// It has a certificate as declared with at least a third of its life left.
    Current { not_after: OffsetDateTime },
    /// Its key is made on its host; bring the request.
    WaitsForRequest,
}

/// A certificate that is made but not yet written.
struct Made {
    outputs: Vec<Output>,
    record: Record,
    not_after: OffsetDateTime,
}

/// One identity, loaded, with what is to be done.
pub struct Task {
    identity: Identity,
    object: ObjectRef,
    declaration: String,
    work: Work,
}

/// A task that was carried out.
enum Done {
    Made(ObjectRef, Box<Made>),
    Nothing(ObjectRef, State),
}

enum Work {
    None(State),
    MakeKey,
    Sign(Box<Request>),
}

/// The declared identities of an environment.
pub fn declared(estate: &Estate, environment: &Name) -> Result<Vec<Name>> {
    let dir = format!("identities/{environment}");
    let entries = estate.workspace.entries(&dir)?;
    let names = entries.into_iter().filter(|entry| entry.is_dir).map(|entry| {
        let name = entry.name.parse();
        name.map_err(|error| Error::usage(format!("{dir}/{}: {error}", entry.name)))
    });
    names.collect()
}

/// Reads and checks one declaration; the hash is that of its bytes.
pub fn load(estate: &Estate, env: &Declared, name: &Name) -> Result<(Identity, String)> {
    let environment = &env.environment;
    let path = layout::declaration(&environment.name, name);
    if !estate.workspace.exists(&path) {
        return Err(undeclared(estate, &environment.name, name));
    }
    let bytes = estate.workspace.read(&path)?;
    let identity = Identity::parse(environment, name.clone(), &path, &bytes)?;
    Ok((identity, sha256(&bytes)))
}

fn undeclared(estate: &Estate, environment: &Name, name: &Name) -> Error {
    let path = layout::declaration(environment, name);
    let error = Error::usage(format!("not declared, expected {path}"));
    let there = declared(estate, environment).unwrap_or_default();
    match nearest(name.as_str(), there.iter().map(Name::as_str)) {
        Some(near) => error.hint(format!("did you mean {environment}/{near}?")),
        None => error.hint("what is declared: rootward identity list"),
    }
}

/// Issues what is due among `names`, all of one environment, in one act.
///
/// `csr` is a request for the single name there is. `progress` is called once for each identity.
/// One identity that is refused does not stop the others.
///
/// # Errors
/// What stops all: no intermediate, a wrong passphrase, a full disk.
pub fn issue(
    estate: &mut Estate,
    environment: &Name,
    names: &[Name],
    csr: Option<&[u8]>,
    passphrases: &mut dyn Passphrases,
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<Report>> {
    estate.check_clock()?;
    let issuer = estate.issuer(&issuer_scope(environment)?)?;
    let tasks = plan(estate, environment, &issuer, names, csr)?;
    if !tasks.iter().flatten().any(Task::is_work) {
        let idle = tasks.into_iter().map(|task| task.map(Task::idle)).collect();
        return finish(estate, idle, Vec::new());
    }
    let passphrase = passphrases.open(&issuer.object)?;
    let key = estate.unlock(&issuer, &passphrase)?;
    carry_out(estate, &issuer, &key, tasks, progress)
}

/// What [`plan`] found to be done, with the issuer's key at hand: everything but the passphrase.
///
/// # Errors
/// As for [`issue()`].
pub fn carry_out(
    estate: &mut Estate,
    issuer: &Issuer,
    key: &dyn Signer,
    tasks: Vec<Result<Task, Report>>,
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<Report>> {
    let mut extra = Vec::new();
    if estate.crl(&issuer.object)?.is_none() {
        // A new CA says at once that it has revoked nothing: some verifiers insist on a CRL.
        let cadence = crl::cadence(estate, &issuer.object.scope)?;
        extra.push(crl::issue_next(estate, issuer, None, cadence, key)?);
    }
    let made = {
        let reader: &Estate = estate;
        let history = reader.history();
        tasks
            .into_par_iter()
            .with_min_len(8)
            .map(|task| {
                let made = task.and_then(|task| work(reader, issuer, key, &history, task));
                progress();
                made
            })
            .collect()
    };
    finish(estate, made, extra)
}

/// Commits what was made and turns everything into reports, in order.
fn finish(
    estate: &mut Estate,
    done: Vec<Result<Done, Report>>,
    extra: Vec<(Output, Record)>,
) -> Result<Vec<Report>> {
    let (mut outputs, mut records): (Vec<Output>, Vec<Record>) = extra.into_iter().unzip();
    let mut reports = Vec::with_capacity(done.len());
    for entry in done {
        reports.push(match entry {
            Ok(Done::Made(object, made)) => {
                outputs.extend(made.outputs);
                records.push(made.record);
                Report { object, result: Ok(State::Issued { not_after: made.not_after }) }
            }
            Ok(Done::Nothing(object, state)) => Report { object, result: Ok(state) },
            Err(report) => {
                if let Err(error) = &report.result
                    && error.kind == Kind::Refused
                {
                    records.push(Record::refused(&report.object, &error.findings));
                }
                report
            }
        });
    }
    if !records.is_empty() {
        estate.commit(outputs, records)?;
    }
    Ok(reports)
}

impl Task {
    fn is_work(&self) -> bool {
        !matches!(self.work, Work::None(_))
    }

    /// What to report of a task that needs nothing done.
    fn idle(self) -> Done {
        match self.work {
            Work::None(state) => Done::Nothing(self.object, state),
            Work::MakeKey | Work::Sign(_) => Done::Nothing(self.object, State::WaitsForRequest),
        }
    }
}

fn issuer_scope(environment: &Name) -> Result<Scope> {
    let name = ISSUER.parse().map_err(Error::usage)?;
    Ok(Scope::Member { environment: environment.clone(), name })
}

/// Reads the declarations of `names`, of one environment, and says what is to be done for each.
///
/// # Errors
/// Usage: no such environment. What is wrong with one identity is in its report.
pub fn plan(
    estate: &Estate,
    environment: &Name,
    issuer: &Issuer,
    names: &[Name],
    csr: Option<&[u8]>,
) -> Result<Vec<Result<Task, Report>>> {
    let env = estate.environment(environment)?;
    let history = estate.history();
    let tasks = names
        .par_iter()
        .with_min_len(8)
        .map(|name| {
            let object = ObjectRef::member(&env.environment.name, name);
            let task = plan_one(estate, env, issuer, name, csr, &history);
            task.map_err(|error| Report { object, result: Err(error) })
        })
        .collect();
    Ok(tasks)
}

fn plan_one(
    estate: &Estate,
    env: &Declared,
    issuer: &Issuer,
    name: &Name,
    csr: Option<&[u8]>,
    history: &History,
) -> Result<Task> {
    let (identity, declaration) = load(estate, env, name)?;
    let object = ObjectRef::member(&env.environment.name, name);
    let request = csr.map(Request::parse).transpose()?;
    let key_here = || estate.workspace.exists(&format!("{}/key.pem", identity_dir(&identity)));
    let place = identity.declared.key;
    if request.is_some() && (place == Some(KeyPlace::Here) || key_here()) {
        let message = format!("the key of {object} is here, got a request");
        return Err(Rule::KeyPlace.found(message).into());
    }
    if let Some(request) = &request {
        request.check_for_leaf(&env.environment, name.as_str())?;
    }
    let current = current(estate, history, issuer, &object, &declaration, request.as_ref());
    let work = match (request, current) {
        (_, Some(state)) => Work::None(state),
        (Some(request), None) => Work::Sign(Box::new(request)),
        (None, None) if place == Some(KeyPlace::Host) => Work::None(State::WaitsForRequest),
        (None, None) => Work::MakeKey,
    };
    Ok(Task { identity, object, declaration, work })
}

fn identity_dir(identity: &Identity) -> String {
    layout::identity(&identity.environment, &identity.name)
}

/// Is there a certificate as declared, from this issuer, for this key, that has not yet used two
/// thirds of its life?
fn current(
    estate: &Estate,
    history: &History,
    issuer: &Issuer,
    object: &ObjectRef,
    declaration: &str,
    request: Option<&Request>,
) -> Option<State> {
    let record = history.certificate(object)?;
    let begin = instant(record.not_before.as_deref()?)?;
    let end = instant(record.not_after.as_deref()?)?;
    let is_same = record.declaration.as_deref() == Some(declaration)
        && record.issuer.as_deref() == Some(issuer.object.to_string().as_str())
        && request.is_none_or(|request| record.key == Some(sha256(&request.key.spki)));
    let due = begin + (end - begin) * 2 / 3;
    let is_fresh = estate.context.now() < due;
    (is_same && is_fresh).then_some(State::Current { not_after: end })
}

fn work(
    estate: &Estate,
    issuer: &Issuer,
    signer: &dyn Signer,
    history: &History,
    task: Task,
) -> Result<Done, Report> {
    let request = match &task.work {
        Work::None(_) => return Ok(task.idle()),
        Work::MakeKey => None,
        Work::Sign(request) => Some(&**request),
    };
    match make(estate, issuer, signer, history, &task, request) {
        Ok(made) => Ok(Done::Made(task.object, Box::new(made))),
        Err(error) => Err(Report { object: task.object, result: Err(error) }),
    }
}

fn make(
    estate: &Estate,
    issuer: &Issuer,
    signer: &dyn Signer,
    history: &History,
    task: &Task,
    request: Option<&Request>,
) -> Result<Made> {
    let Task { identity, object, declaration, .. } = task;
    let context = estate.context;
    let dir = identity_dir(identity);
    let mut outputs = Vec::with_capacity(4);
    let key = match request {
        Some(request) => request.key.clone(),
        None => {
            let pkcs8 = soft::generate(Algorithm::P256, context.rng)?;
            outputs.push(Output::secret(format!("{dir}/key.pem"), pem::private_key(&pkcs8)?));
            SoftKey::open(&pkcs8, context.rng)?.public().clone()
        }
    };
    let draft = Draft::new(
        Profile::of_leaf(identity),
        Subject::of_leaf(&identity.name),
        key,
        identity.lifetime,
        context.now(),
        context.rng,
    )?;
    let linted = issue::lint(object, &draft, Some(issuer), history, context.now())?;
    let certificate = linted.sign(Some(issuer), signer)?;
    outputs.extend(leaf_outputs(&certificate, issuer, identity)?);
    let record = certificate_record(Act::IdentityIssue, object, &certificate, Some(&issuer.object));
    let declaration = Some(declaration.clone());
    let record = Record { request: request.map(Request::digest), declaration, ..record };
    Ok(Made { outputs, record, not_after: certificate.facts.not_after })
}

/// `cert.pem`, `chain.pem` (what a TLS peer is sent: leaf and intermediate, no root) and the copy
/// in `issued`.
fn leaf_outputs(leaf: &Certificate, issuer: &Issuer, identity: &Identity) -> Result<[Output; 3]> {
    let dir = identity_dir(identity);
    let certificate = pem::certificate(&leaf.der)?;
    let chain = format!("{certificate}{}", pem::certificate(&issuer.certificate.der)?);
    let issued = layout::issued(&identity.environment, &leaf.facts.serial);
    Ok([
        Output::public(format!("{dir}/cert.pem"), certificate.clone()),
        Output::public(format!("{dir}/chain.pem"), chain),
        Output::public(issued, certificate),
    ])
}
