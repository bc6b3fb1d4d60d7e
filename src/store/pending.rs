//! The pending file, `ca/.pending`: everything that an act is to write, in one piece.

use super::{file, layout};
use crate::error::{Explain, Result};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use zeroize::Zeroizing;

/// A file to be written, complete or not at all.
pub struct Output {
    /// Relative to the workspace.
    pub path: String,
    /// The whole content.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The permissions from the first moment on.
    pub mode: u32,
    /// The path of an output of the same act and content that is never changed in place: one file
    /// with two names is half the work, where the file system has hard links.
    pub twin: Option<String>,
}

impl Output {
    /// For everybody to read: 0644.
    pub fn public(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: Zeroizing::new(bytes.into()), mode: 0o644, twin: None }
    }

    /// The same content as another output, under one more name.
    #[must_use]
    pub fn twin_of(self, path: impl Into<String>) -> Self {
        Self { twin: Some(path.into()), ..self }
    }

    /// Created 0600, never readable by others for a moment.
    pub fn secret(path: impl Into<String>, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes, mode: 0o600, twin: None }
    }
}

/// Outputs and the journal lines that record them: all or nothing.
#[derive(Default)]
pub struct Act {
    /// In any order; each path once.
    pub outputs: Vec<Output>,
    /// Files that go, and directories, each after what is in it.
    pub removed: Vec<String>,
    /// Whole lines, each with its line feed.
    pub lines: String,
    /// Were the lines made in this run? Then what they name was signed, and is recorded as
    /// abandoned when it could not be released. Lines of another workspace are brought again.
    pub signed_here: bool,
}

/// The first line of the pending file; the lines, the outputs and a SHA-256 follow without gaps.
#[derive(Serialize, Deserialize)]
struct Header {
    /// The length of the journal that the lines continue.
    offset: u64,
    lines: usize,
    outputs: Vec<Part>,
    /// See [`Act::removed`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<String>,
    /// See [`Act::signed_here`].
    signed_here: bool,
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
                && !path.is_empty()
        };
        let fits = |length: usize| (length as u64) <= file::LARGE;
        let ours = |part: &Part| normal(&part.path) && part.mode & !0o777 == 0 && fits(part.length);
        let removed = || self.removed.iter().all(|path| normal(path));
        fits(self.lines) && self.outputs.iter().all(ours) && removed()
    }
}

/// An interrupted act, as it lies there.
#[derive(Debug)]
pub(super) struct Pending {
    pub offset: u64,
    pub lines: String,
    /// See [`Act::signed_here`].
    pub signed_here: bool,
    /// `None`: the file is not complete, so nothing was released.
    pub outputs: Option<HashMap<String, Content>>,
    /// See [`Act::removed`]; empty, too, when the file is not complete.
    pub removed: Vec<String>,
}

/// The bytes and the mode of an output.
pub(super) type Content = (Zeroizing<Vec<u8>>, u32);

/// Reads the pending file without changing anything. `None`: there is none, or it was cut off
/// before it named anything.
pub(super) fn read(root: &Path) -> Result<Option<Pending>> {
    match file::read(&root.join(layout::PENDING), file::LARGE) {
        Ok(bytes) => Ok(parse(&bytes)),
        Err(error) if error.is_io(std::io::ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn parse(bytes: &[u8]) -> Option<Pending> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
    if !header.is_ours() {
        return None;
    }
    let body = &bytes[end + 1..];
    let lines = String::from_utf8(body.get(..header.lines)?.to_vec()).ok()?;
    let signed_here = header.signed_here;
    let (offset, removed) = (header.offset, Vec::new());
    let pending = Pending { offset, lines, signed_here, outputs: None, removed };
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
    Some(Pending { outputs: Some(outputs.collect()), removed: header.removed, ..pending })
}

pub(super) fn encode(offset: u64, act: &Act) -> Result<Zeroizing<Vec<u8>>> {
    let Act { outputs, removed, lines, signed_here } = act;
    let part = |output: &Output| Part {
        path: output.path.clone(),
        mode: output.mode,
        length: output.bytes.len(),
    };
    let parts: Vec<Part> = outputs.iter().map(part).collect();
    let body: usize = parts.iter().map(|part| part.length).sum();
    let (removed, signed_here) = (removed.clone(), *signed_here);
    let header = Header { offset, lines: lines.len(), outputs: parts, removed, signed_here };
    let header = serde_json::to_vec(&header)?;
    // Exact capacity: a growing vector would leave copies of secrets behind.
    let length = header.len() + 1 + lines.len() + body + 32;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(&header);
    bytes.push(b'\n');
    bytes.extend_from_slice(lines.as_bytes());
    outputs.iter().for_each(|output| bytes.extend_from_slice(&output.bytes));
    let digest = ring::digest::digest(&SHA256, &bytes);
    bytes.extend_from_slice(digest.as_ref());
    Ok(bytes)
}

/// Cuts the pending file short: it still says what was signed, but is no longer to be finished.
pub(super) fn withdraw(root: &Path) -> Result<()> {
    let path = root.join(layout::PENDING);
    match read(root)? {
        Some(Pending { outputs: Some(_), .. }) => file::truncate(&path, file::size(&path)? - 1),
        _ => Ok(()),
    }
}

/// Writes the pending file and makes it durable.
pub(super) fn write(root: &Path, offset: u64, act: &Act) -> Result<()> {
    let path = root.join(layout::PENDING);
    let synced = file::create(&path, &encode(offset, act)?, 0o600)?.sync_all();
    synced.context(format!("cannot sync {}", layout::PENDING))?;
    file::sync_dir(&root.join("ca"))
}

/// Removes the pending file.
pub(super) fn forget(root: &Path) -> Result<()> {
    file::remove(&root.join(layout::PENDING))
}
