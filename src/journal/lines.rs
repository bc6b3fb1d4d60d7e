//! Lines of the journal by themselves: what each says, and that it was not changed. How they follow
//! each other is the chain's matter.

use super::record::Record;
use crate::model::text::{hex, is_hex_of};
use ring::digest::{SHA256, digest};
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread::{self, ScopedJoinHandle};

/// What stands before the hash at the end of each line; the hash covers all bytes before this.
pub const HASH_KEY: &str = ",\"hash\":\"";
const HASH_TAIL: usize = HASH_KEY.len() + 64 + 2;

/// So many lines at a time: what is read ahead of the first bad line stays small, and its memory is
/// used again for the next.
pub const BATCH: usize = 2048;
/// Fewer lines than these are read before a thread has started.
const FEW: usize = 256;

/// SHA-256 in lower-case hexadecimal.
pub fn hash(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

/// What each line says, or what is wrong with it; in their order, by as many threads as there are
/// processors. They have ended when this returns: a sandbox that is entered later would not hold
/// the threads of a pool.
pub fn read(lines: &[&str]) -> impl Iterator<Item = Result<Record, String>> {
    // Asking takes reading a dozen files.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    let ask = || thread::available_parallelism().map_or(1, NonZero::get);
    let processors = || *PROCESSORS.get_or_init(ask);
    let workers = if lines.len() < 2 * FEW { 1 } else { processors().min(lines.len() / FEW) };
    let mut parts = lines.chunks(lines.len().div_ceil(workers).max(1));
    let own = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let start = |part| {
            let started = thread::Builder::new().spawn_scoped(scope, move || all(part));
            started.map_err(|_| part)
        };
        let others: Vec<_> = parts.map(start).collect();
        let mut read = vec![all(own)];
        read.extend(others.into_iter().map(|other| other.map_or_else(all, finished)));
        read.into_iter().flatten()
    })
}

fn all(lines: &[&str]) -> Vec<Result<Record, String>> {
    lines.iter().map(|line| one(line)).collect()
}

fn finished<T>(worker: ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn one(line: &str) -> Result<Record, String> {
    let line = line.strip_suffix('\n').ok_or("the line has no end, expected a line feed")?;
    let body = line.len().checked_sub(HASH_TAIL).and_then(|end| line.get(..end));
    let body = body.filter(|body| line[body.len()..].starts_with(HASH_KEY));
    let body = body.ok_or("got no hash at the end, expected one")?;
    let record: Record =
        serde_json::from_str(line).map_err(|error| format!("not a record: {error}"))?;
    if !is_hex_of(&record.hash, digest(&SHA256, body.as_bytes()).as_ref()) {
        return Err("the line was changed: its hash does not fit".into());
    }
    Ok(record)
}
