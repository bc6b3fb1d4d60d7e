//! What people declare and what the field's words mean, as types that cannot be wrong.
//! Pure: no I/O, no clock, no randomness.

pub mod address;
pub mod cadence;
pub mod declaration;
pub mod environment;
pub mod estate;
pub mod exception;
pub mod identity;
pub mod key;
pub mod kind;
pub mod login;
pub mod moment;
pub mod mounts;
pub mod name;
pub mod net;
pub mod reminders;
pub mod root;
pub mod rule;
mod rules;
pub mod server;
pub mod site;
pub mod span;
pub mod template;
pub mod text;
pub mod threshold;
pub mod words;
