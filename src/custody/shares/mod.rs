//! Shares of a sealing secret, m of n, on paper.
//!
//! The root key stays one sealed file ([`super::sealed`]). Its passphrase is the sealing secret, 32
//! random bytes as 64 lower-case hexadecimal digits, and the secret is split: any m shares give it
//! back, and fewer tell nothing that helps. So the root key can be recovered with other tools and
//! stock openssl, and the custodians can change without a new root.
//!
//! The format is SSKR (BCR-2020-011) with one group, printed as bytewords (BCR-2020-012): what
//! `seedtool --out sskr` prints and `seedtool --in sskr` reads. Two crates were compared:
//!
//! - `sskr` is that format's reference implementation. A share has a set identifier, the threshold
//!   and its own number; a digest inside of the secret tells a wrong combination; seedtool, hardware
//!   wallets and a page of Python read it. Its price is the tree behind it, some fifty crates of
//!   which one is used; the linker leaves the others out.
//! - `blahaj` is lean (eight crates), but has no format: no set, no threshold, no checksum, and no
//!   other tool that reads it.
//!
//! Custodians keep paper for twenty years, and the program that reads it then may not be this one:
//! that decides for `sskr`.

mod gathering;
mod scheme;
mod secret;
mod share;
mod words;

pub use crate::model::threshold::Threshold;
pub use gathering::{Gathering, Progress};
pub use scheme::split;
pub use secret::Secret;
pub use share::{SetId, Share};
