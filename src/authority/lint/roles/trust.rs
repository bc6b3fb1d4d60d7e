//! Whose certificates a role takes: its own CAs are recognised by their fingerprints.

use super::Role;
use crate::authority::{Estate, ca::ca_dir, lint::Found};
use crate::model::{
    environment::{Environment, ISSUER},
    name::{ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{inspect::Certificate, pem};
use std::collections::{BTreeMap, BTreeSet};

/// The CAs of a workspace by fingerprint.
pub struct Issuers(BTreeMap<String, ObjectRef>);

/// What one role trusts.
#[derive(Default)]
pub struct Pool {
    /// Fingerprints.
    pub prints: BTreeSet<String>,
    authorities: Vec<(Option<ObjectRef>, Certificate)>,
    /// A certificate that is taken byte for byte?
    pub is_leaf: bool,
    /// Is there a field for it, and is it no certificate?
    is_broken: bool,
    is_told: bool,
}

impl Issuers {
    /// Those that the journal has recorded; a file that is another is left out.
    pub fn of(estate: &Estate) -> Self {
        let history = estate.history();
        let mut scopes = vec![Scope::Root];
        for declared in &estate.environments {
            let environment = &declared.environment;
            let names = environment.declared.intermediates.keys().cloned();
            scopes.extend(
                names.map(|name| Scope::Member { environment: environment.name.clone(), name }),
            );
        }
        let generations = scopes.into_iter().flat_map(|scope| {
            let numbers = history.certified_generations(&scope).into_iter();
            numbers.map(move |number| ObjectRef { scope: scope.clone(), generation: Some(number) })
        });
        let known = generations.filter_map(|object| {
            let certificate = estate.recorded_certificate(&object, &ca_dir(&object)).ok()?;
            Some((certificate.fingerprint(), object))
        });
        Self(known.collect())
    }

    /// The CAs of a role.
    pub fn pool(&self, role: &Role) -> Pool {
        let text = role.text("certificate");
        let is_told = role.fields.contains_key("certificate");
        let mut pool = Pool { is_told, ..Pool::default() };
        let Ok(ders) = pem::read_certificates("certificate", text.as_bytes()) else {
            pool.is_broken = is_told;
            return pool;
        };
        for der in ders {
            let Ok(certificate) = Certificate::parse("certificate", der) else {
                pool.is_broken = true;
                continue;
            };
            let print = certificate.fingerprint();
            pool.is_leaf |= !certificate.facts.is_ca;
            let known = self.0.get(&print).cloned();
            pool.prints.insert(print);
            pool.authorities.push((known, certificate));
        }
        pool
    }
}

/// The environment whose CAs most roles trust.
pub fn usual(pools: &[Pool]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (object, _) in pools.iter().flat_map(|pool| &pool.authorities) {
        if let Some(ObjectRef { scope: Scope::Member { environment, .. }, .. }) = object {
            *counts.entry(environment.to_string()).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

/// Is it the environment's own?
pub fn lint(role: &Role, pool: &Pool, environment: Option<&Environment>) -> Vec<Found> {
    let mut found = Vec::new();
    let expected = match environment {
        Some(environment) => format!("expected {}/{ISSUER}", environment.name),
        None => format!("expected an environment's {ISSUER}"),
    };
    if pool.is_broken || (pool.is_told && pool.authorities.is_empty()) {
        let detail = format!("its certificate is none, {expected}");
        found.push(role.found(Rule::RoleForeignIssuer, detail));
    }
    for (object, certificate) in &pool.authorities {
        let cn = certificate.facts.cn();
        let detail = match object {
            Some(ObjectRef { scope: Scope::Member { environment: theirs, name }, .. }) => {
                let is_own = environment.is_none_or(|own| own.name == *theirs);
                if is_own && name.as_str() == ISSUER {
                    continue;
                }
                (Rule::RoleForeignIssuer, format!("it trusts {theirs}/{name} ({cn})"))
            }
            Some(root) => (Rule::RoleRootPinned, format!("it trusts {root} ({cn})")),
            None if !certificate.facts.is_ca => continue,
            None if certificate.is_self_issued() => {
                (Rule::RoleRootPinned, format!("it trusts a root that is not ours ({cn})"))
            }
            None => (Rule::RoleForeignIssuer, format!("it trusts a CA that is not ours ({cn})")),
        };
        found.push(role.found(detail.0, format!("{}, {expected}", detail.1)));
    }
    let ocsp = role.text("ocsp_ca_certificates");
    if !ocsp.is_empty() || !role.list("ocsp_ca_certificates").is_empty() {
        let detail = "ocsp_ca_certificates is set, which joins what it trusts, expected nothing";
        found.push(role.found(Rule::RoleOcspCa, detail.to_owned()));
    }
    found
}
