//! One act changes the workspace all or nothing.
//!
//! Everything an act is to write goes first into one file, `ca/.pending`: the journal lines, then
//! every output, then a digest over both. Once that file is durable the lines are appended to the
//! journal (the moment of truth), the outputs are put into their places, each by renaming or as one
//! more name of another, what is to go is removed, and last the pending file. Whatever stops this
//! in the middle, the next run knows what to do:
//!
//! - a pending file that is complete: the lines are appended as far as they are missing, the
//!   outputs are put into their places (again), and what is to go is removed;
//! - one that is not: nothing was released. What it names may have been signed here, and is then
//!   recorded as abandoned: nothing signed is ever unrecorded.

use super::pending::{self, Act, Output};
use super::{file, layout};
use crate::error::{Error, Result};
use crate::model::rule::Rule;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// What the next run found and did about an act that was interrupted.
#[derive(Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing was interrupted.
    Clean,
    /// Everything was there; the act is now complete. Its journal lines.
    Finished(String),
    /// Nothing was released; these lines never became part of the journal. They are to be
    /// recorded as abandoned, then [`super::Workspace::forget_abandoned`] clears the rest.
    Abandoned(String),
}

/// From this many outputs on, one `syncfs` is cheaper than a sync for each file.
const BATCH: usize = 16;

/// Performs `act`, which continues a journal of `offset` bytes. The caller holds the lock.
pub(super) fn commit(root: &Path, offset: u64, act: &Act) -> Result<()> {
    let journal = root.join(layout::JOURNAL);
    let record = || match act.lines.as_bytes() {
        // Declarations alone: there may be no journal yet, and none is begun.
        [] => Ok(()),
        lines => file::append(&journal, lines),
    };
    let committed = pending::write(root, offset, act).and_then(|()| record());
    if let Err(error) = committed {
        // Nothing was released. What may have been signed is recorded as abandoned by the caller,
        // or, where the disk does not allow it now, by the next run.
        if length(&journal) == Some(offset) {
            let _ = pending::withdraw(root);
        }
        return Err(error);
    }
    let outputs: Vec<Placed> = act.outputs.iter().map(Placed::of).collect();
    release(root, &outputs, &act.removed)
}

/// The length of a file that may not exist yet; `None` when it cannot be told.
fn length(path: &Path) -> Option<u64> {
    match file::size(path) {
        Ok(size) => Some(size),
        Err(error) if error.is_io(std::io::ErrorKind::NotFound) => Some(0),
        Err(_) => None,
    }
}

/// An output on its way into its place.
struct Placed<'a> {
    path: &'a str,
    bytes: &'a [u8],
    mode: u32,
    twin: Option<&'a str>,
}

impl<'a> Placed<'a> {
    fn of(output: &'a Output) -> Self {
        let twin = output.twin.as_deref();
        Self { path: &output.path, bytes: &output.bytes, mode: output.mode, twin }
    }
}

/// Puts the outputs into their places, removes what is to go and forgets the pending file.
fn release(root: &Path, outputs: &[Placed], removed: &[String]) -> Result<()> {
    let mut parents: Vec<PathBuf> =
        outputs.iter().filter_map(|output| Some(root.join(output.path).parent()?.into())).collect();
    parents.sort_unstable();
    parents.dedup();
    let missing: Vec<&PathBuf> = parents.iter().filter(|parent| !file::exists(parent)).collect();
    missing.iter().try_for_each(|parent| file::create_dirs(parent))?;
    // New directories have to be made durable in their own parents, too.
    let batch = outputs.len() >= BATCH || !missing.is_empty();
    let place =
        |output: &Placed| file::replace(&root.join(output.path), output.bytes, output.mode, !batch);
    let link = |output: &Placed| match output.twin {
        None => Ok(()),
        Some(twin) => {
            file::link(&root.join(twin), &root.join(output.path)).or_else(|_| place(output))
        }
    };
    let is_first = |output: &&Placed| output.twin.is_none();
    if outputs.len() < BATCH {
        // Without threads, which a sandbox that is entered later would not hold.
        outputs.iter().filter(is_first).try_for_each(place)?;
        outputs.iter().try_for_each(link)?;
    } else {
        let all = || outputs.par_iter().with_min_len(BATCH);
        all().filter(is_first).try_for_each(place)?;
        all().try_for_each(link)?;
    }
    if batch {
        file::sync_all_under(root)?;
    } else {
        parents.iter().try_for_each(|parent| file::sync_dir(parent))?;
    }
    removed.iter().try_for_each(|path| file::remove_durably(&root.join(path)))?;
    pending::forget(root)
}

/// Finishes or undoes what an earlier run left half done. The caller holds the lock.
///
/// An abandoned act stays there until [`pending::forget`] is called, after it was recorded.
pub(super) fn recover(root: &Path) -> Result<Recovery> {
    let Some(pending) = pending::read(root)? else {
        pending::forget(root)?;
        return Ok(Recovery::Clean);
    };
    let journal = root.join(layout::JOURNAL);
    let Some(outputs) = &pending.outputs else {
        if !pending.signed_here {
            pending::forget(root)?;
            return Ok(Recovery::Clean);
        }
        // What follows the offset can only be a half-written record of this very abandonment.
        if length(&journal).is_some_and(|length| length > pending.offset) {
            let present = file::read(&journal, file::LARGE)?;
            let tail = present.get(usize::try_from(pending.offset)?..).unwrap_or_default();
            if !is_abandonment(tail) {
                return Err(shorter(pending.offset));
            }
            file::truncate(&journal, pending.offset)?;
        }
        return Ok(Recovery::Abandoned(pending.lines));
    };
    let present = file::read_if_any(&journal, file::LARGE)?.unwrap_or_default();
    let lines = pending.lines.as_bytes();
    let tail = usize::try_from(pending.offset).ok().and_then(|offset| present.get(offset..));
    match tail {
        Some(tail) if tail.starts_with(lines) && tail.len() > lines.len() => {
            // Later acts followed: only the removal of the file was lost.
            pending::forget(root)?;
            return Ok(Recovery::Clean);
        }
        Some(tail) if tail.starts_with(lines) => {}
        Some(tail) if lines.starts_with(tail) => {
            if !tail.is_empty() {
                file::truncate(&journal, pending.offset)?;
            }
            file::append(&journal, lines)?;
        }
        _ => return Err(shorter(pending.offset)),
    }
    let outputs: Vec<Placed> = outputs
        .iter()
        .map(|(path, (bytes, mode))| Placed { path, bytes, mode: *mode, twin: None })
        .collect();
    release(root, &outputs, &pending.removed)?;
    Ok(Recovery::Finished(pending.lines))
}

/// Lines that say "abandoned"; the last may be cut off.
fn is_abandonment(tail: &[u8]) -> bool {
    const ACT: &[u8] = b"\"act\":\"abandoned\"";
    let says = |line: &[u8]| line.windows(ACT.len()).any(|window| window == ACT);
    tail.split_inclusive(|byte| *byte == b'\n').all(|line| !line.ends_with(b"\n") || says(line))
}

fn shorter(offset: u64) -> Error {
    let message = format!(
        "an unfinished act in {} continues a journal of {offset} bytes, which {} is not",
        layout::PENDING,
        layout::JOURNAL
    );
    Rule::JournalRolledBack.found(message).into()
}

#[cfg(test)]
mod tests;
