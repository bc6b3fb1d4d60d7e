//! The workspace on disk: found, locked, read within bounds, and changed all or nothing.

pub mod act;
pub mod file;
pub mod layout;
pub mod pending;
pub mod workspace;

pub use act::Recovery;
pub use pending::{Act, Output};
pub use workspace::Workspace;
