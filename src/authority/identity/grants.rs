//! What the policies of an identity grant, rule by rule, in the order in which they say it.

use crate::authority::{
    Estate,
    policies::{Rendered, Templates},
};
use crate::error::{Error, Result};
use crate::model::identity::Identity;
use crate::policy::{Capabilities, Policy, Terms};

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
    let set = Templates::read(estate)?.of(env, identity)?;
    let terms = Terms { dialect: env.declared.server.dialect, now: estate.context.now() };
    let read =
        |part: &Rendered| Policy::parse(&part.source, &part.text, terms).map_err(Error::usage);
    let all = |parts: &[Rendered]| -> Result<Vec<Grant>> {
        Ok(grouped(&parts.iter().map(read).collect::<Result<Vec<Policy>>>()?))
    };
    Ok(Grants { runtime: all(&set.runtime)?, ops: all(&set.ops)? })
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
