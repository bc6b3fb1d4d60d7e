//! Files of secrets: `FILE`, or `OBJECT=FILE` for one key alone.

use crate::error::{Error, Result};
use crate::model::name::ObjectRef;
use crate::store::file;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The files for this key: those that name it, else those that name none.
pub fn files_for(files: &[String], object: &ObjectRef) -> Vec<PathBuf> {
    let is_it = |of: &ObjectRef| {
        of.scope == object.scope && of.generation.is_none_or(|of| Some(of) == object.generation)
    };
    let named: Vec<PathBuf> = files
        .iter()
        .filter_map(|text| named_file(text).filter(|(of, _)| is_it(of)).map(|(_, path)| path))
        .collect();
    if !named.is_empty() {
        return named;
    }
    files.iter().filter(|text| named_file(text).is_none()).map(PathBuf::from).collect()
}

/// `OBJECT=FILE`; `None` for any other text.
pub fn named_file(text: &str) -> Option<(ObjectRef, PathBuf)> {
    let (object, path) = text.split_once('=')?;
    Some((object.parse().ok()?, PathBuf::from(path)))
}

/// As openssl's `file:` does: up to the first line feed.
pub fn first_line(bytes: &[u8], what: &str) -> Result<Zeroizing<Vec<u8>>> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Error::failed(format!(
            "{what} begins with an empty line, expected a passphrase"
        )));
    }
    Ok(Zeroizing::new(line.to_vec()))
}

/// The whole of a file as text.
pub fn text(bytes: &[u8], what: &str) -> Result<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| Error::failed(format!("{what} is not UTF-8, expected text")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A pipe has a name, too, which leads to no file.
pub fn pipe_hint(error: Error, path: &Path) -> Error {
    match file::exists(path) && !file::is_regular(path) {
        true => error.hint("a pipe is read with: --passphrase-fd N"),
        false => error,
    }
}
