//! Where secrets come from: a file, a file descriptor, or a prompt; never the command line or the
//! environment.

mod files;
mod fresh;

use super::{Session, custodian};
use crate::authority::Secrets;
use crate::ceremony::guard::sandbox::Sandbox;
use crate::custody::shares::{Progress, Share};
use crate::error::{Error, Result};
use crate::model::{name::ObjectRef, text::clean};
use crate::store::file;
use files::{files_for, first_line, named_file, pipe_hint, text};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The options of every verb that opens or seals a key other than the root's.
#[derive(Debug, Default, clap::Args)]
pub struct Passphrases {
    /// Take the passphrase from the first line of FILE; OBJECT=FILE (root=FILE) is for that key
    /// alone, and can be given for each key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Vec<String>,
    /// Take the passphrase from the first line of file descriptor N
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file")]
    passphrase_fd: Option<u32>,
}

/// The options of every verb that opens or seals the root key.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    passphrases: Passphrases,
    /// Take a custodian's share from FILE; given for each. OBJECT=FILE (root@g1=FILE) is for that
    /// key alone
    #[arg(long, value_name = "FILE")]
    share_file: Vec<String>,
    /// Take the PIN of the token from the first line of FILE
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
}

/// The option of verbs that make shares.
#[derive(Debug, Default, clap::Args)]
pub struct NewShares {
    /// Write new shares to DIR, unsealed, instead of showing each to its custodian: for trials
    #[arg(long, value_name = "DIR")]
    shares_dir: Option<PathBuf>,
}

/// How often a new passphrase may be typed differently the second time, and a share wrongly.
const TRIES: usize = 3;

const NO_TERMINAL: &str = "without a terminal, add: --passphrase-file FILE or --passphrase-fd N";

/// The source of secrets for one run.
pub struct Source<'a> {
    session: &'a Session<'a>,
    passphrases: &'a Passphrases,
    share_files: &'a [String],
    pin_file: Option<&'a Path>,
    shares_dir: Option<&'a Path>,
    new_passphrase: Option<&'a Path>,
    from_fd: Option<Zeroizing<Vec<u8>>>,
}

impl<'a> Source<'a> {
    /// Nothing is read or asked for before it is needed.
    pub fn new(session: &'a Session<'a>, args: &'a Args) -> Self {
        Self {
            share_files: &args.share_file,
            pin_file: args.pin_file.as_deref(),
            ..Self::of_passphrases(session, &args.passphrases)
        }
    }

    /// The same for keys that are not the root's.
    pub fn of_passphrases(session: &'a Session<'a>, passphrases: &'a Passphrases) -> Self {
        Self {
            session,
            passphrases,
            share_files: &[],
            pin_file: None,
            shares_dir: None,
            new_passphrase: None,
            from_fd: None,
        }
    }

    /// Where new shares go, if not to their custodians.
    #[must_use]
    pub fn shares_to(self, new: &'a NewShares) -> Self {
        Self { shares_dir: new.shares_dir.as_deref(), ..self }
    }

    /// Where a new passphrase is, if not where the one that opens the key is.
    #[must_use]
    pub fn new_passphrase_in(self, file: Option<&'a Path>) -> Self {
        Self { new_passphrase: file, ..self }
    }

    /// What a process that opens a root key keeps: the workspace, the files that may be read once a
    /// secret is needed, and where shares go. Reads the file descriptor, which it does not keep.
    ///
    /// # Errors
    /// Failed, when one of them is not there.
    pub fn sandbox(&mut self, workspace: &Path) -> Result<Sandbox> {
        self.descriptor()?;
        let files = self.passphrases.passphrase_file.iter().chain(self.share_files);
        let files = files.map(|text| named_file(text).map_or(text.into(), |(_, path)| path));
        let files = files.chain(self.pin_file.map(Path::to_owned));
        let files = files.chain(self.new_passphrase.map(Path::to_owned));
        let mut write = vec![workspace.to_owned()];
        if let Some(dir) = self.shares_dir {
            file::create_dirs(dir)?;
            write.push(file::canonical(dir)?);
        }
        // A name of a descriptor (/dev/fd/63) exists, and leads to no path.
        let canonical =
            |path: PathBuf| file::canonical(&path).map_err(|error| pipe_hint(error, &path));
        let read = files.map(canonical).collect::<Result<_>>()?;
        Ok(Sandbox { write, read, unix_sockets: false })
    }

    fn descriptor(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(number) = self.passphrases.passphrase_fd else { return Ok(None) };
        if self.from_fd.is_none() {
            let bytes = file::read_descriptor(number, file::SMALL)?;
            self.from_fd = Some(first_line(&bytes, &format!("file descriptor {number}"))?);
        }
        Ok(self.from_fd.clone())
    }

    fn given(&mut self, object: &ObjectRef) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some(given) = self.descriptor()? {
            return Ok(Some(given));
        }
        match files_for(&self.passphrases.passphrase_file, object).first() {
            Some(path) => self.first_line_of(path).map(Some),
            None => Ok(None),
        }
    }

    fn first_line_of(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        let bytes = file::read(path, file::SMALL).map_err(|error| pipe_hint(error, path))?;
        warn_if_open(self.session, path);
        first_line(&bytes, &file::shown(path))
    }
}

/// Says so where a file with a secret can be read by others.
pub fn warn_if_open(session: &Session, path: &Path) {
    // Of the file itself: a link's own mode says nothing.
    let mode = file::canonical(path).ok().and_then(|path| file::mode(&path));
    if let Some(mode) = mode.filter(|mode| mode & 0o077 != 0) {
        let path = file::shown(path);
        session.ui.warn(&format!("{path} can be read by others (mode {mode:04o})"));
        session.ui.hint(&format!("chmod 600 {path}"));
    }
}

impl Secrets for Source<'_> {
    fn open(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        if let Some(given) = self.given(object)? {
            return Ok(given);
        }
        let prompt = format!("passphrase of {}", clean(&object.to_string()));
        self.session.ui.secret(&prompt, NO_TERMINAL)
    }

    fn create(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        let ui = self.session.ui;
        let given = match self.new_passphrase {
            Some(path) => Some(self.first_line_of(path)?),
            None => self.given(object)?,
        };
        let passphrase = match given {
            Some(given) => given,
            None => {
                let mut asked = 0;
                loop {
                    asked += 1;
                    let prompt = format!("new passphrase for {object}");
                    let first = ui.secret(&prompt, NO_TERMINAL)?;
                    let again = ui.secret(&format!("{prompt}, again"), NO_TERMINAL)?;
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
        fresh::check(ui, object, &passphrase)?;
        Ok(passphrase)
    }

    fn share(
        &mut self,
        object: &ObjectRef,
        progress: Progress,
    ) -> Result<Option<Zeroizing<String>>> {
        let files = files_for(self.share_files, object);
        if files.is_empty() {
            return custodian::ask(self.session.ui, object, progress);
        }
        let Some(path) = files.get(usize::from(progress.given)) else { return Ok(None) };
        let bytes = file::read(path, file::SMALL)?;
        warn_if_open(self.session, path);
        text(&bytes, &file::shown(path)).map(Some)
    }

    fn again(&mut self, refusal: Error, tries: usize) -> Result<()> {
        if !self.share_files.is_empty() || tries >= TRIES {
            return Err(refusal);
        }
        let ui = self.session.ui;
        ui.warn(&refusal.messages().join(": "));
        if let Some(hint) = &refusal.hint {
            ui.hint(hint);
        }
        Ok(())
    }

    fn show_share(&mut self, object: &ObjectRef, share: &Share, of: u8) -> Result<()> {
        let Some(dir) = self.shares_dir else {
            return custodian::show(self.session, object, share, of);
        };
        let path = dir.join(format!("share-{}.txt", share.number()));
        if share.number() == 1 {
            let dir = file::shown(dir);
            self.session.ui.warn(&format!(
                "the shares are written to {dir}, where whoever reads them opens the key: for trials"
            ));
        }
        let mut line = share.words();
        line.push('\n');
        file::create_dirs(dir)?;
        file::create(&path, line.as_bytes(), 0o600).map(|_| ())
    }

    fn pin(&mut self, object: &ObjectRef, token: &str) -> Result<Zeroizing<String>> {
        let given = match self.pin_file {
            Some(path) => Some(self.first_line_of(path)?),
            None => self.descriptor()?,
        };
        let pin = match given {
            Some(given) => given,
            None => {
                let token = clean(token);
                let prompt = format!("PIN of the token {token:?}, for {object}");
                let hint = "without a terminal, add: --pin-file FILE or --passphrase-fd N";
                self.session.ui.secret(&prompt, hint)?
            }
        };
        text(&pin, "the PIN")
    }
}
