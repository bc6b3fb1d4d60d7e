//! The PKI engine of a server: a key that is made inside it, and the request for that key.

use super::client::Client;
use super::mark;
use crate::error::{Error, Result};
use crate::model::{key::Algorithm, text::clean};
use crate::pki::subject::Subject;
use serde_json::{Value, json};

/// A key in the engine, as it is to be.
pub struct KeyWanted<'a> {
    /// Whose server it is.
    pub environment: &'a str,
    /// Where the engine is mounted.
    pub mount: &'a str,
    /// Of the key: always the same for the same generation, so that a run that was interrupted
    /// finds what it made.
    pub name: String,
    /// Of a key that is still to be made.
    pub algorithm: Algorithm,
    /// What the request says; the certificate's own subject is the root's to give.
    pub subject: Subject,
    /// Is it the first generation?
    pub first: bool,
}

/// A request for a key that stays in the server.
pub struct RequestMade {
    /// PKCS#10.
    pub pem: String,
    /// An earlier run had made the key.
    pub key_was_there: bool,
    /// The engine was mounted for it.
    pub mounted: bool,
    /// The server keeps the key by its name; if not, it cannot be found again.
    pub named: bool,
}

/// Mounts the engine where there is none, makes the key where there is none of that name, and has
/// the server make the request.
///
/// # Errors
/// Failed: as all requests; something else is mounted there; an answer without a request.
pub fn request(client: &Client, wanted: &KeyWanted) -> Result<RequestMade> {
    let KeyWanted { mount, name, .. } = wanted;
    let mounted = mount_if_missing(client, mount, wanted.environment)?;
    let key_was_there = !mounted && has_key(client, mount, name)?;
    let path = match (key_was_there, wanted.first) {
        (true, _) => format!("{mount}/issuers/generate/intermediate/existing"),
        (false, true) => format!("{mount}/intermediate/generate/internal"),
        (false, false) => format!("{mount}/issuers/generate/intermediate/internal"),
    };
    let answer = client.write(&path, &parameters(wanted, key_was_there))?;
    let Some(pem) = answer["csr"].as_str() else {
        return Err(Error::failed(format!("POST {path}: got no csr in the answer, expected one")));
    };
    let named = key_was_there || has_key(client, mount, name)?;
    Ok(RequestMade { pem: pem.to_owned(), key_was_there, mounted, named })
}

fn parameters(wanted: &KeyWanted, key_is_there: bool) -> Value {
    let mut parameters = json!({
        "common_name": wanted.subject.common_name,
        "organization": wanted.subject.organization,
        "country": wanted.subject.country,
        // A CA's name is no DNS name.
        "exclude_cn_from_sans": true,
        "format": "pem",
    });
    if key_is_there {
        parameters["key_ref"] = json!(wanted.name);
        return parameters;
    }
    let (kind, bits) = match wanted.algorithm {
        Algorithm::P256 => ("ec", 256),
        Algorithm::P384 => ("ec", 384),
        Algorithm::Ed25519 => ("ed25519", 0),
        Algorithm::Rsa => ("rsa", 4096),
    };
    parameters["key_type"] = json!(kind);
    parameters["key_bits"] = json!(bits);
    parameters["key_name"] = json!(wanted.name);
    parameters
}

/// # Errors
/// Failed: another kind of engine is mounted there.
fn mount_if_missing(client: &Client, mount: &str, environment: &str) -> Result<bool> {
    let mounts = client.read("sys/mounts")?.unwrap_or_default();
    match mounts[format!("{mount}/")]["type"].as_str() {
        Some("pki") => Ok(false),
        Some(other) => {
            let other = clean(other);
            Err(Error::failed(format!("at {mount} the engine {other} is mounted, expected pki"))
                .hint("name another path in [mounts] of environment.toml"))
        }
        None => {
            let body = json!({ "type": "pki", "description": mark::of_mount(environment) });
            client.put(&format!("sys/mounts/{mount}"), &body)?;
            Ok(true)
        }
    }
}

/// Is there a key of that name? Servers that are too old to name keys (Vault before 1.11) have no
/// list of them.
fn has_key(client: &Client, mount: &str, name: &str) -> Result<bool> {
    let keys = client.list(&format!("{mount}/keys"))?.unwrap_or_default();
    let infos = keys["key_info"].as_object().into_iter().flatten();
    Ok(infos.map(|(_, info)| &info["key_name"]).any(|found| found == name))
}
