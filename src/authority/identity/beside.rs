//! Identities beside each other: no two have one policy.

use super::plan::parse;
use crate::authority::Estate;
use crate::error::Result;
use crate::model::{
    environment::Environment,
    identity::Identity,
    name::{Name, ObjectRef},
    rule::Rule,
};
use crate::store::layout;

/// What the provisioning policy of an identity has behind its name.
const OPS: &str = "-ops";

/// Is the runtime policy of one of them the provisioning policy of the other?
///
/// # Errors
/// NAME-OPS.
pub(super) fn check(estate: &Estate, env: &Environment, identity: &Identity) -> Result<()> {
    let object = |name: &Name| ObjectRef::member(&env.name, name);
    let refused = |name: &Name, of: &Name| {
        let (name, of) = (object(name), object(of));
        let message = format!("{name} is called like the provisioning policy of {of}");
        Err(Rule::NameOps.found(message).into())
    };
    let stem = identity.name.as_str().strip_suffix(OPS).and_then(|stem| stem.parse().ok());
    if let Some(stem) = stem
        && let Ok(other) = parse(estate, env, &stem)
        && other.0.ops_policy().is_some()
    {
        return refused(&identity.name, &stem);
    }
    let ops = identity.ops_policy().and_then(|ops| ops.parse().ok());
    match ops.filter(|ops| estate.workspace.exists(&layout::declaration(&env.name, ops))) {
        Some(ops) => refused(&ops, &identity.name),
        None => Ok(()),
    }
}
