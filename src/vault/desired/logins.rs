//! How an identity logs in: a role and an alias in each method. Every field that limits is written
//! out, and each role is for this identity alone.

use super::Ground;
use crate::error::{Error, Result};
use crate::model::{
    environment::Environment,
    identity::{Auth, Identity},
    login::Tokens,
};
use crate::vault::resource::{Kind, Resource, object};
use serde_json::{Value, json};

/// Roles and aliases of one identity. `trust` is the PEM of the intermediates that certify
/// identities here.
///
/// # Errors
/// Failed, when it logs in by certificate and there is no such intermediate yet.
pub fn resources(
    ground: &Ground,
    identity: &Identity,
    trust: Option<&str>,
) -> Result<Vec<Resource>> {
    let environment = ground.environment();
    let mut resources = Vec::new();
    for auth in &identity.declared.auth {
        let mount = mount(environment, *auth)?;
        let alias = json!({ "name": identity.alias(*auth) });
        let path = format!("{}@{mount}", identity.name);
        resources.push(Resource::new(Kind::Alias, path, alias));
        let (kind, path, own) = match auth {
            Auth::Cert => {
                let trust = trust.ok_or_else(|| no_intermediate(environment))?;
                (Kind::CertRole, "certs", cert(identity, trust))
            }
            Auth::Approle => (Kind::AppRole, "role", approle(identity)),
            Auth::Jwt => (Kind::JwtRole, "role", jwt(environment, identity)),
            Auth::Kubernetes => (Kind::KubernetesRole, "role", kubernetes(environment, identity)),
        };
        let path = format!("auth/{mount}/{path}/{}", identity.role(*auth));
        let mut resource = Resource::new(kind, path, own);
        let policy = identity.policy_of(*auth);
        resource.fields.extend(object(token(&environment.declared.tokens, &policy)));
        resources.push(resource);
    }
    Ok(resources)
}

/// Where the method is mounted, without `auth/`.
///
/// # Errors
/// Usage, when it is not declared.
pub fn mount(environment: &Environment, auth: Auth) -> Result<&str> {
    environment.declared.mounts.path(&auth.to_string()).ok_or_else(|| {
        let file = format!("ca/{}/environment.toml", environment.name);
        Error::usage(format!("an identity logs in by {auth}, which {file} does not mount"))
            .hint(format!("declare under [mounts] in {file}: {auth} = \"{auth}\""))
    })
}

fn no_intermediate(environment: &Environment) -> Error {
    let name = &environment.name;
    Error::failed(format!("{name}/identity has no certificate yet, and roles trust nobody else"))
        .hint(format!("rootward intermediate request {name}/identity"))
}

/// What a login gives, the same fields in every method.
fn token(tokens: &Tokens, policy: &str) -> Value {
    let seconds = |span: crate::model::span::Span| span.approximate().whole_seconds();
    json!({
        "token_policies": [policy],
        // Looking up and renewing itself is in a template, like every right.
        "token_no_default_policy": true,
        "token_ttl": seconds(tokens.ttl),
        "token_max_ttl": seconds(tokens.max_ttl),
        "token_explicit_max_ttl": 0,
        "token_period": 0,
        // Auto-auth breaks on tokens with a number of uses.
        "token_num_uses": 0,
        "token_bound_cidrs": [],
        "token_strictly_bind_ip": false,
        "token_type": "default",
    })
}

/// Pinned to the environment's own intermediates, never to the root, which is every
/// environment's; with both the common name, which becomes the alias, and the URI.
fn cert(identity: &Identity, trust: &str) -> Value {
    json!({
        "certificate": trust,
        "display_name": identity.name.as_str(),
        "allowed_common_names": [identity.name.as_str()],
        "allowed_uri_sans": identity.uri.iter().collect::<Vec<_>>(),
        "allowed_names": [],
        "allowed_dns_sans": [],
        "allowed_email_sans": [],
        "allowed_organizational_units": [],
        "required_extensions": [],
        "allowed_metadata_extensions": [],
        // These certificates would join the pool of what is trusted.
        "ocsp_ca_certificates": "",
        "ocsp_enabled": false,
        "ocsp_fail_open": false,
        "ocsp_query_all_servers": false,
        "ocsp_servers_override": [],
    })
}

/// The role id is the alias, so it is known before the first login; what is secret is the secret id.
/// Whether secret ids are `local_secret_ids` is for the server: it refuses every later write of it.
fn approle(identity: &Identity) -> Value {
    json!({
        "role_id": identity.alias(Auth::Approle),
        "bind_secret_id": true,
        "secret_id_bound_cidrs": [],
        "secret_id_num_uses": 0,
        "secret_id_ttl": 0,
    })
}

fn jwt(environment: &Environment, identity: &Identity) -> Value {
    let (Some(jwt), Some(own)) = (&environment.declared.jwt, &identity.declared.jwt) else {
        return Value::Null;
    };
    json!({
        "role_type": "jwt",
        "user_claim": jwt.claim,
        "user_claim_json_pointer": false,
        "bound_audiences": jwt.audiences,
        "bound_claims": { jwt.claim.as_str(): [own.subject] },
        "bound_claims_type": "string",
        "bound_subject": "",
        "claim_mappings": {},
        "groups_claim": "",
        "clock_skew_leeway": 0,
        "expiration_leeway": 0,
        "not_before_leeway": 0,
        "allowed_redirect_uris": [],
        "oidc_scopes": [],
        "verbose_oidc_logging": false,
        "token_policies_template_claims": false,
    })
}

fn kubernetes(environment: &Environment, identity: &Identity) -> Value {
    let (namespace, account) = identity.service_account();
    let declared = environment.declared.kubernetes.as_ref();
    json!({
        "bound_service_account_names": [account],
        "bound_service_account_namespaces": [namespace],
        "bound_service_account_namespace_selector": "",
        "alias_name_source": "serviceaccount_name",
        "audience": declared.and_then(|it| it.audience.as_deref()).unwrap_or_default(),
    })
}
