//! Roles of certificate login, as they are dumped to a file or as a server has them: whom they let
//! in, and as what.

mod collide;
mod limits;
mod read;
mod token;
mod trust;

pub use read::read;
pub use trust::Issuers;

use super::Found;
use crate::authority::rights::Rights;
use crate::model::{environment::Environment, rule::Rule};
use limits::Limits;
use serde_json::{Map, Value};

/// One role.
#[derive(Clone, Debug)]
pub struct Role {
    /// In its auth method.
    pub name: String,
    /// Where it was found: a file, or `auth/MOUNT/certs/NAME`.
    pub file: String,
    /// In the file; 0 where that is not known.
    pub line: u32,
    /// As the server gives them.
    pub fields: Map<String, Value>,
}

impl Role {
    fn found(&self, rule: Rule, detail: String) -> Found {
        Found {
            file: self.file.clone(),
            line: self.line,
            rule,
            object: self.name.clone(),
            path: None,
            detail: format!("role {}: {detail}", self.name),
        }
    }

    /// A list, also written with commas.
    fn list(&self, field: &str) -> Vec<String> {
        let trimmed = |text: &str| text.trim().to_owned();
        let all: Vec<String> = match self.fields.get(field) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(trimmed).collect()
            }
            Some(Value::String(text)) => text.split(',').map(trimmed).collect(),
            _ => Vec::new(),
        };
        all.into_iter().filter(|item| !item.is_empty()).collect()
    }

    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default().trim()
    }
}

/// Everything that is wrong with the roles of one auth method.
///
/// `environment` is the one whose server has them; without it, the one whose intermediate most of
/// them trust is taken.
pub fn lint_roles(
    roles: &[Role],
    issuers: &Issuers,
    rights: &Rights,
    environment: Option<&Environment>,
) -> Vec<Found> {
    let mut roles: Vec<&Role> = roles.iter().collect();
    // The order in which a server asks them.
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    let pools: Vec<trust::Pool> = roles.iter().map(|role| issuers.pool(role)).collect();
    let environment = environment.or_else(|| {
        let name = trust::usual(&pools)?;
        rights.environments.iter().find(|it| it.name.as_str() == name)
    });
    let limits: Vec<Limits> = roles.iter().map(|role| Limits::of(role)).collect();
    let mut found = Vec::new();
    for ((role, pool), limits) in roles.iter().zip(&pools).zip(&limits) {
        found.extend(trust::lint(role, pool, environment));
        found.extend(limits::lint(role, pool, limits));
        if let Some(environment) = environment {
            found.extend(token::lint(role, rights, environment));
        }
    }
    found.extend(collide::lint(&roles, &pools, &limits));
    found.sort();
    found.dedup();
    found
}
