//! How reminders reach people: one channel is one mail program, mail server or HTTP server. Each has a
//! time-out for all of its work, and none waits for another.

mod failure;
mod http;
mod mail;
mod parallel;
mod secret;
mod sendmail;
mod smtp;
mod tls;

pub use http::{Http, Shape, Token};
pub use parallel::{Work, in_parallel};
pub use secret::Secret;
pub use smtp::Smtp;

use crate::error::Result;
use crate::model::reminders::{Mail, Message};
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;

/// A channel that is ready: what is secret was read.
#[derive(Debug)]
pub enum Channel {
    Sendmail { program: PathBuf, mail: Mail },
    Smtp(Smtp),
    Http(Http),
}

impl Channel {
    /// Delivers the message; `now` is the date of a mail.
    ///
    /// # Errors
    /// Failed: in words that have nothing from the server and no secret in them.
    pub fn send(&self, message: &Message, now: OffsetDateTime, timeout: Duration) -> Result<()> {
        match self {
            Channel::Sendmail { program, mail } => {
                sendmail::send(program, &mail::write(mail, message, now)?, timeout)
            }
            Channel::Smtp(smtp) => smtp.send(message, now, timeout),
            Channel::Http(http) => http.send(message, timeout),
        }
    }
}
