//! What a role demands of a certificate beyond its issuer.

use super::{Role, trust::Pool};
use crate::authority::lint::Found;
use crate::model::rule::Rule;
use std::collections::BTreeMap;

/// Each list that is not empty must have one match in a certificate.
pub struct Limits {
    /// By field; only those that limit.
    pub lists: BTreeMap<&'static str, Vec<String>>,
    has_extensions: bool,
}

pub const COMMON_NAMES: &str = "allowed_common_names";
pub const URIS: &str = "allowed_uri_sans";
pub const NAMES: &str = "allowed_names";
const LISTS: [&str; 6] = [
    COMMON_NAMES,
    URIS,
    NAMES,
    "allowed_dns_sans",
    "allowed_email_sans",
    "allowed_organizational_units",
];

impl Limits {
    pub fn of(role: &Role) -> Self {
        let lists = LISTS.map(|field| (field, role.list(field)));
        // A list with "*" takes whatever has such a name at all.
        let limits = |(_, list): &(&str, Vec<String>)| {
            !list.is_empty() && !list.iter().any(|item| item.chars().all(|c| c == '*'))
        };
        let has_extensions = !role.list("required_extensions").is_empty();
        Self { lists: lists.into_iter().filter(limits).collect(), has_extensions }
    }

    /// Who logs in is not limited by name.
    pub fn are_none(&self) -> bool {
        ![COMMON_NAMES, URIS, NAMES].iter().any(|field| self.lists.contains_key(field))
    }
}

/// Is it for one identity?
pub fn lint(role: &Role, pool: &Pool, limits: &Limits) -> Vec<Found> {
    let mut found = Vec::new();
    if limits.are_none() && !pool.is_leaf {
        let mut others: Vec<&str> = limits.lists.keys().copied().collect();
        others.extend(limits.has_extensions.then_some("required_extensions"));
        let got = match others.is_empty() {
            true => "it limits nothing".to_owned(),
            false => format!("it limits {} alone", others.join(", ")),
        };
        let detail = format!("{got}, expected {COMMON_NAMES} and {URIS}");
        found.push(role.found(Rule::RoleUnconstrained, detail));
    }
    if limits.lists.contains_key(NAMES) && !limits.lists.contains_key(URIS) {
        let detail = format!("{NAMES} without {URIS}, expected {COMMON_NAMES} and {URIS}");
        found.push(role.found(Rule::RoleNames, detail));
    }
    for field in LISTS {
        for item in role.list(field).into_iter().filter(|item| item.contains('*')) {
            let detail = format!("{field} has {item:?}, expected names without a wildcard");
            found.push(role.found(Rule::RoleGlob, detail));
        }
    }
    found
}
