//! The air-gapped ceremony.

pub mod guard;
