//! One act changes the workspace all or nothing.
//!
//! The outputs are staged under `ca/.staging` beside the journal lines that describe them, made
//! durable, then the lines are appended to the journal (the moment of truth), then the outputs are
//! renamed into their places. Whatever stops this in the middle, the next run knows what to do:
//!
//! - `intent@OFFSET` there: signatures may exist in the staging folder, but nothing was released.
//!   They are removed, and recorded as abandoned: nothing signed is ever unrecorded.
//! - `ready@OFFSET` there: everything is on the disk; the lines are appended as far as they are
//!   missing and the renames are finished.
//!
//! OFFSET is the length of the journal that the lines continue.

use super::{file, layout};
use crate::error::{Error, Result};
use crate::model::rule::Rule;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file to be written, complete or not at all.
pub struct Output {
    /// Relative to the workspace.
    pub path: String,
    pub bytes: Zeroizing<Vec<u8>>,
    pub mode: u32,
}

impl Output {
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
    pub outputs: Vec<Output>,
    /// Whole lines, each with its line feed.
    pub lines: String,
}

/// What the next run found and did about an act that was interrupted.
#[derive(Debug, PartialEq, Eq)]
pub enum Recovery {
    Clean,
    /// Everything was there; the act is now complete. Its journal lines.
    Finished(String),
    /// Nothing was released; these lines never became part of the journal. They are to be
    /// recorded as abandoned, then [`super::Workspace::forget_abandoned`] clears the rest.
    Abandoned(String),
}

/// From this many outputs on, one `syncfs` is cheaper than a sync for each file.
const BATCH: usize = 16;
const INTENT: &str = "intent@";
const READY: &str = "ready@";
/// How a journal line says that it records an abandoned act.
const ABANDONED: &str = "\"act\":\"abandoned\"";

/// An interrupted act, as it lies there.
#[derive(Debug)]
pub(super) struct Pending {
    pub offset: u64,
    pub lines: String,
    pub ready: bool,
}

/// Reads the staging folder without changing it.
pub(super) fn pending(root: &Path) -> Result<Option<Pending>> {
    let dir = root.join(layout::STAGING);
    for entry in file::entries(&dir)? {
        let found = entry.name.strip_prefix(READY).map(|offset| (offset, true));
        let found = found.or(entry.name.strip_prefix(INTENT).map(|offset| (offset, false)));
        let Some((offset, ready)) = found else { continue };
        let offset = offset.parse().map_err(|_| {
            Error::failed(format!("{}/{} has no number", layout::STAGING, entry.name))
        })?;
        let bytes = file::read(&dir.join(&entry.name), file::LARGE)?;
        let lines = String::from_utf8(bytes.to_vec())?;
        return Ok(Some(Pending { offset, lines, ready }));
    }
    Ok(None)
}

/// Where an output waits until it is renamed. Names of the workspace have no `~`.
pub(super) fn staged(root: &Path, path: &str) -> PathBuf {
    root.join(layout::STAGING).join(path.replace('/', "~"))
}

/// Performs `act`, which continues a journal of `offset` bytes. The caller holds the lock.
///
/// What fails before the lines are in the journal leaves `intent@OFFSET`; what fails after that
/// leaves `ready@OFFSET`.
pub(super) fn commit(root: &Path, offset: u64, act: &Act) -> Result<()> {
    let journal = root.join(layout::JOURNAL);
    let recorded = prepare(root, offset, act)
        .and_then(|()| file::append(&journal, act.lines.as_bytes()))
        .inspect_err(|_| {
            if length(&journal) == Some(offset) {
                let _ = withdraw(root, offset);
            }
        });
    recorded?;
    release(root)
}

/// Takes back that everything is ready: nothing of it may be released any more.
fn withdraw(root: &Path, offset: u64) -> Result<()> {
    let dir = root.join(layout::STAGING);
    let ready = dir.join(format!("{READY}{offset}"));
    if file::exists(&ready) {
        file::rename(&ready, &dir.join(format!("{INTENT}{offset}")))?;
    }
    file::sync_dir(&dir)
}

fn length(path: &Path) -> Option<u64> {
    match file::read(path, file::LARGE) {
        Ok(bytes) => Some(bytes.len() as u64),
        Err(error) if error.is_io(std::io::ErrorKind::NotFound) => Some(0),
        Err(_) => None,
    }
}

fn prepare(root: &Path, offset: u64, act: &Act) -> Result<()> {
    let dir = root.join(layout::STAGING);
    file::create_dirs(&dir)?;
    let intent = dir.join(format!("{INTENT}{offset}"));
    file::create(&intent, act.lines.as_bytes(), 0o600)?.sync_all()?;
    // Whatever is signed and staged from here on is known, even after a loss of power.
    file::sync_dir(&dir)?;
    file::sync_dir(&root.join("ca"))?;
    let batch = act.outputs.len() >= BATCH;
    act.outputs.par_iter().with_min_len(BATCH).try_for_each(|output| {
        let file = file::create(&staged(root, &output.path), &output.bytes, output.mode)?;
        if !batch {
            file.sync_all()?;
        }
        Ok::<_, Error>(())
    })?;
    if batch {
        file::sync_all_under(&dir)?;
    }
    file::rename(&intent, &dir.join(format!("{READY}{offset}")))?;
    file::sync_dir(&dir)
}

/// Renames what is staged into its place, and forgets the staging folder.
fn release(root: &Path) -> Result<()> {
    let dir = root.join(layout::STAGING);
    let entries = file::entries(&dir)?;
    let paths: Vec<String> = entries
        .iter()
        .filter(|entry| !entry.name.starts_with(READY))
        .map(|entry| entry.name.replace('~', "/"))
        .collect();
    let mut parents: Vec<PathBuf> =
        paths.iter().filter_map(|path| Some(root.join(path).parent()?.to_owned())).collect();
    parents.sort();
    parents.dedup();
    let new: Vec<&PathBuf> = parents.iter().filter(|parent| !file::exists(parent)).collect();
    new.par_iter().with_min_len(BATCH).try_for_each(|parent| file::create_dirs(parent))?;
    // A new directory is itself a name that has to last.
    let above = |dir: &&PathBuf| -> Vec<PathBuf> {
        let above = dir.ancestors().skip(1).take_while(|dir| dir.starts_with(root));
        above.map(Path::to_owned).collect()
    };
    let above: Vec<PathBuf> = new.iter().flat_map(above).collect();
    parents.extend(above);
    parents.sort();
    parents.dedup();
    paths
        .par_iter()
        .with_min_len(BATCH)
        .try_for_each(|path| file::rename(&staged(root, path), &root.join(path)))?;
    if paths.len() >= BATCH {
        file::sync_all_under(root)?;
    } else {
        parents.iter().try_for_each(|parent| file::sync_dir(parent))?;
    }
    clear(root)
}

/// Removes the staging folder; the marker goes last, so that an interrupted clearing is known.
fn clear(root: &Path) -> Result<()> {
    remove_staged(root, |_| true)?;
    let dir = root.join(layout::STAGING);
    if file::exists(&dir) { file::remove_dir(&dir) } else { Ok(()) }
}

fn is_marker(name: &str) -> bool {
    name.starts_with(READY) || name.starts_with(INTENT)
}

fn remove_staged(root: &Path, which: impl Fn(&str) -> bool) -> Result<()> {
    let dir = root.join(layout::STAGING);
    let mut entries = file::entries(&dir)?;
    entries.retain(|entry| which(&entry.name));
    entries.sort_by_key(|entry| is_marker(&entry.name));
    entries.iter().try_for_each(|entry| file::remove(&dir.join(&entry.name)))
}

/// Finishes or undoes what an earlier run left half done. The caller holds the lock.
///
/// An abandoned act stays marked until [`forget`] is called, after it was recorded; what it had
/// staged is removed at once.
pub(super) fn recover(root: &Path) -> Result<Recovery> {
    let Some(pending) = pending(root)? else {
        clear(root)?;
        return Ok(Recovery::Clean);
    };
    let journal = root.join(layout::JOURNAL);
    if !pending.ready {
        // A half-written marker describes nothing yet: its outputs come after it.
        let complete = pending.lines.is_empty() || pending.lines.ends_with('\n');
        if !complete {
            clear(root)?;
            return Ok(Recovery::Clean);
        }
        // What follows OFFSET can only be a record of this very abandonment, perhaps half-written.
        let tail = tail(&journal, pending.offset)?;
        if !tail.is_empty() {
            let whole = tail.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if !whole.lines().all(|line| line.contains(ABANDONED)) {
                return Err(other(pending.offset));
            }
            file::truncate(&journal, pending.offset)?;
        }
        remove_staged(root, |name| !is_marker(name))?;
        return Ok(Recovery::Abandoned(pending.lines));
    }
    let tail = tail(&journal, pending.offset)?;
    if !tail.starts_with(&pending.lines) {
        if !pending.lines.starts_with(&tail) {
            return Err(other(pending.offset));
        }
        if !tail.is_empty() {
            file::truncate(&journal, pending.offset)?;
        }
        file::append(&journal, pending.lines.as_bytes())?;
    }
    release(root)?;
    Ok(Recovery::Finished(pending.lines))
}

/// What the journal has beyond `offset`.
fn tail(journal: &Path, offset: u64) -> Result<String> {
    let present = match file::read(journal, file::LARGE) {
        Ok(bytes) => bytes,
        Err(error) if error.is_io(std::io::ErrorKind::NotFound) => Zeroizing::default(),
        Err(error) => return Err(error),
    };
    let tail = usize::try_from(offset).ok().and_then(|offset| present.get(offset..));
    tail.map(|tail| String::from_utf8_lossy(tail).into_owned()).ok_or_else(|| other(offset))
}

fn other(offset: u64) -> Error {
    let message = format!(
        "an unfinished act in {} continues a journal of {offset} bytes, which {} is not",
        layout::STAGING,
        layout::JOURNAL
    );
    Rule::JournalRolledBack.found(message).into()
}

/// Removes an abandoned act after it was recorded.
pub(super) fn forget(root: &Path) -> Result<()> {
    clear(root)
}
