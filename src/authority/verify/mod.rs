//! The whole workspace against itself: every certificate parses, chains, and is what the journal
//! and the declarations say; every key is sealed and readable by its owner alone.

mod check;
mod derived;
mod leaves;

use crate::authority::ca::ca_dir;
use crate::authority::estate::Declared;
use crate::authority::{Estate, cadence};
use crate::error::Result;
use crate::journal::{Act, History};
use crate::model::{
    environment::KeyHome,
    name::{ObjectRef, Scope},
    site::Role,
};
use crate::pki::{
    inspect::Certificate,
    issuer::Issuer,
    profile::{Draft, Profile, Serial},
    subject::Subject,
};
use check::Problems;
use derived::Derived;
use leaves::{identities, issued};
use std::collections::HashMap;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were looked at, leaves of the past included.
    pub certificates: usize,
    /// How many were there.
    pub crls: usize,
    /// How many were here: sealed ones of CAs, plain ones of identities.
    pub keys: usize,
    /// Its number of entries.
    pub journal: u64,
    /// What this copy is for: without the identities, neither they nor the CRLs of their issuers
    /// are looked at.
    pub role: Role,
    /// CAs whose children live too long for them, in words: declarations that can be better.
    pub early: Vec<String>,
    /// Empty when all is well.
    pub problems: Problems,
}

/// Verifies an estate whose declarations and journal were read without error.
pub fn run(estate: &Estate) -> Result<Report> {
    let history = estate.history();
    let (journal, role) = (estate.journal.len(), estate.site()?.role);
    let early = cadence::useless_early(estate);
    let mut report = Report { journal, role, early, ..Report::default() };
    let mut issuers: HashMap<String, Issuer> = HashMap::new();
    roots(estate, &history, &mut issuers, &mut report);
    report.certificates +=
        derived::links(estate, &history.links(), &issuers, &mut report.problems)?;
    for declared in &estate.environments {
        intermediates(estate, declared, &history, &mut issuers, &mut report);
        if report.role == Role::Online {
            issued(estate, declared, &issuers, &mut report)?;
        }
        let derived = Derived::of(estate, &issuers);
        if let Some(derived) = &derived {
            derived.bundle(estate, declared, &mut report.problems);
        }
        if report.role == Role::Online {
            identities(estate, declared, (&issuers, derived.as_ref()), &mut report)?;
        }
    }
    Ok(report)
}

fn roots(
    estate: &Estate,
    history: &History,
    issuers: &mut HashMap<String, Issuer>,
    report: &mut Report,
) {
    for generation in 1..=history.generation(&Scope::Root) {
        let object = ObjectRef::root(generation);
        let Some(record) = history.certificate(&object) else { continue };
        let certificate = check::certificate(estate, record, &ca_dir(&object));
        let Some(certificate) = report.problems.keep(&object, certificate) else { continue };
        report.certificates += 1;
        let facts = &certificate.facts;
        if !certificate.is_signed_by(&facts.key) {
            report.problems.add(&object, "its signature does not verify with its own key");
        }
        let draft = Draft {
            profile: Profile::Root,
            subject: Subject::of_root(&estate.root, generation),
            key: facts.key.clone(),
            serial: Serial::read(&facts.serial),
            not_before: facts.not_before,
            not_after: facts.not_after,
            lifetime: estate.root.lifetime.root,
        };
        report.problems.lint(&object, &certificate, &draft, None, Act::RootCreate);
        check::custody(estate, &object, report.role, &mut report.problems);
        ca(estate, &object, certificate, KeyHome::Local, issuers, report);
    }
}

/// What is the same for the root and for intermediates: in force, CRL, key.
fn ca(
    estate: &Estate,
    object: &ObjectRef,
    certificate: Certificate,
    key: KeyHome,
    issuers: &mut HashMap<String, Issuer>,
    report: &mut Report,
) {
    let history = estate.history();
    let is_revoked = history.certificate(object).is_some_and(|it| history.revocation(it).is_some());
    if estate.active_generation(&object.scope) == object.generation && !is_revoked {
        report.problems.in_force(object, &certificate, estate.context.now());
    }
    if key == KeyHome::Local {
        if object.scope == Scope::Root || report.role == Role::Online {
            let counted = check::crl(estate, object, &certificate, &mut report.problems);
            report.crls += usize::from(counted);
        }
        report.keys += usize::from(check::sealed_key(estate, object, &mut report.problems));
    }
    match Issuer::new(object.clone(), certificate, false) {
        Ok(issuer) => {
            issuers.insert(object.to_string(), issuer);
        }
        Err(error) => report.problems.error(object, &error),
    }
}

fn intermediates(
    estate: &Estate,
    declared: &Declared,
    history: &History,
    issuers: &mut HashMap<String, Issuer>,
    report: &mut Report,
) {
    let environment = &declared.environment;
    let derived = Derived::of(estate, issuers);
    for (name, intermediate) in &environment.declared.intermediates {
        let scope = ObjectRef::member(&environment.name, name).scope;
        for generation in 1..=history.generation(&scope) {
            let object = ObjectRef { scope: scope.clone(), generation: Some(generation) };
            let Some(record) = history.certificate(&object) else { continue };
            let certificate = check::certificate(estate, record, &ca_dir(&object));
            let Some(certificate) = report.problems.keep(&object, certificate) else { continue };
            report.certificates += 1;
            let chain = derived.as_ref().map(|it| it.chain(estate, &object, &certificate));
            let wrong = chain.and_then(|chain| report.problems.keep(&object, chain)).flatten();
            report.problems.extend(wrong);
            let subject =
                Subject::of_intermediate(&estate.root, &environment.name, name, generation);
            let Some(subject) = report.problems.keep(&object, subject) else { continue };
            let draft = Draft {
                profile: Profile::of_intermediate(environment),
                subject,
                key: certificate.facts.key.clone(),
                serial: Serial::read(&certificate.facts.serial),
                not_before: certificate.facts.not_before,
                not_after: certificate.facts.not_after,
                lifetime: intermediate.lifetime,
            };
            let issuer = record.issuer.as_ref().and_then(|issuer| issuers.get(issuer));
            report.problems.lint(&object, &certificate, &draft, issuer, record.act);
            // A medium has the keys and the CRLs of roots alone.
            let is_medium = report.role == Role::Offline;
            let key = if is_medium { KeyHome::Vault } else { intermediate.key };
            ca(estate, &object, certificate, key, issuers, report);
        }
    }
}
