//! The workspace on disk: found, locked, read within bounds, and changed all or nothing.

pub mod act;
pub mod file;
pub mod layout;
pub mod pending;
pub mod workspace;

pub use act::{Act, Recovery};
pub use pending::Output;
pub use workspace::Workspace;
