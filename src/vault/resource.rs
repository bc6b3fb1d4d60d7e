//! One thing on a server, as rootward declares it: where it is and what its fields are to be.

use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{fmt, str::FromStr};

/// Field -> value. Every field that rootward manages is there, also the empty ones: a write is a
/// merge on the server, so what is left out keeps what it was.
pub type Fields = Map<String, Value>;

/// What it is. A plan is shown in this order; carried out it is by stages (`apply`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `sys/policies/acl/NAME`.
    Policy,
    /// A secrets engine.
    Mount,
    /// An auth method.
    #[serde(rename = "auth-method")]
    Auth,
    /// The configuration of an auth method.
    AuthConfig,
    /// A CRL of certificate login.
    Crl,
    /// A group of entities; its policies are those of its members. None is ever declared.
    Group,
    /// Who logs in, in whichever way.
    Entity,
    /// The name of an entity in one auth method.
    Alias,
    /// A role of certificate login.
    CertRole,
    /// A role of AppRole.
    #[serde(rename = "approle-role")]
    AppRole,
    /// A role of JWT login.
    JwtRole,
    /// A role of Kubernetes login.
    KubernetesRole,
    /// A signed intermediate in a PKI mount; a server that lost its key lets everybody log in.
    Issuer,
    /// What an identity can have issued inside the server.
    PkiRole,
}

impl Kind {
    /// Is it one of them? Every kind is, where none is named.
    pub fn is_among(self, only: &[Self]) -> bool {
        only.is_empty() || only.contains(&self)
    }

    /// As plans have it, and people type it: `cert-role`.
    pub fn id(self) -> String {
        self.word().to_lowercase().replace(' ', "-")
    }

    /// As people read it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Policy => "policy",
            Kind::Mount => "mount",
            Kind::Auth => "auth method",
            Kind::AuthConfig => "auth config",
            Kind::Issuer => "issuer",
            Kind::Crl => "CRL",
            Kind::Group => "group",
            Kind::Entity => "entity",
            Kind::Alias => "alias",
            Kind::CertRole => "cert role",
            Kind::AppRole => "approle role",
            Kind::JwtRole => "jwt role",
            Kind::KubernetesRole => "kubernetes role",
            Kind::PkiRole => "pki role",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    /// `cert-role`, as plans have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let deserializer: StrDeserializer<'_, ValueError> = text.into_deserializer();
        Self::deserialize(deserializer).map_err(|error| error.to_string())
    }
}

impl Kind {
    /// Is it a role by which somebody logs in?
    pub fn is_login(self) -> bool {
        matches!(self, Kind::CertRole | Kind::AppRole | Kind::JwtRole | Kind::KubernetesRole)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Which one it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// What it is.
    pub kind: Kind,
    /// Its path in the API, below `v1/`; of an alias `ENTITY@MOUNT`.
    pub path: String,
}

impl Address {
    /// The last part of the path: the name.
    pub fn name(&self) -> &str {
        match self.kind {
            Kind::Mount | Kind::Auth => {
                self.path.trim_start_matches("sys/mounts/").trim_start_matches("sys/auth/")
            }
            Kind::AuthConfig => self.path.trim_start_matches("auth/").trim_end_matches("/config"),
            Kind::Alias => &self.path,
            _ => self.path.rsplit('/').next().unwrap_or(&self.path),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name())
    }
}

/// One thing with its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Which one.
    pub address: Address,
    /// As it is to be, or as it is.
    pub fields: Fields,
    /// What is sent beside the fields and cannot be read back: the PEM of a chain or CRL.
    pub sent: Fields,
}

impl Resource {
    /// At that path, with those fields; `fields` is a JSON object.
    pub fn new(kind: Kind, path: impl Into<String>, fields: Value) -> Self {
        Self {
            address: Address { kind, path: path.into() },
            fields: object(fields),
            sent: Map::new(),
        }
    }

    /// What a write sends: all of it.
    pub fn body(&self) -> Fields {
        let mut body = self.fields.clone();
        body.extend(self.sent.clone());
        body
    }

    /// With what is sent and cannot be read back.
    #[must_use]
    pub fn sending(self, sent: Value) -> Self {
        Self { sent: object(sent), ..self }
    }
}

/// The value of a field; null when it is not there.
pub fn field<'f>(fields: &'f Fields, name: &str) -> &'f Value {
    fields.get(name).unwrap_or(&Value::Null)
}

/// The fields of a JSON object; none of anything else.
pub fn object(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_typed_as_it_is_written_in_plans() {
        for kind in
            [Kind::Policy, Kind::Auth, Kind::AuthConfig, Kind::AppRole, Kind::Crl, Kind::CertRole]
        {
            assert_eq!(kind.id().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(Value::String(kind.id())));
        }
        assert!("role".parse::<Kind>().is_err_and(|said| said.contains("cert-role")));
    }
}
