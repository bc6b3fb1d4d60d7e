//! Two identities that a server would know by one name.

use super::{Found, Ground, declaration, line_of};
use crate::model::{identity::Identity, rule::Rule};
use crate::store::Workspace;
use std::collections::BTreeMap;

/// Aliases, roles and policies that two identities would share.
pub fn taken(workspace: &Workspace, ground: &Ground) -> Vec<Found> {
    let mut seen: BTreeMap<String, &Identity> = BTreeMap::new();
    let mut found = Vec::new();
    for identity in &ground.identities {
        for (key, name) in names(identity) {
            let Some(other) = seen.insert(name.clone(), identity) else { continue };
            if other.name == identity.name {
                continue;
            }
            let file = declaration(identity);
            let line = [key, "policies", "version"].into_iter();
            let line = line.map(|key| line_of(workspace, &file, key)).find(|line| *line > 0);
            found.push(Found {
                file,
                line: line.unwrap_or_default(),
                rule: Rule::AliasTaken,
                object: format!("{}/{}", identity.environment, identity.name),
                path: None,
                detail: format!(
                    "got {name}, which {}/{} has, expected another",
                    other.environment, other.name
                ),
            });
        }
    }
    found
}

/// The key that declares it, and what it is called.
fn names(identity: &Identity) -> Vec<(&'static str, String)> {
    let mut names = vec![("policies", format!("the policy {}", identity.runtime_policy()))];
    names.extend(identity.ops_policy().map(|policy| ("ops", format!("the policy {policy}"))));
    for auth in &identity.declared.auth {
        let key = match auth {
            crate::model::identity::Auth::Jwt => "subject",
            _ => "auth",
        };
        names.push((key, format!("the {auth} alias {}", identity.alias(*auth))));
        names.push((key, format!("the {auth} role {}", identity.role(*auth))));
    }
    names
}
