//! How two ACLs decide side by side, exactly, over all paths.
//!
//! They cut all paths into cells on which both decisions are the same: what a rule of the one and a
//! rule of the other have in common, without what those before them match. A generic path decides
//! over each, as in [`super::reach`].

use super::shape::{Fresh, Shape};
use crate::policy::{Acl, Grant, Pattern};
use std::collections::HashSet;

/// A part of all paths over which one rule decides on each side.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    /// What both rules have in common; nearer rules take their part of it.
    pub within: String,
    /// A path of it.
    pub witness: String,
    /// The rule of the first ACL; none for what no rule matches.
    pub before: Option<&'a Grant<'a>>,
    /// The rule of the second.
    pub after: Option<&'a Grant<'a>>,
}

/// The parts of all paths, each once. `listing`: for LIST and SCAN, which look at a path without its
/// final slash, too.
pub fn both<'a>(before: &'a Acl<'a>, after: &'a Acl<'a>, listing: bool) -> Vec<Pair<'a>> {
    let everything = Pattern::everything();
    let (old, new) = (patterns(before, &everything), patterns(after, &everything));
    let all = || old.iter().chain(&new).copied();
    let fresh = Fresh::beside(all());
    let longest = all().map(|pattern| pattern.text().split('/').count()).max().unwrap_or(0) + 2;
    let (mut seen, mut decided, mut pairs) = (HashSet::new(), HashSet::new(), Vec::new());
    for (old, new) in old.iter().flat_map(|old| new.iter().map(move |new| (old, new))) {
        for witness in witnesses(&Shape::of(old), &Shape::of(new), longest, listing, &fresh) {
            if witness.starts_with('/') || !seen.insert(witness.clone()) {
                continue;
            }
            let (was, is) = (before.find(&witness, listing), after.find(&witness, listing));
            let text = |grant: Option<&'a Grant<'a>>| grant.map(|grant| grant.pattern.text());
            if decided.insert((text(was), text(is))) {
                let within = common(was, is).map_or_else(|| witness.clone(), |it| it.text());
                pairs.push(Pair { within, witness, before: was, after: is });
            }
        }
    }
    pairs
}

fn patterns<'a>(acl: &'a Acl<'a>, everything: &'a Pattern) -> Vec<&'a Pattern> {
    acl.around("").into_iter().map(|grant| grant.pattern).chain([everything]).collect()
}

/// Is the one set, as rules write it, a smaller part of the other?
pub fn covers(larger: &str, smaller: &str) -> bool {
    let parsed = Pattern::parse(larger).ok().zip(Pattern::parse(smaller).ok());
    parsed.is_some_and(|(larger, smaller)| {
        let (larger, smaller) = (Shape::of(&larger), Shape::of(&smaller));
        larger != smaller && larger.meet(&smaller).is_some_and(|common| common == smaller)
    })
}

/// Do two rules have a path in common?
pub fn meet(one: &Pattern, other: &Pattern) -> bool {
    Shape::of(one).meet(&Shape::of(other)).is_some()
}

fn common<'a>(was: Option<&'a Grant>, is: Option<&'a Grant>) -> Option<Shape<'a>> {
    let shape = |grant: Option<&'a Grant>| grant.map(|grant| Shape::of(grant.pattern));
    match (shape(was), shape(is)) {
        (Some(was), Some(is)) => was.meet(&is),
        (one, other) => one.or(other),
    }
}

/// Generic paths of what both have in common, one for each number of segments; for LIST, of what
/// they have in common but for a final slash, too.
fn witnesses(
    one: &Shape,
    other: &Shape,
    longest: usize,
    listing: bool,
    fresh: &Fresh,
) -> Vec<String> {
    let mut found = Vec::new();
    if !listing {
        let Some(common) = one.meet(other) else { return found };
        let lengths = (common.len()..=longest).map_while(|length| common.of_length(length));
        return lengths.map(|shape| shape.generic(fresh)).collect();
    }
    for length in 1..=longest {
        let plain = |shape| Shape::of_length(shape, length);
        let slashed = |shape| Some(Shape::of_length(shape, length - 1)?.with_slash());
        let forms = [
            (plain(one), plain(other)),
            (plain(one), slashed(other)),
            (slashed(one), plain(other)),
            (slashed(one), slashed(other)),
        ];
        for (one, other) in forms {
            let Some(common) = one.zip(other).and_then(|(one, other)| one.meet(&other)) else {
                continue;
            };
            found.extend(common.ending_in_slash().map(|shape| shape.generic(fresh)));
            found.push(common.generic(fresh));
        }
    }
    found
}
