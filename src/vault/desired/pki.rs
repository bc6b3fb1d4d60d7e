//! Certificates on the server: the intermediates whose keys it holds, the CRLs that certificate
//! login looks at, and what an identity may have issued.

use super::Ground;
use crate::authority::{ca::ca_dir, rights::Issues};
use crate::error::{Error, Result};
use crate::journal::Record;
use crate::model::{
    environment::{ISSUER, KeyHome},
    name::{Name, ObjectRef, Scope},
};
use crate::pki::{crl::Crl, pem};
use crate::store::file;
use crate::vault::resource::{Kind, Resource};
use num_bigint::BigUint;
use serde_json::json;
use std::collections::BTreeSet;

/// What an active issuer may do, and what one that gave way still does.
const SIGNS: [&str; 4] = ["crl-signing", "issuing-certificates", "ocsp-signing", "read-only"];
const LOOKS_AFTER: [&str; 3] = ["crl-signing", "ocsp-signing", "read-only"];

/// The certificates of `ENV/identity` that are in force, oldest first: what roles are pinned to.
/// During a rotation that is the old and the new one; `None` before there is one.
pub fn trust(ground: &Ground) -> Result<Option<String>> {
    let name: Name = ISSUER.parse().map_err(Error::usage)?;
    let mut bundle = String::new();
    for object in in_force(ground, &name) {
        let certificate = ground.estate.recorded_certificate(&object, &ca_dir(&object))?;
        bundle.push_str(&pem::certificate(&certificate.der)?);
    }
    Ok(Some(bundle).filter(|bundle| !bundle.is_empty()))
}

/// The generations of an intermediate whose certificate is neither expired nor revoked.
fn in_force(ground: &Ground, name: &Name) -> Vec<ObjectRef> {
    let object = ObjectRef::member(&ground.environment().name, name);
    ground.estate.live_generations(&object)
}

/// Of every intermediate whose key is in the server: each generation in force, by the name
/// `ENV-NAME-gN`; the one that signs is the default, and the only one that issues.
pub fn issuers(ground: &Ground) -> Result<Vec<Resource>> {
    let environment = ground.environment();
    let mut resources = Vec::new();
    for (name, intermediate) in &environment.declared.intermediates {
        if intermediate.key != KeyHome::Vault {
            continue;
        }
        let Some(mount) = environment.declared.mounts.path("pki") else { continue };
        let objects = in_force(ground, name);
        let scope = Scope::Member { environment: environment.name.clone(), name: name.clone() };
        let active = ground.estate.active_generation(&scope);
        for object in objects {
            let generation = object.generation.unwrap_or(1);
            let certificate = ground.estate.recorded_certificate(&object, &ca_dir(&object))?;
            let is_active = active == Some(generation);
            let usage = if is_active { SIGNS.as_slice() } else { &LOOKS_AFTER };
            let issuer = format!("{}-{name}-g{generation}", environment.name);
            let chain = ground.estate.workspace.read(&format!("{}/chain.pem", ca_dir(&object)))?;
            let fields = json!({
                "serial_number": certificate.facts.serial,
                "issuer_name": issuer,
                "is_default": is_active,
                "usage": usage,
            });
            let resource = Resource::new(Kind::Issuer, format!("{mount}/issuer/{issuer}"), fields);
            resources.push(resource.sending(json!({ "chain": String::from_utf8_lossy(&chain) })));
        }
    }
    Ok(resources)
}

/// The CRLs that a certificate of an identity can be on: of the intermediates in force that issue
/// them, and of the roots above. The server keeps the serial numbers and nothing else.
pub fn crls(ground: &Ground) -> Result<Vec<Resource>> {
    let environment = ground.environment();
    let mount = super::logins::mount(environment, crate::model::identity::Auth::Cert)?;
    let name: Name = ISSUER.parse().map_err(Error::usage)?;
    let roots = ground.history.certified_generations(&Scope::Root).into_iter().map(ObjectRef::root);
    let mut resources = Vec::new();
    for object in roots.chain(in_force(ground, &name)) {
        let path = format!("{}/crl.pem", ca_dir(&object));
        let Some(bytes) = ground.estate.workspace.read_if_any(&path, file::LARGE)? else {
            continue;
        };
        let der = pem::read_one(&path, "X509 CRL", &bytes)?;
        let crl = Crl::parse(&path, der)?;
        let name = object.to_string().replace(['/', '@'], "-");
        let name =
            if object.scope == Scope::Root { format!("{}-{name}", environment.name) } else { name };
        let serials: Vec<String> = crl.revoked.iter().map(|entry| decimal(&entry.serial)).collect();
        let path = format!("auth/{mount}/crls/{name}");
        let resource = Resource::new(Kind::Crl, path, json!({ "serials": serials }));
        resources.push(resource.sending(json!({ "crl": String::from_utf8_lossy(&bytes) })));
    }
    Ok(resources)
}

/// The serial numbers of all certificates past their end.
pub fn expired(ground: &Ground) -> BTreeSet<String> {
    let now = ground.estate.context.now();
    let has_ended = |record: &&Record| record.ends().is_some_and(|end| end < now);
    let ended = ground.history.certificates().filter(has_ended);
    ended.filter_map(|record| record.serial.as_deref().map(decimal)).collect()
}

/// As the server writes serial numbers.
fn decimal(hex: &str) -> String {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap_or_default().to_string()
}

/// The role in the PKI mount, for an identity whose policies let it issue by a role of its own
/// name: it certifies the identity's own names and no other.
pub fn role(issues: &Issues) -> Resource {
    let fields = json!({
        "issuer_ref": "default",
        "allowed_domains": issues.dns.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "allow_bare_domains": true,
        "allow_any_name": false,
        "allow_subdomains": false,
        "allow_glob_domains": false,
        "allow_wildcard_certificates": false,
        "allow_localhost": false,
        "allow_ip_sans": false,
        "allow_token_displayname": false,
        "allowed_domains_template": false,
        "allowed_uri_sans": issues.uri.iter().collect::<Vec<_>>(),
        "allowed_uri_sans_template": false,
        "allowed_other_sans": [],
        "allowed_user_ids": [],
        "allowed_serial_numbers": [],
        "enforce_hostnames": true,
        "require_cn": true,
        "cn_validations": ["hostname"],
        "server_flag": true,
        "client_flag": true,
        "code_signing_flag": false,
        "email_protection_flag": false,
        "basic_constraints_valid_for_non_ca": false,
        "key_type": "ec",
        "key_bits": 256,
        "key_usage": ["DigitalSignature", "KeyAgreement"],
        "ext_key_usage": [],
        "ext_key_usage_oids": [],
        "policy_identifiers": [],
        "ttl": issues.ttl,
        "max_ttl": issues.ttl,
        "not_after": "",
    });
    Resource::new(Kind::PkiRole, issues.role.as_str(), fields)
}
