//! The policies of one token, put together.

use super::{Capabilities, Capability, Dialect, Kind, Limits, Pattern, Policy, Rule};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;

/// What a set of policies allows: the exact answers of a server.
///
/// Only one rule decides over a path: the exact one, or of those with wildcards the nearest one
/// ([`Pattern`] says which that is). "Deny wins" holds among rules with the same path, and not
/// beyond.
#[derive(Clone, Debug)]
pub struct Acl<'p> {
    dialect: Dialect,
    exact: Tree<'p, Grant<'p>>,
    /// By their text without the `*`.
    prefixes: Tree<'p, Grant<'p>>,
    /// With `+`: by what is before it, and the nearest first.
    segments: Tree<'p, Vec<Grant<'p>>>,
}

/// All rules with the same path, merged.
#[derive(Clone, Debug)]
pub struct Grant<'p> {
    /// Their path.
    pub pattern: &'p Pattern,
    /// What they grant together; deny absorbs all.
    pub capabilities: Capabilities,
    /// What they demand together.
    pub limits: Option<Cow<'p, Limits>>,
    /// Which rules they are, in the order of the policies.
    pub origins: Vec<Origin<'p>>,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'p> {
    /// Which of the policies given to [`Acl::of`].
    pub index: usize,
    /// That one.
    pub policy: &'p Policy,
    /// The rule in it.
    pub rule: &'p Rule,
}

impl<'p> Grant<'p> {
    fn new(origin: Origin<'p>) -> Self {
        Self {
            pattern: &origin.rule.pattern,
            capabilities: origin.rule.capabilities,
            limits: origin.rule.limits.as_deref().map(Cow::Borrowed),
            origins: vec![origin],
        }
    }

    fn merge(&mut self, origin: Origin<'p>) {
        self.origins.push(origin);
        self.capabilities = self.capabilities.or(origin.rule.capabilities);
        if let Some(theirs) = origin.rule.limits.as_deref() {
            match &mut self.limits {
                Some(ours) => ours.to_mut().merge(theirs),
                none => *none = Some(Cow::Borrowed(theirs)),
            }
        }
    }

    /// The rule to show for the answer about that capability: the first that denies, else the first
    /// that grants it, else the first of all.
    pub fn origin(&self, capability: Option<Capability>) -> Origin<'p> {
        let capability =
            if self.capabilities.is_deny() { Some(Capability::Deny) } else { capability };
        let says =
            |origin: &&Origin| capability.is_some_and(|one| origin.rule.capabilities.has(one));
        let found = self.origins.iter().find(says).or(self.origins.first());
        // A grant is made of at least one rule.
        *found.unwrap_or(&self.origins[0])
    }
}

impl<'p> Acl<'p> {
    /// Puts policies together, as a token holds them. They should be resolved: a rule with a
    /// template in its path is left out, as it is for a token without an identity.
    pub fn of(policies: impl IntoIterator<Item = &'p Policy>, dialect: Dialect) -> Self {
        let mut acl =
            Self { dialect, exact: Tree::new(), prefixes: Tree::new(), segments: Tree::new() };
        let mut segments = Tree::new();
        for (index, policy) in policies.into_iter().enumerate() {
            for rule in &policy.rules {
                let pattern = &rule.pattern;
                if rule.template.is_some() {
                    continue;
                }
                let (tree, key) = match pattern.kind() {
                    Kind::Exact => (&mut acl.exact, pattern.text()),
                    Kind::Prefix => (&mut acl.prefixes, pattern.stem()),
                    Kind::Segments => (&mut segments, pattern.text()),
                };
                let origin = Origin { index, policy, rule };
                match tree.entry(key) {
                    Entry::Vacant(entry) => drop(entry.insert(Grant::new(origin))),
                    Entry::Occupied(entry) => entry.into_mut().merge(origin),
                }
            }
        }
        for grant in segments.into_values() {
            acl.segments.entry(grant.pattern.head()).or_default().push(grant);
        }
        for grants in acl.segments.values_mut() {
            grants.sort_by(|a, b| b.pattern.rank(a.pattern));
        }
        acl
    }

    /// All rules, those with the same path merged.
    pub fn grants(&self) -> impl Iterator<Item = &Grant<'p>> {
        self.exact.values().chain(self.prefixes.values()).chain(self.segments.values().flatten())
    }

    /// Whose rules decide.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What `sys/capabilities` answers.
    ///
    /// It asks as if for a LIST, so that a path with a final slash has what the path without it
    /// has: `read` is reported there, where [`Acl::decide`] and the server refuse to read. Limits
    /// are not looked at.
    pub fn capabilities(&self, path: &str) -> Capabilities {
        let found = self.find(path.trim_start_matches('/'), true);
        let granted = found.map(|grant| grant.capabilities).filter(|granted| !granted.is_empty());
        granted.unwrap_or(Capabilities::DENY)
    }

    /// The rule that decides over a path without a leading slash. `listing`: for LIST and SCAN.
    pub(super) fn find(&self, path: &str, listing: bool) -> Option<&Grant<'p>> {
        if let Some(grant) = self.exact.get(path) {
            return Some(grant);
        }
        let Some(bare) = path.strip_suffix('/').filter(|_| listing) else {
            return self.nearest(path);
        };
        if let Some(grant) = self.exact.get(bare) {
            return Some(grant);
        }
        match self.dialect {
            Dialect::OpenBao => self.nearest(path).or_else(|| self.nearest(bare)),
            Dialect::Vault => self.nearest(bare).or_else(|| self.nearest(path)),
        }
    }

    /// Of the rules with wildcards that match, the one that decides.
    fn nearest(&self, path: &str) -> Option<&Grant<'p>> {
        let prefix = prefixes(&self.prefixes, path).next();
        // The later the first wildcard, the nearer.
        let mut segments = prefixes(&self.segments, path);
        let segment =
            segments.find_map(|grants| grants.iter().find(|grant| grant.pattern.matches(path)));
        match (prefix, segment) {
            (Some(prefix), Some(segment)) => {
                let is_nearer = segment.pattern.rank(prefix.pattern).is_gt();
                Some(if is_nearer { segment } else { prefix })
            }
            (prefix, segment) => prefix.or(segment),
        }
    }

    /// Those that could match something that begins with `head`.
    pub(super) fn around(&self, head: &str) -> Vec<&Grant<'p>> {
        let mut found: Vec<_> = beginning(&self.exact, head).collect();
        // LIST without the final slash.
        found.extend(head.strip_suffix('/').and_then(|bare| self.exact.get(bare)));
        found.extend(beginning(&self.prefixes, head));
        found.extend(prefixes(&self.prefixes, head).filter(|grant| grant.pattern.stem() != head));
        found.extend(beginning(&self.segments, head).flatten());
        let before = prefixes(&self.segments, head).flatten();
        found.extend(before.filter(|grant| grant.pattern.head() != head));
        found
    }

    /// Does the server show the mount (`secret/`) to whoever holds the token? The question of its
    /// user interface; more than what may be done there.
    pub fn sees_mount(&self, mount: &str) -> bool {
        let grants =
            |grant: &Grant| !grant.capabilities.is_deny() && !grant.capabilities.is_empty();
        let all = || self.segments.values().flatten();
        self.find(mount, true).is_some_and(grants)
            || beginning(&self.exact, mount).any(grants)
            || beginning(&self.prefixes, mount).any(grants)
            || all().any(|grant| grants(grant) && reaches(grant.pattern, mount))
    }
}

/// By the text of a path, or its beginning.
type Tree<'p, V> = BTreeMap<&'p str, V>;

/// Those whose key begins with that.
fn beginning<'t, V>(tree: &'t Tree<V>, head: &str) -> impl Iterator<Item = &'t V> {
    let from = tree.range::<str, _>((Bound::Included(head), Bound::Unbounded));
    from.take_while(move |(key, _)| key.starts_with(head)).map(|(_, value)| value)
}

/// Those with whose key the path begins, the longest first.
///
/// Each of them sorts before the path, and what is between it and the path begins with it, too. So
/// it is also a beginning of what the greatest smaller key has in common with the path.
fn prefixes<'t, V>(tree: &'t Tree<V>, path: &str) -> impl Iterator<Item = &'t V> {
    let mut below = Bound::Included(path);
    std::iter::from_fn(move || {
        loop {
            let (key, value) = tree.range::<str, _>((Bound::Unbounded, below)).next_back()?;
            if path.starts_with(key) {
                below = Bound::Excluded(&path[..key.len()]);
                return Some(value);
            }
            below = Bound::Included(&path[..shared(path, key)]);
        }
    })
}

/// Do the first segments of the pattern fit all of the mount's?
fn reaches(pattern: &Pattern, mount: &str) -> bool {
    let mut parts = pattern.stem().split('/').peekable();
    let mount = mount.strip_suffix('/').unwrap_or(mount);
    mount.split('/').all(|segment| {
        let Some(part) = parts.next() else { return false };
        let is_tail = pattern.is_open() && parts.peek().is_none();
        part == "+" || part == segment || (is_tail && segment.starts_with(part))
    })
}

/// How many bytes two texts begin with in common, at a boundary of both.
fn shared(a: &str, b: &str) -> usize {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}
