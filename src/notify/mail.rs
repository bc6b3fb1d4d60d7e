//! A reminder as mail (RFC 5322), for a program or a server.

use crate::error::{Error, Result};
use crate::model::reminders::{Mail, Message};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Letter};
use std::time::SystemTime;
use time::OffsetDateTime;

/// Headers and body.
///
/// # Errors
/// Failed: an address that mail does not know.
pub(super) fn letter(mail: &Mail, message: &Message, now: OffsetDateTime) -> Result<Letter> {
    let mut builder = Letter::builder()
        .from(address(&mail.from)?)
        .date(SystemTime::from(now))
        .message_id(None)
        .subject(&message.subject)
        .header(ContentType::TEXT_PLAIN)
        // RFC 3834: no automatic answer to this.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for to in &mail.to {
        builder = builder.to(address(to)?);
    }
    let letter = builder.body(message.text.clone());
    letter.map_err(|error| Error::failed(format!("the mail cannot be written: {error}")))
}

/// As bytes.
///
/// # Errors
/// As for [`letter`].
pub(super) fn write(mail: &Mail, message: &Message, now: OffsetDateTime) -> Result<Vec<u8>> {
    Ok(letter(mail, message, now)?.formatted())
}

fn address(text: &str) -> Result<Mailbox> {
    let address = text.parse();
    let address =
        address.map_err(|error| Error::failed(format!("the address {text:?}: {error}")))?;
    Ok(Mailbox::new(None, address))
}
