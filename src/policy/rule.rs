//! Policies and their rules.

use super::{Capabilities, Dialect, Limits, Pattern};
use std::fmt::{self, Display};
use time::OffsetDateTime;

/// Whose grammar, and the moment at which rules that have expired are gone.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The server.
    pub dialect: Dialect,
    /// The present.
    pub now: OffsetDateTime,
}

/// A policy that a server would accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What people know it by, such as `identities/policies/kv-read.hcl`.
    pub source: String,
    /// `name = "..."` in it; the server ignores it.
    pub name: Option<String>,
    /// In the order of the text, without those that have expired.
    pub rules: Vec<Rule>,
}

/// One `path "..." { ... }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its path.
    pub pattern: Pattern,
    /// Its path as written, where that has `{{...}}` in it: then the rule matches nothing until
    /// [`Policy::resolve`].
    pub template: Option<String>,
    /// Where it begins, counted from 1.
    pub line: u32,
    /// What it grants or denies.
    pub capabilities: Capabilities,
    /// What else must hold.
    pub limits: Option<Box<Limits>>,
    /// When it stops to be.
    pub expires: Option<OffsetDateTime>,
}

impl Policy {
    /// Does a path in it need an identity?
    pub fn is_templated(&self) -> bool {
        self.rules.iter().any(|rule| rule.template.is_some())
    }
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which policy.
    pub source: String,
    /// Where; 0 for the whole of it.
    pub line: u32,
    /// What was got and what was expected.
    pub message: String,
}

impl Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self.source.as_str(), self.line) {
            ("", 0) => f.write_str(&self.message),
            ("", line) => write!(f, "line {line}: {}", self.message),
            (source, 0) => write!(f, "{source}: {}", self.message),
            (source, line) => write!(f, "{source}:{line}: {}", self.message),
        }
    }
}

impl std::error::Error for Invalid {}
