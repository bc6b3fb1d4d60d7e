//! What was said already, to each channel: a thing is known by its name and the end of its life, so
//! that one that was renewed begins anew.

use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::cadence::Stage;
use crate::rotation::{Row, State};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The memory of all channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    version: u8,
    channels: BTreeMap<String, BTreeMap<String, Told>>,
}

/// What a channel was told of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    /// Which of its lives, or what it waits for.
    of: String,
    #[serde(serialize_with = "word", deserialize_with = "stage")]
    stage: Stage,
}

const VERSION: u8 = 1;

impl Default for Said {
    fn default() -> Self {
        Self { version: VERSION, channels: BTreeMap::new() }
    }
}

impl Said {
    /// An empty file says that nothing was said.
    ///
    /// # Errors
    /// Failed: written by a newer rootward; not as rootward writes it.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let newer = serde_json::from_slice(bytes).ok();
        let newer = newer.filter(|Versioned { version }| *version > u64::from(VERSION));
        if let Some(Versioned { version }) = newer {
            return Err(Error::failed(format!(
                "{file}: got format version {version}, expected at most {VERSION}"
            ))
            .hint("it was written by a newer rootward; update the program"));
        }
        let said: Result<Self, _> = serde_json::from_slice(bytes);
        match said {
            Ok(said) if said.version == VERSION => Ok(said),
            Ok(said) => Err(damaged(file, 1, &format!("the format version {}", said.version))),
            Err(error) => Err(damaged(file, error.line(), "text that is not what was written")),
        }
    }

    /// As it is written.
    ///
    /// # Errors
    /// Failed, should it not be JSON.
    pub fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Is it worse than what that channel was told of it?
    pub fn is_news(&self, channel: &str, row: &Row, at: OffsetDateTime) -> bool {
        let told = self.channels.get(channel).and_then(|told| told.get(&row.object));
        let told = told.filter(|told| told.of == subject(row));
        row.stage(at) > told.map_or(Stage::Quiet, |told| told.stage)
    }

    /// That channel was told all of this.
    pub fn remember(&mut self, channel: &str, rows: &[&Row], at: OffsetDateTime) {
        let told = self.channels.entry(channel.to_owned()).or_default();
        for row in rows {
            let of = subject(row);
            told.insert(row.object.clone(), Told { of, stage: row.stage(at) });
        }
    }

    /// What is over, or less urgent than it was when it was told, begins anew.
    pub fn settle(&mut self, rows: &[Row], at: OffsetDateTime) {
        let now: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.object.as_str(), row)).collect();
        for told in self.channels.values_mut() {
            told.retain(|object, told| {
                let Some(row) = now.get(object.as_str()) else { return false };
                told.stage = told.stage.min(row.stage(at));
                told.stage > Stage::Quiet && told.of == subject(row)
            });
        }
        self.channels.retain(|_, told| !told.is_empty());
    }
}

/// Which life of a thing, by its end; and which step of its rotation, where that is what is waited
/// for.
fn subject(row: &Row) -> String {
    let end = row.deadlines().or(row.life.as_ref()).map(|life| timestamp(life.end));
    let by_time = matches!(row.state, State::Valid | State::Due | State::Overdue | State::Expired);
    match (end, by_time) {
        (Some(end), true) => end,
        (Some(end), false) => format!("{} {end}", row.state.word()),
        (None, _) => row.state.word().to_owned(),
    }
}

fn damaged(file: &str, line: usize, got: &str) -> Error {
    let message = format!("{file}:{line}: got {got}, expected what reminders have said");
    Error::failed(message).hint(format!("rm {file}; what is due is then said once more"))
}

fn word<S: Serializer>(stage: &Stage, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(stage.word())
}

fn stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
