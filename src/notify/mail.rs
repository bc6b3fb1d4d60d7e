//! A reminder as mail (RFC 5322), for a program or a server.

use crate::error::{Error, Result};
use crate::model::reminders::{Mail, Message};
use crate::model::text::hex;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
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
        .message_id(Some(id(mail, message, now)))
        .subject(&message.subject)
        .header(MIME_VERSION_1_0)
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

/// Of this message at this moment: by whichever way it comes twice, it is one.
fn id(mail: &Mail, message: &Message, now: OffsetDateTime) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, message.text.as_bytes());
    let domain = mail.from.split('@').next_back().unwrap_or("localhost");
    let (nanos, digest) = (now.unix_timestamp_nanos(), hex(&digest.as_ref()[..8]));
    format!("<{nanos}.{digest}@{domain}>")
}

/// As a mail program reads it, with the line ends of this system.
///
/// # Errors
/// As for [`letter`].
pub(super) fn write(mail: &Mail, message: &Message, now: OffsetDateTime) -> Result<Vec<u8>> {
    let mut bytes = letter(mail, message, now)?.formatted();
    bytes.retain(|byte| *byte != b'\r');
    Ok(bytes)
}

fn address(text: &str) -> Result<Mailbox> {
    let address = text.parse();
    let address =
        address.map_err(|error| Error::failed(format!("the address {text:?}: {error}")))?;
    Ok(Mailbox::new(None, address))
}
