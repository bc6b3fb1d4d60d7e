//! What the server of an environment is to be, from the declarations and the journal alone.

mod logins;
mod mounts;
mod pki;

use super::mark;
use super::resource::{Address, Kind, Resource};
use crate::authority::{
    Estate,
    estate::Declared,
    identity,
    policies::{Rendered, Templates},
    rights,
};
use crate::error::{Result, none_of};
use crate::journal::{Act, History};
use crate::model::{
    environment::Environment,
    identity::{Auth, Identity},
    name::ObjectRef,
    rule::{Finding, Rule},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is declared for one server.
pub struct Desired {
    /// The name of the environment.
    pub environment: String,
    /// In the order in which it is made.
    pub resources: Vec<Resource>,
    /// Entities to which something happened once: they are looked into.
    pub unsettled: BTreeSet<Address>,
    /// Serial numbers, as the server writes them, of certificates past their end: only these may
    /// leave a CRL.
    pub expired: BTreeSet<String>,
    /// All that is looked at; every kind when it is empty.
    pub only: Vec<Kind>,
}

/// What everything is derived from.
struct Ground<'e> {
    estate: &'e Estate<'e>,
    declared: &'e Declared,
    history: History<'e>,
}

impl Ground<'_> {
    fn environment(&self) -> &Environment {
        &self.declared.environment
    }
}

impl Desired {
    /// Of one environment.
    ///
    /// # Errors
    /// What is wrong with a declaration or template. Failed: the identity intermediate has no
    /// certificate. Refused: ALIAS-TAKEN.
    pub fn of(estate: &Estate, declared: &Declared) -> Result<Self> {
        let ground = Ground { estate, declared, history: estate.history() };
        let identities = identity::load_all(estate, declared)?;
        let identities = identities.into_iter().filter(|it| !it.declared.auth.is_empty());
        let identities: Vec<Arc<Identity>> = identities.map(Arc::new).collect();
        none_of(taken(&identities))?;
        let templates = Templates::read(estate)?;
        let rights = rights::Loader::new(&templates, ground.environment(), estate.context.now());
        let mut resources = mounts::resources(&ground, &identities)?;
        resources.extend(pki::issuers(&ground)?);
        if identities.iter().any(|identity| identity.declared.auth.contains(&Auth::Cert)) {
            resources.extend(pki::crls(&ground)?);
        }
        let trust = pki::trust(&ground)?;
        for identity in &identities {
            let set = templates.of(ground.environment(), identity)?;
            resources.push(policy(identity, &identity.runtime_policy(), &set.runtime));
            if let Some(name) = identity.ops_policy() {
                resources.push(policy(identity, &name, &set.ops));
            }
            resources.push(entity(&ground, identity));
            resources.extend(logins::resources(&ground, identity, trust.as_deref())?);
            let held = rights.holders_of(identity)?;
            let issues =
                rights::issues(ground.environment(), identity, held.iter().map(|(it, _)| it));
            resources.extend(issues.as_ref().map(pki::role));
        }
        resources.sort_by(|a, b| a.address.cmp(&b.address));
        none_of(twice(&resources))?;
        let revoked: BTreeSet<String> = estate
            .journal
            .records
            .iter()
            .filter(|record| record.act == Act::Revoke)
            .map(|record| record.object.clone())
            .collect();
        let is_unsettled = |resource: &&Resource| {
            let object = format!("{}/{}", declared.environment.name, resource.address.name());
            resource.address.kind == Kind::Entity && revoked.contains(&object)
        };
        let unsettled = resources.iter().filter(is_unsettled).map(|it| it.address.clone());
        let unsettled = unsettled.collect();
        let environment = declared.environment.name.to_string();
        let expired = pki::expired(&ground);
        Ok(Self { environment, resources, unsettled, expired, only: Vec::new() })
    }

    /// Of its CAs alone, without a look at any identity: issuers, and the CRLs of certificate login.
    ///
    /// # Errors
    /// What is wrong with a certificate or CRL of the workspace.
    pub fn of_cas(estate: &Estate, declared: &Declared) -> Result<Self> {
        let ground = Ground { estate, declared, history: estate.history() };
        let mut resources = pki::issuers(&ground)?;
        if ground.environment().declared.mounts.path("cert").is_some() {
            resources.extend(pki::crls(&ground)?);
        }
        Ok(Self {
            environment: declared.environment.name.to_string(),
            resources,
            unsettled: BTreeSet::new(),
            expired: pki::expired(&ground),
            only: vec![Kind::Issuer, Kind::Crl],
        })
    }

    /// Only these kinds: the CRLs and entities after a revocation, say. The rest is neither read nor
    /// planned; it costs no request.
    #[must_use]
    pub fn only(self, kinds: &[Kind]) -> Self {
        Self { only: kinds.to_vec(), ..self }
    }

    /// Is it to be looked at?
    pub fn wants(&self, kind: Kind) -> bool {
        kind.is_among(&self.only)
    }

    /// By address, for comparing.
    pub fn by_address(&self) -> BTreeMap<&Address, &Resource> {
        self.resources.iter().map(|resource| (&resource.address, resource)).collect()
    }
}

/// The text that the server has: the mark, then each template under the name of its file.
fn policy(identity: &Identity, name: &str, parts: &[Rendered]) -> Resource {
    let object = format!("{}/{}", identity.environment, identity.name);
    let mut text = mark::of_policy(&object);
    for part in parts {
        text.push_str(&format!("\n# {}\n{}\n", part.source, part.text.trim_end()));
    }
    Resource::new(Kind::Policy, format!("sys/policies/acl/{name}"), json!({ "policy": text }))
}

/// One entity for all ways to log in; it has no policy of its own, and whose certificate was
/// revoked is shut out at once, whatever token it holds.
fn entity(ground: &Ground, identity: &Identity) -> Resource {
    let object = ObjectRef::member(&identity.environment, &identity.name);
    let record = ground.history.certificate(&object);
    let revoked = record.is_some_and(|record| ground.history.revocation(record).is_some());
    let fields = json!({
        "metadata": { mark::METADATA: object.to_string() },
        "policies": [],
        "disabled": revoked,
    });
    Resource::new(Kind::Entity, format!("identity/entity/name/{}", identity.name), fields)
}

/// Two identities under one name in one auth method would be one entity.
fn taken(identities: &[Arc<Identity>]) -> Vec<Finding> {
    let mut seen = BTreeMap::new();
    let mut findings = Vec::new();
    for identity in identities {
        for auth in &identity.declared.auth {
            let alias = identity.alias(*auth);
            if let Some(other) = seen.insert((*auth, alias.clone()), &identity.name) {
                let (env, name) = (&identity.environment, &identity.name);
                let message = format!("{env}/{name} and {env}/{other} are both {alias} by {auth}");
                findings.push(Rule::AliasTaken.found(message));
            }
        }
    }
    findings
}

/// Two declarations that would write one thing: `web` with an ops policy, and `web-ops`.
fn twice(sorted: &[Resource]) -> Vec<Finding> {
    let pairs = sorted.windows(2).filter(|pair| pair[0].address == pair[1].address);
    let message = |pair: &[Resource]| {
        Rule::AliasTaken.found(format!("two identities declare the {}", pair[0].address))
    };
    pairs.map(message).collect()
}
