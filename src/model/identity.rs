//! `identities/ENV/NAME/identity.toml`: one Unix user, app, proxy, or listener.

use super::{
    declaration,
    environment::{self, Environment},
    name::Name,
    net::DnsName,
    rule::{Finding, Rule},
    span::Span,
};
use crate::error::{Error, Result, none_of};
use serde::Deserialize;
use std::{fmt, net::IpAddr};

/// An identity as declared, with the names that follow from its environment.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where it lives.
    pub environment: Name,
    /// That of its directory, and its common name.
    pub name: Name,
    /// What its file says.
    pub declared: Declared,
    /// The dNSNames of its certificate.
    pub dns: Vec<DnsName>,
    /// `spiffe://TRUST-DOMAIN/KIND/NAME`; listeners have none.
    pub uri: Option<String>,
    /// Its own, or that of the environment.
    pub lifetime: Span,
}

/// `identity.toml`, version 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    #[expect(dead_code, reason = "part of the format; reading it checks it")]
    version: declaration::Version,
    /// What it is; part of its SPIFFE URI.
    pub kind: Kind,
    /// The Unix user that it runs as.
    pub unix_user: Option<String>,
    /// Files of `identities/policies`, without `.hcl`.
    #[serde(default)]
    pub policies: Vec<Name>,
    /// The ways in which it logs in to Vault.
    #[serde(default)]
    pub auth: Vec<Auth>,
    /// Of its certificate; undeclared: as the environment says.
    pub lifetime: Option<Span>,
    /// Where the private key is made; undeclared: here, unless a request is brought.
    pub key: Option<KeyPlace>,
    /// Listeners only: the names that clients connect to.
    #[serde(default)]
    pub dns: Vec<DnsName>,
    /// Listeners only: the addresses that clients connect to.
    #[serde(default)]
    pub ip: Vec<IpAddr>,
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program.
    App,
    /// A reverse proxy.
    Proxy,
    /// A person's Unix user.
    User,
    /// The TLS server certificate of the environment's Vault.
    Listener,
}

/// An auth method of Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    Cert,
    Approle,
    Jwt,
    Kubernetes,
}

/// Where an identity's private key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPlace {
    /// On the target host; a request comes here.
    Host,
    /// In the workspace, 0600, ignored by Git.
    Here,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::App => "app",
            Kind::Proxy => "proxy",
            Kind::User => "user",
            Kind::Listener => "listener",
        })
    }
}

impl Identity {
    /// # Errors
    /// Usage: what [`declaration::parse`] refuses, or names that do not fit the kind.
    /// Refused: NAME-TAKEN (an intermediate has the name), NAME-CONSTRAINTS (a listener's name
    /// outside its environment).
    pub fn parse(env: &Environment, name: Name, file: &str, bytes: &[u8]) -> Result<Self> {
        let declared: Declared = declaration::parse(file, bytes)?;
        if env.intermediate(&name).is_some() {
            let message = format!("{file}: {}/{name} is an intermediate", env.name);
            return Err(Rule::NameTaken.found(message).into());
        }
        let wrong = |message: &str| Err(Error::usage(format!("{file}: {message}")));
        if let Some(user) = &declared.unix_user {
            environment::unix_user(file, "unix_user", user)?;
        }
        let listener = declared.kind == Kind::Listener;
        if listener && declared.dns.is_empty() {
            return wrong("dns: got none, expected at least one name for a listener");
        }
        if listener && !declared.auth.is_empty() {
            return wrong("auth: got a method, expected none for a listener");
        }
        let has_names = !declared.dns.is_empty() || !declared.ip.is_empty();
        if !listener && has_names {
            return wrong("dns, ip: only a listener declares them; the others have NAME.DOMAIN");
        }
        none_of(outside(env, file, &declared))?;
        let (dns, uri) = match declared.kind {
            Kind::Listener => (declared.dns.clone(), None),
            kind => {
                let dns = env.home().child(&name);
                let dns = dns.map_err(|error| Error::usage(format!("{file}: {error}")))?;
                let uri = format!("spiffe://{}/{kind}/{name}", env.declared.trust_domain);
                (vec![dns], Some(uri))
            }
        };
        let lifetime = declared.lifetime.unwrap_or(env.declared.identity.lifetime);
        Ok(Self { environment: env.name.clone(), name, declared, dns, uri, lifetime })
    }
}

fn outside(env: &Environment, file: &str, declared: &Declared) -> Vec<Finding> {
    let foreign = |name: String| {
        let message = format!("{file}: {name} is outside dns and ip of {}", env.name);
        Rule::NameConstraints.found(message)
    };
    let dns = declared.dns.iter().filter(|name| !env.permits_dns(name));
    let ip = declared.ip.iter().filter(|address| !env.permits_ip(**address));
    dns.map(|name| foreign(name.to_string())).chain(ip.map(|a| foreign(a.to_string()))).collect()
}
