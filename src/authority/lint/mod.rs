//! What is wrong with policies and roles, although a server would take them: rights that reach too
//! far, rules that do nothing, and ways in which one identity can become another.

mod escalate;
mod excuse;
mod names;
pub mod roles;
mod rules;
mod shared;
mod targets;
mod words;

pub use excuse::{Excused, excuse};
pub use roles::lint_roles;

use crate::authority::rights::{Holder, Rights, issues};
use crate::model::{environment::Environment, identity::Identity, name::Name, rule::Rule};
use crate::policy::{Acl, Grant};
use crate::store::{Workspace, file, layout};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fmt;

/// One thing that is wrong, in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where: a file of the workspace, or what a server calls it.
    pub file: String,
    /// In it, counted from 1; 0 for the whole of it.
    pub line: u32,
    /// Which rule is broken.
    pub rule: Rule,
    /// Whose it is: `ENV/NAME`, a template, a role.
    pub object: String,
    /// The path of the policy's rule.
    pub path: Option<String>,
    /// What was got, and what was expected.
    pub detail: String,
}

impl fmt::Display for Found {
    /// `RULE: FILE:LINE: what was got, expected`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.rule, self.place(), self.detail)
    }
}

impl Found {
    /// `FILE:LINE`
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }
}

/// One environment, with what its identities may do.
struct Ground<'r> {
    environment: &'r Environment,
    /// Those that log in, in order of their names.
    identities: Vec<&'r Identity>,
    holders: Vec<(&'r Holder, Acl<'r>)>,
    /// What nobody should reach.
    targets: Vec<targets::Target>,
    /// Those that have certificates issued by a role of their own.
    issuing: BTreeSet<Name>,
    /// Paths that are written out in somebody's rules.
    exact: BTreeSet<String>,
}

impl<'r> Ground<'r> {
    fn of(rights: &'r Rights, environment: &'r Environment) -> Self {
        let here = |identity: &Identity| identity.environment == environment.name;
        let identities = rights.identities.iter().map(AsRef::as_ref);
        let identities: Vec<_> =
            identities.filter(|it| here(it) && !it.declared.auth.is_empty()).collect();
        let holders = rights.holders.iter().filter(|holder| here(&holder.identity));
        let issuing = |holder: &&Holder| issues(environment, &holder.identity, [*holder]).is_some();
        let names = holders.clone().filter(issuing).map(|holder| holder.identity.name.clone());
        let issuing = names.collect();
        let rules = holders.clone().flat_map(|it| &it.policies).flat_map(|it| &it.rules);
        let rules = rules.filter(|rule| rule.pattern.kind() == crate::policy::Kind::Exact);
        let exact = rules.map(|rule| rule.pattern.text().to_owned()).collect();
        let holders = holders.map(|holder| (holder, holder.acl())).collect();
        let targets = targets::targets(environment);
        Self { environment, identities, holders, targets, issuing, exact }
    }

    /// Another identity than that one, whose name begins with that.
    fn other(&self, than: &Identity, start: &str) -> Option<&'r Identity> {
        let from = self.identities.partition_point(|it| it.name.as_str() < start);
        let all = self.identities[from..].iter().copied();
        let mut all = all.take_while(|it| it.name.as_str().starts_with(start));
        all.find(|it| it.name != than.name)
    }

    /// Another one that is worth becoming: it has certificates issued, if anybody has.
    fn victim(&self, than: &Identity) -> Option<&'r Identity> {
        let issues = |it: &&&Identity| it.name != than.name && self.issuing.contains(&it.name);
        let first = self.identities.iter().find(issues).copied();
        first.or_else(|| self.other(than, ""))
    }

    fn identity(&self, name: &str) -> Option<&'r Identity> {
        let found = self.identities.binary_search_by(|it| it.name.as_str().cmp(name));
        found.ok().map(|index| self.identities[index])
    }
}

/// A finding about the rule of a policy that one identity has.
fn about(rule: Rule, holder: &Holder, grant: &Grant, detail: String) -> Found {
    let origin = grant.origin(None);
    Found {
        file: origin.policy.source.clone(),
        line: origin.rule.line,
        rule,
        object: holder.object(),
        path: Some(grant.pattern.text().to_owned()),
        detail,
    }
}

/// Everything about policies and identities; in order of file and line, once for each identity.
pub fn lint(workspace: &Workspace, rights: &Rights) -> Vec<Found> {
    let grounds: Vec<Ground> =
        rights.environments.iter().map(|environment| Ground::of(rights, environment)).collect();
    let mut found = rules::invalid(rights);
    found.extend(rules::unused(rights));
    found.extend(rules::shadowed(&grounds));
    for ground in &grounds {
        found.extend(names::taken(workspace, ground));
        let all = ground.holders.par_iter().with_min_len(16);
        let all: Vec<_> = all.map(|(holder, acl)| one(workspace, ground, holder, acl)).collect();
        let (own, secrets): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        found.extend(own.into_iter().flatten());
        found.extend(shared::overlaps(secrets.into_iter().flatten().collect()));
    }
    found.sort();
    found.dedup();
    found
}

/// What is wrong with one policy by itself, and the secrets that it reaches rightly.
fn one<'a>(
    workspace: &Workspace,
    ground: &'a Ground<'a>,
    holder: &'a Holder,
    acl: &'a Acl<'a>,
) -> (Vec<Found>, Vec<shared::Secret<'a>>) {
    let mut found = escalate::escalations(ground, holder, acl);
    found.extend(rules::mounts(ground, holder, acl));
    let told: Vec<String> = found.iter().map(Found::place).collect();
    found.extend(rules::sudo(holder, acl));
    found.extend(rules::system(ground, holder, acl, &told));
    found.extend(rules::renewal(workspace, holder, acl));
    let (wild, secrets) = shared::secrets(ground, holder, acl);
    found.extend(wild);
    (found, secrets)
}

/// Findings of one rule about one line of a template, together: the first, and who else it is about.
/// They must be in order.
pub fn merged(found: &[Found]) -> Vec<(&Found, Vec<&str>)> {
    let mut all: Vec<(&Found, Vec<&str>)> = Vec::new();
    for one in found {
        let same = |first: &Found| {
            let place = |it: &Found| (it.rule, it.line, it.file.clone());
            one.file.ends_with(".hcl") && place(first) == place(one)
        };
        match all.last_mut().filter(|(first, _)| same(first)) {
            None => all.push((one, Vec::new())),
            Some((first, others)) => {
                if first.object != one.object && others.last() != Some(&one.object.as_str()) {
                    others.push(&one.object);
                }
            }
        }
    }
    all
}

/// The line of a key in a declaration; 0 where there is none.
fn line_of(workspace: &Workspace, path: &str, key: &str) -> u32 {
    let Ok(Some(bytes)) = workspace.read_if_any(path, file::SMALL) else { return 0 };
    let text = String::from_utf8_lossy(&bytes);
    let is_it = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let line = text.lines().position(is_it).map_or(0, |index| index + 1);
    u32::try_from(line).unwrap_or_default()
}

/// Where an identity is declared.
fn declaration(identity: &Identity) -> String {
    layout::declaration(&identity.environment, &identity.name)
}
