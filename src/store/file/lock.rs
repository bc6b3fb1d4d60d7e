//! One process at a time.

use super::shown;
use crate::error::{Error, Explain, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Held as long as it lives; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Locks a directory itself, so that no lock file is left behind and a read-only medium will do.
///
/// # Errors
/// Failed, when another process holds the lock.
pub fn lock(dir: &Path) -> Result<Lock> {
    let file = File::open(dir).context(format!("cannot open {}", shown(dir)))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => {
            Err(Error::failed("another rootward is working in this workspace")
                .hint("wait until it is done, then type the command again"))
        }
        Err(TryLockError::Error(error)) => {
            Err(Error::from(error).context(format!("cannot lock {}", shown(dir))))
        }
    }
}

/// Locks a file that is there for this alone, and is made when it is not there: what it stands for is
/// replaced while it is locked. `None` when another process holds it.
///
/// # Errors
/// Failed, when it cannot be opened for writing.
pub fn lock_beside(path: &Path) -> Result<Option<Lock>> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let file = file.context(format!("cannot open {}", shown(path)))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(Error::from(error).context(format!("cannot lock {}", shown(path))))
        }
    }
}
