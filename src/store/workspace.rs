//! A workspace: a directory with `ca/` and `identities/`, seen as it is or as it is about to be.

use super::{
    act::{self, Recovery},
    file::{self, Entry},
    layout,
    pending::{self, Act, Content, Output, Pending},
};
use crate::error::{Error, Explain, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// An open workspace. Reading looks through an interrupted act, and through what is staged: what is
/// about to be in its place counts as being there.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    /// Nothing is looked for on the disk.
    in_memory: bool,
    pending: Option<Pending>,
    staged: BTreeMap<String, Content>,
    lock: Option<file::Lock>,
}

/// The nearest directory at or above `start` that is a workspace.
///
/// # Errors
/// Usage, when there is none.
pub fn find(start: &Path) -> Result<PathBuf> {
    let start = file::canonical(start).hint("rootward init makes one")?;
    let is_workspace = |dir: &&Path| file::exists(&dir.join(layout::ROOT));
    start.ancestors().find(is_workspace).map(Path::to_owned).ok_or_else(|| {
        let message = format!("{} is not in a workspace", file::shown(&start));
        Error::usage(message).hint("rootward init makes one; -C DIR names one elsewhere")
    })
}

impl Workspace {
    /// Opens for reading; nothing is changed, so a read-only medium will do.
    pub fn open(root: &Path) -> Result<Self> {
        let pending = pending::read(root)?;
        let root = root.to_owned();
        Ok(Self { root, in_memory: false, pending, staged: BTreeMap::new(), lock: None })
    }

    /// Of these files and no others, such as those of a Git revision.
    pub fn in_memory(outputs: Vec<Output>) -> Self {
        let (root, staged) = (PathBuf::new(), BTreeMap::new());
        let mut workspace = Self { root, in_memory: true, pending: None, staged, lock: None };
        workspace.stage(outputs);
        workspace
    }

    /// Opens for changing: takes the lock, and finishes or undoes what was interrupted.
    ///
    /// # Errors
    /// Failed, when another process works here; JOURNAL-ROLLED-BACK.
    pub fn lock(root: &Path) -> Result<(Self, Recovery)> {
        let lock = Some(file::lock(&root.join(layout::CA))?);
        let recovery = act::recover(root)?;
        let staged = BTreeMap::new();
        let root = root.to_owned();
        Ok((Self { root, in_memory: false, pending: None, staged, lock }, recovery))
    }

    /// The workspace's directory, absolute and without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Was an act interrupted, that the next changing command will finish or undo?
    pub fn is_interrupted(&self) -> bool {
        self.pending.is_some()
    }

    /// What an interrupted act, once finished, will have written there: bytes and mode.
    fn pending(&self, path: &str) -> Option<&Content> {
        let interrupted = || self.pending.as_ref()?.outputs.as_ref()?.get(path);
        self.staged.get(path).or_else(interrupted)
    }

    /// Is nothing on the disk to be looked at: will an interrupted act, once finished, have removed
    /// it, or is all of the workspace in memory?
    fn is_gone(&self, path: &str) -> bool {
        let removed = |pending: &Pending| pending.removed.iter().any(|removed| removed == path);
        self.in_memory || self.pending.as_ref().is_some_and(removed)
    }

    /// Puts files where later steps of the same act find them; nothing is written.
    pub fn stage(&mut self, outputs: Vec<Output>) {
        let content = |output: Output| (output.path, (output.bytes, output.mode));
        self.staged.extend(outputs.into_iter().map(content));
    }

    /// What is staged and is no secret: path and content, in order.
    pub fn staged(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let public = self.staged.iter().filter(|(_, (_, mode))| *mode == 0o644);
        public.map(|(path, (bytes, _))| (path.as_str(), bytes.as_slice()))
    }

    /// Takes everything that was staged, to be written or forgotten.
    pub fn unstage(&mut self) -> Vec<Output> {
        let output = |(path, (bytes, mode))| Output { path, bytes, mode, twin: None };
        std::mem::take(&mut self.staged).into_iter().map(output).collect()
    }

    /// Reads a file of the workspace of at most [`file::SMALL`] bytes.
    pub fn read(&self, path: &str) -> Result<Zeroizing<Vec<u8>>> {
        match self.pending(path) {
            Some((bytes, _)) => Ok(bytes.clone()),
            None if self.is_gone(path) => Err(Error::failed(format!("{path} was removed"))),
            None => file::read(&self.root.join(path), file::SMALL),
        }
    }

    /// The same with another limit, `None` when there is no such file.
    pub fn read_if_any(&self, path: &str, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some((bytes, _)) = self.pending(path) {
            return Ok(Some(bytes.clone()));
        }
        if self.is_gone(path) {
            return Ok(None);
        }
        file::read_if_any(&self.root.join(path), limit)
    }

    /// Is there anything of this name, staged or in its place?
    pub fn exists(&self, path: &str) -> bool {
        self.pending(path).is_some() || !self.is_gone(path) && file::exists(&self.root.join(path))
    }

    /// Its permission bits; `None` when there is no such file.
    pub fn mode(&self, path: &str) -> Option<u32> {
        match self.pending(path) {
            Some((_, mode)) => Some(*mode),
            None if self.is_gone(path) => None,
            None => file::mode(&self.root.join(path)),
        }
    }

    /// The entries of a directory in order; files under way (`.NAME.new`) are not among them.
    pub fn entries(&self, dir: &str) -> Result<Vec<Entry>> {
        let mut entries = match self.in_memory {
            true => Vec::new(),
            false => file::entries(&self.root.join(dir))?,
        };
        let is_under_way = |name: &str| name.starts_with('.') && name.ends_with(".new");
        entries.retain(|entry| !is_under_way(&entry.name));
        if self.is_interrupted() {
            entries.retain(|entry| !self.is_gone(&format!("{dir}/{}", entry.name)));
        }
        let below = |path: &String| Some(path.strip_prefix(dir)?.strip_prefix('/')?.to_owned());
        if self.staged.is_empty() {
            return Ok(entries);
        }
        entries.extend(self.staged.keys().filter_map(below).map(
            |rest| match rest.split_once('/') {
                Some((name, _)) => Entry { name: name.to_owned(), is_dir: true },
                None => Entry { name: rest, is_dir: false },
            },
        ));
        entries.sort();
        entries.dedup();
        Ok(entries)
    }

    /// The text of the journal, as it is or as an interrupted act will make it.
    ///
    /// # Errors
    /// Failed, when it cannot be read or is not UTF-8.
    pub fn journal(&self) -> Result<String> {
        let bytes = file::read_if_any(&self.root.join(layout::JOURNAL), file::LARGE)?;
        let mut bytes = std::mem::take(&mut *bytes.unwrap_or_default());
        if let Some(Pending { offset, lines, outputs, .. }) = &self.pending {
            let offset = usize::try_from(*offset)?;
            let tail = bytes.get(offset..);
            let is_unfinished = tail.is_some_and(|tail| lines.as_bytes().starts_with(tail));
            // An incomplete act is undone, a complete one will be finished.
            if outputs.is_none() || is_unfinished {
                bytes.truncate(offset);
            }
            if outputs.is_some() && is_unfinished {
                bytes.extend_from_slice(lines.as_bytes());
            }
        }
        String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            let message = format!("{}:{line}: got bytes that are not UTF-8", layout::JOURNAL);
            crate::model::rule::Rule::JournalBroken.found(message).into()
        })
    }

    /// Performs an act that continues a journal of `offset` bytes.
    pub fn commit(&self, offset: usize, act: &Act) -> Result<()> {
        if self.lock.is_none() {
            return Err(Error::failed("the workspace was opened for reading only"));
        }
        act::commit(&self.root, offset as u64, act)
    }

    /// After a failed commit: the lines of the act, when nothing of it was recorded or released.
    pub fn abandoned(&self) -> Result<Option<String>> {
        if pending::read(&self.root)?.is_some_and(|pending| pending.outputs.is_some()) {
            return Ok(None);
        }
        match act::recover(&self.root)? {
            Recovery::Abandoned(lines) => Ok(Some(lines)),
            Recovery::Clean | Recovery::Finished(_) => Ok(None),
        }
    }

    /// Removes an abandoned act after it was recorded.
    pub fn forget_abandoned(&self) -> Result<()> {
        pending::forget(&self.root)
    }

    /// Records what an abandoned act had signed; it has no outputs of its own.
    pub fn append_abandoned(&self, lines: &str) -> Result<()> {
        file::append(&self.root.join(layout::JOURNAL), lines.as_bytes())
    }
}
