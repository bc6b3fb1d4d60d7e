//! Secrets engines and auth methods.

use super::Observed;
use crate::error::Result;
use crate::vault::client::Client;
use crate::vault::mark;
use crate::vault::resource::{Kind, Resource};
use serde_json::{Value, json};

/// Reads both tables.
pub fn read(client: &Client, observed: &mut Observed) -> Result<()> {
    for (kind, table) in [(Kind::Mount, "sys/mounts"), (Kind::Auth, "sys/auth")] {
        let mounts = client.read(table)?.unwrap_or_default();
        let Some(mounts) = mounts.as_object() else { continue };
        for (path, mount) in mounts {
            let (Some(path), Some(_)) = (path.strip_suffix('/'), mount["type"].as_str()) else {
                continue;
            };
            let description = mount["description"].as_str().unwrap_or_default();
            let fields = json!({
                "type": mount["type"],
                "description": description,
                "options": options(&mount["options"]),
            });
            let resource = Resource::new(kind, format!("{table}/{path}"), fields);
            observed.put(resource, mark::read(description));
        }
    }
    Ok(())
}

/// Of the options only the version of a key-value engine is declared.
fn options(options: &Value) -> Value {
    match options["version"].as_str() {
        Some(version) => json!({ "version": version }),
        None => json!({}),
    }
}
