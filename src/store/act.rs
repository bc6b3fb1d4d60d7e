//! One act changes the workspace all or nothing.
//!
//! Everything an act is to write goes first into one file, `ca/.pending`: the journal lines, then
//! every output, then a digest over both. Once that file is durable the lines are appended to the
//! journal (the moment of truth), the outputs are put into their places, each by renaming, and
//! the pending file is removed. Whatever stops this in the middle, the next run knows what to do:
//!
//! - a pending file that is complete: the lines are appended as far as they are missing, and the
//!   outputs are put into their places (again);
//! - one that is not: nothing was released. What it names may have been signed, and is recorded
//!   as abandoned: nothing signed is ever unrecorded.

use super::{file, layout};
use crate::error::{Error, Explain, Result};
use crate::model::rule::Rule;
use rayon::prelude::*;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file to be written, complete or not at all.
pub struct Output {
    /// Relative to the workspace.
    pub path: String,
    /// The whole content.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The permissions from the first moment on.
    pub mode: u32,
}

impl Output {
    /// For everybody to read: 0644.
    pub fn public(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: Zeroizing::new(bytes.into()), mode: 0o644 }
    }

    /// Created 0600, never readable by others for a moment.
    pub fn secret(path: impl Into<String>, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes, mode: 0o600 }
    }
}

/// Outputs and the journal lines that record them.
#[derive(Default)]
pub struct Act {
    /// In any order; each path once.
    pub outputs: Vec<Output>,
    /// Whole lines, each with its line feed.
    pub lines: String,
}

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

/// The first line of the pending file; the lines, the outputs and a SHA-256 follow without gaps.
#[derive(Serialize, Deserialize)]
struct Header {
    /// The length of the journal that the lines continue.
    offset: u64,
    lines: usize,
    outputs: Vec<Part>,
}

#[derive(Serialize, Deserialize)]
struct Part {
    path: String,
    mode: u32,
    length: usize,
}

impl Header {
    /// Could rootward have written this? What it names goes into the workspace and nowhere else,
    /// whoever put the file there.
    fn is_ours(&self) -> bool {
        let normal = |path: &str| {
            Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        let fits = |length: usize| (length as u64) <= file::LARGE;
        let ours = |part: &Part| normal(&part.path) && part.mode & !0o777 == 0 && fits(part.length);
        fits(self.lines) && self.outputs.iter().all(ours)
    }
}

/// An interrupted act, as it lies there.
#[derive(Debug)]
pub(super) struct Pending {
    pub offset: u64,
    pub lines: String,
    /// `None`: the file is not complete, so nothing was released.
    pub outputs: Option<HashMap<String, Content>>,
}

/// The bytes and the mode of an output.
pub(super) type Content = (Zeroizing<Vec<u8>>, u32);

/// Reads the pending file without changing anything. `None`: there is none, or it was cut off
/// before it named anything.
pub(super) fn pending(root: &Path) -> Result<Option<Pending>> {
    match file::read(&root.join(layout::PENDING), file::LARGE) {
        Ok(bytes) => Ok(parse(&bytes)),
        Err(error) if error.is_io(std::io::ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn parse(bytes: &[u8]) -> Option<Pending> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
    if !header.is_ours() {
        return None;
    }
    let body = &bytes[end + 1..];
    let lines = String::from_utf8(body.get(..header.lines)?.to_vec()).ok()?;
    let pending = Pending { offset: header.offset, lines, outputs: None };
    let length = header.lines + header.outputs.iter().map(|part| part.length).sum::<usize>();
    let mut digest = Context::new(&SHA256);
    digest.update(&bytes[..(end + 1 + length).min(bytes.len())]);
    if body.get(length..) != Some(digest.finish().as_ref()) {
        return Some(pending);
    }
    let mut at = header.lines;
    let outputs = header.outputs.into_iter().map(|part| {
        let bytes = Zeroizing::new(body[at..at + part.length].to_vec());
        at += part.length;
        (part.path, (bytes, part.mode))
    });
    Some(Pending { outputs: Some(outputs.collect()), ..pending })
}

fn encode(offset: u64, act: &Act) -> Result<Zeroizing<Vec<u8>>> {
    let part = |output: &Output| Part {
        path: output.path.clone(),
        mode: output.mode,
        length: output.bytes.len(),
    };
    let outputs: Vec<Part> = act.outputs.iter().map(part).collect();
    let body: usize = outputs.iter().map(|part| part.length).sum();
    let header = serde_json::to_vec(&Header { offset, lines: act.lines.len(), outputs })?;
    // Exact capacity: a growing vector would leave copies of secrets behind.
    let length = header.len() + 1 + act.lines.len() + body + 32;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(&header);
    bytes.push(b'\n');
    bytes.extend_from_slice(act.lines.as_bytes());
    act.outputs.iter().for_each(|output| bytes.extend_from_slice(&output.bytes));
    let digest = ring::digest::digest(&SHA256, &bytes);
    bytes.extend_from_slice(digest.as_ref());
    Ok(bytes)
}

/// Performs `act`, which continues a journal of `offset` bytes. The caller holds the lock.
pub(super) fn commit(root: &Path, offset: u64, act: &Act) -> Result<()> {
    let journal = root.join(layout::JOURNAL);
    // Without outputs the one append is atomic enough: a torn line is cut off again.
    let committed =
        prepare(root, offset, act).and_then(|()| file::append(&journal, act.lines.as_bytes()));
    if let Err(error) = committed {
        // Nothing was released. What may have been signed is recorded as abandoned by the caller,
        // or, where the disk does not allow it now, by the next run.
        if length(&journal) == Some(offset) {
            let _ = withdraw(root);
        }
        return Err(error);
    }
    let outputs: Vec<Placed> = act.outputs.iter().map(Placed::of).collect();
    release(root, &outputs)
}

/// Cuts the pending file short: it still says what was signed, but is no longer to be finished.
fn withdraw(root: &Path) -> Result<()> {
    let path = root.join(layout::PENDING);
    match pending(root)? {
        Some(Pending { outputs: Some(_), .. }) => file::truncate(&path, file::size(&path)? - 1),
        _ => Ok(()),
    }
}

fn prepare(root: &Path, offset: u64, act: &Act) -> Result<()> {
    let path = root.join(layout::PENDING);
    let synced = file::create(&path, &encode(offset, act)?, 0o600)?.sync_all();
    synced.context(format!("cannot sync {}", layout::PENDING))?;
    file::sync_dir(&root.join("ca"))
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
}

impl<'a> Placed<'a> {
    fn of(output: &'a Output) -> Self {
        Self { path: &output.path, bytes: &output.bytes, mode: output.mode }
    }
}

/// Puts the outputs into their places and forgets the pending file.
fn release(root: &Path, outputs: &[Placed]) -> Result<()> {
    let mut parents: Vec<PathBuf> =
        outputs.iter().filter_map(|output| Some(root.join(output.path).parent()?.into())).collect();
    parents.sort_unstable();
    parents.dedup();
    let missing: Vec<&PathBuf> = parents.iter().filter(|parent| !file::exists(parent)).collect();
    missing.iter().try_for_each(|parent| file::create_dirs(parent))?;
    // New directories have to be made durable in their own parents, too.
    let batch = outputs.len() >= BATCH || !missing.is_empty();
    outputs.par_iter().with_min_len(BATCH).try_for_each(|output| {
        file::replace(&root.join(output.path), output.bytes, output.mode, !batch)
    })?;
    if batch {
        file::sync_all_under(root)?;
    } else {
        parents.iter().try_for_each(|parent| file::sync_dir(parent))?;
    }
    forget(root)
}

/// Finishes or undoes what an earlier run left half done. The caller holds the lock.
///
/// An abandoned act stays there until [`forget`] is called, after it was recorded.
pub(super) fn recover(root: &Path) -> Result<Recovery> {
    let Some(pending) = pending(root)? else {
        forget(root)?;
        return Ok(Recovery::Clean);
    };
    let journal = root.join(layout::JOURNAL);
    let Some(outputs) = &pending.outputs else {
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
            forget(root)?;
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
    let outputs: Vec<Placed> =
        outputs.iter().map(|(path, (bytes, mode))| Placed { path, bytes, mode: *mode }).collect();
    release(root, &outputs)?;
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

/// Removes the pending file.
pub(super) fn forget(root: &Path) -> Result<()> {
    file::remove(&root.join(layout::PENDING))
}

#[cfg(test)]
mod tests;
