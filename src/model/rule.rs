//! Refusals have names: a rule is an id that never changes, a text, and a test.

use std::fmt;

pub use super::rules::{RULES, Rule};

/// What `rootward explain ID` says about a rule.
pub struct RuleText {
    /// Which one it is.
    pub rule: Rule,
    /// The stable identifier, e.g. `OUTLIVES-ISSUER`.
    pub id: &'static str,
    /// What is refused, in one sentence.
    pub refuses: &'static str,
    /// Why, with the clause or the case it follows from.
    pub why: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

impl Rule {
    /// What `rootward explain` says of it.
    pub fn text(self) -> &'static RuleText {
        // The table is generated with the enum, in the same order.
        &RULES[self as usize]
    }

    /// Its stable name: `OUTLIVES-ISSUER`.
    pub fn id(self) -> &'static str {
        self.text().id
    }

    /// The rule of that id, whatever its case.
    pub fn find(id: &str) -> Option<Self> {
        RULES.iter().find(|text| text.id.eq_ignore_ascii_case(id)).map(|text| text.rule)
    }

    /// A finding of this rule: `detail` says what was got and what was expected.
    pub fn found(self, detail: impl fmt::Display) -> Finding {
        Finding { rule: self, detail: detail.to_string() }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One rule broken once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    /// What was got, and what was expected.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}
