//! What the policies of an identity grant, rule by rule, in the order in which they say it.

use crate::authority::Estate;
use crate::error::{Error, Result};
use crate::model::{environment::Environment, identity::Identity, name::Name, server, template};
use crate::policy::{Capabilities, Dialect, Policy, Terms};
use crate::store::{file, layout};

/// The same capabilities on some paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `deny` stands alone.
    pub capabilities: Capabilities,
    /// As rules write them: `*` at the end, `+` for a segment. The longest that matches decides.
    pub paths: Vec<Path>,
}

/// Where a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its pattern.
    pub pattern: String,
    /// Is there more to it than the capabilities: parameters, wrapping, times?
    pub has_limits: bool,
}

/// What the identity itself may do, and what whoever provisions it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// Of the policy `NAME`.
    pub runtime: Vec<Grant>,
    /// Of the policy `NAME-ops`.
    pub ops: Vec<Grant>,
}

/// Renders the identity's templates and reads them as its server would.
///
/// # Errors
/// Usage, with file and line: a template that is not there, names what is not declared, or that the
/// server would refuse.
pub fn of(estate: &Estate, identity: &Identity) -> Result<Grants> {
    let env = &estate.environment(&identity.environment)?.environment;
    let all = |names: &[Name]| -> Result<Vec<Grant>> {
        let policies = names.iter().map(|name| policy(estate, env, identity, name));
        Ok(grouped(&policies.collect::<Result<Vec<Policy>>>()?))
    };
    let declared = &identity.declared;
    Ok(Grants { runtime: all(&declared.policies)?, ops: all(&declared.ops)? })
}

fn policy(estate: &Estate, env: &Environment, identity: &Identity, name: &Name) -> Result<Policy> {
    let path = layout::policy(name);
    let text = estate.workspace.read_if_any(&path, file::SMALL)?;
    let text = text.ok_or_else(|| Error::usage(format!("policy {name}: {path} is not there")))?;
    let text = std::str::from_utf8(&text)
        .map_err(|_| Error::usage(format!("{path}: got bytes that are not UTF-8")))?;
    let text = template::render(&path, text, env, identity)?;
    let dialect = match env.declared.server.dialect {
        server::Dialect::OpenBao => Dialect::OpenBao,
        server::Dialect::Vault => Dialect::Vault,
    };
    let terms = Terms { dialect, now: estate.context.now() };
    Policy::parse(&path, &text, terms).map_err(Error::usage)
}

/// Rules for one path are one rule; paths with the same capabilities stand together.
fn grouped(policies: &[Policy]) -> Vec<Grant> {
    let mut rules: Vec<(Path, Capabilities)> = Vec::new();
    for rule in policies.iter().flat_map(|policy| &policy.rules) {
        let pattern = rule.pattern.text();
        let has_limits = rule.limits.is_some() || rule.expires.is_some();
        match rules.iter_mut().find(|(path, _)| path.pattern == pattern) {
            Some((path, capabilities)) => {
                *capabilities = capabilities.or(rule.capabilities);
                path.has_limits |= has_limits;
            }
            None => {
                let path = Path { pattern: pattern.to_owned(), has_limits };
                rules.push((path, rule.capabilities));
            }
        }
    }
    let mut grants: Vec<Grant> = Vec::new();
    for (path, capabilities) in rules {
        match grants.iter_mut().find(|grant| grant.capabilities == capabilities) {
            Some(grant) => grant.paths.push(path),
            None => grants.push(Grant { capabilities, paths: vec![path] }),
        }
    }
    grants
}
