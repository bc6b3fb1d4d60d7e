//! Capabilities, the operations that need them, and the two servers that differ about them.

use crate::model::server::Dialect;
use std::fmt::{self, Display};
use std::str::FromStr;

/// What a rule can grant. In the order of their names, as `sys/capabilities` sorts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    Create,
    Delete,
    Deny,
    List,
    Patch,
    Read,
    /// Vault's alone.
    Recover,
    /// OpenBao's alone.
    Scan,
    /// Needed additionally on root-protected paths.
    Sudo,
    /// Vault's alone.
    Subscribe,
    Update,
}

impl Capability {
    /// All of both dialects.
    pub const ALL: [Capability; 11] = [
        Capability::Create,
        Capability::Delete,
        Capability::Deny,
        Capability::List,
        Capability::Patch,
        Capability::Read,
        Capability::Recover,
        Capability::Scan,
        Capability::Subscribe,
        Capability::Sudo,
        Capability::Update,
    ];

    /// As policies write it.
    pub fn word(self) -> &'static str {
        match self {
            Capability::Create => "create",
            Capability::Delete => "delete",
            Capability::Deny => "deny",
            Capability::List => "list",
            Capability::Patch => "patch",
            Capability::Read => "read",
            Capability::Recover => "recover",
            Capability::Scan => "scan",
            Capability::Subscribe => "subscribe",
            Capability::Sudo => "sudo",
            Capability::Update => "update",
        }
    }

    /// Does that server know it?
    pub fn is_known(self, dialect: Dialect) -> bool {
        match self {
            Capability::Scan => dialect == Dialect::OpenBao,
            Capability::Recover | Capability::Subscribe => dialect == Dialect::Vault,
            _ => true,
        }
    }

    /// Is the rule for a path without its final slash looked at, too?
    pub fn is_listing(self) -> bool {
        matches!(self, Capability::List | Capability::Scan)
    }
}

impl Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Capability {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let find = Self::ALL.into_iter().find(|capability| capability.word() == word);
        find.ok_or_else(|| format!("there is no capability {word:?}"))
    }
}

/// A set of capabilities. `deny` stands alone.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(u16);

impl Capabilities {
    /// Only `deny`.
    pub const DENY: Self = Self(1 << Capability::Deny as u16);

    /// Is it among them?
    pub fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u16) != 0
    }

    /// With one more; deny erases the others.
    #[must_use]
    pub fn with(self, capability: Capability) -> Self {
        self.or(Self(1 << capability as u16))
    }

    /// With the others; deny absorbs all.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let both = Self(self.0 | other.0);
        if both.is_deny() { Self::DENY } else { both }
    }

    /// Is this an explicit deny?
    pub fn is_deny(self) -> bool {
        self.has(Capability::Deny)
    }

    /// Is there none, not even deny?
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Sorted by name; nothing granted is `deny`, as `sys/capabilities` says it.
    pub fn words(self) -> Vec<&'static str> {
        let shown = if self.is_empty() { Self::DENY } else { self };
        shown.iter().map(Capability::word).collect()
    }

    /// Sorted by name.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |capability| self.has(*capability))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Capability::word)).finish()
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        capabilities.into_iter().fold(Self::default(), Self::with)
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Read,
    Update,
    Delete,
    List,
    Scan,
    Patch,
    /// Always allowed.
    Help,
    Revoke,
    Renew,
    Rollback,
}

impl Operation {
    /// The capability that it needs; help needs none.
    pub fn needs(self) -> Option<Capability> {
        Some(match self {
            Operation::Create => Capability::Create,
            Operation::Read => Capability::Read,
            Operation::Update => Capability::Update,
            Operation::Delete => Capability::Delete,
            Operation::List => Capability::List,
            Operation::Scan => Capability::Scan,
            Operation::Patch => Capability::Patch,
            Operation::Help => return None,
            // acl.go: update is the most appropriate one.
            Operation::Revoke | Operation::Renew | Operation::Rollback => Capability::Update,
        })
    }

    /// Are the names and values of its parameters looked at?
    pub(super) fn has_parameters(self) -> bool {
        use Operation::{Create, Patch, Read, Update};
        matches!(self, Read | Create | Update | Patch)
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Ok(match word {
            "create" => Operation::Create,
            "read" => Operation::Read,
            "update" => Operation::Update,
            "delete" => Operation::Delete,
            "list" => Operation::List,
            "scan" => Operation::Scan,
            "patch" => Operation::Patch,
            "help" => Operation::Help,
            "revoke" => Operation::Revoke,
            "renew" => Operation::Renew,
            "rollback" => Operation::Rollback,
            _ => return Err(format!("there is no operation {word:?}, expected one like \"read\"")),
        })
    }
}
