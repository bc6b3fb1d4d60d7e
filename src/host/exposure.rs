//! Can anybody but the Unix user (and root) read the key, or put another in its place?

use super::{KEY, user::User};
use crate::error::{Error, Result, none_of};
use crate::model::rule::{Finding, Rule};
use crate::store::file::{
    place::{Owned, Place},
    shown,
};
use std::path::Path;

/// The modes of a private key: for its owner's eyes only.
const PRIVATE: [u32; 2] = [0o400, 0o600];
/// Group and others may write.
const SHARED: u32 = 0o022;
/// Only the owner of a file may rename or remove it.
const STICKY: u32 = 0o1000;

/// Judges the directory of the key and every one above it: whoever can write to one can put
/// another directory in the place of what is below it.
///
/// # Errors
/// KEY-EXPOSED.
pub fn directories(place: &Place, user: &User) -> Result<()> {
    let way = place.way()?;
    let findings = way.iter().filter_map(|(path, owned)| directory(path, *owned, user)).collect();
    let Err(error) = none_of(findings) else { return Ok(()) };
    Err(match way.iter().find(|(path, owned)| directory(path, *owned, user).is_some()) {
        Some((path, owned)) if owned.mode & SHARED != 0 => {
            error.hint(format!("chmod go-w {}", shown(path)))
        }
        Some((path, _)) => error.hint(format!("chown {} {}", user.name, shown(path))),
        None => error,
    })
}

fn directory(path: &Path, owned: Owned, user: &User) -> Option<Finding> {
    let Owned { owner, mode, .. } = owned;
    let path = shown(path);
    if mode & SHARED != 0 && mode & STICKY == 0 {
        let message = format!("{path} has mode {mode:04o}, expected no one else to write to it");
        return Some(Rule::KeyExposed.found(message));
    }
    if owner.uid != 0 && owner.uid != user.owner.uid {
        let (uid, name) = (owner.uid, &user.name);
        let message = format!("{path} is the user {uid}'s, expected root's or {name}'s");
        return Some(Rule::KeyExposed.found(message));
    }
    None
}

/// Judges the key itself.
///
/// # Errors
/// KEY-EXPOSED.
pub fn key(place: &Place, owned: Owned, user: &User) -> Result<()> {
    let path = shown(&place.path().join(KEY));
    let (mode, uid, name) = (owned.mode, owned.owner.uid, &user.name);
    if uid != user.owner.uid {
        let message = format!("{path} is the user {uid}'s, expected {name}'s");
        return Err(Error::from(Rule::KeyExposed.found(message))
            .hint(format!("chown {name} {path}; or name its user: --unix-user USER")));
    }
    if !PRIVATE.contains(&mode) {
        let message = format!("{path} has mode {mode:04o}, expected 0400 or 0600");
        return Err(Error::from(Rule::KeyExposed.found(message)).hint(format!("chmod 0400 {path}")));
    }
    Ok(())
}
