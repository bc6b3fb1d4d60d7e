//! The server of an environment: a connection over mutual TLS to the one that is meant, what it is
//! to be (`desired`), what it is (`observed`), what has to be done (`plan`), and doing it (`apply`).
//! `client` alone calls reqwest here.
//!
//! The whole module is behind the feature `vault`: the air-gapped program has none of it.

mod answer;
mod apply;
mod client;
mod compare;
mod config;
mod connection;
mod desired;
mod failure;
mod health;
mod issuers;
mod live;
mod look;
mod mark;
mod observed;
mod parallel;
mod patience;
mod pki;
mod plan;
mod request;
mod resource;
mod role;
mod route;
mod served;
mod shut_out;
mod tls;
mod trust;

pub use apply::apply;
pub use client::Client;
pub use compare::Change;
pub use config::{ServerConfig, server};
pub use connection::{ClientCertificate, Connection, Timeouts, Token, namespace};
pub use desired::Desired;
pub use health::Health;
pub use live::{Live, State, live};
pub use observed::{Depth, Observed};
pub use pki::{KeyWanted, RequestMade, request};
pub use plan::{Action, Plan, Step, Stranger};
pub use resource::{Address, Kind};
pub use role::cert_roles;
pub use served::{Seen, Target, Verdict, served};
pub use shut_out::shut_out;
pub use trust::Trust;
