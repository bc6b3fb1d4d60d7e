//! Templates and their rules one by one: are they policies, do they decide over anything, is it in a
//! mount that there is, and is it the server's own.

use super::{Found, Ground, about, declaration, line_of};
use crate::authority::rights::{Holder, Part, Rights};
use crate::model::{mounts::Engine, rule::Rule};
use crate::policy::{Acl, Capability, Grant, Operation, Pattern, Request, meet, reach};
use crate::store::{Workspace, layout};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Templates that are no policies.
pub fn invalid(rights: &Rights) -> Vec<Found> {
    let found = rights.invalid.iter().map(|invalid| Found {
        file: invalid.source.clone(),
        line: invalid.line,
        rule: Rule::PolicyInvalid,
        object: stem(&invalid.source).to_owned(),
        path: None,
        detail: invalid.message.clone(),
    });
    found.collect()
}

/// `kv-read` of `identities/policies/kv-read.hcl`.
pub fn stem(source: &str) -> &str {
    let file = source.rsplit('/').next().unwrap_or(source);
    file.strip_suffix(".hcl").unwrap_or(file)
}

/// Templates that no identity has.
pub fn unused(rights: &Rights) -> Vec<Found> {
    let used: BTreeSet<_> = rights
        .identities
        .iter()
        .flat_map(|it| it.declared.policies.iter().chain(&it.declared.ops))
        .collect();
    let idle = rights.templates.names().filter(|name| rights.is_whole && !used.contains(name));
    let found = idle.map(|name| Found {
        file: layout::policy(name),
        line: 0,
        rule: Rule::PolicyUnused,
        object: name.to_string(),
        path: None,
        detail: "no identity has it, expected one at least".to_owned(),
    });
    found.collect()
}

/// Rules that decide over nothing, for everybody who has them.
pub fn shadowed(grounds: &[Ground]) -> Vec<Found> {
    let holders: Vec<&(&Holder, Acl)> = grounds.iter().flat_map(|ground| &ground.holders).collect();
    let idle_of = |(holder, acl): &&(&Holder, Acl)| -> Vec<((String, u32), bool, Found)> {
        let all = acl.grants().flat_map(|grant| {
            let nearer = nearer(acl, grant);
            grant.origins.iter().map(move |origin| {
                let place = (origin.policy.source.clone(), origin.rule.line);
                let by = nearer.map(|by| by.pattern.text()).unwrap_or_default();
                let detail = format!(
                    "{} decides over no path, as {by} is nearer on all of them",
                    grant.pattern
                );
                let mut found = about(Rule::PolicyShadowed, holder, grant, detail);
                (found.file, found.line) = place.clone();
                (place, nearer.is_some(), found)
            })
        });
        all.collect()
    };
    let all: Vec<_> = holders.par_iter().with_min_len(16).flat_map_iter(idle_of).collect();
    let mut idle: BTreeMap<(String, u32), Option<Vec<Found>>> = BTreeMap::new();
    for (place, is_idle, found) in all {
        let entry = idle.entry(place).or_insert_with(|| Some(Vec::new()));
        match (is_idle, entry.as_mut()) {
            (true, Some(all)) => all.push(found),
            _ => *entry = None,
        }
    }
    idle.into_values().flatten().flatten().collect()
}

/// A rule that leaves this one nothing; exact rules always decide.
fn nearer<'a>(acl: &'a Acl<'a>, grant: &Grant<'a>) -> Option<&'a Grant<'a>> {
    let pattern = grant.pattern;
    let same = |other: &Grant| other.pattern.text() == pattern.text();
    let mut rivals = acl.grants().filter(|other| !same(other) && meet(other.pattern, pattern));
    if pattern.kind() == crate::policy::Kind::Exact {
        return None;
    }
    let first = rivals.next()?;
    for capability in [Capability::Read, Capability::List] {
        let reach = reach(acl, pattern, capability);
        if reach.cells.iter().any(|cell| cell.grant.is_some_and(same)) {
            return None;
        }
        if let Some(by) = reach.cells.iter().find_map(|cell| cell.grant) {
            return Some(
                acl.grants().find(|it| it.pattern.text() == by.pattern.text()).unwrap_or(first),
            );
        }
    }
    Some(first)
}

/// The capability sudo.
pub fn sudo(holder: &Holder, acl: &Acl) -> Vec<Found> {
    let has = acl.grants().filter(|grant| grant.capabilities.has(Capability::Sudo));
    let detail =
        |grant: &Grant| format!("{holder} has sudo on {}, expected nobody to", grant.pattern);
    has.map(|grant| about(Rule::PolicySudo, holder, grant, detail(grant))).collect()
}

/// Rules in mounts that nobody declares.
pub fn mounts(ground: &Ground, holder: &Holder, acl: &Acl) -> Vec<Found> {
    let mut found = Vec::new();
    let declared: Vec<String> = ground
        .environment
        .declared
        .mounts
        .iter()
        .map(|(_, path, engine)| match engine {
            Some(Engine::Auth(_)) => format!("auth/{path}"),
            _ => path.to_owned(),
        })
        .chain(["sys", "identity", "cubbyhole", "auth/token"].map(str::to_owned))
        .collect();
    let inside: Vec<Pattern> = declared
        .iter()
        .flat_map(|mount| [mount.clone(), format!("{mount}/*")])
        .filter_map(|path| Pattern::parse(&path).ok())
        .collect();
    for grant in acl.grants() {
        let is_there = inside.iter().any(|mount| meet(mount, grant.pattern));
        if !is_there && !grant.capabilities.is_deny() {
            let mounts = declared.join(", ");
            let mut detail =
                format!("{} is in no mount of {}", grant.pattern, holder.identity.environment);
            if mounts.len() <= 120 {
                detail.push_str(&format!(", expected one of {mounts}"));
            }
            found.push(about(Rule::PolicyMount, holder, grant, detail));
        }
    }
    found
}

/// What is everybody's own.
const OWN: [&str; 4] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    "sys/capabilities-self",
];

/// Rights on the server itself, where nothing worse was said of the same rule.
pub fn system(ground: &Ground, holder: &Holder, acl: &Acl, told: &[String]) -> Vec<Found> {
    let server = ["sys/*", "auth/*", "identity/*"].map(Pattern::parse);
    let server: Vec<Pattern> = server.into_iter().flatten().collect();
    let approle = ground.environment.declared.mounts.path("approle").unwrap_or_default();
    let role = format!("auth/{approle}/role/{}/", holder.identity.name);
    let is_own = |path: &str| {
        let own = path.strip_prefix(&role);
        OWN.contains(&path) || own.is_some_and(|rest| ["secret-id", "role-id"].contains(&rest))
    };
    let mut found = Vec::new();
    for grant in acl.grants() {
        let words = grant.capabilities;
        if words.is_deny() || words.is_empty() || is_own(grant.pattern.text()) {
            continue;
        }
        let reached = server.iter().find(|area| {
            meet(area, grant.pattern) && words.iter().any(|one| decides(acl, grant, area, one))
        });
        let Some(area) = reached else { continue };
        let words = words.words().join(", ");
        let what = match grant.pattern.text().starts_with(area.head()) {
            true => grant.pattern.text().to_owned(),
            false => format!("{} in {area}", grant.pattern),
        };
        let detail = format!("{holder} may {words} {what}, expected its own token alone");
        let one = about(Rule::PolicySystem, holder, grant, detail);
        if !told.contains(&one.place()) {
            found.push(one);
        }
    }
    found
}

/// Is there a path of the set over which this rule decides?
fn decides(acl: &Acl, grant: &Grant, set: &Pattern, capability: Capability) -> bool {
    let cells = reach(acl, set, capability).cells;
    cells.iter().any(|cell| cell.grant.is_some_and(|it| it.pattern == grant.pattern))
}

/// Whoever logs in must be able to stay.
pub fn renewal(workspace: &Workspace, holder: &Holder, acl: &Acl) -> Vec<Found> {
    let needs =
        [(Operation::Read, "auth/token/lookup-self"), (Operation::Update, "auth/token/renew-self")];
    let lacks = |(operation, path): &(Operation, &str)| {
        !acl.decide(&Request::new(*operation, path)).allowed
    };
    let lacking: Vec<&str> = needs.into_iter().filter(lacks).map(|(_, path)| path).collect();
    // Without any right there is nothing to stay for.
    let is_idle = holder.policies.is_empty() || holder.logins().next().is_none();
    if lacking.is_empty() || is_idle {
        return Vec::new();
    }
    let file = declaration(&holder.identity);
    let key = if holder.part == Part::Ops { "ops" } else { "policies" };
    vec![Found {
        line: line_of(workspace, &file, key),
        file,
        rule: Rule::PolicyRenewal,
        object: holder.object(),
        path: None,
        detail: format!(
            "the policy {} allows no {}, expected the template self-renew in {key}",
            holder.policy(),
            lacking.join(" and no ")
        ),
    }]
}
