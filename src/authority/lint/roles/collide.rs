//! Two roles for one certificate, or for one common name.

use super::{
    Role,
    limits::{COMMON_NAMES, Limits, NAMES},
    trust::Pool,
};
use crate::authority::lint::Found;
use crate::model::rule::Rule;
use std::collections::BTreeMap;

/// Roles in the order in which a server asks them.
pub fn lint(roles: &[&Role], pools: &[Pool], limits: &[Limits]) -> Vec<Found> {
    let mut found = captures(roles, pools, limits);
    // Names that are written out meet only their equals; the others are compared with all.
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut open: Vec<usize> = Vec::new();
    for (index, limits) in limits.iter().enumerate() {
        let list = limits.lists.get(COMMON_NAMES).cloned().unwrap_or_default();
        let is_plain = !list.is_empty() && !list.iter().any(|item| item.contains('*'));
        match is_plain {
            true => list.into_iter().for_each(|name| by_name.entry(name).or_default().push(index)),
            false => open.push(index),
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for same in by_name.values() {
        pairs.extend(same.windows(2).map(|pair| (pair[0], pair[1])));
    }
    for one in &open {
        let others = (0..roles.len()).filter(|other| other != one);
        pairs.extend(others.map(|other| (*one.min(&other), *one.max(&other))));
    }
    pairs.sort_unstable();
    pairs.dedup();
    for (one, other) in pairs {
        if limits[one].are_none() || limits[other].are_none() || !shares(&pools[one], &pools[other])
        {
            continue;
        }
        let Some(what) = common(&limits[one], &limits[other]) else { continue };
        for (role, other) in [(roles[one], roles[other]), (roles[other], roles[one])] {
            let detail = format!(
                "it takes {what}, as the role {} does, expected one of them alone",
                other.name
            );
            found.push(role.found(Rule::RoleCollision, detail));
        }
    }
    found
}

/// Do they trust a CA in common? What is not told may be the same.
fn shares(one: &Pool, other: &Pool) -> bool {
    one.prints.is_empty() || other.prints.is_empty() || !one.prints.is_disjoint(&other.prints)
}

/// What both take: a common name, whatever else they demand; or, where one does not limit that, a
/// certificate that meets the demands that both make.
fn common(one: &Limits, other: &Limits) -> Option<String> {
    for fields in [(COMMON_NAMES, COMMON_NAMES), (COMMON_NAMES, NAMES), (NAMES, COMMON_NAMES)] {
        if let Some(Some(name)) = meeting(one, other, fields) {
            return Some(format!("the common name {name}"));
        }
    }
    let alike: Vec<_> =
        one.lists.keys().filter_map(|field| meeting(one, other, (field, field))).collect();
    let all = !alike.is_empty() && alike.iter().all(Option::is_some);
    all.then(|| "a certificate".to_owned())
}

/// None where not both limit these; then what both allow.
fn meeting<'l>(
    one: &'l Limits,
    other: &'l Limits,
    fields: (&str, &str),
) -> Option<Option<&'l String>> {
    let (a, b) = (one.lists.get(fields.0)?, other.lists.get(fields.1)?);
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    let found = pairs.into_iter().find(|(a, b)| globs_meet(a, b));
    Some(found.map(|(a, b)| if a.contains('*') { b } else { a }))
}

/// A role without limits takes what is meant for those behind it.
fn captures(roles: &[&Role], pools: &[Pool], limits: &[Limits]) -> Vec<Found> {
    let mut found = Vec::new();
    for (index, role) in roles.iter().enumerate() {
        if !limits[index].are_none() || pools[index].is_leaf {
            continue;
        }
        let behind = (index + 1..roles.len()).find(|other| shares(&pools[index], &pools[*other]));
        if let Some(other) = behind {
            let detail = format!(
                "it comes before {} and takes its certificates, expected limits",
                roles[other].name
            );
            found.push(role.found(Rule::RoleCapture, detail));
        }
    }
    found
}

/// Is there a text that both match? `*` stands for any text in them.
fn globs_meet(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // reached[j]: can the first i of a and the first j of b match the same text?
    let mut reached = vec![false; b.len() + 1];
    reached[0] = true;
    for j in 0..b.len() {
        reached[j + 1] = reached[j] && b[j] == '*';
    }
    for one in &a {
        let above = reached.clone();
        reached[0] = above[0] && *one == '*';
        for (j, other) in b.iter().enumerate() {
            reached[j + 1] = match (*one == '*', *other == '*') {
                (false, false) => above[j] && one == other,
                (true, false) => above[j + 1] || reached[j],
                (false, true) => reached[j] || above[j + 1],
                (true, true) => above[j + 1] || reached[j] || above[j],
            };
        }
    }
    reached[b.len()]
}

#[cfg(test)]
mod tests {
    use super::globs_meet;

    #[test]
    fn two_globs_meet_where_one_text_matches_both() {
        let meeting = [
            ("web", "web"),
            ("web*", "web"),
            ("web*", "*b-1"),
            ("*", ""),
            ("a*c", "ab*"),
            ("*a*", "*b*"),
            ("a**", "*a"),
        ];
        let apart = [("web", "web1"), ("web*", "we"), ("a*c", "b*"), ("", "a"), ("a*b", "a*c")];
        for (a, b) in meeting {
            assert!(globs_meet(a, b) && globs_meet(b, a), "{a} {b}");
        }
        for (a, b) in apart {
            assert!(!globs_meet(a, b) && !globs_meet(b, a), "{a} {b}");
        }
    }
}
