//! What happens where an identity runs: its key is made there and stays, its certificate is put
//! beside it. No workspace is needed; nothing is recorded.

mod exposure;
pub mod install;
pub mod request;
pub mod user;
pub mod versions;

/// The private key of the identity, in its directory.
pub const KEY: &str = "key.pem";
