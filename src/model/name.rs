//! Names of environments, intermediates, identities and policies, and how objects are written.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr, sync::Arc};

/// A name that is at once safe as a file name, a DNS label (RFC 1123) and a SPIFFE path segment:
/// `a-z`, `0-9` and `-`, begins with a letter, does not end with `-`, at most 63 characters. Clones share their text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

/// Names that mean something else somewhere: directories of the workspace, policies that Vault
/// makes itself, words of the command line.
const RESERVED: &[&str] = &[
    "root",
    "policies",
    "issued",
    "trust",
    "journal",
    "all",
    "ca",
    "ceremonies",
    "identities",
    "default",
    "token",
    "sys",
    "localhost",
];

impl Name {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let shaped = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(allowed)
            && !text.ends_with('-')
            && text.len() <= 63;
        if !shaped {
            return Err(format!(
                "got the name {text:?}, expected a-z, 0-9 and '-', beginning with a letter, \
                 at most 63 characters"
            ));
        }
        if RESERVED.contains(&text) {
            return Err(format!("the name {text:?} is reserved, expected any other"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What a command acts on: `root`, `root@g2`, `prod/vault`, `prod/vault@g2`, `prod/synapse`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The object without its generation.
    pub scope: Scope,
    /// One generation is one key; `None` means the newest.
    pub generation: Option<u32>,
}

/// An object, whichever of its generations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The root of all environments.
    Root,
    /// An intermediate or an identity; names are unique in their environment.
    Member { environment: Name, name: Name },
}

impl Scope {
    /// `None` for the root, which is every environment's.
    pub fn environment(&self) -> Option<&Name> {
        match self {
            Scope::Root => None,
            Scope::Member { environment, .. } => Some(environment),
        }
    }
}

impl ObjectRef {
    /// `root`: whichever generation is in force.
    pub fn newest_root() -> Self {
        Self { scope: Scope::Root, generation: None }
    }

    /// `root@gN`.
    pub fn root(generation: u32) -> Self {
        Self { scope: Scope::Root, generation: Some(generation) }
    }

    /// `ENV/NAME`, without a generation.
    pub fn member(environment: &Name, name: &Name) -> Self {
        let scope = Scope::Member { environment: environment.clone(), name: name.clone() };
        Self { scope, generation: None }
    }

    /// The same object in one generation.
    #[must_use]
    pub fn at(mut self, generation: u32) -> Self {
        self.generation = Some(generation);
        self
    }
}

impl FromStr for ObjectRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (base, generation) = match text.split_once("@g") {
            None => (text, None),
            Some((base, number)) => {
                let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
                let number = number.parse().ok().filter(|_| plain);
                let number = number.ok_or_else(|| {
                    format!("got {text:?}, expected a generation such as {base}@g2")
                })?;
                (base, Some(number))
            }
        };
        let scope = match base.split_once('/') {
            None if base == "root" => Scope::Root,
            None => return Err(format!("got {text:?}, expected root or ENV/NAME")),
            Some((environment, name)) => {
                Scope::Member { environment: environment.parse()?, name: name.parse()? }
            }
        };
        Ok(Self { scope, generation })
    }
}

impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Root => f.write_str("root"),
            Scope::Member { environment, name } => write!(f, "{environment}/{name}"),
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            None => write!(f, "{}", self.scope),
            Some(generation) => write!(f, "{}@g{generation}", self.scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_everywhere() {
        for good in ["a", "synapse", "gitea-ci-2", &"a".repeat(63)] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "-", "a-", "1a", "A", "a_b", "a.b", "a/b", "..", "é", "a b", "root", &long]
        {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn objects_read_as_they_are_written() {
        for text in ["root", "root@g2", "prod/vault", "prod/vault@g12", "test/synapse"] {
            assert_eq!(text.parse::<ObjectRef>().unwrap().to_string(), text);
        }
        for bad in
            ["", "prod", "prod/", "/x", "prod/x/y", "root@g0", "root@2", "root@g+1", "a/b@g01"]
        {
            assert!(bad.parse::<ObjectRef>().is_err(), "{bad}");
        }
    }
}
