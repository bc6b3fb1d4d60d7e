//! What on a server is rootward's: everything that it makes carries a mark, and nothing without
//! one is ever removed.

use serde_json::Value;

/// The key in the metadata of an entity, whose value is `ENV/NAME`.
pub const METADATA: &str = "rootward";

/// The first line of a policy.
pub fn of_policy(object: &str) -> String {
    format!("# rootward: {object}; changes here are overwritten\n")
}

/// The description of a mount or auth method that rootward made.
pub fn of_mount(environment: &str) -> String {
    format!("rootward: {environment}")
}

/// `ENV/NAME` or `ENV`, when a policy's text or a description has the mark.
pub fn read(text: &str) -> Option<&str> {
    let line = text.trim_start_matches("# ").lines().next()?;
    let object = line.strip_prefix("rootward: ")?.split(';').next()?.trim();
    (!object.is_empty()).then_some(object)
}

/// The same of the metadata of an entity.
pub fn of_metadata(metadata: &Value) -> Option<&str> {
    metadata.get(METADATA)?.as_str()
}

/// The environment of what a mark names.
pub fn environment(object: &str) -> &str {
    object.split('/').next().unwrap_or(object)
}
