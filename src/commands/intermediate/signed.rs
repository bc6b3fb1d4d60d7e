//! What is said of an intermediate that has its certificate.

use crate::authority::{self, Estate};
use crate::commands::Session;
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::model::{
    environment::{Environment, ISSUER, KeyHome},
    name::{ObjectRef, Scope},
};
use crate::pki::inspect::Certificate;

/// Tells people what was done and where it is; prints the JSON.
pub fn filed(session: &Session, done: &str, object: &ObjectRef, made: &Certificate) -> Result<()> {
    let ui = session.ui;
    ui.status(&format!("{done} {object}"));
    ui.status(&format!("  SHA-256  {}", made.fingerprint()));
    ui.status(&format!("  files    {}/cert.pem, chain.pem", authority::ca::ca_dir(object)));
    print(session, done, object, made)
}

/// The JSON of a certificate; nothing without `--json`.
pub fn print(session: &Session, state: &str, object: &ObjectRef, made: &Certificate) -> Result<()> {
    if !session.ui.json {
        return Ok(());
    }
    session.ui.json(&serde_json::json!({
        "version": 1,
        "object": object.to_string(),
        "state": state,
        "serial": made.facts.serial,
        "not_before": timestamp(made.facts.not_before),
        "not_after": timestamp(made.facts.not_after),
        "sha256": made.fingerprint(),
        "chain": format!("{}/chain.pem", authority::ca::ca_dir(object)),
    }))
}

/// Who holds the key uses the chain: rootward issues, or Vault is given it.
pub fn next(session: &Session, estate: &Estate, environment: &Environment, object: &ObjectRef) {
    let Scope::Member { name, .. } = &object.scope else { return };
    let is_active = estate.active_generation(&object.scope) == object.generation;
    if name.as_str() == ISSUER && !is_active {
        return session.ui.next(&format!("rootward rotate activate {object}"));
    }
    let home = environment.intermediate(name).map(|declared| declared.key);
    if name.as_str() == ISSUER {
        session.ui.next(&format!("rootward identity issue --env {}", environment.name));
    } else if home == Some(KeyHome::Vault) {
        session.ui.next(&format!("rootward vault apply {}", environment.name));
    }
}
