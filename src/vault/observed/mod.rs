//! What the server of an environment is, as far as rootward has a say in it.
//!
//! Policies, entities and aliases are read in bulk, each of them in one request however many there
//! are; roles have no bulk read, so each costs one. The bulk read of entities leaves out their own
//! policies and whether they are disabled: [`Depth::Deep`] looks into each.

mod identities;
mod mounts;
mod roles;

pub use identities::{Entities, Entity, entities};
pub use roles::one;

use super::client::Client;
use super::desired::Desired;
use super::mark;
use super::resource::{Address, Kind, Resource};
use crate::error::{Error, Result};
use crate::model::{name::Name, rule::Rule};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Into entities only where the journal says that something happened to them.
    Quick,
    /// Into every declared entity and role id.
    Deep,
}

/// A server at one moment.
#[derive(Default)]
pub struct Observed {
    /// What is there, by address.
    pub resources: BTreeMap<Address, Resource>,
    /// Which of it is rootward's: `ENV` or `ENV/NAME`.
    pub owners: BTreeMap<Address, String>,
    /// Entities with their aliases, by name, until they are among the resources.
    entities: Entities,
}

impl Observed {
    /// What is read in bulk, whatever is declared: to be asked for while that is still being read.
    /// Of `only` these kinds, as [`Desired::only`] has it.
    ///
    /// # Errors
    /// What the client says; WRONG-ENVIRONMENT, when the server carries another one's marks.
    pub fn begin(client: &Client, environment: &str, only: &[Kind]) -> Result<Self> {
        let mut observed = Self::default();
        mounts::read(client, &mut observed)?;
        policies(client, &mut observed)?;
        observed.check_environment(environment)?;
        if Kind::Entity.is_among(only) || Kind::Alias.is_among(only) {
            observed.entities = entities(client)?;
        }
        Ok(observed)
    }

    /// Looks at everything else that is declared, and at what is there beside it. `progress` is
    /// called after each role.
    ///
    /// # Errors
    /// As for [`Observed::begin`].
    pub fn complete(
        mut self,
        client: &Client,
        desired: &Desired,
        depth: Depth,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        identities::read(client, desired, depth, &mut self)?;
        self.check_environment(&desired.environment)?;
        roles::read(client, desired, depth, progress, &mut self)?;
        Ok(self)
    }

    fn put(&mut self, resource: Resource, owner: Option<&str>) {
        if let Some(owner) = owner {
            self.owners.insert(resource.address.clone(), owner.to_owned());
        }
        self.resources.insert(resource.address.clone(), resource);
    }

    /// Is there a mount of that path and type, and is it rootward's?
    fn mount(&self, kind: Kind, path: &str) -> Option<(&Resource, bool)> {
        let address = Address { kind, path: path.to_owned() };
        let resource = self.resources.get(&address)?;
        Some((resource, self.owners.contains_key(&address)))
    }

    fn check_environment(&self, environment: &str) -> Result<()> {
        let foreign = self.owners.iter().find(|(_, owner)| mark::environment(owner) != environment);
        let Some((address, owner)) = foreign else { return Ok(()) };
        let other = mark::environment(owner);
        let message = format!(
            "this is the server of {other}: its {address} is marked {owner}, expected {environment}"
        );
        Err(Error::from(Rule::WrongEnvironment.found(message)).hint(format!(
            "look at --address, BAO_ADDR and VAULT_ADDR, or rootward vault plan {other}"
        )))
    }
}

/// Every policy with its text: in one request where the server can (OpenBao), else one each.
fn policies(client: &Client, observed: &mut Observed) -> Result<()> {
    let mut put = |name: &str, text: &str| {
        let path = format!("sys/policies/acl/{name}");
        observed
            .put(Resource::new(Kind::Policy, path, json!({ "policy": text })), mark::read(text));
    };
    if let Ok(Some(detailed)) = client.list("sys/policies/detailed/acl")
        && let Some(all) = detailed["key_info"].as_object()
    {
        for (name, policy) in all {
            put(name, policy["policy"].as_str().unwrap_or_default());
        }
        return Ok(());
    }
    let mut names = keys(client.list("sys/policies/acl")?.as_ref());
    // What is rootward's is called like what it is for.
    let could_be_ours = |name: &String| name.parse::<Name>().is_ok();
    names.iter().filter(|name| !could_be_ours(name)).for_each(|name| put(name, ""));
    names.retain(could_be_ours);
    let read = |name: &String| client.read(&format!("sys/policies/acl/{name}"));
    let texts = super::parallel::each(&names, read)?;
    for (name, policy) in names.iter().zip(texts) {
        let policy = policy.unwrap_or_default();
        put(name, policy["policy"].as_str().unwrap_or_default());
    }
    Ok(())
}

/// The names of a listing.
pub fn keys(listing: Option<&Value>) -> Vec<String> {
    let keys = listing.and_then(|listing| listing["keys"].as_array());
    let text = |key: &Value| key.as_str().map(str::to_owned);
    keys.into_iter().flatten().filter_map(text).collect()
}
