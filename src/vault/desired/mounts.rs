//! Secrets engines and auth methods, and how the latter are configured.

use super::Ground;
use crate::authority::Estate;
use crate::error::{Error, Explain, Result};
use crate::model::{
    identity::{Auth, Identity},
    login::{Jwt, Kubernetes},
    mounts::Engine,
};
use crate::vault::mark;
use crate::vault::resource::{Kind, Resource};
use serde_json::{Value, json};
use std::sync::Arc;

/// Everything that is mounted, and the configuration of what identities log in by.
///
/// # Errors
/// Usage: an identity logs in by a method that is mounted nowhere; a file that is not there.
pub fn resources(ground: &Ground, identities: &[Arc<Identity>]) -> Result<Vec<Resource>> {
    let environment = ground.environment();
    let mut resources = Vec::new();
    for (key, path, engine) in environment.declared.mounts.iter() {
        let description = mark::of_mount(environment.name.as_str());
        let resource = match engine {
            None => continue,
            Some(Engine::Auth(kind)) => Resource::new(
                Kind::Auth,
                format!("sys/auth/{path}"),
                json!({ "type": kind, "description": description }),
            ),
            Some(Engine::Secrets(kind)) => {
                let mut fields = json!({ "type": kind, "description": description });
                if let Some(version) = key.strip_prefix("kv").and_then(|rest| rest.get(..1)) {
                    fields["options"] = json!({ "version": version });
                }
                Resource::new(Kind::Mount, format!("sys/mounts/{path}"), fields)
            }
        };
        resources.push(resource);
    }
    for auth in [Auth::Cert, Auth::Approle, Auth::Jwt, Auth::Kubernetes] {
        if identities.iter().any(|identity| identity.declared.auth.contains(&auth)) {
            let mount = super::logins::mount(environment, auth)?;
            let of = |(fields, sent)| {
                let path = format!("auth/{mount}/config");
                Resource::new(Kind::AuthConfig, path, fields).sending(sent)
            };
            resources.extend(config(ground, auth)?.map(of));
        }
    }
    Ok(resources)
}

/// What can be read back, and what is only sent.
type Config = (Value, Value);

fn config(ground: &Ground, auth: Auth) -> Result<Option<Config>> {
    let declared = &ground.environment().declared;
    match (auth, &declared.jwt, &declared.kubernetes) {
        // A token is renewed with the certificate that it was given for.
        (Auth::Cert, ..) => {
            let fields =
                json!({ "disable_binding": false, "enable_identity_alias_metadata": false });
            Ok(Some((fields, Value::Null)))
        }
        (Auth::Jwt, Some(jwt), _) => Ok(Some((jwt_config(ground, jwt)?, Value::Null))),
        (Auth::Kubernetes, _, Some(kubernetes)) => kubernetes_config(ground, kubernetes).map(Some),
        _ => Ok(None),
    }
}

fn jwt_config(ground: &Ground, jwt: &Jwt) -> Result<Value> {
    let keys = jwt.keys.as_deref().map(|file| public_keys(ground, file)).transpose()?;
    Ok(json!({
        "bound_issuer": jwt.issuer,
        "jwt_validation_pubkeys": keys.unwrap_or_default(),
        "jwks_url": jwt.jwks_url.as_deref().unwrap_or_default(),
        "oidc_discovery_url": jwt.discovery_url.as_deref().unwrap_or_default(),
        "default_role": "",
        "jwt_supported_algs": [],
    }))
}

/// The pod's own token asks the cluster: no token of a reviewer lies on the server.
fn kubernetes_config(ground: &Ground, kubernetes: &Kubernetes) -> Result<Config> {
    let ca = kubernetes.ca.as_deref().map(|file| beside(ground, file)).transpose()?;
    let fields = json!({
        "kubernetes_host": kubernetes.host,
        "kubernetes_ca_cert": ca.map(|(_, text)| text.trim_end().to_owned()).unwrap_or_default(),
        "disable_local_ca_jwt": true,
        "token_reviewer_jwt_set": false,
        "pem_keys": [],
    });
    Ok((fields, json!({ "token_reviewer_jwt": "" })))
}

/// The PEM blocks of a file of public keys, each as the server gives it back.
fn public_keys(ground: &Ground, file: &str) -> Result<Vec<String>> {
    const END: &str = "-----END PUBLIC KEY-----";
    let (path, text) = beside(ground, file)?;
    let blocks = text.split_inclusive(END).map(str::trim).filter(|block| !block.is_empty());
    let blocks: Vec<String> = blocks.map(str::to_owned).collect();
    let is_key = |block: &String| block.starts_with("-----BEGIN PUBLIC KEY-----");
    match !blocks.is_empty() && blocks.iter().all(is_key) {
        true => Ok(blocks),
        false => Err(Error::usage(format!("{path}: got other text, expected PEM public keys"))),
    }
}

/// A file beside `environment.toml`: its path and its text.
fn beside(ground: &Ground, file: &str) -> Result<(String, String)> {
    let estate: &Estate = ground.estate;
    let path = format!("ca/{}/{file}", ground.environment().name);
    if file.contains('/') || file.starts_with('.') {
        let message = format!("got the file {file:?}, expected one beside environment.toml");
        return Err(Error::usage(message));
    }
    let bytes = estate.workspace.read(&path).hint(format!(
        "put it there: ca/{}/environment.toml names it",
        ground.environment().name
    ))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::usage(format!("{path}: got bytes that are not UTF-8")))?;
    Ok((path, text.to_owned()))
}
