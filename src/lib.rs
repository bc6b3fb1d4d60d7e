//! rootward: an offline PKI and identity manager for people who run Vault or OpenBao.
//!
//! The layers, from top to bottom: `cli`, `commands`, `report`,
//! `{ ceremony, host, notify, rotation, vault }`, `authority`,
//! `{ pki, custody, policy, journal, witness }`, `{ store, model }`. An arrow never runs back up.

pub mod authority;
pub mod ceremony;
pub mod cli;
pub mod commands;
pub mod context;
pub mod custody;
pub mod error;
pub mod host;
pub mod journal;
pub mod markup;
pub mod model;
#[cfg(feature = "notify")]
pub mod notify;
pub mod pki;
pub mod policy;
pub mod report;
pub mod rotation;
pub mod store;
pub mod ui;
#[cfg(feature = "vault")]
pub mod vault;
pub mod witness;
