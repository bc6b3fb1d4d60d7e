//! Shuts one identity out at once: its entity is disabled, so that live tokens die, and the CRLs
//! that name its certificates are loaded, so that no login follows. Nothing is looked at but what is
//! written: this must not wait for, or fail at, anything else on the server.

use super::client::Client;
use super::compare;
use super::desired::Desired;
use super::observed::{self, Depth};
use super::plan;
use super::resource::{Kind, Resource, field};
use crate::error::{Error, Explain, Result, none_of};
use crate::model::rule::Finding;
use serde_json::Value;

/// `desired` is that of the environment after the revocation; gives the paths that were written.
///
/// # Errors
/// What the client says. Failed: the identity is not revoked in `desired`, or the server has the
/// entity enabled all the same. CRL-BEHIND, when the entity is disabled.
pub fn shut_out(client: &Client, desired: &Desired, name: &str) -> Result<Vec<String>> {
    let of = |resource: &&Resource| match resource.address.kind {
        Kind::Entity => resource.address.name() == name,
        Kind::Crl => true,
        _ => false,
    };
    // Tokens first: they are in somebody's hands. Kind::Crl sorts before Kind::Entity.
    let mut resources: Vec<&Resource> = desired.resources.iter().filter(of).collect();
    resources.reverse();
    let is_entity = |resource: &&&Resource| resource.address.kind == Kind::Entity;
    let Some(entity) = resources.iter().find(is_entity) else {
        return Ok(Vec::new());
    };
    if *field(&entity.fields, "disabled") != Value::Bool(true) {
        return Err(Error::failed(format!("{name} has a certificate that is not revoked")));
    }
    let mut written = Vec::new();
    for resource in &resources {
        if resource.address.kind == Kind::Crl {
            none_of(behind(client, resource, desired)?)?;
        }
        let path = &resource.address.path;
        client.put(path, &Value::Object(resource.body())).context(&resource.address)?;
        written.push(path.clone());
    }
    let there = client.read(&entity.address.path)?.unwrap_or_default();
    match there["disabled"] == Value::Bool(true) {
        true => Ok(written),
        false => Err(Error::failed(format!("the server did not disable the entity {name}"))),
    }
}

/// Does the server's CRL revoke what this one does not?
fn behind(client: &Client, crl: &Resource, desired: &Desired) -> Result<Vec<Finding>> {
    let address = &crl.address;
    let there = observed::one(client, Kind::Crl, &address.path, Depth::Quick)?.unwrap_or_default();
    let changes = compare::changes(&crl.fields, &there);
    Ok(plan::behind(address, &changes, desired).into_iter().collect())
}
