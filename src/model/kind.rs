//! What an identity is.

use serde::Deserialize;
use std::fmt;

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program.
    App,
    /// A reverse proxy.
    Proxy,
    /// A person's Unix user.
    User,
    /// The TLS server certificate of the environment's Vault.
    Listener,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Kind; 4] = [Kind::App, Kind::Proxy, Kind::User, Kind::Listener];

    /// That of the identity with this SPIFFE URI; listeners have none.
    pub fn of_uri(uri: Option<&str>) -> Option<Self> {
        let Some(uri) = uri else { return Some(Kind::Listener) };
        let word = uri.rsplit('/').nth(1)?;
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As it is declared.
    pub fn word(self) -> &'static str {
        match self {
            Kind::App => "app",
            Kind::Proxy => "proxy",
            Kind::User => "user",
            Kind::Listener => "listener",
        }
    }
}
