//! What was said already, in a file of this machine that one run at a time may change.

use crate::error::{Error, Explain, Result};
use crate::rotation::{Row, remind::Said};
use crate::store::{file, layout};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

/// What was said, and where that is kept.
pub(super) struct Memory {
    pub said: Said,
    /// `None`: nothing is remembered.
    kept: Option<(PathBuf, file::Lock)>,
    /// Why it is not; what is due is said all the same.
    pub trouble: Option<Trouble>,
}

/// Why nothing is remembered.
pub(super) enum Trouble {
    /// The workspace cannot be written to, and that is all.
    ReadOnly,
    /// The file is damaged, or cannot be written to.
    Wrong(Error),
}

/// Another run ends when all its channels have, which takes no longer than they may.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

impl Memory {
    /// For one run, alone.
    ///
    /// # Errors
    /// Failed, when another run does not end.
    pub fn open(state: Option<&Path>, dir: &Path) -> Result<Self> {
        let path = place(state, dir);
        let without =
            |trouble| Ok(Self { said: Said::default(), kept: None, trouble: Some(trouble) });
        let lock = match lock(&path.with_extension("lock")) {
            Ok(Some(lock)) => lock,
            Ok(None) => {
                return Err(Error::failed("another rootward remind does not end")
                    .hint("pgrep -af 'rootward.*remind' shows it"));
            }
            Err(error) if state.is_none() && is_read_only(&error) => {
                return without(Trouble::ReadOnly);
            }
            Err(error) => return without(Trouble::Wrong(error)),
        };
        match read(&path, dir) {
            Ok(said) => Ok(Self { said, kept: Some((path, lock)), trouble: None }),
            Err(error) => without(Trouble::Wrong(error)),
        }
    }

    /// For looking.
    ///
    /// # Errors
    /// Failed: it is damaged, or of a newer rootward.
    pub fn peek(state: Option<&Path>, dir: &Path) -> Result<Self> {
        Ok(Self { said: read(&place(state, dir), dir)?, kept: None, trouble: None })
    }

    /// That channel was told all of this.
    ///
    /// # Errors
    /// Failed, as the disk says: it will be told again.
    pub fn told(&mut self, channel: &str, rows: &[&Row], at: OffsetDateTime) -> Result<()> {
        self.said.remember(channel, rows, at);
        self.write()
    }

    /// Forgets what is over.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn settle(&mut self, rows: &[Row], at: OffsetDateTime) -> Result<()> {
        let before = self.said.clone();
        self.said.settle(rows, at);
        if self.said == before { Ok(()) } else { self.write() }
    }

    fn write(&self) -> Result<()> {
        let Some((path, _)) = &self.kept else { return Ok(()) };
        let text = self.said.text()?;
        let written = file::replace(path, text.as_bytes(), 0o644, true);
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        written
            .and_then(|()| file::sync_dir(dir.unwrap_or(Path::new("."))))
            .context("what was said is not remembered, and will be said again")
    }
}

fn place(state: Option<&Path>, dir: &Path) -> PathBuf {
    state.map_or_else(|| dir.join(layout::REMINDED), Path::to_owned)
}

fn read(path: &Path, dir: &Path) -> Result<Said> {
    let bytes = file::read_if_any(path, file::LARGE)?.unwrap_or_default();
    Said::parse(&file::shown(path.strip_prefix(dir).unwrap_or(path)), &bytes)
}

fn lock(path: &Path) -> Result<Option<file::Lock>> {
    for _ in 0..TRIES {
        if let Some(lock) = file::lock_beside(path)? {
            return Ok(Some(lock));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}

fn is_read_only(error: &Error) -> bool {
    error.is_io(ErrorKind::ReadOnlyFilesystem) || error.is_io(ErrorKind::PermissionDenied)
}
