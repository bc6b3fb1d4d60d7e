//! What is allowed on a whole set of paths, exactly.
//!
//! One rule decides over a path, and rules are tried in a fixed order. So the rules cut a set into
//! cells on which the decision is the same: what a rule matches, without what those before it
//! match. Of each cell that is not empty, one path is found and decided:
//!
//! What a rule and the set have in common is a [`Shape`]. Take its paths with `n` segments, and of
//! these a *generic* one: where a segment is free, one that is in no rule. Another rule that matches
//! the generic path does not care about the free segments either, and matches all paths of the shape
//! with `n` segments. So if those before it leave anything with `n` segments, they leave the generic
//! path. Paths with more segments than any rule tells are alike.

mod both;
mod shape;
#[cfg(test)]
mod tests;

pub use both::{Pair, both, covers, meet};

use super::{Acl, Capability, Grant, Pattern};
use shape::{Fresh, Shape};
use std::collections::HashSet;

/// How much of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// No path.
    None,
    /// One, but not every one.
    Some,
    /// Every path.
    All,
}

/// A part of the set over which one rule decides.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    /// What the rule and the set have in common; nearer rules take their part of it.
    pub within: String,
    /// A path of it.
    pub witness: String,
    /// The rule; none for what no rule matches.
    pub grant: Option<&'a Grant<'a>>,
    /// Does it grant the capability? Its limits are not looked at.
    pub granted: bool,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Reach<'a> {
    /// Is the capability granted on all of the set, some of it, or nothing?
    pub extent: Extent,
    /// The parts, exact rules first.
    pub cells: Vec<Cell<'a>>,
}

impl<'a> Reach<'a> {
    /// The parts on which it is granted.
    pub fn granted(&self) -> impl Iterator<Item = &Cell<'a>> {
        self.cells.iter().filter(|cell| cell.granted)
    }
}

/// Where in the paths of a query, of the same form as the paths of rules, is the capability
/// granted? Paths do not begin with a slash: the server takes those away.
pub fn reach<'a>(acl: &'a Acl<'a>, query: &'a Pattern, capability: Capability) -> Reach<'a> {
    let near = acl.around(query.head());
    let patterns = || near.iter().map(|grant| grant.pattern).chain([query]);
    let search = Search {
        query: Shape::of(query),
        fresh: Fresh::beside(patterns()),
        // One more than any tells, and for LIST another one behind the final slash.
        longest: patterns().map(|pattern| pattern.text().split('/').count()).max().unwrap_or(0) + 2,
        listing: capability.is_listing(),
    };
    let mut cells: Vec<Cell> = Vec::new();
    let (mut seen, mut decided) = (HashSet::new(), HashSet::new());
    for pattern in patterns() {
        for (within, witness) in search.witnesses(pattern) {
            if witness.starts_with('/') || !seen.insert(witness.clone()) {
                continue;
            }
            let grant = acl.find(&witness, search.listing);
            if !decided.insert(grant.map(|grant| grant.pattern.text())) {
                continue;
            }
            let granted = grant.is_some_and(|grant| grant.capabilities.has(capability));
            let rule = grant.map(|grant| grant.pattern).filter(|rule| *rule != pattern);
            let own = rule.and_then(|rule| Some(search.query.meet(&Shape::of(rule))?.text()));
            cells.push(Cell { within: own.unwrap_or(within), witness, grant, granted });
        }
    }
    let extent = match cells.iter().filter(|cell| cell.granted).count() {
        0 => Extent::None,
        count if count == cells.len() => Extent::All,
        _ => Extent::Some,
    };
    Reach { extent, cells }
}

struct Search<'a> {
    query: Shape<'a>,
    fresh: Fresh,
    longest: usize,
    listing: bool,
}

impl Search<'_> {
    /// Generic paths of what the query and the pattern have in common, with what that is.
    fn witnesses(&self, pattern: &Pattern) -> Vec<(String, String)> {
        let rule = Shape::of(pattern);
        let common = self.query.meet(&rule);
        let mut found = Vec::new();
        if common.is_none() && !self.listing {
            return found;
        }
        for length in 1..=self.longest {
            let plain = common.as_ref().and_then(|common| common.of_length(length));
            let slashed = plain.as_ref().filter(|_| self.listing).and_then(Shape::ending_in_slash);
            // LIST asks the rule for the path without the slash, too.
            let bare = rule.of_length(length - 1).filter(|_| self.listing);
            let listed = bare.and_then(|bare| self.query.meet(&bare.with_slash()));
            for shape in [plain, slashed, listed].into_iter().flatten() {
                let within = common.as_ref().unwrap_or(&shape).text();
                found.push((within, shape.generic(&self.fresh)));
            }
        }
        found
    }
}
