//! The journal: `ca/journal.jsonl`, append-only and hash-chained. Every act and every refusal at
//! signing is one line; each line names the hash of the line before it and its own.

pub mod chain;
pub mod history;
mod index;
mod lines;
mod moment;
pub mod record;

pub use chain::{Journal, Origin};
pub use history::History;
pub use record::{Act, Record};

#[cfg(test)]
mod tests;
