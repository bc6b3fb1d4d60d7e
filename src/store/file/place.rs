//! A directory of a host in which files belong to somebody: everything goes through its open
//! descriptor and follows no link, so that whoever owns the directory cannot lead root elsewhere.

mod owned;
mod tree;

pub use owned::{Owned, Owner};

use super::{Lock, canonical, shown};
use crate::error::{Error, Explain, Result};
use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, RawMode, Uid};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// An open directory.
#[derive(Debug)]
pub struct Place {
    dir: File,
    path: PathBuf,
}

const CLOSED: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW);

fn mode(bits: u32) -> Mode {
    Mode::from_raw_mode(bits as RawMode)
}

impl Place {
    /// Opens a directory that is there; links on the way to it are resolved first.
    ///
    /// # Errors
    /// Failed, when it is not there or no directory.
    pub fn open(path: &Path) -> Result<Self> {
        let path = canonical(path)?;
        let flags = CLOSED | OFlags::DIRECTORY;
        let dir = fs::open(&path, flags, Mode::empty());
        let dir = dir.context(format!("cannot open the directory {}", shown(&path)))?;
        Ok(Self { dir: File::from(dir), path })
    }

    /// The absolute path without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Itself and every directory above it, the nearest first.
    ///
    /// # Errors
    /// Failed, when one cannot be looked at.
    pub fn way(&self) -> Result<Vec<(PathBuf, Owned)>> {
        let mut way = vec![(self.path.clone(), Owned::of(&fs::fstat(&self.dir)?))];
        for above in self.path.ancestors().skip(1) {
            let stat = fs::lstat(above).context(format!("cannot look at {}", shown(above)))?;
            way.push((above.to_owned(), Owned::of(&stat)));
        }
        Ok(way)
    }

    /// Held until it is dropped.
    ///
    /// # Errors
    /// Failed, when another process holds it.
    pub fn lock(&self) -> Result<Lock> {
        super::lock(&self.path)
    }

    /// To whom it belongs; `None` when nothing has that name. Links are not followed.
    ///
    /// # Errors
    /// Failed, when it cannot be looked at.
    pub fn look(&self, name: &str) -> Result<Option<Owned>> {
        match fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Owned::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.cannot("look at", name, error)),
        }
    }

    /// A regular file of at most `limit` bytes, and to whom it belongs; `None` when nothing has that
    /// name.
    ///
    /// # Errors
    /// Failed: a link, a directory, a device; a file with several names; a larger file.
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<(Zeroizing<Vec<u8>>, Owned)>> {
        let flags = CLOSED | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match fs::openat(&self.dir, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(self.cannot("open", name, error)),
        };
        let stat = fs::fstat(&file)?;
        let path = || shown(&self.path.join(name));
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::failed(format!("{} is not a file, expected one", path())));
        }
        if stat.st_nlink != 1 {
            // In another user's directory root would read whatever that user linked there.
            let message = format!("{} has {} names, expected one", path(), stat.st_nlink);
            return Err(
                Error::failed(message).hint(format!("look for: find / -samefile {}", path()))
            );
        }
        // Exact capacity: a growing vector would leave copies of a secret behind.
        let length = u64::try_from(stat.st_size)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length.min(limit))? + 1));
        (&file)
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .context(format!("cannot read {}", path()))?;
        if bytes.len() as u64 > limit {
            let message = format!("{} is too large, expected at most {limit} bytes", path());
            return Err(Error::failed(message));
        }
        Ok(Some((bytes, Owned::of(&stat))))
    }

    /// Removes what an interrupted run has left beside a file.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn clean(&self, name: &str) -> Result<()> {
        self.remove(&format!(".{name}.new"))
    }

    /// Writes a file durably under a name of its own, `.NAME.new`: with no permission that the
    /// final ones do not have, and for nobody but its maker until it is its owner's.
    fn write(&self, name: &str, bytes: &[u8], owner: Owner, bits: u32) -> Result<String> {
        let new = format!(".{name}.new");
        self.clean(name)?;
        let flags = CLOSED | OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY;
        let made = fs::openat(&self.dir, &new, flags, mode(bits & 0o700));
        let mut file = File::from(made.map_err(|error| self.cannot("create", name, error))?);
        let written = self.give(&file, owner, bits, name);
        let written = written.and_then(|()| {
            let synced = file.write_all(bytes).and_then(|()| file.sync_all());
            synced.context(format!("cannot write {}", shown(&self.path.join(name))))
        });
        if written.is_err() {
            // Best effort: the next run does the same.
            let _ = self.remove(&new);
        }
        written.map(|()| new)
    }

    fn give(&self, file: &File, owner: Owner, bits: u32, name: &str) -> Result<()> {
        let is = Owned::of(&fs::fstat(file)?);
        if is.owner != owner {
            let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
            let given = fs::fchown(file, Some(uid), Some(gid));
            given.map_err(|error| self.cannot("change the owner of", name, error))?;
        }
        // Whatever the umask: after the owner, as a change of owner may take bits away.
        match is.mode == bits {
            true => Ok(()),
            false => Ok(fs::fchmod(file, mode(bits))?),
        }
    }

    /// Makes a file that must not be there, whole or not at all.
    ///
    /// # Errors
    /// Failed, when something has that name.
    pub fn create(&self, name: &str, bytes: &[u8], owner: Owner, bits: u32) -> Result<()> {
        let new = self.write(name, bytes, owner, bits)?;
        // A link, unlike renaming, never replaces.
        let linked = fs::linkat(&self.dir, &new, &self.dir, name, AtFlags::empty());
        let linked = linked.map_err(|error| self.cannot("create", name, error));
        self.remove(&new)?;
        linked?;
        self.sync()
    }

    /// Makes a file or puts it in the place of another: whoever looks sees the old or the new.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn replace(&self, name: &str, bytes: &[u8], owner: Owner, bits: u32) -> Result<()> {
        let new = self.write(name, bytes, owner, bits)?;
        self.rename(&new, name)
    }

    /// Makes the names in it durable.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn sync(&self) -> Result<()> {
        self.dir.sync_all().context(format!("cannot sync {}", shown(&self.path)))
    }

    fn cannot(&self, what: &str, name: &str, error: Errno) -> Error {
        let path = shown(&self.path.join(name));
        Error::from(std::io::Error::from(error)).context(format!("cannot {what} {path}"))
    }
}
