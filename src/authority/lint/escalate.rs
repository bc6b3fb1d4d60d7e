//! Rights by which one identity can become another, exactly: each target is a set of paths, and the
//! rules that decide over a part of it are asked.

use super::{
    Found, Ground, about,
    targets::Target,
    words::{self, Hit},
};
use crate::authority::rights::Holder;
use crate::model::identity::{Auth, Identity};
use crate::policy::{Acl, Capability, Grant, meet, reach};
use std::collections::BTreeSet;

/// Each rule that escalates, once for what it is worst for.
pub fn escalations<'a>(ground: &'a Ground<'a>, holder: &Holder, acl: &'a Acl<'a>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut told = BTreeSet::new();
    for target in &ground.targets {
        let touches = |grant: &Grant| {
            let harmful = |one: &Capability| grant.capabilities.has(*one);
            target.capabilities.iter().any(harmful) && meet(grant.pattern, &target.pattern)
        };
        if !acl.grants().any(touches) {
            continue;
        }
        for hit in hits(ground, holder, acl, target) {
            let rule = target.gives.rule();
            if told.insert((rule, hit.grant.pattern.text())) {
                let detail = words::escalation(ground, holder, target.gives, &hit);
                found.push(about(rule, holder, hit.grant, detail));
            }
        }
    }
    found
}

fn hits<'a>(
    ground: &'a Ground<'a>,
    holder: &Holder,
    acl: &'a Acl<'a>,
    target: &'a Target,
) -> Vec<Hit<'a>> {
    let mut hits: Vec<Hit> = Vec::new();
    for capability in target.capabilities {
        let reach = reach(acl, &target.pattern, *capability);
        for cell in reach.granted() {
            let Some(grant) = cell.grant else { continue };
            if hits.iter().any(|hit| hit.grant.pattern == grant.pattern) {
                continue;
            }
            let hit = match target.name {
                None => {
                    let (path, whose, named) = (cell.within.clone(), None, None);
                    Some(Hit { grant, capability: *capability, path, whose, named })
                }
                Some(place) => named(ground, holder, acl, grant, *capability, &cell.within, place),
            };
            hits.extend(hit);
        }
    }
    hits
}

/// A part in which a name stands, or can be chosen: somebody else's, if there is one for whom the
/// same rule decides.
fn named<'a>(
    ground: &'a Ground<'a>,
    holder: &Holder,
    acl: &Acl,
    grant: &'a Grant<'a>,
    capability: Capability,
    within: &str,
    place: usize,
) -> Option<Hit<'a>> {
    let own = &holder.identity;
    let segments: Vec<&str> = within.split('/').collect();
    let segment = *segments.get(place)?;
    let hit = |path: String, whose, named: &str| {
        Some(Hit { grant, capability, path, whose, named: Some(named.to_owned()) })
    };
    let start = match segment {
        "+" => "",
        _ => match segment.strip_suffix('*') {
            Some(start) => start,
            None if segment == own.name.as_str() => return None,
            None => return hit(within.to_owned(), ground.identity(segment), segment),
        },
    };
    let with = |name: &str| {
        let segments = segments.iter().enumerate();
        let path = segments.map(|(at, text)| if at == place { name } else { text });
        path.collect::<Vec<_>>().join("/")
    };
    let granted = |identity: &&&Identity| {
        let Ok(path) = crate::policy::Pattern::parse(&with(identity.name.as_str())) else {
            return false;
        };
        let reach = reach(acl, &path, capability);
        let by_it =
            |cell: &crate::policy::Cell| cell.grant.is_some_and(|it| it.pattern == grant.pattern);
        reach.granted().any(by_it)
    };
    let others = ground.identities.iter().filter(|it| it.name != own.name);
    let mut others = others.filter(|it| it.name.as_str().starts_with(start));
    // Those who have the path themselves, or log in by it, first.
    let holds = |it: &&&Identity| {
        let path = with(it.name.as_str());
        let is_login = path.starts_with("auth/") && it.declared.auth.contains(&Auth::Approle);
        ground.exact.contains(&path) || is_login
    };
    let first = others.clone().filter(holds).find(granted).or_else(|| others.find(granted));
    match first {
        Some(whose) => hit(with(whose.name.as_str()), Some(*whose), whose.name.as_str()),
        None => hit(within.to_owned(), None, segment),
    }
}
