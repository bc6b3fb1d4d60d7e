//! The path of a rule: which paths it matches, and which of two rules is nearer to a path.

use std::cmp::Ordering;
use std::fmt::{self, Display};

/// How a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// This path and no other; a `*` that is not the last character is a letter like any other.
    Exact,
    /// What begins with it: it ends in `*`.
    Prefix,
    /// With `+` for one segment, which may be empty; a final `*` is for any rest.
    Segments,
}

/// The parsed path of a rule, or a query of the same form.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As written, without one leading slash.
    text: String,
    kind: Kind,
    /// Where the first wildcard is; for an exact path, its length.
    first_wildcard: usize,
    /// Segments that are `+`.
    wildcards: usize,
}

impl Pattern {
    /// # Errors
    /// `+*`, which the server forbids.
    pub fn parse(path: &str) -> Result<Self, String> {
        let text = path.strip_prefix('/').unwrap_or(path).to_owned();
        if text.contains("+*") {
            return Err("'+*' is forbidden in a path".to_owned());
        }
        let kind = if text == "+" || text.contains("/+") || text.starts_with("+/") {
            Kind::Segments
        } else if text.ends_with('*') {
            Kind::Prefix
        } else {
            Kind::Exact
        };
        let first_wildcard = match kind {
            Kind::Exact => text.len(),
            Kind::Prefix => text.len() - 1,
            Kind::Segments => text.find('+').unwrap_or_default(),
        };
        let wildcards = match kind {
            Kind::Segments => text.split('/').filter(|segment| *segment == "+").count(),
            _ => 0,
        };
        Ok(Self { text, kind, first_wildcard, wildcards })
    }

    /// Every path.
    pub fn everything() -> Self {
        Self { text: "*".to_owned(), kind: Kind::Prefix, first_wildcard: 0, wildcards: 0 }
    }

    /// As written, without one leading slash.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it matches.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Does it end in a wildcard that crosses slashes?
    pub fn is_open(&self) -> bool {
        self.kind != Kind::Exact && self.text.ends_with('*')
    }

    /// Without the final wildcard.
    pub(super) fn stem(&self) -> &str {
        if self.is_open() { &self.text[..self.text.len() - 1] } else { &self.text }
    }

    /// What every path that it matches begins with.
    pub fn head(&self) -> &str {
        &self.text[..self.first_wildcard]
    }

    /// Is the path, which has no leading slash, one of those?
    pub fn matches(&self, path: &str) -> bool {
        match self.kind {
            Kind::Exact => path == self.text,
            Kind::Prefix => path.starts_with(self.stem()),
            Kind::Segments => path.starts_with(self.head()) && self.matches_segments(path),
        }
    }

    fn matches_segments(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let mut parts = self.stem().split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(segment) = segments.next() else { return false };
            let is_tail = self.is_open() && parts.peek().is_none();
            let matches = part == "+" || part == segment || (is_tail && segment.starts_with(part));
            if !matches {
                return false;
            }
        }
        self.is_open() || segments.next().is_none()
    }

    /// Which of two patterns that match the same path decides: the greater one. Not for exact
    /// paths, which always decide.
    ///
    /// acl.go, `CheckAllowedFromNonExactPaths`: the later first wildcard; not a prefix; fewer `+`;
    /// the longer; the lexically larger.
    pub(super) fn rank(&self, other: &Self) -> Ordering {
        let key = |of: &Self| (of.first_wildcard, !of.is_open());
        let (stem, others) = (self.stem(), other.stem());
        key(self)
            .cmp(&key(other))
            .then(other.wildcards.cmp(&self.wildcards))
            .then(stem.len().cmp(&others.len()))
            .then(stem.cmp(others))
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}
