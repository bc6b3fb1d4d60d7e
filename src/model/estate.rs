//! All environments together: `test` and `prod` are separate in mechanics, not in naming.

use super::{
    environment::Environment,
    rule::{Finding, Rule},
};
use std::collections::BTreeSet;

/// What two environments have in common and must not; empty when all is well.
pub fn shared(environments: &[Environment]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, one) in environments.iter().enumerate() {
        for other in &environments[index + 1..] {
            for what in shared_by(one, other) {
                let (one, other) = (&one.name, &other.name);
                let message = format!("{one} and {other} share {what}, expected one each");
                findings.push(Rule::EnvironmentsShare.found(message));
            }
        }
    }
    findings
}

fn shared_by(one: &Environment, other: &Environment) -> Vec<String> {
    let (a, b) = (&one.declared, &other.declared);
    let mut shared = Vec::new();
    if a.address.eq_ignore_ascii_case(&b.address) {
        shared.push(format!("the address {}", a.address));
    }
    if a.trust_domain == b.trust_domain {
        shared.push(format!("the trust domain {}", a.trust_domain));
    }
    if a.runtime_owner == b.runtime_owner {
        shared.push(format!("the runtime owner {}", a.runtime_owner));
    }
    if !a.mounts.is_empty() && mounts(one) == mounts(other) {
        let set: Vec<String> = mounts(one).into_iter().collect();
        shared.push(format!("the mounts {}", set.join(", ")));
    }
    for (key, path) in &a.paths {
        let slashless = path.trim_end_matches('/');
        if b.paths.values().any(|other| other.trim_end_matches('/') == slashless) {
            shared.push(format!("the path {key} = {path}"));
        }
    }
    for domain in &a.dns {
        if let Some(other) = b.dns.iter().find(|o| o.is_within(domain) || domain.is_within(o)) {
            shared.push(format!("the DNS subtree {domain} ({other})"));
        }
    }
    shared
}

fn mounts(environment: &Environment) -> BTreeSet<String> {
    environment.declared.mounts.iter().map(|(_, path, _)| path.to_owned()).collect()
}
