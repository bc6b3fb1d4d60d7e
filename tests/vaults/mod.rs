//! Real OpenBao servers of the example estate, one for each environment, over mutual TLS; and every
//! way to log in to them.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    reason = "each test binary uses a part of this"
)]

mod cluster;
mod estate;
mod login;
mod rootward;
mod server;
mod setup;

pub use cluster::Cluster;
pub use estate::{estate, jwt, jwt_public, jwt_signed_by, new_jwt_key};
pub use login::Login;
pub use server::Server;
pub use setup::Setup;

/// Waits until something is so, at most twenty seconds.
pub fn eventually(mut done: impl FnMut() -> bool) -> bool {
    let start = std::time::Instant::now();
    while start.elapsed() < std::time::Duration::from_secs(20) {
        if done() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    false
}
