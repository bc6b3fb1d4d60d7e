//! One identity as its server has it.

use super::client::Client;
use super::compare::{self, Change};
use super::desired::Desired;
use super::observed::{self, Depth};
use super::resource::{Address, Kind, Resource};
use crate::error::Result;
use crate::model::identity::Identity;
use serde_json::{Value, json};

/// What there is of it.
pub struct Live {
    /// Id, and whether it is disabled; `None` when there is no such entity.
    pub entity: Option<(String, bool)>,
    /// Everything that is declared of it, in the order in which it is made.
    pub things: Vec<(Address, State)>,
}

/// How a thing on the server is, beside what is declared.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Field for field.
    AsDeclared,
    /// In these fields it is other.
    Differs(Vec<Change>),
    /// It is not there.
    Missing,
}

/// Reads what is declared of one identity, each thing by a request of its own.
///
/// # Errors
/// What the client says.
pub fn live(client: &Client, desired: &Desired, identity: &Identity) -> Result<Live> {
    let path = format!("identity/entity/name/{}", identity.name);
    let entity = client.read(&path)?;
    let mut things = Vec::new();
    for resource in desired.resources.iter().filter(|resource| is_of(resource, identity)) {
        let there = read(client, resource, entity.as_ref())?;
        let state = match there.map(|there| compare::changes(&resource.fields, &there.fields)) {
            None => State::Missing,
            Some(changes) if changes.is_empty() => State::AsDeclared,
            Some(changes) => State::Differs(changes),
        };
        things.push((resource.address.clone(), state));
    }
    let said = |entity: Value| {
        let id = entity["id"].as_str().unwrap_or_default().to_owned();
        (id, entity["disabled"] == Value::Bool(true))
    };
    Ok(Live { entity: entity.map(said), things })
}

fn is_of(resource: &Resource, identity: &Identity) -> bool {
    let name = resource.address.name();
    match resource.address.kind {
        Kind::Policy => {
            name == identity.runtime_policy() || Some(name) == identity.ops_policy().as_deref()
        }
        Kind::Alias => name.split('@').next() == Some(identity.name.as_str()),
        Kind::Entity | Kind::PkiRole => name == identity.name.as_str(),
        kind if kind.is_login() => {
            identity.declared.auth.iter().any(|auth| name == identity.role(*auth))
        }
        _ => false,
    }
}

fn read(client: &Client, resource: &Resource, entity: Option<&Value>) -> Result<Option<Resource>> {
    let Address { kind, path } = &resource.address;
    let fields = match kind {
        Kind::Entity => entity.cloned(),
        Kind::Alias => entity.and_then(|entity| alias(entity, path)),
        Kind::Policy => client.read(path)?,
        _ => observed::one(client, *kind, path, Depth::Deep)?.map(Value::Object),
    };
    Ok(fields.map(|fields| Resource::new(*kind, path, fields)))
}

/// The entity's alias in the mount of `ENTITY@MOUNT`.
fn alias(entity: &Value, path: &str) -> Option<Value> {
    let mount = format!("auth/{}/", path.split_once('@')?.1);
    let aliases = entity["aliases"].as_array()?;
    let found = aliases.iter().find(|alias| alias["mount_path"] == json!(mount))?;
    Some(json!({ "name": found["name"] }))
}
