//! Where a setting of a connection comes from: an option, else a variable of bao or vault.

use crate::error::{Error, Result};
use std::path::PathBuf;

/// A value and who said it.
#[derive(Clone, Debug)]
pub struct Found<T> {
    pub value: T,
    /// `--address`, `VAULT_ADDR`: for messages.
    pub source: String,
}

impl<T> Found<T> {
    fn new(value: T, source: impl Into<String>) -> Self {
        Self { value, source: source.into() }
    }

    /// What it means, or what is wrong with it and who said it.
    pub fn parse<U, E: std::fmt::Display>(
        &self,
        parse: impl FnOnce(&T) -> Result<U, E>,
    ) -> Result<U> {
        parse(&self.value).map_err(|error| Error::usage(format!("{}: {error}", self.source)))
    }
}

/// The option, else `BAO_NAME`, else `VAULT_NAME`; an empty variable is as good as none.
///
/// # Errors
/// Usage: a variable that is not UTF-8.
pub fn text(option: Option<&str>, flag: &str, name: &str) -> Result<Option<Found<String>>> {
    match option {
        Some(text) => Ok(Some(Found::new(text.to_owned(), flag))),
        None => variable(name),
    }
}

/// The same for a file.
///
/// # Errors
/// As for [`text`].
pub fn path(option: Option<&PathBuf>, flag: &str, name: &str) -> Result<Option<Found<PathBuf>>> {
    match option {
        Some(path) => Ok(Some(Found::new(path.clone(), flag))),
        None => Ok(variable(name)?.map(|found| Found::new(found.value.into(), found.source))),
    }
}

/// `BAO_NAME`, else `VAULT_NAME`.
///
/// # Errors
/// As for [`text`].
pub fn variable(name: &str) -> Result<Option<Found<String>>> {
    for name in [format!("BAO_{name}"), format!("VAULT_{name}")] {
        match std::env::var_os(&name).filter(|value| !value.is_empty()) {
            None => {}
            Some(value) => match value.into_string() {
                Ok(value) => return Ok(Some(Found::new(value, name))),
                Err(_) => return Err(Error::usage(format!("{name} is not UTF-8"))),
            },
        }
    }
    Ok(None)
}
