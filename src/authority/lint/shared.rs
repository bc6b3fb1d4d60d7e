//! Secrets: whose they are by the name in their path, and who else reaches them.

use super::{Found, Ground, about};
use crate::authority::rights::Holder;
use crate::model::rule::Rule;
use crate::policy::{Acl, Capability, Grant, Pattern, meet, reach};
use std::collections::BTreeMap;

/// What reads or changes a secret.
const TOUCHES: [Capability; 5] = [
    Capability::Read,
    Capability::Create,
    Capability::Update,
    Capability::Patch,
    Capability::Delete,
];

/// A rule that reaches secrets, of one identity.
pub struct Secret<'a> {
    holder: &'a Holder,
    grant: &'a Grant<'a>,
}

/// Where names are in the paths of the environment's key-value mounts: the mount, and how many
/// segments lie before the name.
fn stores<'a>(ground: &Ground<'a>) -> impl Iterator<Item = (&'a str, usize)> + use<'a> {
    ground.environment.declared.mounts.iter().filter_map(|(key, path, _)| {
        let mount = path.split('/').count();
        match key.split('-').next() {
            Some("kv2") => Some((path, mount + 1)),
            Some("kv1") => Some((path, mount)),
            _ => None,
        }
    })
}

/// Wildcards that reach others' secrets, names of others in paths, and all other rules on secrets.
pub fn secrets<'a>(
    ground: &Ground,
    holder: &'a Holder,
    acl: &'a Acl<'a>,
) -> (Vec<Found>, Vec<Secret<'a>>) {
    let (mut found, mut secrets) = (Vec::new(), Vec::new());
    for (mount, place) in stores(ground) {
        let Ok(inside) = Pattern::parse(&format!("{mount}/*")) else { continue };
        let here = acl.grants().filter(|grant| {
            let gives = !grant.capabilities.is_deny() && !grant.capabilities.is_empty();
            gives && meet(&inside, grant.pattern)
        });
        for grant in here {
            match other(ground, holder, acl, grant, mount, place) {
                Some(one) => found.push(one),
                None if TOUCHES.iter().any(|it| grant.capabilities.has(*it)) => {
                    secrets.push(Secret { holder, grant });
                }
                None => {}
            }
        }
    }
    (found, secrets)
}

/// Somebody else's name in the place of the name, or a wildcard that stands for one.
fn other(
    ground: &Ground,
    holder: &Holder,
    acl: &Acl,
    grant: &Grant,
    mount: &str,
    place: usize,
) -> Option<Found> {
    let text = grant.pattern.text();
    let (start, is_wild) = name_in(grant.pattern, place);
    let whose = match is_wild {
        true => ground.other(&holder.identity, start)?,
        false => ground.identity(start).filter(|it| it.name != holder.identity.name)?,
    };
    let verb = if mount.split('/').count() == place { String::new() } else { "+/".to_owned() };
    let theirs = format!("{mount}/{verb}{}", whose.name);
    let sets = [theirs.clone(), format!("{theirs}/*")];
    let sets = sets.iter().filter_map(|path| Pattern::parse(path).ok());
    let mut sets = sets.filter(|set| meet(set, grant.pattern));
    let decides = sets.any(|set| {
        grant.capabilities.iter().any(|capability| {
            let cells = reach(acl, &set, capability).cells;
            cells.iter().any(|cell| cell.grant.is_some_and(|it| it.pattern == grant.pattern))
        })
    });
    if !decides {
        return None;
    }
    let words = grant.capabilities.words().join(", ");
    let (rule, why) = match is_wild {
        true => {
            (Rule::PolicyWildcard, format!("which reaches what is {whose}'s", whose = whose.name))
        }
        false => (Rule::PolicyOverlap, format!("which is named after {}", whose.name)),
    };
    let expected = format!("expected {} in the place of the name", holder.identity.name);
    Some(about(rule, holder, grant, format!("{holder} may {words} {text}, {why}, {expected}")))
}

/// What the segment of the name begins with, and whether more may follow.
fn name_in(pattern: &Pattern, place: usize) -> (&str, bool) {
    let segments: Vec<&str> = pattern.text().split('/').collect();
    let is_last = place + 1 >= segments.len();
    match segments.get(place) {
        None if pattern.is_open() => ("", true),
        None => ("\0", false),
        Some(segment) if is_last && pattern.is_open() => {
            (segment.strip_suffix('*').unwrap_or(segment), true)
        }
        Some(&"+") if pattern.kind() == crate::policy::Kind::Segments => ("", true),
        Some(segment) => (segment, false),
    }
}

/// Secrets that two identities reach, by rules of which neither was found fault with. Rules with the
/// same path are one; paths that have something in common begin alike, so only neighbours are
/// compared.
pub fn overlaps(secrets: Vec<Secret>) -> Vec<Found> {
    let mut by_path: BTreeMap<(&str, &str), Vec<&Secret>> = BTreeMap::new();
    for secret in &secrets {
        let pattern = secret.grant.pattern;
        by_path.entry((pattern.head(), pattern.text())).or_default().push(secret);
    }
    let mut found = Vec::new();
    let mut open: Vec<&Vec<&Secret>> = Vec::new();
    for ((head, _), all) in &by_path {
        found.extend(among(all));
        open.retain(|above| head.starts_with(above[0].grant.pattern.head()));
        for above in &open {
            found.extend(between(above, all));
        }
        open.push(all);
    }
    found
}

/// One path, many identities: each is told of the next.
fn among(all: &[&Secret]) -> Vec<Found> {
    let name = |secret: &Secret| secret.holder.identity.name.clone();
    let other = |one: &Secret| all.iter().find(|other| name(other) != name(one));
    all.iter().filter_map(|one| Some(tell(one, other(one)?))).collect()
}

/// Two paths that have something in common.
fn between(above: &[&Secret], below: &[&Secret]) -> Vec<Found> {
    if !meet(above[0].grant.pattern, below[0].grant.pattern) {
        return Vec::new();
    }
    let name = |secret: &Secret| secret.holder.identity.name.clone();
    let of = |one: &&Secret| {
        let other = above.iter().find(|other| name(other) != name(one))?;
        Some([tell(one, other), tell(other, one)])
    };
    below.iter().filter_map(of).flatten().collect()
}

fn tell(one: &Secret, other: &Secret) -> Found {
    let words = one.grant.capabilities.words().join(", ");
    let theirs = other.grant.capabilities.words().join(", ");
    let path = match one.grant.pattern == other.grant.pattern {
        true => "it".to_owned(),
        false => other.grant.pattern.text().to_owned(),
    };
    let detail = format!(
        "{} may {words} {}, and {} may {theirs} {path}, expected one of them alone",
        one.holder, one.grant.pattern, other.holder
    );
    about(Rule::PolicyOverlap, one.holder, one.grant, detail)
}
