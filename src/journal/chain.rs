//! The hash chain: verified whole before anything is appended to it.

use super::record::{Act, Record};
use crate::error::Result;
use crate::model::{
    rule::{Finding, Rule},
    text::hex,
};
use ring::digest::{SHA256, digest};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Who writes: the context's host, user and clock.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The machine's name.
    pub host: String,
    /// The real user's name, or `uid N`.
    pub user: String,
    /// When the run began.
    pub now: OffsetDateTime,
}

/// A verified journal and the lines that are about to be appended to it.
#[derive(Debug)]
pub struct Journal {
    /// Oldest first, those appended since included.
    pub records: Vec<Record>,
    /// The length of the journal file in bytes.
    pub length: usize,
    /// Lines appended since, not yet written.
    pub lines: String,
    seq: u64,
    head: String,
}

/// What stands before the hash at the end of each line; the hash covers all bytes before this.
const HASH_KEY: &str = ",\"hash\":\"";
const HASH_TAIL: usize = HASH_KEY.len() + 64 + 2;

fn zeros() -> String {
    "0".repeat(64)
}

impl Journal {
    /// Parses and verifies the whole journal. `head` is the content of `ca/journal.head`.
    ///
    /// # Errors
    /// JOURNAL-BROKEN with the first bad line; JOURNAL-ROLLED-BACK.
    pub fn parse(text: &str, head: Option<&[u8]>) -> Result<Self> {
        let mut journal = Self {
            records: Vec::with_capacity(text.len() / 512),
            length: text.len(),
            lines: String::new(),
            seq: 0,
            head: zeros(),
        };
        journal.read(text, "ca/journal.jsonl", 0)?;
        journal.check_head(head)?;
        Ok(journal)
    }

    /// Verifies lines that follow this journal, and takes them up as they are.
    fn read(&mut self, text: &str, file: &str, before: usize) -> Result<()> {
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let broken = |why: String| {
                Rule::JournalBroken.found(format!("{file}:{}: {why}", before + index + 1))
            };
            let record = self.next(line).map_err(broken)?;
            self.seq = record.seq;
            self.head.clone_from(&record.hash);
            self.records.push(record);
        }
        Ok(())
    }

    /// Continues with lines that another copy of this journal has already; they take effect when
    /// [`Journal::lines`] is committed.
    ///
    /// # Errors
    /// JOURNAL-BROKEN, when they do not continue this journal. `file` is only for messages.
    pub fn fast_forward(&mut self, file: &str, lines: &str) -> Result<()> {
        self.read(lines, file, 0)?;
        self.lines.push_str(lines);
        Ok(())
    }

    /// Verifies lines that follow an entry of which only number and hash are known.
    ///
    /// # Errors
    /// JOURNAL-BROKEN. `file` is only for messages.
    pub fn segment(file: &str, entries: u64, head: &str, lines: &str) -> Result<Vec<Record>> {
        let mut journal = Self {
            records: Vec::new(),
            length: 0,
            lines: String::new(),
            seq: entries,
            head: head.to_owned(),
        };
        journal.read(lines, file, 0)?;
        Ok(journal.records)
    }

    fn next(&self, line: &str) -> Result<Record, String> {
        let line = line.strip_suffix('\n').ok_or("the line has no end, expected a line feed")?;
        let body = line.len().checked_sub(HASH_TAIL).and_then(|end| line.get(..end));
        let body = body.filter(|body| line[body.len()..].starts_with(HASH_KEY));
        let body = body.ok_or("got no hash at the end, expected one")?;
        let record: Record =
            serde_json::from_str(line).map_err(|error| format!("not a record: {error}"))?;
        if record.hash != hash(body) {
            return Err("the line was changed: its hash does not fit".into());
        }
        if record.seq != self.seq + 1 {
            return Err(format!("got entry {}, expected {}", record.seq, self.seq + 1));
        }
        if record.prev != self.head {
            return Err("the line does not continue the line before it".into());
        }
        // Times are all UTC and of one width, so that they compare as text.
        if instant(&record.time).map(timestamp).as_ref() != Some(&record.time) {
            return Err("got a time that is not RFC 3339, UTC, to the second".into());
        }
        if self.records.last().is_some_and(|last| record.time < last.time) {
            return Err("the time is before the line before it".into());
        }
        Ok(record)
    }

    /// The head file may lag behind (a crash between the two writes) but never be ahead.
    fn check_head(&self, head: Option<&[u8]>) -> Result<(), Finding> {
        let rolled = |why: String| Err(Rule::JournalRolledBack.found(why));
        let Some(head) = head else {
            // The head is written by what is done, not by what is abandoned.
            let seq = self.seq;
            return match self.records.iter().all(|record| record.act == Act::Abandoned) {
                true => Ok(()),
                false => rolled(format!("got {seq} lines but no ca/journal.head, expected one")),
            };
        };
        let text = String::from_utf8_lossy(head);
        let parsed = text.trim_end().split_once(' ').and_then(|(s, h)| Some((s.parse().ok()?, h)));
        let Some((seq, hash)) = parsed else {
            return rolled("ca/journal.head: got no number and hash".into());
        };
        let seq: u64 = seq;
        if seq > self.seq {
            return rolled(format!("the journal ends at {}, its head says {seq}", self.seq));
        }
        let recorded =
            seq.checked_sub(1).and_then(|at| self.records.get(usize::try_from(at).ok()?));
        if recorded.is_some_and(|record| record.hash == hash) {
            return Ok(());
        }
        rolled(format!("entry {seq} is not the one that ca/journal.head names"))
    }

    /// Appends a line; it takes effect when [`Journal::lines`] is committed.
    ///
    /// # Errors
    /// CLOCK-BEHIND-JOURNAL.
    pub fn append(&mut self, origin: &Origin, record: Record) -> Result<()> {
        let time = timestamp(origin.now);
        if let Some(last) = self.records.last()
            && time < last.time
        {
            let message = format!(
                "the clock says {time}, the journal's entry {} was made at {}",
                last.seq, last.time
            );
            return Err(Rule::ClockBehindJournal.found(message).into());
        }
        let mut record = Record {
            seq: self.seq + 1,
            time,
            host: origin.host.clone(),
            user: origin.user.clone(),
            prev: self.head.clone(),
            hash: String::new(),
            ..record
        };
        let mut line = serde_json::to_string(&record)?;
        line.pop();
        record.hash = hash(&line);
        self.lines.push_str(&line);
        self.lines.push_str(HASH_KEY);
        self.lines.push_str(&record.hash);
        self.lines.push_str("\"}\n");
        self.seq = record.seq;
        self.head.clone_from(&record.hash);
        self.records.push(record);
        Ok(())
    }

    /// The hash of the last entry; 64 zeros when there is none.
    pub fn hash(&self) -> &str {
        &self.head
    }

    /// The content of `ca/journal.head`: the number of the last entry and its hash.
    pub fn head(&self) -> String {
        format!("{} {}\n", self.seq, self.head)
    }

    /// The number of entries, which is that of the last one.
    pub fn len(&self) -> u64 {
        self.seq
    }

    /// Was nothing done yet?
    pub fn is_empty(&self) -> bool {
        self.seq == 0
    }
}

fn hash(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

/// RFC 3339, UTC, to the second.
pub fn timestamp(time: OffsetDateTime) -> String {
    use time::macros::format_description;
    let time = time.to_offset(time::UtcOffset::UTC);
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.format(format).unwrap_or_default()
}

/// The reverse of [`timestamp`]; always in UTC, with a year of four digits.
pub fn instant(text: &str) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    time.checked_to_offset(time::UtcOffset::UTC).filter(|time| (0..=9999).contains(&time.year()))
}
