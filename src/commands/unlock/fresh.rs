//! A new passphrase, before anything is sealed with it.

use crate::error::{Error, Result};
use crate::model::name::ObjectRef;
use crate::ui::Ui;

/// Below this many characters a new passphrase gets a word of warning.
const SHORT: usize = 16;

/// What openssl reads of a passphrase, in bytes (apps.h, APP_PASS_LEN): it must open the key, too.
const LONGEST: usize = 1023;

/// # Errors
/// Failed: it is empty, or openssl could not take it.
pub fn check(ui: &Ui, object: &ObjectRef, passphrase: &[u8]) -> Result<()> {
    if passphrase.is_empty() {
        return Err(Error::failed("got an empty passphrase, expected several words"));
    }
    if passphrase.len() > LONGEST || passphrase.contains(&0) {
        let got = passphrase.len();
        return Err(Error::failed(format!(
            "got a passphrase of {got} bytes, expected at most {LONGEST}, none of them zero"
        ))
        .hint("openssl could not open the key with it"));
    }
    // Bytes that begin a character of UTF-8.
    let count = passphrase.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    if count < SHORT {
        ui.warn(&format!(
            "the passphrase of {object} has {count} characters; {SHORT} or more are advised"
        ));
    }
    Ok(())
}
