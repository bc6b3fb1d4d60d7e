//! The users and groups of this host, from `/etc/passwd` and `/etc/group`: variables can say
//! anything.

use crate::error::{Error, Result};
use crate::model::text::{clean, nearest};
use crate::store::file::{self, place::Owner};
use std::path::Path;

/// A line of `/etc/passwd` (passwd(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Safe to show.
    pub name: String,
    /// Its number and that of its group.
    pub owner: Owner,
}

/// The longest such file that is read.
const LONGEST: u64 = 1 << 20;

/// Name and fields of each line of a file of `/etc`.
fn lines(path: &str) -> Vec<Vec<String>> {
    let bytes = file::read(Path::new(path), LONGEST).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

fn all() -> impl Iterator<Item = User> {
    lines("/etc/passwd").into_iter().filter_map(|fields| {
        let number = |index: usize| fields.get(index)?.parse().ok();
        let owner = Owner { uid: number(2)?, gid: number(3)? };
        Some(User { name: clean(fields.first()?), owner })
    })
}

/// The user with that number.
pub fn of_uid(uid: u32) -> Option<User> {
    all().find(|user| user.owner.uid == uid)
}

/// The user of that name.
///
/// # Errors
/// Failed, when there is none, with the command that makes one.
pub fn named(name: &str) -> Result<User> {
    let users: Vec<User> = all().collect();
    if let Some(user) = users.iter().find(|user| user.name == name) {
        return Ok(user.clone());
    }
    let error = Error::failed(format!("there is no Unix user {} on this host", clean(name)));
    Err(
        match nearest(name, users.iter().map(|user| user.name.as_str()))
            .filter(|near| *near != name)
        {
            Some(near) => error.hint(format!("did you mean {near}? Else: useradd --system {name}")),
            None => error.hint(format!("useradd --system {name}")),
        },
    )
}

/// The number of the group of that name (group(5)).
///
/// # Errors
/// Failed, when there is none.
pub fn group(name: &str) -> Result<u32> {
    let groups = lines("/etc/group");
    let found = groups.iter().find(|fields| fields.first().is_some_and(|group| group == name));
    let gid = found.and_then(|fields| fields.get(2)?.parse().ok());
    let name = clean(name);
    gid.ok_or_else(|| {
        Error::failed(format!("there is no Unix group {name} on this host"))
            .hint(format!("groupadd --system {name}"))
    })
}
