//! `[mounts]` of an environment: engines and auth methods, and where each is mounted.

use super::text::clean;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Key -> path without slashes at its ends. The key is the name by which policies mean the mount,
/// `{mounts.kv2}`; its part before the first `-` is what is mounted there, where it is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Mounts(BTreeMap<String, String>);

/// What `rootward vault apply` can mount by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// An auth method, below `auth/`.
    Auth(&'static str),
    /// A secrets engine.
    Secrets(&'static str),
}

/// Key -> engine. `kv2` is version 2 of the engine `kv`.
const ENGINES: &[(&str, Engine)] = &[
    ("approle", Engine::Auth("approle")),
    ("cert", Engine::Auth("cert")),
    ("database", Engine::Secrets("database")),
    ("jwt", Engine::Auth("jwt")),
    ("kubernetes", Engine::Auth("kubernetes")),
    ("kv1", Engine::Secrets("kv")),
    ("kv2", Engine::Secrets("kv")),
    ("pki", Engine::Secrets("pki")),
    ("ssh", Engine::Secrets("ssh")),
    ("totp", Engine::Secrets("totp")),
    ("transit", Engine::Secrets("transit")),
];

impl Mounts {
    /// # Errors
    /// Usage: an empty or strange path; two mounts at or below one path; a path that belongs to
    /// the server itself.
    pub fn check(&self, file: &str) -> Result<()> {
        let wrong = |message: String| Err(Error::usage(format!("{file}: mounts.{message}")));
        for (key, path) in &self.0 {
            let plain = |c: char| c.is_ascii_graphic() && !"\"\\*+{}?#%,".contains(c);
            let path = path.trim_matches('/');
            if path.is_empty() || !path.chars().all(plain) || path.contains("//") {
                let got = clean(path);
                return wrong(format!("{key}: got {got:?}, expected a path of ASCII characters"));
            }
            let own = ["sys", "identity", "cubbyhole", "auth"];
            let first = path.split('/').next().unwrap_or_default();
            if own.contains(&first) || (first == "token" && is_auth(key)) {
                return wrong(format!("{key}: got {path}, which is the server's own"));
            }
        }
        let all: Vec<(&str, bool, String)> = self
            .0
            .iter()
            .map(|(key, path)| (key.as_str(), is_auth(key), format!("{}/", path.trim_matches('/'))))
            .collect();
        for (index, (key, auth, path)) in all.iter().enumerate() {
            let clash = all[index + 1..].iter().find(|(_, other_auth, other)| {
                auth == other_auth && (other.starts_with(path) || path.starts_with(other))
            });
            if let Some((other, _, _)) = clash {
                return wrong(format!("{other}: at or below the path of {key}, expected its own"));
            }
        }
        Ok(())
    }

    /// The path of a mount, without slashes at its ends and without `auth/`.
    pub fn path(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|path| path.trim_matches('/'))
    }

    /// Key, path and what is mounted there, as far as that is known.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Option<Engine>)> {
        self.0.iter().map(|(key, path)| (key.as_str(), path.trim_matches('/'), engine(key)))
    }

    /// Is nothing declared?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What the key names, `kv2` or `kv2-shared`.
pub fn engine(key: &str) -> Option<Engine> {
    let kind = key.split('-').next().unwrap_or(key);
    ENGINES.iter().find(|(name, _)| *name == kind).map(|(_, engine)| *engine)
}

fn is_auth(key: &str) -> bool {
    matches!(engine(key), Some(Engine::Auth(_)))
}
