//! The issuers of a PKI mount, as its list has them.

use super::client::Client;
use super::resource::Address;
use crate::error::Result;
use serde_json::Value;

/// One of them.
pub struct Issuer {
    /// Given by the server.
    pub id: String,
    /// Of its certificate, in lower-case hexadecimal.
    pub serial: String,
    /// Name, default, key.
    pub info: Value,
}

impl Issuer {
    /// Does the server hold its key?
    pub fn has_key(&self) -> bool {
        self.info["key_id"].as_str().is_some_and(|key| !key.is_empty())
    }
}

/// All issuers of the mount, in one request.
///
/// # Errors
/// What the client says.
pub fn issuers(client: &Client, mount: &str) -> Result<Vec<Issuer>> {
    let mut listing = client.list(&format!("{mount}/issuers"))?.unwrap_or_default();
    let Value::Object(infos) = listing["key_info"].take() else { return Ok(Vec::new()) };
    let issuer = |(id, info): (String, Value)| {
        let serial = info["serial_number"].as_str().unwrap_or_default().replace(':', "");
        Issuer { id, serial, info }
    };
    Ok(infos.into_iter().map(issuer).collect())
}

/// The mount of `MOUNT/issuer/NAME`.
pub fn mount_of(address: &Address) -> &str {
    address.path.split("/issuer/").next().unwrap_or(&address.path)
}
