//! How identities log in: what an environment declares of its auth methods, and what an identity
//! declares of itself.

use super::{name::Name, span::Span, text::clean};
use crate::error::{Error, Result};
use serde::Deserialize;

/// `[tokens]` of an environment: how long what a login gives lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Until it has to be renewed.
    #[serde(default = "Tokens::default_ttl")]
    pub ttl: Span,
    /// However often it is renewed; leases that it draws die with it.
    #[serde(default = "Tokens::default_max_ttl")]
    pub max_ttl: Span,
}

impl Tokens {
    fn default_ttl() -> Span {
        Span::hours(1)
    }

    fn default_max_ttl() -> Span {
        Span::hours(24)
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self { ttl: Self::default_ttl(), max_ttl: Self::default_max_ttl() }
    }
}

/// `[jwt]` of an environment: who signs the tokens of CI jobs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// `iss` of the tokens.
    pub issuer: String,
    /// `aud`: one of these.
    pub audiences: Vec<String>,
    /// The claim that names the app; its value is the identity's `jwt.subject`.
    #[serde(default = "Jwt::default_claim")]
    pub claim: String,
    /// PEM public keys of the issuer: a file beside `environment.toml`.
    pub keys: Option<String>,
    /// Or where the server fetches them: a JWKS document.
    pub jwks_url: Option<String>,
    /// Or an OpenID Connect issuer, whose document says where.
    pub discovery_url: Option<String>,
}

impl Jwt {
    fn default_claim() -> String {
        "repository".to_owned()
    }
}

/// `[kubernetes]` of an environment: the cluster whose service accounts log in. The server asks
/// the cluster with the pod's own token, so no secret is needed here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// `https://HOST:PORT` of the cluster's API.
    pub host: String,
    /// PEM of the CA of that API: a file beside `environment.toml`.
    pub ca: Option<String>,
    /// `aud` of the pods' tokens, where they have one of their own.
    pub audience: Option<String>,
}

/// `[jwt]` of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtSubject {
    /// The value of the environment's claim, such as `example/synapse`; no wildcard.
    pub subject: String,
}

/// `[kubernetes]` of an identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    /// Undeclared: the identity's name.
    pub namespace: Option<Name>,
    /// Undeclared: the identity's name.
    pub service_account: Option<Name>,
}

/// Refuses what an auth method would read as a pattern or a list: an identity is one thing.
///
/// # Errors
/// Usage, with file and key.
pub fn one_value(file: &str, key: &str, value: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_graphic() && !"*,?[]\"\\".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return Ok(());
    }
    let got = clean(value);
    Err(Error::usage(format!("{file}: {key}: got {got:?}, expected one value without wildcards")))
}

impl Jwt {
    /// # Errors
    /// Usage: not exactly one source of keys; no audience.
    pub fn check(&self, file: &str) -> Result<()> {
        let wrong = |message: &str| Err(Error::usage(format!("{file}: jwt: {message}")));
        let sources = [&self.keys, &self.jwks_url, &self.discovery_url];
        let count = sources.iter().filter(|source| source.is_some()).count();
        if count != 1 {
            return wrong(&format!(
                "got {count} of keys, jwks_url and discovery_url, expected exactly one"
            ));
        }
        if self.audiences.is_empty() {
            return wrong(
                "got no audiences, expected at least one: a token for others is no login",
            );
        }
        let named = [("issuer", &self.issuer), ("claim", &self.claim)];
        named.iter().try_for_each(|(key, value)| one_value(file, &format!("jwt.{key}"), value))?;
        self.audiences.iter().try_for_each(|value| one_value(file, "jwt.audiences", value))
    }
}

impl Kubernetes {
    /// # Errors
    /// Usage: a host that is not https.
    pub fn check(&self, file: &str) -> Result<()> {
        if self.host.starts_with("https://") {
            return Ok(());
        }
        let got = clean(&self.host);
        Err(Error::usage(format!(
            "{file}: kubernetes.host: got {got:?}, expected https://HOST:PORT"
        )))
    }
}
