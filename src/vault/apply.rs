//! Carries out a plan, stage after stage. Whatever stops it, the next plan has what is left: every
//! step leads to the same end from wherever the server is.

use super::client::Client;
use super::observed::{Entities, entities};
use super::parallel;
use super::plan::{Action, Plan, Step};
use super::resource::{Fields, Kind, field};
use crate::error::{Error, Explain, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does every step of the plan. `progress` is called after each.
///
/// # Errors
/// What the client says of the first step that fails, with how many were done before.
pub fn apply(client: &Client, plan: &Plan, progress: &(dyn Fn() + Sync)) -> Result<()> {
    let done = AtomicUsize::new(0);
    for stage in plan.steps.chunk_by(|one, next| one.stage() == next.stage()) {
        let context = Context::of(client, stage)?;
        let carry_out = |step: &Step| -> Result<()> {
            context.carry_out(step).context(&step.address)?;
            done.fetch_add(1, Ordering::Relaxed);
            progress();
            Ok(())
        };
        parallel::each(stage, carry_out).map_err(|error| {
            let (done, all) = (done.load(Ordering::Relaxed), plan.steps.len());
            error
                .context(format!("stopped after {done} of {all} steps"))
                .hint(format!("type it again: rootward vault apply {}", plan.environment))
        })?;
    }
    Ok(())
}

/// What the steps of one stage need to know of the server.
struct Context<'c> {
    client: &'c Client,
    entities: Entities,
    accessors: BTreeMap<String, String>,
}

impl<'c> Context<'c> {
    fn of(client: &'c Client, stage: &[Step]) -> Result<Self> {
        let mut context = Self { client, entities: Entities::new(), accessors: BTreeMap::new() };
        if stage.first().is_some_and(|step| step.address.kind == Kind::Alias) {
            context.entities = entities(client)?;
            let mounts = client.read("sys/auth")?.unwrap_or_default();
            for (path, mount) in mounts.as_object().into_iter().flatten() {
                let Some(accessor) = mount["accessor"].as_str() else { continue };
                context
                    .accessors
                    .insert(path.trim_end_matches('/').to_owned(), accessor.to_owned());
            }
        }
        Ok(context)
    }

    fn carry_out(&self, step: &Step) -> Result<()> {
        let path = step.address.path.as_str();
        if step.action == Action::Remove {
            return match step.address.kind {
                Kind::Alias => self.client.delete(&alias_path(field(&step.body, "id"))),
                _ => self.client.delete(path),
            };
        }
        match step.address.kind {
            Kind::Alias => self.alias(path, &step.body),
            Kind::Issuer => self.issuer(path, &step.body),
            Kind::Entity => {
                // Its name is in the path, and the answer of a new one has its id.
                self.client.put(path, &Value::Object(step.body.clone())).map(|_| ())
            }
            _ => self.client.put(path, &Value::Object(step.body.clone())).map(|_| ()),
        }
    }

    /// An entity has one alias a mount: another one there goes first. One of this name that
    /// belongs to another entity moves.
    fn alias(&self, path: &str, body: &Fields) -> Result<()> {
        let (entity, mount) = path.split_once('@').unwrap_or((path, ""));
        let missing = |what: &str| Error::failed(format!("{what} is not on the server"));
        let entity =
            self.entities.get(entity).ok_or_else(|| missing(&format!("the entity {entity}")))?;
        let accessor =
            self.accessors.get(mount).ok_or_else(|| missing(&format!("the mount {mount}")))?;
        if let Some((name, id)) = entity.aliases.get(mount)
            && Some(name.as_str()) != field(body, "name").as_str()
        {
            self.client.delete(&alias_path(&json!(id)))?;
        }
        let body = json!({
            "name": field(body, "name"),
            "canonical_id": entity.id,
            "mount_accessor": accessor,
        });
        self.client.put("identity/entity-alias", &body).map(|_| ())
    }

    /// Gives the signed chain to the server, names its issuer, and lets it sign when it is the
    /// active one.
    fn issuer(&self, path: &str, body: &Fields) -> Result<()> {
        let mount = path.split("/issuer/").next().unwrap_or(path);
        let chain = json!({ "certificate": field(body, "chain") });
        let taken = self.client.put(&format!("{mount}/intermediate/set-signed"), &chain)?;
        let serial = field(body, "serial_number").as_str().unwrap_or_default();
        let (id, has_key) = self.find(mount, serial)?.ok_or_else(|| {
            Error::failed(format!("{mount} did not take the certificate {serial}: {taken}"))
        })?;
        if !has_key {
            return Err(Error::failed(format!("{mount} has no key to the certificate {serial}"))
                .hint("its request was made on another server or mount; request it there again"));
        }
        let named =
            json!({ "issuer_name": field(body, "issuer_name"), "usage": field(body, "usage") });
        let default = json!({ "default": id });
        // The new default first: an issuer that may no longer issue must not be the default.
        if *field(body, "is_default") == json!(true) {
            self.client.put(&format!("{mount}/config/issuers"), &default)?;
        }
        self.client.patch(&format!("{mount}/issuer/{id}"), &named).map(|_| ())
    }

    /// The issuer with that serial number, and whether its key is there.
    fn find(&self, mount: &str, serial: &str) -> Result<Option<(String, bool)>> {
        let listing = self.client.list(&format!("{mount}/issuers"))?.unwrap_or_default();
        let infos = listing["key_info"].as_object();
        let found = infos.into_iter().flatten().find(|(_, info)| {
            info["serial_number"].as_str().is_some_and(|text| text.replace(':', "") == serial)
        });
        let has_key = |info: &Value| info["key_id"].as_str().is_some_and(|key| !key.is_empty());
        Ok(found.map(|(id, info)| (id.clone(), has_key(info))))
    }
}

fn alias_path(id: &Value) -> String {
    format!("identity/entity-alias/id/{}", id.as_str().unwrap_or_default())
}
