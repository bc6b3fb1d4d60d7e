//! Paths with `{{identity...}}` in them, and the identities that fill them.

use super::{Dialect, Invalid, Pattern, Policy, Rule};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Whoever holds a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Identity {
    /// None for tokens without one.
    pub entity: Option<Entity>,
    /// Those it is a member of.
    pub groups: Vec<Group>,
}

/// An entity of the identity store.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Entity {
    pub id: String,
    pub name: String,
    pub metadata: BTreeMap<String, String>,
    /// By the accessor of their mount.
    #[serde(deserialize_with = "aliases")]
    pub aliases: BTreeMap<String, Alias>,
}

/// What an entity is called on one auth mount. In JSON, its name alone is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Alias {
    pub id: String,
    pub name: String,
    pub metadata: BTreeMap<String, String>,
    pub custom_metadata: BTreeMap<String, String>,
}

fn aliases<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Alias>, D::Error> {
    use serde::{Deserialize, de::Error};
    let values = BTreeMap::<String, serde_json::Value>::deserialize(from)?;
    let alias = |value| match value {
        serde_json::Value::String(name) => Ok(Alias { name, ..Alias::default() }),
        other => serde_json::from_value(other).map_err(D::Error::custom),
    };
    values.into_iter().map(|(accessor, value)| Ok((accessor, alias(value)?))).collect()
}

/// A group of the identity store.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub metadata: BTreeMap<String, String>,
}

impl Policy {
    /// The policy as it is for one identity. Rules with a value that the identity does not have are
    /// gone, as on the server.
    ///
    /// # Errors
    /// A value that is a wildcard or a slash: OpenBao refuses every request of such an identity,
    /// Vault takes it as it is (but not where it makes `+*`).
    pub fn resolve(&self, who: &Identity, dialect: Dialect) -> Result<Cow<'_, Policy>, Invalid> {
        if !self.is_templated() {
            return Ok(Cow::Borrowed(self));
        }
        let mut rules = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let invalid =
                |message| Invalid { source: self.source.clone(), line: rule.line, message };
            let Some(template) = &rule.template else {
                rules.push(rule.clone());
                continue;
            };
            if let Some(path) = fill(template, who, dialect).map_err(invalid)? {
                let pattern = Pattern::parse(&path).map_err(invalid)?;
                rules.push(Rule { pattern, template: None, ..rule.clone() });
            }
        }
        let (source, name) = (self.source.clone(), self.name.clone());
        Ok(Cow::Owned(Policy { source, name, rules }))
    }
}

/// Is there a template in the path?
///
/// # Errors
/// Braces that have no partner.
pub(super) fn is_template(path: &str) -> Result<bool, String> {
    let unbalanced = || "expected a '}}' for each '{{'".to_owned();
    let mut parts = path.split("{{");
    if parts.next().is_some_and(|head| head.contains("}}")) {
        return Err(unbalanced());
    }
    let mut found = false;
    for part in parts {
        if part.split("}}").count() != 2 {
            return Err(unbalanced());
        }
        found = true;
    }
    Ok(found)
}

/// None when a value is not there.
fn fill(path: &str, who: &Identity, dialect: Dialect) -> Result<Option<String>, String> {
    let mut parts = path.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (selector, tail) = part.split_once("}}").unwrap_or((part, ""));
        let Some(value) = who.value(selector.trim()) else { return Ok(None) };
        if dialect == Dialect::OpenBao && value.contains(['*', '+', '/']) {
            let selector = selector.trim();
            return Err(format!("{selector} is {value:?}, expected no '*', '+' or '/' in it"));
        }
        out.push_str(value);
        out.push_str(tail);
    }
    Ok(Some(out))
}

impl Identity {
    /// The value of a selector; an empty one counts as none where the server says so.
    fn value(&self, selector: &str) -> Option<&str> {
        if let Some(rest) = selector.strip_prefix("identity.entity.") {
            return self.entity.as_ref()?.value(rest);
        }
        let (by, rest) = selector.strip_prefix("identity.groups.")?.split_once('.')?;
        let (key, field) = rest.split_once('.')?;
        let group = match by {
            "ids" => self.groups.iter().find(|group| group.id == key)?,
            "names" => self.groups.iter().find(|group| group.name == key)?,
            _ => return None,
        };
        match field {
            "id" => Some(&group.id),
            "name" => some(&group.name),
            _ => group.metadata.get(field.strip_prefix("metadata.")?).map(String::as_str),
        }
    }
}

impl Entity {
    fn value(&self, selector: &str) -> Option<&str> {
        match selector {
            "id" => some(&self.id),
            "name" => some(&self.name),
            _ => {
                if let Some(key) = selector.strip_prefix("metadata.") {
                    return self.metadata.get(key).map(String::as_str);
                }
                let (accessor, field) = selector.strip_prefix("aliases.")?.split_once('.')?;
                self.aliases.get(accessor)?.value(field)
            }
        }
    }
}

impl Alias {
    fn value(&self, selector: &str) -> Option<&str> {
        match selector {
            "id" => some(&self.id),
            "name" => some(&self.name),
            _ => {
                let (map, key) = match selector.strip_prefix("custom_metadata.") {
                    Some(key) => (&self.custom_metadata, key),
                    None => (&self.metadata, selector.strip_prefix("metadata.")?),
                };
                map.get(key).map(String::as_str)
            }
        }
    }
}

fn some(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty())
}
