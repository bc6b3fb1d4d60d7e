//! When everything is to be replaced: what there is and how it stands (`rows`), and what is said of
//! it to whom. Pure functions of an estate and a moment; nothing here writes.

mod ca;
pub mod calendar;
pub mod ceremonies;
pub mod check;
mod document;
pub mod files;
pub mod forecast;
pub mod metrics;
mod open;
pub mod remind;
pub mod row;
mod rows;
pub mod words;

pub use open::{of_environment, open};
pub use row::{Kind, Row, State};
pub use rows::{of_identity, rows};
