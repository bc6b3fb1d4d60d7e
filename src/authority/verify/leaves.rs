//! Leaves: every one that was ever issued, and the current one of each identity.

use super::check::Problems;
use super::derived::Derived;
use super::{Report, check};
use crate::authority::estate::Declared;
use crate::authority::{Estate, identity};
use crate::error::Result;
use crate::journal::{Act, Record};
use crate::model::{environment::ISSUER, identity::Identity, name::ObjectRef};
use crate::pki::{
    chain,
    issuer::Issuer,
    profile::{Draft, Profile, Serial},
    subject::Subject,
};
use crate::store::layout;
use rayon::prelude::*;
use std::collections::HashMap;

/// Every leaf ever issued is there, unchanged, and nothing else is.
pub fn issued(
    estate: &Estate,
    declared: &Declared,
    issuers: &HashMap<String, Issuer>,
    report: &mut Report,
) -> Result<()> {
    let environment = &declared.environment.name;
    let prefix = format!("{environment}/");
    let records: HashMap<&str, &Record> = estate
        .journal
        .records
        .iter()
        .filter(|record| record.act == Act::IdentityIssue && record.object.starts_with(&prefix))
        .filter_map(|record| Some((record.serial.as_deref()?, record)))
        .collect();
    for entry in estate.workspace.entries(&layout::issued_dir(environment))? {
        if !entry.name.strip_suffix(".pem").is_some_and(|serial| records.contains_key(serial)) {
            let path = format!("{}/{}", layout::issued_dir(environment), entry.name);
            report.problems.push(format!("{path} is not recorded in the journal"));
        }
    }
    let problem = |serial: &str, record: &Record| {
        let path = layout::issued(environment, serial);
        let checked = issued_one(estate, &path, record, issuers);
        checked.err().map(|error| format!("{path}: {}", error.messages().join(": ")))
    };
    let mut all: Vec<(&str, &Record)> = records.iter().map(|(s, r)| (*s, *r)).collect();
    all.sort_by_key(|(_, record)| record.seq);
    let problems: Vec<Option<String>> =
        all.par_iter().with_min_len(32).map(|(serial, record)| problem(serial, record)).collect();
    report.certificates += records.len();
    report.problems.extend(problems.into_iter().flatten());
    Ok(())
}

fn issued_one(
    estate: &Estate,
    path: &str,
    record: &Record,
    issuers: &HashMap<String, Issuer>,
) -> Result<()> {
    let certificate = check::recorded(estate, path, record)?;
    match record.issuer.as_ref().and_then(|issuer| issuers.get(issuer)) {
        // At the moment of issuing: an expired leaf is history, not a problem.
        Some(issuer) => chain::accepts(&issuer.anchor, &certificate, certificate.facts.not_before),
        None => Ok(()),
    }
}

/// The CAs that are sound, and what is derived of them.
type Known<'k> = (&'k HashMap<String, Issuer>, Option<&'k Derived>);

/// The current certificate of each identity.
pub fn identities(
    estate: &Estate,
    declared: &Declared,
    known: Known,
    report: &mut Report,
) -> Result<()> {
    let history = &estate.history();
    let names = identity::declared(estate, &declared.environment.name)?;
    let results: Vec<(Problems, bool)> = names
        .par_iter()
        .with_min_len(32)
        .map(|name| {
            let mut problems = Problems::default();
            let object = ObjectRef::member(&declared.environment.name, name);
            let Some((identity, _)) =
                problems.keep(&object, identity::load(estate, declared, name))
            else {
                return (problems, false);
            };
            for policy in identity.declared.policies.iter().chain(&identity.declared.ops) {
                if !estate.workspace.exists(&layout::policy(policy)) {
                    let problem = format!("policy {policy} is not in {}", layout::POLICIES);
                    problems.add(&object, &problem);
                }
            }
            let Some(record) = history.certificate(&object) else { return (problems, false) };
            let checked = identity_one(estate, &object, &identity, record, known, &mut problems);
            problems.keep(&object, checked);
            let dir = layout::identity(&identity.environment, &identity.name);
            (problems, estate.workspace.exists(&format!("{dir}/key.pem")))
        })
        .collect();
    for (problems, has_key) in results {
        report.problems.extend(problems.into_list());
        report.keys += usize::from(has_key);
    }
    Ok(())
}

fn identity_one(
    estate: &Estate,
    object: &ObjectRef,
    identity: &Identity,
    record: &Record,
    (issuers, derived): Known,
    problems: &mut Problems,
) -> Result<()> {
    let dir = layout::identity(&identity.environment, &identity.name);
    let certificate = check::certificate(estate, record, &dir)?;
    let facts = &certificate.facts;
    problems.in_force(object, &certificate, estate.context.now());
    let draft = Draft {
        profile: Profile::of_leaf(identity),
        subject: Subject::of_leaf(&identity.name),
        key: facts.key.clone(),
        serial: Serial::read(&facts.serial),
        not_before: facts.not_before,
        not_after: facts.not_after,
        lifetime: identity.lifetime,
    };
    let issuer = record.issuer.as_ref().and_then(|issuer| issuers.get(issuer));
    problems.lint(object, &certificate, &draft, issuer, record.act);
    if issuer.is_none() {
        problems.add(object, &format!("its issuer, an {ISSUER} intermediate, is not there"));
    }
    let path = format!("{dir}/chain.pem");
    let chain = crate::pki::pem::read_certificates(&path, &estate.workspace.read(&path)?)?;
    let is_right = |issuer: &Issuer, derived: &Derived| {
        derived.is_leaf_chain(&chain, &certificate.der, &issuer.object)
    };
    if issuer.zip(derived).is_some_and(|(issuer, derived)| !is_right(issuer, derived)) {
        problems.push(format!("{path} is not the certificate, its issuer and their links"));
    }
    check::plain_key(estate, &format!("{dir}/key.pem"), &facts.key, problems)
}
