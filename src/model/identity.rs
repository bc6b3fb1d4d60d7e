//! `identities/ENV/NAME/identity.toml`: one Unix user, app, proxy, or listener.

mod known_as;

use super::{
    declaration,
    environment::{self, Environment},
    login::{self, JwtSubject, ServiceAccount},
    name::Name,
    net::DnsName,
    rule::{Finding, Rule},
    span::Span,
};
use crate::error::{Error, Result, none_of};
use serde::Deserialize;
use std::{fmt, net::IpAddr};

pub use super::kind::Kind;

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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Part of the format; reading it checks it.
    version: declaration::Version,
    /// What it is; part of its SPIFFE URI.
    pub kind: Kind,
    /// The Unix user that it runs as.
    pub unix_user: Option<String>,
    /// Files of `identities/policies`, without `.hcl`.
    #[serde(default)]
    pub policies: Vec<Name>,
    /// The same, for whoever provisions it: the policy `NAME-ops`, which its CI role has.
    #[serde(default)]
    pub ops: Vec<Name>,
    /// The ways in which it logs in to Vault.
    #[serde(default)]
    pub auth: Vec<Auth>,
    /// Whose tokens are its CI's.
    pub jwt: Option<JwtSubject>,
    /// Which service account its pods have.
    pub kubernetes: Option<ServiceAccount>,
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

/// An auth method of Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// By its certificate.
    Cert,
    /// By a role id and a secret id.
    Approle,
    /// By a token that a CI server signed.
    Jwt,
    /// By the service account of a pod.
    Kubernetes,
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Auth {
    /// Every auth method there is.
    pub const ALL: [Auth; 4] = [Auth::Cert, Auth::Approle, Auth::Jwt, Auth::Kubernetes];

    /// As it is declared.
    pub fn word(self) -> &'static str {
        match self {
            Auth::Cert => "cert",
            Auth::Approle => "approle",
            Auth::Jwt => "jwt",
            Auth::Kubernetes => "kubernetes",
        }
    }
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

impl KeyPlace {
    /// As it is declared.
    pub fn word(self) -> &'static str {
        match self {
            KeyPlace::Host => "host",
            KeyPlace::Here => "here",
        }
    }
}

impl Identity {
    /// # Errors
    /// Usage: what [`declaration::parse`] refuses, or names that do not fit the kind.
    /// Refused: NAME-TAKEN (an intermediate has the name), NAME-CONSTRAINTS (a listener's name
    /// outside its environment), POLICY-COUNT.
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
        none_of(too_many(env, file, &declared))?;
        logins(env, file, &declared)?;
        let (dns, uri) = match declared.kind {
            Kind::Listener => (declared.dns.clone(), None),
            kind => {
                let dns = env.home().child(&name);
                let dns = dns.map_err(|error| Error::usage(format!("{file}: {error}")))?;
                let uri = format!("spiffe://{}/{kind}/{name}", env.declared.trust_domain);
                (vec![dns], Some(uri))
            }
        };
        let of_kind = env.declared.identity.lifetime(declared.kind);
        let lifetime = declared.lifetime.unwrap_or(of_kind);
        Ok(Self { environment: env.name.clone(), name, declared, dns, uri, lifetime })
    }
}

/// Sets of policies larger than the environment allows.
fn too_many(env: &Environment, file: &str, declared: &Declared) -> Vec<Finding> {
    let most = env.declared.identity.policies;
    let sets = [("policies", &declared.policies), ("ops", &declared.ops)];
    let large = sets.into_iter().filter(|(_, set)| set.len() > most);
    let message = |(key, set): (&str, &Vec<Name>)| {
        Rule::PolicyCount.found(format!("{file}: {key}: got {}, at most {most}", set.len()))
    };
    large.map(message).collect()
}

/// What its ways to log in need: of itself, and of its environment.
fn logins(env: &Environment, file: &str, declared: &Declared) -> Result<()> {
    let wrong = |message: String| Err(Error::usage(format!("{file}: {message}")));
    for (index, auth) in declared.auth.iter().enumerate() {
        if declared.auth[..index].contains(auth) {
            return wrong(format!("auth: got {auth} twice"));
        }
    }
    for (key, set) in [("policies", &declared.policies), ("ops", &declared.ops)] {
        let twice = set.iter().enumerate().find(|(index, name)| set[..*index].contains(name));
        if let Some((_, name)) = twice {
            return wrong(format!("{key}: got {name} twice"));
        }
    }
    if let Some(jwt) = &declared.jwt {
        login::one_value(file, "jwt.subject", &jwt.subject)?;
    }
    let has = |auth| declared.auth.contains(&auth);
    let environment = format!("ca/{}/environment.toml", env.name);
    let missing = |key: &str| {
        Err(Error::usage(format!("{file}: auth: got {key}, which {environment} does not declare"))
            .hint(format!("declare [{key}] in {environment}")))
    };
    if has(Auth::Jwt) && declared.jwt.is_none() {
        return wrong("auth: got jwt without [jwt], expected its subject".into());
    }
    if has(Auth::Jwt) && env.declared.jwt.is_none() {
        return missing("jwt");
    }
    if has(Auth::Kubernetes) && env.declared.kubernetes.is_none() {
        return missing("kubernetes");
    }
    Ok(())
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
