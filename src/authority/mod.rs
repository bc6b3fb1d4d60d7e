//! What the certificate authorities of a workspace do: each function is one act, from the
//! declarations to the commit. Commands call these and print; nothing here prints or prompts.

pub mod ca;
pub mod cadence;
pub mod crl;
pub mod custody;
pub mod estate;
pub mod identity;
pub mod import;
pub mod intermediate;
pub mod keys;
pub mod link;
pub mod lint;
pub mod policies;
pub mod revoke;
pub mod rights;
pub mod root;
pub mod rotate;
pub mod scaffold;
pub mod trust;
pub mod verify;

pub use estate::Estate;
pub use keys::{Keys, Secrets};

/// Verbs are idempotent: what is already there is said, not made again.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was done.
    Done(T),
    /// It was there as asked for; nothing was done.
    AlreadyThere(T),
    /// `--dry-run`: it would be done.
    WouldDo(T),
}

impl<T> Outcome<T> {
    /// What it is about, however it came out.
    pub fn into_inner(self) -> T {
        match self {
            Outcome::Done(it) | Outcome::AlreadyThere(it) | Outcome::WouldDo(it) => it,
        }
    }
}
