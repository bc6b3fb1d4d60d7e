//! The hash chain: verified whole before anything is appended to it.

pub use super::moment::{instant, timestamp};

use super::history::History;
use super::index::Index;
use super::lines::{self, BATCH, HASH_KEY, hash};
use super::moment::exact;
use super::record::{Act, Record};
use crate::error::Result;
use crate::model::rule::{Finding, Rule};
use std::sync::{Arc, OnceLock};
use time::OffsetDateTime;

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
    /// Oldest first, those appended since included; changed by [`Journal::append`] and
    /// [`Journal::records_mut`] alone.
    pub records: Vec<Record>,
    /// The length of the journal file in bytes.
    pub length: usize,
    /// Lines appended since, not yet written.
    pub lines: String,
    seq: u64,
    head: String,
    /// Made when somebody asks for the first time.
    index: OnceLock<Arc<Index>>,
}

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
            index: OnceLock::new(),
        };
        journal.read(text, "ca/journal.jsonl")?;
        journal.check_head(head)?;
        Ok(journal)
    }

    /// Verifies lines that follow this journal, and takes them up as they are.
    fn read(&mut self, text: &str, file: &str) -> Result<()> {
        let mut lines = text.split_inclusive('\n');
        let mut number = 0;
        loop {
            let batch: Vec<&str> = lines.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            for record in lines::read(&batch) {
                number += 1;
                let broken =
                    |why: String| Rule::JournalBroken.found(format!("{file}:{number}: {why}"));
                self.follow(record.map_err(broken)?).map_err(broken)?;
            }
        }
    }

    /// Takes up a record, when it is the next.
    fn follow(&mut self, record: Record) -> Result<(), String> {
        if record.seq != self.seq + 1 {
            return Err(format!("got entry {}, expected {}", record.seq, self.seq + 1));
        }
        if record.prev != self.head {
            return Err("the line does not continue the line before it".into());
        }
        let last = self.records.last().map(|last| last.time.as_str());
        // Times are all UTC and of one width, so that they compare as text; those of one act are
        // the same.
        if last != Some(&record.time) && exact(&record.time).is_none() {
            return Err("got a time that is not RFC 3339, UTC, to the second".into());
        }
        if last.is_some_and(|last| record.time.as_str() < last) {
            return Err("the time is before the line before it".into());
        }
        self.push(record);
        Ok(())
    }

    fn push(&mut self, record: Record) {
        self.seq = record.seq;
        self.head.clone_from(&record.hash);
        self.records.push(record);
        match self.index.get_mut().and_then(Arc::get_mut) {
            Some(index) => index.add(&self.records),
            // Somebody still holds it: the next one is made anew.
            None => self.index = OnceLock::new(),
        }
    }

    /// What it knows, those appended since included.
    pub fn history(&self) -> History<'_> {
        let index = self.index.get_or_init(|| Arc::new(Index::of(&self.records)));
        History::with(&self.records, index.clone())
    }

    /// For a rehearsal, which puts a throw-away key in the place of a real one; nothing of it is
    /// ever written.
    pub fn records_mut(&mut self) -> &mut [Record] {
        self.index = OnceLock::new();
        &mut self.records
    }

    /// Continues with lines that another copy of this journal has already; they take effect when
    /// [`Journal::lines`] is committed.
    ///
    /// # Errors
    /// JOURNAL-BROKEN, when they do not continue this journal. `file` is only for messages.
    pub fn fast_forward(&mut self, file: &str, lines: &str) -> Result<()> {
        self.read(lines, file)?;
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
            index: OnceLock::new(),
        };
        journal.read(lines, file)?;
        Ok(journal.records)
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
        self.push(record);
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
