//! To whom something belongs.

use rustix::fs::{FileType, Stat};

/// To whom a file is to belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// To whom something belongs, and who may do what with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Its user and group.
    pub owner: Owner,
    /// The permission bits.
    pub mode: u32,
    /// No link, no directory, no device.
    pub is_file: bool,
}

impl Owned {
    pub(super) fn of(stat: &Stat) -> Self {
        let owner = Owner { uid: stat.st_uid, gid: stat.st_gid };
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        Self { owner, mode: stat.st_mode & 0o7777, is_file }
    }
}
