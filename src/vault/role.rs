//! The roles of certificate login that a server has, whoever wrote them.

use super::observed::keys;
use super::{Client, parallel};
use crate::authority::lint::roles::Role;
use crate::error::Result;
use crate::model::environment::Environment;
use serde_json::Value;

/// All of them, on the declared mount; none where it is not mounted or not declared.
///
/// # Errors
/// What the server refuses, or cannot be understood.
pub fn cert_roles(client: &Client, environment: &Environment) -> Result<Vec<Role>> {
    let Some(mount) = environment.declared.mounts.path("cert") else { return Ok(Vec::new()) };
    let base = format!("auth/{mount}/certs");
    let names = keys(client.list(&base)?.as_ref());
    let read = |name: &String| client.read(&format!("{base}/{name}"));
    let found = parallel::each(&names, read)?;
    let role = |(name, fields): (String, Option<Value>)| {
        let Some(Value::Object(fields)) = fields else { return None };
        Some(Role { file: format!("{base}/{name}"), line: 0, name, fields })
    };
    Ok(names.into_iter().zip(found).filter_map(role).collect())
}
