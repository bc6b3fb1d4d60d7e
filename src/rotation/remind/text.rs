//! A message: a subject that says the most urgent thing, short lines for a phone, and the same as JSON.

use super::{block::Block, item::urgency};
use crate::journal::chain::timestamp;
use crate::model::{cadence::Stage, moment::moment, reminders::Message, text::clean};
use crate::rotation::Row;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Lines of a message, but for names and commands that are longer.
pub(super) const WIDTH: usize = 60;
/// RFC 5322, 2.1.1: lines of mail should have no more than 78 characters; `Subject: ` is among them.
const SUBJECT: usize = 69;

/// Where the message is from.
pub struct Place {
    /// The organization of the root.
    pub workspace: String,
    /// The directory of the workspace.
    pub dir: String,
    /// The name of this machine.
    pub host: String,
    /// The command that plans a ceremony, where the root key is elsewhere.
    pub ceremony: Option<String>,
    /// A plan that waits for its ceremony, and what to type when that was held.
    pub plan: Vec<String>,
}

/// What is new, with all else that is due for the table of the ceremony.
pub fn message(place: &Place, fresh: &[&Row], due: &[&Row], at: OffsetDateTime) -> Message {
    let blocks = Block::of(fresh, due, at);
    let headlines: Vec<String> = blocks.iter().map(|block| block.headline(at)).collect();
    let subject = subject(&headlines);
    let mut lines: Vec<String> = Vec::new();
    for block in &blocks {
        lines.extend(block.lines(place.ceremony.as_deref(), at));
        lines.push(String::new());
    }
    if !place.plan.is_empty() {
        lines.extend(place.plan.iter().cloned().chain([String::new()]));
    }
    lines.extend(place.foot(at));
    let text = text(&lines);
    let stage = fresh.iter().map(|row| row.stage(at)).max().unwrap_or_default();
    let mut items = fresh.to_vec();
    items.sort_by_cached_key(|row| urgency(row, at));
    let items = items.into_iter().map(|row| row.document(at)).collect();
    let document = place.document(&subject, &text, stage, at, items);
    Message { subject, text, stage, document }
}

/// A message for a trial of the channels.
pub fn trial(place: &Place, at: OffsetDateTime) -> Message {
    let subject = "rootward: a test of the reminders".to_owned();
    let mut lines = vec!["This is a test: reminders arrive here.".to_owned(), String::new()];
    lines.extend(place.foot(at));
    let text = text(&lines);
    let document = place.document(&subject, &text, Stage::Notice, at, Vec::new());
    Message { subject, text, stage: Stage::Notice, document }
}

impl Place {
    fn foot(&self, at: OffsetDateTime) -> [String; 3] {
        [
            format!("{}, as of {}", self.workspace, moment(at)),
            format!("{}:{}", self.host, self.dir),
            "All of it: rootward status".to_owned(),
        ]
    }

    fn document(
        &self,
        subject: &str,
        text: &str,
        stage: Stage,
        at: OffsetDateTime,
        items: Vec<Value>,
    ) -> Value {
        json!({
            "version": 1,
            "at": timestamp(at),
            "workspace": clean(&self.workspace),
            "directory": clean(&self.dir),
            "host": clean(&self.host),
            "subject": subject,
            "stage": stage.word(),
            "text": text,
            "items": items,
        })
    }
}

/// As many headlines as fit, the most urgent first.
fn subject(headlines: &[String]) -> String {
    let mut subject = "rootward: ".to_owned();
    for (index, headline) in headlines.iter().enumerate() {
        let more = match headlines.len() - index - 1 {
            0 => String::new(),
            more => format!(" (+{more})"),
        };
        let separator = if index == 0 { "" } else { "; " };
        if index > 0 && subject.len() + separator.len() + headline.len() + more.len() > SUBJECT {
            subject.push_str(&format!(" (+{})", headlines.len() - index));
            break;
        }
        subject.push_str(&format!("{separator}{headline}"));
    }
    clean(&subject)
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| clean(line) + "\n").collect()
}

/// `1 root`, `2 roots`, `2 identities`.
pub(super) fn count(number: usize, one: &str) -> String {
    match one {
        _ if number == 1 => format!("1 {one}"),
        "identity" => format!("{number} identities"),
        _ => format!("{number} {one}s"),
    }
}

/// How much time there is, in words.
pub(super) fn left(until: OffsetDateTime, at: OffsetDateTime) -> String {
    let hours = (until - at).whole_hours();
    match hours / 24 {
        0 if hours < 1 => "less than an hour".to_owned(),
        0 => count(usize::try_from(hours).unwrap_or_default(), "hour"),
        days => count(usize::try_from(days).unwrap_or_default(), "day"),
    }
}
