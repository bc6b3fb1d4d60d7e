//! Before a root key is unlocked: is this the machine, and is this the time? And then the walls.
//!
//! [`machine`] and [`clock`] give findings that the caller refuses by or has waived; [`sandbox`]
//! takes from the process what it will not need again.

pub mod clock;
pub mod machine;
pub mod sandbox;
