//! Where passphrases come from: a file, a file descriptor, or a prompt; never the command line or
//! the environment.

use super::Session;
use crate::authority::{Estate, Secrets};
use crate::ceremony::guard::sandbox::Sandbox;
use crate::error::{Error, Result};
use crate::model::{name::ObjectRef, text::clean};
use crate::store::file;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The options of every verb that opens or seals a key.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take the passphrase from the first line of FILE; OBJECT=FILE (root=FILE) is for that key
    /// alone, and can be given for each key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Vec<String>,
    /// Take the passphrase from the first line of file descriptor N
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file")]
    passphrase_fd: Option<u32>,
}

/// Below this many characters a new passphrase gets a word of warning.
const SHORT: usize = 16;

/// How often a new passphrase may be typed differently the second time.
const TRIES: usize = 3;

/// The source of passphrases for one run.
pub struct Source<'a> {
    session: &'a Session<'a>,
    args: &'a Args,
    from_fd: Option<Zeroizing<Vec<u8>>>,
}

impl<'a> Source<'a> {
    /// Nothing is read or asked for before a passphrase is needed.
    pub fn new(session: &'a Session<'a>, args: &'a Args) -> Self {
        Self { session, args, from_fd: None }
    }

    /// Reads the file descriptor, and gives the files that will be read later: what a sandbox has to
    /// let through.
    ///
    /// # Errors
    /// Failed, when one of them is not there.
    pub fn prepare(&mut self) -> Result<Vec<PathBuf>> {
        self.descriptor()?;
        let files = self.args.passphrase_file.iter();
        let path = |text: &String| match named_file(text) {
            Some((_, path)) => file::canonical(&path),
            None => file::canonical(Path::new(text)),
        };
        files.map(path).collect()
    }

    /// What a process that opens a root key keeps: the workspace, and these files.
    pub fn sandbox(&mut self, estate: &Estate) -> Result<Sandbox> {
        let write = vec![estate.workspace.root().to_owned()];
        Ok(Sandbox { write, read: self.prepare()?, unix_sockets: false })
    }

    fn descriptor(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(number) = self.args.passphrase_fd else { return Ok(None) };
        if self.from_fd.is_none() {
            let bytes = file::read_descriptor(number, file::SMALL)?;
            self.from_fd = Some(first_line(&bytes, &format!("file descriptor {number}"))?);
        }
        Ok(self.from_fd.clone())
    }

    /// The file for this key: the one that names it, else the one that names none.
    fn file_for(&self, object: &ObjectRef) -> Option<PathBuf> {
        let named =
            |text: &&String| named_file(text).is_some_and(|(of, _)| of.scope == object.scope);
        let plain = |text: &&String| named_file(text).is_none();
        let files = &self.args.passphrase_file;
        if let Some(text) = files.iter().find(named) {
            return named_file(text).map(|(_, path)| path);
        }
        files.iter().find(plain).map(PathBuf::from)
    }

    fn given(&mut self, object: &ObjectRef) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some(given) = self.descriptor()? {
            return Ok(Some(given));
        }
        let Some(path) = self.file_for(object) else { return Ok(None) };
        let bytes = file::read(&path, file::SMALL).map_err(|error| match file::exists(&path) {
            true => error.hint("a pipe is read with: --passphrase-fd N"),
            false => error,
        })?;
        self.warn_if_open(&path);
        first_line(&bytes, &file::shown(&path)).map(Some)
    }

    fn warn_if_open(&self, path: &Path) {
        // Of the file itself: a link's own mode says nothing.
        let mode = file::canonical(path).ok().and_then(|path| file::mode(&path));
        if let Some(mode) = mode.filter(|mode| mode & 0o077 != 0) {
            let path = file::shown(path);
            self.session.ui.warn(&format!("{path} can be read by others (mode {mode:04o})"));
            self.session.ui.hint(&format!("chmod 600 {path}"));
        }
    }
}

fn named_file(text: &str) -> Option<(ObjectRef, PathBuf)> {
    let (object, path) = text.split_once('=')?;
    Some((object.parse().ok()?, PathBuf::from(path)))
}

/// As openssl's `file:` does: up to the first line feed.
fn first_line(bytes: &[u8], what: &str) -> Result<Zeroizing<Vec<u8>>> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Error::failed(format!(
            "{what} begins with an empty line, expected a passphrase"
        )));
    }
    Ok(Zeroizing::new(line.to_vec()))
}

impl Secrets for Source<'_> {
    fn open(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        if let Some(given) = self.given(object)? {
            return Ok(given);
        }
        self.session.ui.secret(&format!("passphrase of {}", clean(&object.to_string())))
    }

    fn create(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        let ui = self.session.ui;
        let passphrase = match self.given(object)? {
            Some(given) => given,
            None => {
                let mut asked = 0;
                loop {
                    asked += 1;
                    let first = ui.secret(&format!("new passphrase for {object}"))?;
                    let again = ui.secret(&format!("new passphrase for {object}, again"))?;
                    if first == again {
                        break first;
                    }
                    if asked == TRIES {
                        return Err(Error::failed("the two passphrases differ, nothing was made"));
                    }
                    ui.warn("the two differ; once more");
                }
            }
        };
        if passphrase.is_empty() {
            return Err(Error::failed("got an empty passphrase, expected several words"));
        }
        if passphrase.len() < SHORT {
            ui.warn(&format!(
                "the passphrase of {object} has {} characters; {SHORT} or more are advised",
                passphrase.len()
            ));
        }
        Ok(passphrase)
    }
}
