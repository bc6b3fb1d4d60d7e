//! What is in a directory.

use super::{Shown, shown};
use crate::error::{Error, Explain, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// An entry of a directory.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Without the directory.
    pub name: String,
    /// A directory itself, not a link to one.
    pub is_dir: bool,
}

/// The entries of a directory in order; none when the directory does not exist. Names that are
/// not UTF-8 are refused, links count as files.
pub fn entries(dir: &Path) -> Result<Vec<Entry>> {
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Error::from(error).context(format!("cannot list {}", shown(dir))));
        }
    };
    let mut entries = Vec::new();
    for entry in listing {
        let entry = entry.context(format_args!("cannot list {}", Shown(dir)))?;
        let is_dir = entry.file_type()?.is_dir();
        let name = entry.file_name().into_string().map_err(|name| {
            let name = shown(Path::new(&name));
            Error::failed(format!("{}/{name} has a name that is not UTF-8", shown(dir)))
        })?;
        entries.push(Entry { name, is_dir });
    }
    entries.sort_unstable();
    Ok(entries)
}
