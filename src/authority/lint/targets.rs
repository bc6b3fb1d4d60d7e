//! The paths of engines and auth methods by which one identity can become another, and what each of
//! them gives.

use crate::model::{environment::Environment, mounts::Engine, rule::Rule};
use crate::policy::{Capability, Pattern};

/// A set of paths that nobody should reach, but for its own part.
pub struct Target {
    /// Which paths.
    pub pattern: Pattern,
    /// The segment in which a name stands, counted from 0; with its own name there, an identity is
    /// by itself.
    pub name: Option<usize>,
    /// With what a request does harm.
    pub capabilities: &'static [Capability],
    /// What it is good for.
    pub gives: Gives,
}

/// What whoever may use such a path gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Certificates with the names that a PKI role allows.
    Role,
    /// Certificates with any name.
    AnyName,
    /// A CA: its own, or one that it chose.
    Ca,
    /// Roles that allow other names.
    PkiRoles,
    /// Logins by AppRole.
    SecretId,
    /// Roles that give other policies, or take other logins.
    LoginRoles,
    /// Logins of those who are shut out.
    Revoked,
    /// Tokens that live on.
    Tokens,
    /// Entities, aliases and groups.
    Entities,
    /// The policies themselves.
    Policies,
    /// Auth methods and engines, or what lies beneath them.
    Server,
    /// What a key signs or opens.
    Key,
    /// SSH certificates.
    Ssh,
    /// Database users.
    Database,
    /// One-time passwords.
    Codes,
}

impl Gives {
    /// Which rule forbids it.
    pub fn rule(self) -> Rule {
        match self {
            Gives::Role | Gives::AnyName | Gives::Ca | Gives::PkiRoles => Rule::PolicyMint,
            _ => Rule::PolicyBecome,
        }
    }
}

use Capability::{Create, Delete, Patch, Read, Update};
const USES: &[Capability] = &[Update, Create];
const WRITES: &[Capability] = &[Update, Create, Patch];
const CHANGES: &[Capability] = &[Update, Create, Patch, Delete];
const READS: &[Capability] = &[Read];
const ANY: &[Capability] = &[Read, Update, Create, Patch, Delete];

/// Path below the mount, which of its segments is a name, with what, and what for. The worst of a
/// kind first: a rule that reaches several is told of once.
type Row = (&'static str, Option<usize>, &'static [Capability], Gives);

const PKI: &[Row] = &[
    ("issue/+", Some(1), USES, Gives::Role),
    ("sign/+", Some(1), USES, Gives::Role),
    ("issuer/+/issue/+", Some(3), USES, Gives::Role),
    ("issuer/+/sign/+", Some(3), USES, Gives::Role),
    ("sign-verbatim", None, USES, Gives::AnyName),
    ("sign-verbatim/+", None, USES, Gives::AnyName),
    ("issuer/+/sign-verbatim", None, USES, Gives::AnyName),
    ("issuer/+/sign-verbatim/+", None, USES, Gives::AnyName),
    ("roles/+", None, CHANGES, Gives::PkiRoles),
    ("root/sign-intermediate", None, USES, Gives::Ca),
    ("issuer/+/sign-intermediate", None, USES, Gives::Ca),
    ("sign-self-issued", None, USES, Gives::Ca),
    ("root/sign-self-issued", None, USES, Gives::Ca),
    ("issuer/+/sign-self-issued", None, USES, Gives::Ca),
    ("root", None, CHANGES, Gives::Ca),
    ("root/+", None, CHANGES, Gives::Ca),
    ("root/+/+", None, CHANGES, Gives::Ca),
    ("intermediate/*", None, CHANGES, Gives::Ca),
    ("issuers/generate/*", None, CHANGES, Gives::Ca),
    ("issuers/import/*", None, CHANGES, Gives::Ca),
    ("keys/import", None, CHANGES, Gives::Ca),
    ("keys/generate/+", None, CHANGES, Gives::Ca),
    ("key/+", None, CHANGES, Gives::Ca),
    ("issuer/+", None, CHANGES, Gives::Ca),
    ("config/*", None, CHANGES, Gives::Ca),
];

const APPROLE: &[Row] = &[
    ("role/+/secret-id", Some(1), WRITES, Gives::SecretId),
    ("role/+/custom-secret-id", Some(1), WRITES, Gives::SecretId),
    ("role/+", None, CHANGES, Gives::LoginRoles),
    ("role/+/role-id", None, CHANGES, Gives::LoginRoles),
    ("role/+/policies", None, CHANGES, Gives::LoginRoles),
    ("role/+/token-policies", None, CHANGES, Gives::LoginRoles),
    ("role/+/bind-secret-id", None, CHANGES, Gives::LoginRoles),
    ("role/+/bound-cidr-list", None, CHANGES, Gives::LoginRoles),
    ("role/+/secret-id-bound-cidrs", None, CHANGES, Gives::LoginRoles),
    ("role/+/token-bound-cidrs", None, CHANGES, Gives::LoginRoles),
    ("role/+/period", None, CHANGES, Gives::LoginRoles),
    ("role/+/token-period", None, CHANGES, Gives::LoginRoles),
    ("role/+/token-ttl", None, CHANGES, Gives::LoginRoles),
    ("role/+/token-max-ttl", None, CHANGES, Gives::LoginRoles),
];

const CERT: &[Row] = &[
    ("certs/+", None, CHANGES, Gives::LoginRoles),
    ("crls/+", None, CHANGES, Gives::Revoked),
    ("config", None, CHANGES, Gives::LoginRoles),
];

const LOGIN: &[Row] =
    &[("role/+", None, CHANGES, Gives::LoginRoles), ("config", None, CHANGES, Gives::LoginRoles)];

const TRANSIT: &[Row] = &[
    ("sign/+", Some(1), USES, Gives::Key),
    ("sign/+/+", Some(1), USES, Gives::Key),
    ("hmac/+", Some(1), USES, Gives::Key),
    ("hmac/+/+", Some(1), USES, Gives::Key),
    ("decrypt/+", Some(1), USES, Gives::Key),
    ("rewrap/+", Some(1), USES, Gives::Key),
    ("datakey/+/+", Some(2), USES, Gives::Key),
    ("export/+/+", Some(2), READS, Gives::Key),
    ("export/+/+/+", Some(2), READS, Gives::Key),
    ("backup/+", Some(1), READS, Gives::Key),
    ("restore/+", Some(1), WRITES, Gives::Key),
    ("keys/+", Some(1), CHANGES, Gives::Key),
    ("keys/+/*", Some(1), CHANGES, Gives::Key),
];

const SSH: &[Row] = &[
    ("sign/+", Some(1), USES, Gives::Ssh),
    ("issue/+", Some(1), USES, Gives::Ssh),
    ("creds/+", Some(1), USES, Gives::Ssh),
    ("roles/+", None, CHANGES, Gives::Ssh),
    ("config/*", None, CHANGES, Gives::Ssh),
];

const DATABASE: &[Row] = &[
    ("creds/+", Some(1), READS, Gives::Database),
    ("static-creds/+", Some(1), READS, Gives::Database),
    ("roles/+", None, CHANGES, Gives::Database),
    ("static-roles/+", None, CHANGES, Gives::Database),
    ("config/+", None, CHANGES, Gives::Database),
];

const TOTP: &[Row] =
    &[("code/+", Some(1), ANY, Gives::Codes), ("keys/+", Some(1), ANY, Gives::Codes)];

/// Below no mount: the server's own.
const SERVER: &[Row] = &[
    ("sys/policies/acl/+", None, CHANGES, Gives::Policies),
    ("sys/policy/+", None, CHANGES, Gives::Policies),
    ("sys/policies/*", None, CHANGES, Gives::Policies),
    ("auth/token/create", None, WRITES, Gives::Tokens),
    ("auth/token/create/+", None, WRITES, Gives::Tokens),
    ("auth/token/create-orphan", None, WRITES, Gives::Tokens),
    ("auth/token/roles/+", None, CHANGES, Gives::Tokens),
    ("identity/*", None, CHANGES, Gives::Entities),
    ("sys/auth/*", None, CHANGES, Gives::Server),
    ("sys/mounts/*", None, CHANGES, Gives::Server),
    ("sys/remount", None, CHANGES, Gives::Server),
    ("sys/raw/*", None, ANY, Gives::Server),
    ("sys/storage/raft/snapshot", None, CHANGES, Gives::Server),
    ("sys/storage/raft/snapshot-force", None, CHANGES, Gives::Server),
];

/// All of them in one environment.
pub fn targets(environment: &Environment) -> Vec<Target> {
    let mut all = Vec::new();
    for (_, path, engine) in environment.declared.mounts.iter() {
        let (prefix, rows): (&str, &[Row]) = match engine {
            Some(Engine::Auth("approle")) => ("auth/", APPROLE),
            Some(Engine::Auth("cert")) => ("auth/", CERT),
            Some(Engine::Auth(_)) => ("auth/", LOGIN),
            Some(Engine::Secrets("pki")) => ("", PKI),
            Some(Engine::Secrets("transit")) => ("", TRANSIT),
            Some(Engine::Secrets("ssh")) => ("", SSH),
            Some(Engine::Secrets("database")) => ("", DATABASE),
            Some(Engine::Secrets("totp")) => ("", TOTP),
            _ => continue,
        };
        all.extend(rows.iter().filter_map(|row| target(&format!("{prefix}{path}/"), row)));
    }
    all.extend(SERVER.iter().filter_map(|row| target("", row)));
    all
}

fn target(mount: &str, (path, name, capabilities, gives): &Row) -> Option<Target> {
    let pattern = Pattern::parse(&format!("{mount}{path}")).ok()?;
    let name = name.map(|segment| segment + mount.matches('/').count());
    Some(Target { pattern, name, capabilities, gives: *gives })
}
