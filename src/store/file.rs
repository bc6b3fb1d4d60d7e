//! The only caller of `std::fs`, with what is below it: every read is bounded and of a regular file,
//! every write is new.
#![expect(clippy::disallowed_methods, reason = "this is the one file that may call std::fs")]

mod listing;
mod lock;
pub mod place;

pub use listing::{Entry, entries};
pub use lock::{Lock, lock, lock_beside};

use crate::error::{Error, Explain, Result};
use crate::model::text::clean;
use rustix::fs::OFlags;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Declarations, requests and certificates are small; a file above this is not one of them.
pub const SMALL: u64 = 64 * 1024;
/// Journals and CRLs grow with the estate.
pub const LARGE: u64 = 1 << 30;

/// A path for messages, with nothing in it that a terminal would obey.
pub fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

/// The same, for a message of which there is only seldom need.
struct Shown<'p>(&'p Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0))
    }
}

/// Reads a regular file of at most `limit` bytes. Never blocks: a FIFO, a device, a socket or a
/// directory is refused by what it is. Symbolic links are followed to regular files.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = file.context(format_args!("cannot open {}", Shown(path)))?;
    let metadata = file.metadata().context(format_args!("cannot look at {}", Shown(path)))?;
    if !metadata.is_file() {
        let kind = kind_of(&metadata);
        return Err(Error::failed(format!("{} is {kind}, expected a file", shown(path))));
    }
    let too_large = |size: u64| {
        let path = shown(path);
        Error::failed(format!("{path} has {size} bytes or more, expected at most {limit}"))
    };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    // Exact capacity: a growing vector would leave copies of a secret behind.
    let capacity = usize::try_from(metadata.len())? + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.context(format_args!("cannot read {}", Shown(path)))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit + 1));
    }
    Ok(bytes)
}

/// The same, `None` when nothing has that name; a dangling link is an error.
pub fn read_if_any(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_io(ErrorKind::NotFound) && !exists(path) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads what an inherited descriptor gives, to its end, at most `limit` bytes.
pub fn read_descriptor(number: u32, limit: u64) -> Result<Zeroizing<Vec<u8>>> {
    let file = File::open(format!("/proc/self/fd/{number}"));
    let file = file.context(format!("cannot open file descriptor {number}"))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(limit)? + 1));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .context(format!("cannot read file descriptor {number}"))?;
    if bytes.len() as u64 > limit {
        let message = format!("file descriptor {number} gave more than {limit} bytes");
        return Err(Error::failed(message));
    }
    Ok(bytes)
}

fn kind_of(metadata: &fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// Does anything, even a dangling link, have this name?
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Is it a file, or a link to one?
pub fn is_regular(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// The permission bits, without following links; `None` when there is no such file.
pub fn mode(path: &Path) -> Option<u32> {
    fs::symlink_metadata(path).ok().map(|metadata| metadata.mode() & 0o7777)
}

/// Creates a file that must not exist, with its final permissions from the first moment on.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = file.context(format!("cannot create {}", shown(path)))?;
    file.write_all(bytes).context(format!("cannot write {}", shown(path)))?;
    Ok(file)
}

/// The terminal of this process, whatever its standard streams are.
///
/// # Errors
/// Failed, when it has none.
pub fn terminal() -> Result<File> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    terminal.context("there is no terminal")
}

/// Appends and syncs; on failure the file is cut back to what it was.
pub fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).mode(0o644).open(path);
    let mut file = file.context(format!("cannot open {}", shown(path)))?;
    let before = file.metadata()?.len();
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Best effort: what remains is finished or cut by the next run (store/act.rs).
        let _ = file.set_len(before);
        return Err(Error::from(error).context(format!("cannot append to {}", shown(path))));
    }
    Ok(())
}

/// Cuts a file to `length` bytes and syncs it.
pub fn truncate(path: &Path, length: u64) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length).and_then(|()| file.sync_all())?;
    Ok(())
}

/// Writes a file beside its place and renames it there: whoever looks sees the old content or the
/// new. `sync`: each file by itself; without it the caller syncs the whole batch.
pub fn replace(path: &Path, bytes: &[u8], mode: u32, sync: bool) -> Result<()> {
    let (file, beside) = create_beside(path, bytes, mode)?;
    if sync {
        file.sync_all().context(format!("cannot sync {}", shown(path)))?;
    }
    fs::rename(&beside, path).context(format!("cannot rename to {}", shown(path)))
}

/// The same for what other users' programs are to read, whatever the umask is.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    let (file, beside) = create_beside(path, bytes, 0o644)?;
    let readable = file.set_permissions(fs::Permissions::from_mode(0o644));
    readable.and_then(|()| file.sync_all()).context(format!("cannot sync {}", shown(path)))?;
    fs::rename(&beside, path).context(format!("cannot rename to {}", shown(path)))
}

fn create_beside(path: &Path, bytes: &[u8], mode: u32) -> Result<(File, PathBuf)> {
    let name = path.file_name().unwrap_or_default();
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(".new");
    let beside = path.with_file_name(beside);
    let file = match create(&beside, bytes, mode) {
        Err(error) if error.is_io(ErrorKind::AlreadyExists) => {
            // Left over from an interrupted act, which is being finished.
            remove(&beside)?;
            create(&beside, bytes, mode)
        }
        other => other,
    }?;
    Ok((file, beside))
}

/// Is there nothing of this name, or a file that may be replaced? For names that people give.
///
/// # Errors
/// Failed, for a directory, a device, a link: what stands there is not ours to remove; where its
/// directory is missing.
pub fn may_replace(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        canonical(parent)?;
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let kind = kind_of(&metadata);
            Err(Error::failed(format!("{} is {kind}, expected a file or none", shown(path))))
        }
        _ => Ok(()),
    }
}

/// Gives a file one more name, which must be free.
pub fn link(there: &Path, new: &Path) -> Result<()> {
    Ok(fs::hard_link(there, new)?)
}

/// The size of a file in bytes.
pub fn size(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path).context(format!("cannot look at {}", shown(path)))?.len())
}

/// Removes a file; that it is already gone is no error.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        // Of what is not there a read-only file system says that it is read-only.
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem && !exists(path) => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::from(error).context(format!("cannot remove {}", shown(path))))
        }
        _ => Ok(()),
    }
}

/// Removes a file or an empty directory, durably; that it is gone already is no error, and a
/// directory into which somebody has put something else stays.
pub fn remove_durably(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        const FINE: [ErrorKind; 2] = [ErrorKind::NotFound, ErrorKind::DirectoryNotEmpty];
        let removed = fs::remove_dir(path);
        if removed.as_ref().is_err_and(|error| !FINE.contains(&error.kind())) {
            return removed.context(format!("cannot remove {}", shown(path)));
        }
    } else {
        remove(path)?;
    }
    match path.parent().filter(|parent| exists(parent)) {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}

/// Makes the directory and those above it; that they are there is no error.
pub fn create_dirs(path: &Path) -> Result<()> {
    fs::create_dir_all(path).context(format!("cannot create the directory {}", shown(path)))
}

/// Makes the names in a directory durable.
pub fn sync_dir(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|dir| dir.sync_all());
    synced.context(format!("cannot sync {}", shown(path)))
}

/// Makes everything on the file system of `path` durable: for batches, one call instead of
/// thousands.
pub fn sync_all_under(path: &Path) -> Result<()> {
    let dir = File::open(path)?;
    rustix::fs::syncfs(&dir).context(format!("cannot sync {}", shown(path)))
}

/// The absolute path without links.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).context(format!("cannot find {}", shown(path)))
}
