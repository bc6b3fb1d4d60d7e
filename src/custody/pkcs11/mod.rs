//! A key that never leaves its token: a smart card or an HSM that speaks PKCS#11.
//!
//! [`Token::open`] loads the module, which opens files and sockets; [`Token::login`] and what
//! follows need no more than the module's own directories. A process can enter a sandbox between
//! the two.

mod key;
mod token;

pub use key::TokenKey;
pub use token::Token;
