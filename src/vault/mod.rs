//! The connection to a Vault or OpenBao: mutual TLS to the one server that is meant, and answers
//! that are either data or an error with a name. `client` is the only caller of reqwest.
//!
//! The whole module is behind the feature `vault`: the air-gapped program has none of it.

mod answer;
mod client;
mod config;
mod connection;
mod failure;
mod health;
mod patience;
mod pki;
mod request;
mod route;
mod tls;
mod trust;

pub use client::Client;
pub use config::{ServerConfig, server};
pub use connection::{ClientCertificate, Connection, Timeouts, Token, namespace};
pub use health::Health;
pub use pki::{KeyWanted, RequestMade, request};
pub use trust::Trust;
