//! The signed chain of an intermediate whose key is in the server.

use crate::error::{Error, Result};
use crate::vault::client::Client;
use crate::vault::issuers::{issuers, mount_of};
use crate::vault::plan::Step;
use crate::vault::resource::field;
use serde_json::json;

/// The new default first: an issuer that may no longer issue must not be the default.
pub fn in_order<'s>(steps: &[&'s Step]) -> Vec<&'s Step> {
    let mut steps = steps.to_vec();
    steps.sort_by_key(|step| *field(&step.body, "is_default") != json!(true));
    steps
}

/// Gives the chain to the server, names its issuer, and makes it the default when it is the active
/// one.
pub fn set(client: &Client, step: &Step) -> Result<()> {
    let (mount, body) = (mount_of(&step.address), &step.body);
    let serial = field(body, "serial_number").as_str().unwrap_or_default();
    let chain = json!({ "certificate": field(body, "chain") });
    client.put(&format!("{mount}/intermediate/set-signed"), &chain)?;
    let there = issuers(client, mount)?.into_iter().find(|issuer| issuer.serial == serial);
    let there = there.ok_or_else(|| {
        Error::failed(format!("{mount} did not take the certificate with serial {serial}"))
    })?;
    if !there.has_key() {
        return Err(Error::failed(format!("{mount} has no key to the certificate {serial}"))
            .hint("its request was made on another server or mount; request it there again"));
    }
    let id = there.id;
    if *field(body, "is_default") == json!(true) {
        client.put(&format!("{mount}/config/issuers"), &json!({ "default": id }))?;
    }
    let named = json!({ "issuer_name": field(body, "issuer_name"), "usage": field(body, "usage") });
    client.patch(&format!("{mount}/issuer/{id}"), &named).map(|_| ())
}
