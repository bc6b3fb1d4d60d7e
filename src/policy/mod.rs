//! Policies of Vault and OpenBao, exact and offline: what a policy says, and who may do what.
//!
//! [`Policy::parse`] reads HCL as the server does, [`Policy::resolve`] fills in an identity,
//! [`Acl::of`] puts the policies of one token together, and [`Acl::decide`] answers as the server
//! would; [`reach`] answers for a whole set of paths. Nothing here reads a file or a clock.

mod acl;
mod capability;
mod decide;
mod decode;
mod demand;
pub mod hcl;
mod limits;
mod number;
mod pattern;
mod protected;
mod read;
mod rule;
mod sets;
mod template;
#[cfg(test)]
mod tests;

pub use crate::model::server::Dialect;
pub use acl::{Acl, Grant, Origin};
pub use capability::{Capabilities, Capability, Operation};
pub use decide::{Decision, Reason, Request};
pub use limits::{Limits, Parameters};
pub use pattern::{Kind, Pattern};
pub use protected::protected;
pub use rule::{Invalid, Policy, Rule, Terms};
pub use sets::{Cell, Extent, Pair, Reach, both, covers, meet, reach};
pub use template::{Alias, Entity, Group, Identity};
