//! The workspace on disk: found, locked, read within bounds, and changed all or nothing.

pub mod act;
pub mod file;
pub mod layout;
mod pending;
pub mod workspace;

pub use act::{Act, Output, Recovery};
pub use workspace::Workspace;
