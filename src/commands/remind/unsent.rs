//! In the place of `send.rs` where the feature `notify` is left out.

use crate::commands::Session;
use crate::error::{Error, Result};
use crate::model::reminders::{Channel, Message};
use std::path::Path;

/// What one channel is to do.
pub(super) struct Letter<'a> {
    #[expect(dead_code, reason = "nothing is sent")]
    pub channel: &'a Channel,
    #[expect(dead_code, reason = "nothing is sent")]
    pub what: What,
    /// Told that it cannot be done.
    pub done: Box<dyn FnMut(Result<()>) + 'a>,
}

/// A reminder; or a word about the job with a report.
#[expect(dead_code, reason = "nothing is sent")]
pub(super) enum What {
    Reminder(Message),
    Ping(Option<&'static str>, String),
}

/// No channel is there.
pub(super) fn all(_session: &Session, _base: &Path, letters: Vec<Letter>) {
    for mut letter in letters {
        let message = "this rootward was built without the feature notify, and knows no channels";
        (letter.done)(Err(Error::failed(message)));
    }
}
