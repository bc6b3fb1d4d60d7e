//! Entities and aliases, read in one request.

use super::{Depth, Observed};
use crate::error::Result;
use crate::model::name::Name;
use crate::vault::client::Client;
use crate::vault::desired::Desired;
use crate::vault::mark;
use crate::vault::parallel;
use crate::vault::resource::{Address, Kind, Resource};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Entities by name.
pub type Entities = BTreeMap<String, Entity>;

/// What the bulk read says of one.
#[derive(Clone, Debug, Default)]
pub struct Entity {
    /// Its id.
    pub id: String,
    /// Mount path without `auth/` -> name and id of its alias there.
    pub aliases: BTreeMap<String, (String, String)>,
}

/// All entities of the server, with their aliases.
///
/// # Errors
/// What the client says.
pub fn entities(client: &Client) -> Result<Entities> {
    let listing = client.list("identity/entity/id")?.unwrap_or_default();
    let Some(all) = listing["key_info"].as_object() else { return Ok(Entities::new()) };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entity = |(id, info): (&String, &Value)| {
        let aliases = info["aliases"].as_array().into_iter().flatten().map(|alias| {
            let path = text(&alias["mount_path"]);
            let mount = path.trim_start_matches("auth/").trim_end_matches('/').to_owned();
            (mount, (text(&alias["name"]), text(&alias["id"])))
        });
        (text(&info["name"]), Entity { id: id.clone(), aliases: aliases.collect() })
    };
    Ok(all.iter().map(entity).collect())
}

/// Puts them among the resources, looking into those that have to be looked into.
pub fn read(
    client: &Client,
    desired: &Desired,
    depth: Depth,
    observed: &mut Observed,
) -> Result<()> {
    if !desired.wants(Kind::Entity) && !desired.wants(Kind::Alias) {
        return Ok(());
    }
    let entities = std::mem::take(&mut observed.entities);
    let declared: BTreeMap<&str, &Resource> = desired
        .resources
        .iter()
        .filter(|resource| resource.address.kind == Kind::Entity)
        .map(|resource| (resource.address.name(), resource))
        .collect();
    // What the server names itself, for a login that nothing was prepared for, is no such name.
    // Whoever cannot log in by a declared method costs no request unless asked for.
    let mounts = auth_mounts(desired);
    let could_be_ours = |name: &str, entity: &Entity| {
        let logs_in = || entity.aliases.keys().any(|mount| mounts.contains(mount.as_str()));
        name.parse::<Name>().is_ok() && (depth == Depth::Deep || logs_in())
    };
    let look_into = |(name, entity): &(&String, &Entity)| match declared.get(name.as_str()) {
        Some(declared) => depth == Depth::Deep || desired.unsettled.contains(&declared.address),
        None => could_be_ours(name, entity),
    };
    let looked_into = entities.iter().filter(look_into);
    let names: Vec<String> = looked_into.map(|(name, _)| name.clone()).collect();
    let details =
        parallel::each(&names, |name| client.read(&format!("identity/entity/name/{name}")))?;
    let details: BTreeMap<&String, Value> =
        names.iter().zip(details).filter_map(|(name, value)| Some((name, value?))).collect();
    let members = details.iter().filter(|(name, _)| declared.contains_key(name.as_str()));
    groups(client, members.map(|(_, detail)| detail), observed)?;
    let ours = || Some(desired.environment.clone());
    for (name, entity) in entities {
        let address = Address { kind: Kind::Entity, path: format!("identity/entity/name/{name}") };
        let (fields, owner) = match (details.get(&name), declared.get(name.as_str())) {
            (Some(detail), declared) => {
                let marked = mark::of_metadata(&detail["metadata"]).map(str::to_owned);
                (fields(detail), marked.or_else(|| declared.and(ours())))
            }
            // Not looked into: taken for what it is declared to be.
            (None, Some(declared)) => (Value::Object(declared.fields.clone()), ours()),
            (None, None) => (json!({}), None),
        };
        observed.put(Resource::new(Kind::Entity, address.path, fields), owner.as_deref());
        for (mount, (alias, id)) in &entity.aliases {
            let path = format!("{name}@{mount}");
            let resource = Resource::new(Kind::Alias, path, json!({ "name": alias }));
            observed.put(resource.sending(json!({ "id": id })), owner.as_deref());
        }
    }
    // Of what else is there, only what is tied to a declared mount or entity is anybody's concern.
    let named: BTreeSet<&str> = declared.keys().copied().collect();
    let concerns = |address: &Address, is_owned: bool| match address.kind {
        Kind::Entity => is_owned || named.contains(address.name()),
        Kind::Alias => is_owned || named.contains(alias_entity(&address.path)),
        _ => true,
    };
    let owners = std::mem::take(&mut observed.owners);
    observed.resources.retain(|address, _| concerns(address, owners.contains_key(address)));
    observed.owners = owners;
    Ok(())
}

/// Groups that give policies to declared entities: somebody's, and worth knowing.
fn groups<'d>(
    client: &Client,
    members: impl Iterator<Item = &'d Value>,
    observed: &mut Observed,
) -> Result<()> {
    let ids = members.flat_map(|detail| detail["group_ids"].as_array().into_iter().flatten());
    let ids: BTreeSet<&str> = ids.filter_map(Value::as_str).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    for group in parallel::each(&ids, |id| client.read(&format!("identity/group/id/{id}")))? {
        let group = group.unwrap_or_default();
        if group["policies"].as_array().is_some_and(|policies| !policies.is_empty()) {
            let path =
                format!("identity/group/name/{}", group["name"].as_str().unwrap_or_default());
            let fields = json!({ "policies": group["policies"] });
            observed.put(Resource::new(Kind::Group, path, fields), None);
        }
    }
    Ok(())
}

/// Where declared auth methods are, without `auth/`.
fn auth_mounts(desired: &Desired) -> BTreeSet<&str> {
    let addresses = desired.resources.iter().map(|resource| &resource.address);
    addresses.filter(|address| address.kind == Kind::Auth).map(Address::name).collect()
}

/// The entity of `ENTITY@MOUNT`.
fn alias_entity(path: &str) -> &str {
    path.split('@').next().unwrap_or(path)
}

fn fields(detail: &Value) -> Value {
    json!({
        "metadata": detail["metadata"],
        "policies": detail["policies"],
        "disabled": detail["disabled"],
    })
}
