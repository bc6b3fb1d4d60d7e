//! What has to be done to a server, and nothing else is.

use super::compare::{self, Change};
use super::desired::Desired;
use super::observed::{Depth, Observed};
use super::resource::{Address, Fields, Kind, Resource};
use crate::error::{Error, Result, none_of};
use crate::model::{
    declaration::Version,
    rule::{Finding, Rule},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// From a server as it is to one as it is declared. As a file it is JSON, without any secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    version: Version,
    /// Whose server it is for.
    pub environment: String,
    /// Was every entity looked into?
    pub deep: bool,
    /// Is what is rootward's and not declared to be removed?
    pub prune: bool,
    /// What was looked at; everything when it is empty.
    pub only: Vec<Kind>,
    /// By kind and name.
    pub steps: Vec<Step>,
    /// What is there and nobody declared.
    pub strangers: Vec<Stranger>,
}

/// One thing that is made, changed or removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which one.
    pub address: Address,
    /// What is done to it.
    pub action: Action,
    /// Field by field; of what is made, all that is not empty.
    pub changes: Vec<Change>,
    /// What is sent.
    pub body: Fields,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is not there.
    Create,
    /// It is other than declared.
    Change,
    /// It is rootward's, and no longer declared.
    Remove,
}

/// Something that nobody declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stranger {
    /// Which one.
    pub address: Address,
    /// Whose mark it carries, or that of its mount; only then `--prune` removes it.
    pub owner: Option<String>,
}

/// Policies that the servers make themselves.
const BUILT_IN: [&str; 4] = ["default", "root", "response-wrapping", "control-group"];
/// Mounts of every server.
const MOUNTED: [&str; 6] = [
    "sys/mounts/sys",
    "sys/mounts/identity",
    "sys/mounts/cubbyhole",
    "sys/mounts/agent-registry",
    "sys/auth/token",
    "sys/auth/ns_token",
];

impl Plan {
    /// # Errors
    /// Failed: something of another type is mounted where a declared mount is to be. CRL-BEHIND.
    pub fn of(desired: &Desired, observed: &Observed, depth: Depth, prune: bool) -> Result<Self> {
        let mut steps = Vec::new();
        for resource in desired.resources.iter().filter(|it| desired.wants(it.address.kind)) {
            steps.extend(step(resource, observed.resources.get(&resource.address))?);
        }
        let findings =
            steps.iter().filter_map(|step| behind(&step.address, &step.changes, desired));
        none_of(findings.collect())?;
        let strangers = strangers(desired, observed);
        if prune {
            steps.extend(removals(&strangers, observed));
        }
        Ok(Self {
            version: Version,
            environment: desired.environment.clone(),
            deep: depth == Depth::Deep,
            prune,
            only: desired.only.clone(),
            steps,
            strangers,
        })
    }

    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How closely the server was looked at.
    pub fn depth(&self) -> Depth {
        if self.deep { Depth::Deep } else { Depth::Quick }
    }

    /// Holds a plan that was approved against what would be done now: everything that is left to be
    /// done must have been in it, as it was. What it had and is no longer needed has been done.
    ///
    /// # Errors
    /// SERVER-CHANGED.
    pub fn check(&self, now: &Self) -> Result<()> {
        let foreign = now.steps.iter().filter(|step| !self.covers(step));
        let findings = foreign.map(|step| {
            let address = &step.address;
            let known = self.steps.iter().any(|planned| planned.address == *address);
            let how = if known { "otherwise" } else { "not at all" };
            Rule::ServerChanged.found(format!("{address}: planned {how}"))
        });
        none_of(findings.take(10).collect()).map_err(|error| {
            error.hint(format!("rootward vault plan {} -o FILE", self.environment))
        })
    }

    /// Is it one of the steps, or the rest of one that was interrupted? A configuration is there
    /// with the mount, before it is written; aliases and issuers take several requests each.
    fn covers(&self, step: &Step) -> bool {
        let in_parts = matches!(step.address.kind, Kind::AuthConfig | Kind::Alias | Kind::Issuer);
        let is_rest_of = |planned: &Step| {
            let removes = [planned, step].map(|step| step.action == Action::Remove);
            in_parts
                && removes == [false, false]
                && planned.address == step.address
                && planned.body == step.body
        };
        self.steps.iter().any(|planned| planned == step || is_rest_of(planned))
    }
}

fn step(declared: &Resource, there: Option<&Resource>) -> Result<Option<Step>> {
    let Some(there) = there else {
        let none = Fields::new();
        let changes = compare::changes(&declared.fields, &none);
        return Ok(Some(Step::of(declared, Action::Create, changes)));
    };
    let mut changes = compare::changes(&declared.fields, &there.fields);
    if matches!(declared.address.kind, Kind::Mount | Kind::Auth) {
        // Whose it is stays whose it is: a mount that was there before is not taken over.
        changes.retain(|change| change.field != "description");
        if let Some(change) = changes.first() {
            let (address, field) = (&declared.address, &change.field);
            let message =
                format!("{address}: {field} is {}, expected {}", change.before, change.after);
            return Err(Error::failed(message).hint("declare it at another path, or move it"));
        }
    }
    Ok((!changes.is_empty()).then(|| Step::of(declared, Action::Change, changes)))
}

/// A revocation is not taken back: what leaves a CRL has expired.
pub fn behind(address: &Address, changes: &[Change], desired: &Desired) -> Option<Finding> {
    let change = changes.iter().find(|change| change.field == "serials")?;
    let serials = |value: &Value| -> BTreeSet<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (before, after) = (serials(&change.before), serials(&change.after));
    let serial = before.difference(&after).find(|serial| !desired.expired.contains(*serial))?;
    let message = format!("{address}: the server's has the serial number {serial}");
    Some(Rule::CrlBehind.found(message))
}

impl Step {
    fn of(declared: &Resource, action: Action, changes: Vec<Change>) -> Self {
        Self { address: declared.address.clone(), action, changes, body: declared.body() }
    }
}

/// What is there beside what is declared, as far as it is anybody's concern: all policies and
/// mounts, what is in declared mounts, and what belongs to declared or marked entities.
fn strangers(desired: &Desired, observed: &Observed) -> Vec<Stranger> {
    let declared = desired.by_address();
    let is_no_matter = |address: &Address| match address.kind {
        kind if !desired.wants(kind) => true,
        Kind::Policy => BUILT_IN.contains(&address.name()),
        Kind::Mount | Kind::Auth => MOUNTED.contains(&address.path.as_str()),
        Kind::AuthConfig | Kind::Issuer => true,
        _ => false,
    };
    let strangers = observed
        .resources
        .keys()
        .filter(|address| !declared.contains_key(address) && !is_no_matter(address));
    let owner = |address: &Address| observed.owners.get(address).cloned();
    strangers.map(|address| Stranger { address: address.clone(), owner: owner(address) }).collect()
}

/// First the ways in, last what they gave. Mounts stay: what is in them would be lost.
fn removals(strangers: &[Stranger], observed: &Observed) -> Vec<Step> {
    let is_ours = |stranger: &&Stranger| {
        let kind = stranger.address.kind;
        stranger.owner.is_some() && !matches!(kind, Kind::Mount | Kind::Auth)
    };
    let mut steps: Vec<Step> = strangers
        .iter()
        .filter(is_ours)
        .filter_map(|stranger| observed.resources.get(&stranger.address))
        .map(|there| Step {
            address: there.address.clone(),
            action: Action::Remove,
            changes: Vec::new(),
            body: match there.address.kind {
                Kind::Alias => there.sent.clone(),
                _ => Fields::new(),
            },
        })
        .collect();
    steps.sort_by_key(|step| (Reverse(step.address.kind), step.address.clone()));
    steps
}
