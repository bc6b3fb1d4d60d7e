//! An identity is taken away: its declaration, and what is current of it. What was issued stays.

use super::plan::undeclared;
use crate::authority::Estate;
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{
    name::{Name, ObjectRef},
    rule::Rule,
};
use crate::pki::inspect::sha256;
use crate::store::{file, layout};

/// What rootward puts into the directory of an identity.
const FILES: [&str; 4] = ["identity.toml", "cert.pem", "chain.pem", "key.pem"];

/// What goes.
#[derive(Debug)]
pub struct Removal {
    object: ObjectRef,
    /// Relative to the workspace: files, then their directory.
    pub paths: Vec<String>,
    declaration: Option<String>,
}

/// What would be removed; `None`, when it was removed before.
///
/// # Errors
/// Usage, when it was never declared; STILL-VALID; failed, when somebody's own files are there.
pub fn judge(estate: &Estate, environment: &Name, name: &Name) -> Result<Option<Removal>> {
    let object = ObjectRef::member(environment, name);
    let dir = layout::identity(environment, name);
    if !estate.workspace.exists(&dir) {
        let written = object.to_string();
        let mut records = estate.journal.records.iter().rev();
        let last = records.find(|record| record.object == written);
        return match last.is_some_and(|record| record.act == Act::IdentityRemove) {
            true => Ok(None),
            false => Err(undeclared(&estate.workspace, environment, name)),
        };
    }
    estate.check_clock()?;
    if let Some(record) = estate.history().live_leaf(&object, estate.context.now()) {
        let (serial, until) = (record.serial.as_deref(), record.not_after.as_deref());
        let (serial, until) = (serial.unwrap_or_default(), until.unwrap_or_default());
        let message = format!("the certificate {serial} of {object} is valid until {until}");
        return Err(Error::from(Rule::StillValid.found(message))
            .hint(format!("rootward revoke {object} --reason cessationOfOperation")));
    }
    let mut paths = Vec::new();
    for entry in estate.workspace.entries(&dir)? {
        if entry.is_dir || !FILES.contains(&entry.name.as_str()) {
            let message = format!("{dir} has {}, expected {}", entry.name, FILES.join(", "));
            return Err(Error::failed(message).hint("move what is your own elsewhere first"));
        }
        paths.push(format!("{dir}/{}", entry.name));
    }
    paths.push(dir);
    let declaration = layout::declaration(environment, name);
    let declaration = estate.workspace.read_if_any(&declaration, file::SMALL)?;
    let declaration = declaration.map(|bytes| sha256(&bytes));
    Ok(Some(Removal { object, paths, declaration }))
}

/// Removes and records it.
///
/// # Errors
/// Failed, as the disk says.
pub fn carry_out(estate: &mut Estate, removal: Removal) -> Result<()> {
    let record = Record::new(Act::IdentityRemove, &removal.object);
    estate.remove(removal.paths, Record { declaration: removal.declaration, ..record })
}
