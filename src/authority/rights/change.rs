//! Who gains and who loses what, between two sets of declarations.

use super::{Holder, Rights};
use crate::model::identity::{Auth, Identity};
use crate::policy::{Acl, Capability, Grant, Pair, both, covers};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `ENV/NAME`, or an environment.
    pub object: String,
    /// The policy that the server has, where it is about one.
    pub policy: Option<String>,
    /// What differs.
    pub what: What,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was not declared before.
    New,
    /// It is no longer declared.
    Gone,
    /// Something may be done that might not be done before.
    Gains(Delta),
    /// The other way round.
    Loses(Delta),
    /// It may be done before and after, on other conditions.
    Limits(Delta),
    /// A way to log in came: the method, and by which name.
    Login(Auth, String),
    /// One went.
    NoLogin(Auth, String),
    /// The name of a login is another, before and after.
    Alias(Auth, String, String),
    /// What is declared in one place: what, before, after.
    Setting(&'static str, String, String),
}

/// What may be done where, and which rule says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delta {
    /// A set of paths, as rules write them.
    pub within: String,
    /// Without these of it.
    pub except: Vec<String>,
    /// Sorted by name.
    pub capabilities: Vec<&'static str>,
    /// `FILE:LINE` of the rule that grants it, or granted it.
    pub place: String,
}

/// All differences, in the order of environments and names.
pub fn changes(before: &Rights, after: &Rights) -> Vec<Change> {
    let mut all = settings(before, after);
    let (old, new) = (by_name(&before.identities), by_name(&after.identities));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (was, is) = (old.get(name), new.get(name));
        let change = |what| Change { object: name.clone(), policy: None, what };
        match (was, is) {
            (None, Some(_)) => all.push(change(What::New)),
            (Some(_), None) => all.push(change(What::Gone)),
            _ => {}
        }
        let differing = logins(was.map(|it| &***it), is.map(|it| &***it));
        all.extend(differing.into_iter().map(change));
        if let (Some(was), Some(is)) = (was, is) {
            all.extend(declared(was, is).into_iter().map(change));
        }
    }
    all.extend(policies(before, after));
    all.sort_by(|a, b| a.object.cmp(&b.object));
    all
}

fn by_name(identities: &[Arc<Identity>]) -> BTreeMap<String, &Arc<Identity>> {
    let name = |it: &Identity| format!("{}/{}", it.environment, it.name);
    identities.iter().map(|identity| (name(identity), identity)).collect()
}

/// What environments say of all their tokens and certificates.
fn settings(before: &Rights, after: &Rights) -> Vec<Change> {
    let mut all = Vec::new();
    for is in &after.environments {
        let Some(was) = before.environment(&is.name) else { continue };
        let (was, now) = (&was.declared, &is.declared);
        let values = [
            ("tokens.ttl", was.tokens.ttl.to_string(), now.tokens.ttl.to_string()),
            ("tokens.max_ttl", was.tokens.max_ttl.to_string(), now.tokens.max_ttl.to_string()),
            (
                "identity.workload",
                was.identity.workload.to_string(),
                now.identity.workload.to_string(),
            ),
            (
                "trust_domain",
                was.trust_domain.as_str().to_owned(),
                now.trust_domain.as_str().to_owned(),
            ),
            (
                "server.dialect",
                format!("{:?}", was.server.dialect).to_lowercase(),
                format!("{:?}", now.server.dialect).to_lowercase(),
            ),
        ];
        for (key, was, now) in values.into_iter().filter(|(_, was, now)| was != now) {
            let what = What::Setting(key, was, now);
            all.push(Change { object: is.name.to_string(), policy: None, what });
        }
    }
    all
}

/// What identities say of themselves.
fn declared(was: &Identity, is: &Identity) -> Vec<What> {
    let dns =
        |it: &Identity| it.dns.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let values = [
        ("uri", was.uri.clone().unwrap_or_default(), is.uri.clone().unwrap_or_default()),
        ("dns", dns(was), dns(is)),
        ("lifetime", was.lifetime.to_string(), is.lifetime.to_string()),
    ];
    let differ = values.into_iter().filter(|(_, was, is)| was != is);
    differ.map(|(key, was, is)| What::Setting(key, was, is)).collect()
}

fn logins(was: Option<&Identity>, is: Option<&Identity>) -> Vec<What> {
    let aliases = |it: Option<&Identity>| -> BTreeMap<Auth, String> {
        let auth = it.map(|it| it.declared.auth.as_slice()).unwrap_or_default();
        auth.iter().filter_map(|auth| Some((*auth, it?.alias(*auth)))).collect()
    };
    let (was, is) = (aliases(was), aliases(is));
    let methods: BTreeSet<Auth> = was.keys().chain(is.keys()).copied().collect();
    let one = |auth: Auth| match (was.get(&auth), is.get(&auth)) {
        (None, Some(name)) => Some(What::Login(auth, name.clone())),
        (Some(name), None) => Some(What::NoLogin(auth, name.clone())),
        (Some(was), Some(is)) if was != is => Some(What::Alias(auth, was.clone(), is.clone())),
        _ => None,
    };
    methods.into_iter().filter_map(one).collect()
}

fn policies(before: &Rights, after: &Rights) -> Vec<Change> {
    let index = |rights: &'_ Rights| -> BTreeMap<String, usize> {
        let holders = rights.holders.iter().enumerate();
        holders.map(|(index, holder)| (holder.to_string(), index)).collect()
    };
    let (old, new) = (index(before), index(after));
    let names: Vec<&String> =
        old.keys().chain(new.keys()).collect::<BTreeSet<_>>().into_iter().collect();
    let of = |name: &&String| -> Vec<Change> {
        let was = old.get(*name).map(|index| &before.holders[*index]);
        let is = new.get(*name).map(|index| &after.holders[*index]);
        let Some(holder) = is.or(was) else { return Vec::new() };
        let change = |what| {
            let (object, policy) = (holder.object(), Some(holder.policy()));
            Change { object, policy, what }
        };
        differences(was, is).into_iter().map(change).collect()
    };
    names.par_iter().flat_map_iter(of).collect()
}

/// In what two policies differ, over all paths.
fn differences(was: Option<&Holder>, is: Option<&Holder>) -> Vec<What> {
    if let (Some(was), Some(is)) = (was, is)
        && was.dialect == is.dialect
        && was.policies == is.policies
    {
        return Vec::new();
    }
    let dialect = is.or(was).map(|holder| holder.dialect).unwrap_or_default();
    let empty = || Acl::of([], dialect);
    let before = was.map_or_else(empty, Holder::acl);
    let after = is.map_or_else(empty, Holder::acl);
    let (mut gains, mut loses, mut limits) = (Parts::new(), Parts::new(), Parts::new());
    let (plain, listed) = (both(&before, &after, false), both(&before, &after, true));
    let granted = Capability::ALL.into_iter().filter(|one| *one != Capability::Deny);
    for capability in granted {
        let has = |grant: Option<&Grant>| grant.is_some_and(|it| it.capabilities.has(capability));
        let cells = if capability.is_listing() { &listed } else { &plain };
        let agrees = |pair: &&Pair| match (has(pair.before), has(pair.after)) {
            (true, true) => pair.before.map(|it| &it.limits) == pair.after.map(|it| &it.limits),
            (was, is) => was == is,
        };
        let (agreed, differing): (Vec<&Pair>, Vec<&Pair>) = cells.iter().partition(agrees);
        for pair in differing {
            let (parts, by) = match (has(pair.before), has(pair.after)) {
                (false, _) => (&mut gains, pair.after),
                (true, false) => (&mut loses, pair.before),
                (true, true) => (&mut limits, pair.after),
            };
            let within = agreed.iter().map(|part| &part.within);
            let except = within.filter(|part| covers(&pair.within, part)).cloned().collect();
            let place = by.map(|grant| place(grant, capability)).unwrap_or_default();
            let key = (pair.within.clone(), except, place);
            parts.entry(key).or_default().push(capability.word());
        }
    }
    let gains = parts(gains).map(What::Gains);
    gains.chain(parts(loses).map(What::Loses)).chain(parts(limits).map(What::Limits)).collect()
}

/// Where, without what, by which rule: the capabilities.
type Parts = BTreeMap<(String, Vec<String>, String), Vec<&'static str>>;

fn parts(parts: Parts) -> impl Iterator<Item = Delta> {
    parts.into_iter().map(|((within, except, place), capabilities)| Delta {
        within,
        except,
        capabilities,
        place,
    })
}

/// `FILE:LINE` of the rule that grants it.
fn place(grant: &Grant, capability: Capability) -> String {
    let origin = grant.origin(Some(capability));
    format!("{}:{}", origin.policy.source, origin.rule.line)
}
