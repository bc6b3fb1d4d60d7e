//! Roles, configurations and CRLs of auth methods; issuers and roles of PKI mounts. What is listed
//! is read one by one: the server has no other way.

use super::{Depth, Observed, keys};
use crate::error::{Error, Result};
use crate::vault::client::Client;
use crate::vault::desired::Desired;
use crate::vault::issuers::{self, Issuer, mount_of};
use crate::vault::parallel;
use crate::vault::resource::{Address, Fields, Kind, Resource, field, object};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Of an AppRole; it is read by a request of its own.
const ROLE_ID: &str = "role_id";

/// One listing, and what each of its names is.
struct Listing {
    kind: Kind,
    /// The role of the name NAME is at `BASE/NAME`.
    base: String,
    /// Is its mount rootward's?
    is_ours: bool,
}

/// Reads all of it.
pub fn read(
    client: &Client,
    desired: &Desired,
    depth: Depth,
    progress: &(dyn Fn() + Sync),
    observed: &mut Observed,
) -> Result<()> {
    let listings = listings(desired, observed);
    let names = parallel::each(&listings, |listing| client.list(&listing.base))?;
    let mut wanted: Vec<(&Listing, String)> = Vec::new();
    for (listing, names) in listings.iter().zip(&names) {
        let paths = keys(names.as_ref()).into_iter().map(|name| format!("{}/{name}", listing.base));
        wanted.extend(paths.map(|path| (listing, path)));
    }
    let read = |(listing, path): &(&Listing, String)| {
        progress();
        one(client, listing.kind, path, depth)
    };
    let found = parallel::each(&wanted, read)?;
    let ours = owned_policies(observed);
    let declared = desired.by_address();
    for ((listing, path), fields) in wanted.into_iter().zip(found) {
        let Some(fields) = fields else { continue };
        let mut resource = Resource::new(listing.kind, path, Value::Object(fields));
        if let (Depth::Quick, Some(declared)) = (depth, declared.get(&resource.address)) {
            // Not looked into: taken for what it is declared to be.
            let id = declared.fields.get(ROLE_ID).cloned();
            resource.fields.extend(id.map(|id| (ROLE_ID.to_owned(), id)));
        }
        let is_ours = match listing.kind {
            // Without a CRL of somebody else, what it had revoked would log in again.
            Kind::Crl => is_named_by_us(desired, &resource),
            _ => listing.is_ours || grants_only(&resource, &ours),
        };
        let owner = is_ours.then(|| desired.environment.clone());
        observed.put(resource, owner.as_deref());
    }
    configs(client, desired, observed)?;
    signed(client, desired, observed)
}

/// What has to be listed: the roles and CRLs of every declared mount that is there as declared.
fn listings(desired: &Desired, observed: &Observed) -> Vec<Listing> {
    let mut listings = Vec::new();
    for resource in &desired.resources {
        let Address { kind, path } = &resource.address;
        let Some((there, is_ours)) = observed.mount(*kind, path) else { continue };
        if there.fields.get("type") != resource.fields.get("type") {
            continue;
        }
        let mount = resource.address.name();
        let below: &[(Kind, &str)] = match (kind, field(&resource.fields, "type").as_str()) {
            (Kind::Auth, Some("cert")) => &[(Kind::CertRole, "certs"), (Kind::Crl, "crls")],
            (Kind::Auth, Some("approle")) => &[(Kind::AppRole, "role")],
            (Kind::Auth, Some("jwt")) => &[(Kind::JwtRole, "role")],
            (Kind::Auth, Some("kubernetes")) => &[(Kind::KubernetesRole, "role")],
            (Kind::Mount, Some("pki")) => &[(Kind::PkiRole, "roles")],
            _ => &[],
        };
        let prefix = if *kind == Kind::Auth { "auth/" } else { "" };
        let wanted = below.iter().filter(|(kind, _)| desired.wants(*kind));
        listings.extend(wanted.map(|(kind, what)| Listing {
            kind: *kind,
            base: format!("{prefix}{mount}/{what}"),
            is_ours,
        }));
    }
    listings
}

/// The fields of one; `None` when it went away meanwhile.
pub fn one(client: &Client, kind: Kind, path: &str, depth: Depth) -> Result<Option<Fields>> {
    let read = match client.read(path) {
        // With 400, where everything else that is not there is 404.
        Err(error) if kind == Kind::Crl && is_no_such_crl(&error) => None,
        read => read?,
    };
    let Some(data) = read else { return Ok(None) };
    let mut fields = object(data);
    if kind == Kind::Crl {
        return Ok(Some(object(json!({ "serials": fields.remove("serials") }))));
    }
    if kind == Kind::AppRole && depth == Depth::Deep {
        let id = client.read(&format!("{path}/role-id"))?.unwrap_or_default();
        fields.insert(ROLE_ID.to_owned(), id[ROLE_ID].clone());
    }
    Ok(Some(fields))
}

fn is_no_such_crl(error: &Error) -> bool {
    error.messages().iter().any(|message| message.contains(": 400, no such CRL"))
}

/// `ENV-...`, as the declared ones are called.
fn is_named_by_us(desired: &Desired, crl: &Resource) -> bool {
    let rest = crl.address.name().strip_prefix(desired.environment.as_str());
    rest.is_some_and(|rest| rest.starts_with('-'))
}

fn owned_policies(observed: &Observed) -> BTreeSet<String> {
    let policies = observed.owners.keys().filter(|address| address.kind == Kind::Policy);
    policies.map(|address| address.name().to_owned()).collect()
}

/// Does a role give nothing but policies that are rootward's? Then so is the role.
fn grants_only(role: &Resource, ours: &BTreeSet<String>) -> bool {
    let policies = role.fields.get("token_policies").and_then(Value::as_array);
    let is_ours = |policy: &Value| policy.as_str().is_some_and(|name| ours.contains(name));
    policies.is_some_and(|policies| !policies.is_empty() && policies.iter().all(is_ours))
}

/// The configurations of auth methods that are there.
fn configs(client: &Client, desired: &Desired, observed: &mut Observed) -> Result<()> {
    let declared = desired.resources.iter().filter(|it| it.address.kind == Kind::AuthConfig);
    for resource in declared.filter(|_| desired.wants(Kind::AuthConfig)) {
        let address = &resource.address;
        let mount = format!("sys/auth/{}", address.name());
        if observed.mount(Kind::Auth, &mount).is_none() {
            continue;
        }
        // Before the first write there is none; some methods answer with defaults.
        let fields = client.read(&address.path)?.unwrap_or_default();
        observed.put(Resource::new(Kind::AuthConfig, &address.path, fields), None);
    }
    Ok(())
}

/// The issuers of PKI mounts whose certificates are declared, under the names that they are to
/// have.
fn signed(client: &Client, desired: &Desired, observed: &mut Observed) -> Result<()> {
    let issuers = desired.resources.iter().filter(|it| it.address.kind == Kind::Issuer);
    let declared: Vec<&Resource> = issuers.filter(|_| desired.wants(Kind::Issuer)).collect();
    let mounts: BTreeSet<&str> =
        declared.iter().map(|resource| mount_of(&resource.address)).collect();
    for mount in mounts {
        if observed.mount(Kind::Mount, &format!("sys/mounts/{mount}")).is_none() {
            continue;
        }
        for Issuer { id, serial, info } in issuers::issuers(client, mount)? {
            let of = |it: &&&Resource| {
                field(&it.fields, "serial_number").as_str() == Some(&serial)
                    && mount_of(&it.address) == mount
            };
            let Some(resource) = declared.iter().find(of) else { continue };
            let detail = client.read(&format!("{mount}/issuer/{id}"))?.unwrap_or_default();
            let fields = json!({
                "serial_number": serial,
                "issuer_name": info["issuer_name"],
                "is_default": info["is_default"],
                "usage": detail["usage"],
            });
            observed.put(Resource::new(Kind::Issuer, &resource.address.path, fields), None);
        }
    }
    Ok(())
}
