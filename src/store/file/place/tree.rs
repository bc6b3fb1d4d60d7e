//! Links and directories in a place.

use super::{CLOSED, Owner, Place, mode};
use crate::error::Result;
use rustix::fs::{self, AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;

impl Place {
    /// Makes a symbolic link or puts it in the place of another, or of a file: whoever looks sees the
    /// old or the new.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn point(&self, name: &str, target: &str) -> Result<()> {
        let new = format!(".{name}.new");
        self.clean(name)?;
        let made = fs::symlinkat(target, &self.dir, &new);
        made.map_err(|error| self.cannot("create", name, error))?;
        self.rename(&new, name)
    }

    /// Where a symbolic link points to; `None` for all else.
    pub fn target(&self, name: &str) -> Option<String> {
        let target = fs::readlinkat(&self.dir, name, Vec::new()).ok()?;
        target.into_string().ok()
    }

    /// Renames durably.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let renamed = fs::renameat(&self.dir, from, &self.dir, to);
        renamed.map_err(|error| self.cannot("create", to, error))?;
        self.sync()
    }

    /// A directory in this one, made where it is missing.
    ///
    /// # Errors
    /// Failed, when something else has that name.
    pub fn below(&self, name: &str, owner: Owner, bits: u32) -> Result<Self> {
        match fs::mkdirat(&self.dir, name, mode(bits & 0o700)) {
            Ok(()) => self.sync()?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(self.cannot("create", name, error)),
        }
        let dir = self.enter(name)?;
        self.give(&dir.dir, owner, bits, name)?;
        Ok(dir)
    }

    /// The same where it is there; `None` when nothing has that name.
    ///
    /// # Errors
    /// Failed, when something else has that name.
    pub fn below_if_any(&self, name: &str) -> Result<Option<Self>> {
        match self.look(name)? {
            Some(_) => self.enter(name).map(Some),
            None => Ok(None),
        }
    }

    fn enter(&self, name: &str) -> Result<Self> {
        let flags = CLOSED | OFlags::DIRECTORY;
        let dir = fs::openat(&self.dir, name, flags, Mode::empty());
        let dir = dir.map_err(|error| self.cannot("open the directory", name, error))?;
        Ok(Self { dir: File::from(dir), path: self.path.join(name) })
    }

    /// The names in it, without order.
    ///
    /// # Errors
    /// Failed, when it cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.dir)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Removes a file, a link, or a directory with the files in it; that it is gone is no error.
    ///
    /// # Errors
    /// Failed, as the disk says.
    pub fn remove(&self, name: &str) -> Result<()> {
        let removed = match fs::unlinkat(&self.dir, name, AtFlags::empty()) {
            Err(Errno::ISDIR) => {
                let dir = self.enter(name)?;
                for file in dir.names()? {
                    let gone = fs::unlinkat(&dir.dir, &file, AtFlags::empty());
                    gone.map_err(|error| dir.cannot("remove", &file, error))?;
                }
                fs::unlinkat(&self.dir, name, AtFlags::REMOVEDIR)
            }
            other => other,
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.cannot("remove", name, error)),
        }
    }
}
