//! `ca/ENV/environment.toml`: one environment, with everything that keeps it apart from others.

use super::{
    address::Address,
    cadence::{self, Cadence},
    declaration,
    key::Choice,
    kind::Kind,
    login::{Jwt, Kubernetes, Tokens},
    mounts::Mounts,
    name::Name,
    net::{Cidr, DnsName},
    root::crl_span,
    server::Server,
    span::Span,
};
use crate::error::{Error, Result};
use serde::Deserialize;
use std::{collections::BTreeMap, net::IpAddr};
use time::Duration;

/// An environment as declared; its name is the name of its directory.
#[derive(Clone, Debug)]
pub struct Environment {
    /// That of its directory.
    pub name: Name,
    /// What its file says.
    pub declared: Declared,
}

/// `environment.toml`, version 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    #[expect(dead_code, reason = "part of the format; reading it checks it")]
    version: declaration::Version,
    /// Where the environment's Vault listens, `https://HOST:PORT`.
    pub address: String,
    /// The SPIFFE trust domain.
    pub trust_domain: DnsName,
    /// Permitted DNS subtrees of its intermediates; the first is the home of identities' names.
    pub dns: Vec<DnsName>,
    /// Permitted address ranges of its intermediates; none means that no address is permitted.
    #[serde(default)]
    pub ip: Vec<Cidr>,
    /// The Unix user that runs its Vault.
    pub runtime_owner: String,
    /// Engine or auth method -> mount path.
    pub mounts: Mounts,
    /// What -> app-facing path; `{name}` stands for the identity.
    #[serde(default)]
    pub paths: BTreeMap<String, String>,
    /// The CAs for this environment; [`ISSUER`] among them issues identities.
    pub intermediates: BTreeMap<Name, Intermediate>,
    /// What holds for identities that do not declare it.
    #[serde(default)]
    pub identity: IdentityDefaults,
    /// How long tokens live.
    #[serde(default)]
    pub tokens: Tokens,
    /// Whose tokens log in by `jwt`.
    pub jwt: Option<Jwt>,
    /// Whose service accounts log in by `kubernetes`.
    pub kubernetes: Option<Kubernetes>,
    /// The server itself.
    #[serde(default)]
    pub server: Server,
}

/// A CA under the root.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intermediate {
    /// Where its private key is made and stays.
    pub key: KeyHome,
    /// Of a key that is made here, or in Vault by --from-vault; a request that is brought says it.
    #[serde(default = "Intermediate::default_algorithm")]
    pub algorithm: Choice,
    /// Of its certificate.
    pub lifetime: Span,
    /// How long each of its CRLs is valid, at most 365 days.
    #[serde(default = "Intermediate::default_crl")]
    pub crl: Span,
    /// When it gives way to its successor, as far as it is not as usual.
    #[serde(default)]
    pub rotation: cadence::Declared,
    /// The same of its CRLs.
    #[serde(default)]
    pub crl_rotation: cadence::Declared,
}

/// Where an intermediate's private key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyHome {
    /// Held by the operator, sealed, in the workspace.
    Local,
    /// Made inside Vault; only a request and certificates come here.
    Vault,
}

/// `[identity]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityDefaults {
    #[serde(default = "IdentityDefaults::default_lifetime")]
    pub lifetime: Span,
    /// Of the certificates that it has issued inside the server.
    #[serde(default = "IdentityDefaults::default_workload")]
    pub workload: Span,
    /// How many templates its runtime policy may have, and its provisioning policy.
    #[serde(default = "IdentityDefaults::default_policies")]
    pub policies: usize,
    /// When certificates are replaced, as far as it is not as usual.
    #[serde(default)]
    pub rotation: cadence::Declared,
    /// What is otherwise for one kind.
    #[serde(default)]
    pub kinds: BTreeMap<Kind, OfKind>,
}

/// `[identity.kinds.KIND]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfKind {
    /// Of its certificates.
    pub lifetime: Option<Span>,
    /// When they are replaced.
    #[serde(default)]
    pub rotation: cadence::Declared,
}

/// The intermediate that issues listener and identity certificates.
pub const ISSUER: &str = "identity";

impl Intermediate {
    fn default_algorithm() -> Choice {
        Choice::P256
    }

    fn default_crl() -> Span {
        Span::days(30)
    }

    /// When it gives way to its successor.
    pub fn cadence(&self) -> Cadence {
        Cadence::intermediate().with(&self.rotation)
    }

    /// When a CRL of it is replaced.
    pub fn crl_cadence(&self) -> Cadence {
        Cadence::crl().with(&self.crl_rotation)
    }
}

impl IdentityDefaults {
    /// When a certificate of this kind is replaced.
    pub fn cadence(&self, kind: Kind) -> Cadence {
        let cadence = Cadence::identity().with(&self.rotation);
        match self.kinds.get(&kind) {
            Some(of_kind) => cadence.with(&of_kind.rotation),
            None => cadence,
        }
    }

    /// How long a certificate of this kind lives.
    pub fn lifetime(&self, kind: Kind) -> Span {
        self.kinds.get(&kind).and_then(|of_kind| of_kind.lifetime).unwrap_or(self.lifetime)
    }

    /// The longest life that is declared here.
    pub fn longest(&self) -> Duration {
        let lives = Kind::ALL.into_iter().map(|kind| self.lifetime(kind).approximate());
        lives.max().unwrap_or_default()
    }

    fn default_lifetime() -> Span {
        Span::days(30)
    }

    fn default_workload() -> Span {
        Span::days(3)
    }

    fn default_policies() -> usize {
        5
    }
}

impl Default for IdentityDefaults {
    fn default() -> Self {
        Self {
            lifetime: Self::default_lifetime(),
            workload: Self::default_workload(),
            policies: Self::default_policies(),
            rotation: cadence::Declared::default(),
            kinds: BTreeMap::new(),
        }
    }
}

impl Environment {
    /// # Errors
    /// Usage: what [`declaration::parse`] refuses; an address that is not https; no DNS subtree;
    /// a mount, server or auth method that cannot be; an intermediate whose key is in Vault but
    /// that is to issue identities.
    pub fn parse(name: Name, file: &str, bytes: &[u8]) -> Result<Self> {
        let declared: Declared = declaration::parse(file, bytes)?;
        let wrong = |message: String| Err(Error::usage(format!("{file}: {message}")));
        if let Err(error) = declared.address.parse::<Address>() {
            return wrong(format!("address: {error}"));
        }
        if declared.dns.is_empty() {
            return wrong("dns: got none, expected at least one DNS subtree".into());
        }
        unix_user(file, "runtime_owner", &declared.runtime_owner)?;
        declared.mounts.check(file)?;
        declared.server.check(file)?;
        declared.jwt.iter().try_for_each(|jwt| jwt.check(file))?;
        declared.kubernetes.iter().try_for_each(|kubernetes| kubernetes.check(file))?;
        for (key, path) in &declared.paths {
            if path.is_empty() || !path.chars().all(|c| c.is_ascii_graphic()) {
                let got = super::text::clean(path);
                return wrong(format!("{key}: got {got:?}, expected a path of ASCII characters"));
            }
        }
        if !declared.trust_domain_is_own() {
            let domain = &declared.trust_domain;
            return wrong(format!("trust_domain: got {domain}, expected a name inside dns"));
        }
        for (key, intermediate) in &declared.intermediates {
            crl_span(file, &format!("intermediates.{key}.crl"), intermediate.crl)?;
            if key.as_str() == ISSUER && intermediate.key != KeyHome::Local {
                return wrong(format!("intermediates.{ISSUER}.key: got vault, expected local"));
            }
        }
        Ok(Self { name, declared })
    }

    /// What is declared of an intermediate, if it is.
    pub fn intermediate(&self, name: &Name) -> Option<&Intermediate> {
        self.declared.intermediates.get(name)
    }

    /// Is the name inside the environment's DNS subtrees?
    pub fn permits_dns(&self, name: &DnsName) -> bool {
        self.declared.dns.iter().any(|domain| name.is_within(domain))
    }

    /// Is the address inside one of the environment's ranges?
    pub fn permits_ip(&self, address: IpAddr) -> bool {
        self.declared.ip.iter().any(|range| range.contains(address))
    }

    /// Where identities' own DNS names live.
    pub fn home(&self) -> &DnsName {
        &self.declared.dns[0]
    }
}

/// A user's name as useradd allows it: it ends up in units, agent configurations and commands.
pub fn unix_user(file: &str, key: &str, name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.starts_with(begins) && name.chars().all(allowed) && name.len() <= 32 {
        return Ok(());
    }
    let got = super::text::clean(name);
    Err(Error::usage(format!("{file}: {key}: got {got:?}, expected a Unix user")))
}

impl Declared {
    fn trust_domain_is_own(&self) -> bool {
        self.dns.iter().any(|domain| self.trust_domain.is_within(domain))
    }
}
