//! Files that are always of one kind: all new, or all old.
//!
//! The files of one installation lie in a directory of their own, `.installed/N`; the names that
//! programs open are links through `.installed/current`, a link itself. Replacing that one link (one
//! rename) changes all of them at once, and a crash leaves the one or the other:
//!
//! ```text
//! cert.pem   -> .installed/current/cert.pem
//! chain.pem  -> .installed/current/chain.pem
//! .installed/current -> 3
//! .installed/3/{cert.pem, chain.pem}
//! ```
//!
//! What remains: a program that opens one name before and the other after the rename. It is asked
//! to load them again anyway.

use crate::error::{Error, Result};
use crate::model::rule::Rule;
use crate::store::file::{
    SMALL,
    place::{Owner, Place},
    shown,
};

const STORE: &str = ".installed";
const CURRENT: &str = "current";

/// The name of a file and its content.
pub type Content = (&'static str, Vec<u8>);

/// To whom all of the files are to belong.
#[derive(Clone, Copy)]
pub struct Access {
    pub owner: Owner,
    pub mode: u32,
}

fn link(name: &str) -> String {
    format!("{STORE}/{CURRENT}/{name}")
}

/// What stands under a name now, put there by anybody; `None` when there is nothing.
///
/// # Errors
/// CONTRADICTION, when it is a link to elsewhere.
pub fn read(place: &Place, name: &str) -> Result<Option<Vec<u8>>> {
    let found = match place.target(name) {
        Some(target) if target == link(name) => match current(place)? {
            Some((store, number)) => {
                let version = store.below_if_any(&number.to_string())?;
                version.map(|version| version.read(name, SMALL)).transpose()?.flatten()
            }
            None => None,
        },
        Some(target) => {
            let path = shown(&place.path().join(name));
            let message = format!("{path} is a link to {}", crate::model::text::clean(&target));
            return Err(Error::from(Rule::Contradiction.found(message))
                .hint(format!("move it elsewhere: mv {path} {path}.old")));
        }
        None => place.read(name, SMALL)?,
    };
    Ok(found.map(|(bytes, _)| bytes.to_vec()))
}

/// The directory of all versions, and the number of the one in force.
fn current(place: &Place) -> Result<Option<(Place, u64)>> {
    let Some(store) = place.below_if_any(STORE)? else { return Ok(None) };
    let number = store.target(CURRENT).and_then(|target| target.parse().ok());
    Ok(number.map(|number| (store, number)))
}

/// Is exactly this in place, with this access?
///
/// # Errors
/// Failed, when it cannot be looked at.
pub fn is_installed(place: &Place, files: &[Content], access: Access) -> Result<bool> {
    let Some((store, number)) = current(place)? else { return Ok(false) };
    let Some(version) = store.below_if_any(&number.to_string())? else { return Ok(false) };
    for (name, bytes) in files {
        let is_linked = place.target(name) == Some(link(name));
        let is_same = version.read(name, SMALL)?.is_some_and(|(there, owned)| {
            *there == *bytes && owned.owner == access.owner && owned.mode == access.mode
        });
        if !is_linked || !is_same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts all of the files in place at once.
///
/// # Errors
/// CONTRADICTION, as for [`read`]; failed, as the disk says: then what was there is still there.
pub fn install(place: &Place, files: &[Content], access: Access) -> Result<()> {
    let store = place.below(STORE, access.owner, 0o755)?;
    let before = current(place)?.map(|(_, number)| number);
    tidy(&store, before)?;
    let mut number = before.unwrap_or(0);
    let is_unlinked = |(name, _): &&Content| place.target(name) != Some(link(name));
    if files.iter().any(|file| is_unlinked(&file)) {
        // Names that are no links yet become links to what they are now, before any of it changes.
        let mut seen = Vec::new();
        for (name, _) in files {
            seen.extend(read(place, name)?.map(|bytes| (*name, bytes)));
        }
        if !seen.is_empty() {
            number += 1;
            write(&store, number, &seen, access)?;
            store.point(CURRENT, &number.to_string())?;
        }
        for (name, _) in files.iter().filter(is_unlinked) {
            place.point(name, &link(name))?;
        }
    }
    number += 1;
    write(&store, number, files, access)?;
    store.point(CURRENT, &number.to_string())?;
    tidy(&store, Some(number))
}

/// A version under its number is complete.
fn write(store: &Place, number: u64, files: &[Content], access: Access) -> Result<()> {
    let new = format!("{number}.new");
    let version = store.below(&new, access.owner, 0o755)?;
    for (name, bytes) in files {
        version.replace(name, bytes, access.owner, access.mode)?;
    }
    store.rename(&new, &number.to_string())
}

/// Removes what a crash left beside the version in force.
///
/// # Errors
/// Failed, as the disk says.
pub fn clean(place: &Place) -> Result<()> {
    match current(place)? {
        Some((store, number)) => tidy(&store, Some(number)),
        None => Ok(()),
    }
}

/// Removes everything but the version in force: what was replaced, and what a crash left.
fn tidy(store: &Place, keep: Option<u64>) -> Result<()> {
    let keep = keep.map(|number| number.to_string());
    let mut names = store.names()?;
    names.retain(|name| name != CURRENT && Some(name) != keep.as_ref());
    names.iter().try_for_each(|name| store.remove(name))
}
