//! Aliases are known by ids that the server gives, so they are looked up when their stage begins:
//! a step before may have moved one.

use crate::error::{Error, Result};
use crate::vault::client::Client;
use crate::vault::observed::{Entities, Entity, entities};
use crate::vault::parallel;
use crate::vault::plan::Step;
use crate::vault::resource::field;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Entities and auth methods as they are now.
pub struct Aliases<'c> {
    client: &'c Client,
    entities: Entities,
    accessors: BTreeMap<String, Value>,
}

impl<'c> Aliases<'c> {
    /// Two requests.
    pub fn of(client: &'c Client) -> Result<Self> {
        let mounts = client.read("sys/auth")?.unwrap_or_default();
        let accessor = |(path, mount): (&String, &Value)| {
            (path.trim_end_matches('/').to_owned(), mount["accessor"].clone())
        };
        let accessors = mounts.as_object().into_iter().flatten().map(accessor).collect();
        Ok(Self { client, entities: entities(client)?, accessors })
    }

    /// An entity has one alias in a mount, and an alias one entity: one of another name goes, and
    /// so does one of this name that is another entity's. All go before any is made, since what one
    /// entity gives up may be what another one gets.
    pub fn make_room(&self, steps: &[&Step]) -> Result<()> {
        let mut owners = BTreeMap::new();
        for (entity, there) in &self.entities {
            let aliases = there.aliases.iter();
            owners.extend(
                aliases.map(|(mount, (name, id))| ((mount.as_str(), name.as_str()), (entity, id))),
            );
        }
        let mut stale = BTreeSet::new();
        for step in steps {
            let (entity, mount) = parts(step);
            let name = field(&step.body, "name").as_str().unwrap_or_default();
            let others = owners.get(&(mount, name)).filter(|(owner, _)| *owner != entity);
            let own = self.there(step).filter(|(there, _)| there != name);
            stale.extend(others.map(|(_, id)| *id).into_iter().chain(own.map(|(_, id)| id)));
        }
        let stale: Vec<&String> = stale.into_iter().collect();
        parallel::each(&stale, |id| self.delete(id)).map(|_| ())
    }

    /// Makes it; one that a login has made of itself meanwhile moves here.
    pub fn put(&self, step: &Step) -> Result<()> {
        let (entity, mount) = parts(step);
        let missing = |what: String| Error::failed(format!("{what} is not on the server"));
        let entity =
            self.entities.get(entity).ok_or_else(|| missing(format!("the entity {entity}")))?;
        let accessor =
            self.accessors.get(mount).ok_or_else(|| missing(format!("the mount {mount}")))?;
        let body = json!({
            "name": field(&step.body, "name"),
            "canonical_id": entity.id,
            "mount_accessor": accessor,
        });
        self.client.put("identity/entity-alias", &body).map(|_| ())
    }

    /// Removes it, unless it has become another entity's meanwhile.
    pub fn remove(&self, step: &Step) -> Result<()> {
        self.there(step).map_or(Ok(()), |(_, id)| self.delete(id))
    }

    /// Name and id of what the entity of a step has in the mount of the step.
    fn there(&self, step: &Step) -> Option<&(String, String)> {
        let (entity, mount) = parts(step);
        self.entities.get(entity).and_then(|entity: &Entity| entity.aliases.get(mount))
    }

    fn delete(&self, id: &str) -> Result<()> {
        self.client.delete(&format!("identity/entity-alias/id/{id}"))
    }
}

/// `ENTITY@MOUNT`.
fn parts(step: &Step) -> (&str, &str) {
    let path = step.address.path.as_str();
    path.split_once('@').unwrap_or((path, ""))
}
