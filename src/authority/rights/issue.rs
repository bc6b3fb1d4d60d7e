//! What identities have certified inside their servers: the roles of PKI mounts.

use super::Holder;
use crate::model::{environment::Environment, identity::Identity, mounts::Engine, net::DnsName};

/// A role that certifies one identity's own names.
#[derive(Clone, Debug)]
pub struct Issues<'a> {
    /// `MOUNT/roles/NAME`
    pub role: String,
    /// The names of its certificates.
    pub dns: &'a [DnsName],
    /// The SPIFFE URI that they may have.
    pub uri: Option<&'a str>,
    /// In seconds.
    pub ttl: i64,
}

/// The role that an identity gets: where one of its policies has a rule for `MOUNT/issue/NAME`.
pub fn issues<'a>(
    environment: &Environment,
    identity: &'a Identity,
    holders: impl IntoIterator<Item = &'a Holder>,
) -> Option<Issues<'a>> {
    let mount = environment.declared.mounts.path("pki")?;
    let path = format!("{mount}/issue/{}", identity.name);
    let mut rules =
        holders.into_iter().flat_map(|holder| &holder.policies).flat_map(|it| &it.rules);
    rules.any(|rule| rule.pattern.text() == path).then(|| Issues {
        role: format!("{mount}/roles/{}", identity.name),
        dns: &identity.dns,
        uri: identity.uri.as_deref(),
        ttl: environment.declared.identity.workload.approximate().whole_seconds(),
    })
}

/// The paths of an environment's mounts of one engine, without slashes at their ends.
pub fn mounts<'a>(
    environment: &'a Environment,
    engine: Engine,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let all = environment.declared.mounts.iter();
    all.filter(move |(_, _, there)| *there == Some(engine)).map(|(_, path, _)| path)
}
