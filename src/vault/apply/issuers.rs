//! The signed chain of an intermediate whose key is in the server.

use crate::error::{Error, Result};
use crate::vault::client::Client;
use crate::vault::plan::Step;
use crate::vault::resource::field;
use serde_json::{Value, json};

/// The new default first: an issuer that may no longer issue must not be the default.
pub fn in_order<'s>(steps: &[&'s Step]) -> Vec<&'s Step> {
    let mut steps = steps.to_vec();
    steps.sort_by_key(|step| *field(&step.body, "is_default") != json!(true));
    steps
}

/// Gives the chain to the server, names its issuer, and makes it the default when it is the active
/// one.
pub fn set(client: &Client, step: &Step) -> Result<()> {
    let (path, body) = (step.address.path.as_str(), &step.body);
    let mount = path.split("/issuer/").next().unwrap_or(path);
    let serial = field(body, "serial_number").as_str().unwrap_or_default();
    let chain = json!({ "certificate": field(body, "chain") });
    client.put(&format!("{mount}/intermediate/set-signed"), &chain)?;
    let (id, has_key) = find(client, mount, serial)?.ok_or_else(|| {
        Error::failed(format!("{mount} did not take the certificate with serial {serial}"))
    })?;
    if !has_key {
        return Err(Error::failed(format!("{mount} has no key to the certificate {serial}"))
            .hint("its request was made on another server or mount; request it there again"));
    }
    if *field(body, "is_default") == json!(true) {
        client.put(&format!("{mount}/config/issuers"), &json!({ "default": id }))?;
    }
    let named = json!({ "issuer_name": field(body, "issuer_name"), "usage": field(body, "usage") });
    client.patch(&format!("{mount}/issuer/{id}"), &named).map(|_| ())
}

/// The issuer with that serial number, and whether its key is there.
fn find(client: &Client, mount: &str, serial: &str) -> Result<Option<(String, bool)>> {
    let listing = client.list(&format!("{mount}/issuers"))?.unwrap_or_default();
    let infos = listing["key_info"].as_object();
    let found = infos.into_iter().flatten().find(|(_, info)| {
        info["serial_number"].as_str().is_some_and(|text| text.replace(':', "") == serial)
    });
    let has_key = |info: &Value| info["key_id"].as_str().is_some_and(|key| !key.is_empty());
    Ok(found.map(|(id, info)| (id.clone(), has_key(info))))
}
