//! What a monitoring plugin says of a workspace (monitoring-plugins.org, "Development Guidelines"):
//! a level, one line, performance data, and what is behind them.

mod performance;

use super::{
    Row, State,
    ceremonies::{Ceremony, ceremonies},
    files::Difference,
    open,
    words::{day, distance, few, verb},
};
use crate::model::{cadence::Stage, text::clean};
use time::OffsetDateTime;

/// The states of a service, but UNKNOWN, which is an error's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    Warning,
    Critical,
}

/// From which stage on each level is reported.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    pub warning: Stage,
    pub critical: Stage,
}

/// How it stands.
#[derive(Debug)]
pub struct Verdict<'a> {
    pub at: OffsetDateTime,
    pub thresholds: Thresholds,
    /// The worst of all that there is.
    pub level: Level,
    /// What there is to say something of, the most urgent first.
    pub said: Vec<&'a Row>,
    /// Everything that has a date or waits.
    pub open: Vec<&'a Row>,
    /// The next one.
    pub ceremony: Option<Ceremony<'a>>,
    /// Files that are not as recorded; `None` when none was looked at.
    pub differences: Option<&'a [Difference]>,
}

/// Lines of long text: what is read by people has an end.
const LINES: usize = 50;

impl Level {
    /// As it stands in the first line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "OK",
            Level::Warning => "WARNING",
            Level::Critical => "CRITICAL",
        }
    }

    /// The plugin's exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self as u8
    }
}

impl Thresholds {
    /// Of a stage.
    #[must_use]
    pub fn level(&self, stage: Stage) -> Level {
        match stage {
            stage if stage >= self.critical => Level::Critical,
            stage if stage >= self.warning => Level::Warning,
            _ => Level::Ok,
        }
    }
}

/// Judges the rows of that moment.
#[must_use]
pub fn judge<'a>(
    rows: &'a [Row],
    differences: Option<&'a [Difference]>,
    thresholds: Thresholds,
    at: OffsetDateTime,
) -> Verdict<'a> {
    let open = open(rows);
    let mut said: Vec<&Row> =
        open.iter().copied().filter(|row| row.stage(at) > Stage::Quiet).collect();
    said.sort_by_key(|row| {
        (std::cmp::Reverse(row.stage(at)), row.rotate_by().is_none(), row.rotate_by())
    });
    let worst = said.first().map_or(Level::Ok, |row| thresholds.level(row.stage(at)));
    let is_other = differences.is_some_and(|differences| !differences.is_empty());
    let level = if is_other { Level::Critical } else { worst };
    let ceremony = ceremonies(&open, at).into_iter().next();
    Verdict { at, thresholds, level, said, open, ceremony, differences }
}

impl Verdict<'_> {
    /// The level of a row.
    #[must_use]
    pub fn level_of(&self, row: &Row) -> Level {
        self.thresholds.level(row.stage(self.at))
    }

    /// What is not fine.
    fn loud(&self) -> Vec<&Row> {
        self.said.iter().copied().filter(|row| self.level_of(row) > Level::Ok).collect()
    }

    /// What the next ceremony is for.
    fn table(&self) -> &[&Row] {
        self.ceremony.as_ref().map(|ceremony| ceremony.table.as_slice()).unwrap_or_default()
    }

    /// What it comes to, in one sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if let Some(differences) = self.differences.filter(|it| !it.is_empty()) {
            let paths = few(&differences.iter().map(|it| it.path.as_str()).collect::<Vec<_>>());
            parts.push(format!("not as recorded: {paths}"));
        }
        let (loud, table) = (self.loud(), self.table());
        let on_it = |row: &&&Row| table.iter().any(|other| other.object == row.object);
        if let Some(ceremony) =
            self.ceremony.as_ref().filter(|_| loud.iter().any(|row| on_it(&row)))
        {
            parts.push(format!("ceremony {}", self.until(ceremony.by, table)));
        }
        let others: Vec<&Row> = loud.iter().filter(|row| !on_it(row)).copied().collect();
        let (dated, now): (Vec<&Row>, Vec<&Row>) =
            others.into_iter().partition(|row| is_by_date(row, self.at));
        if let Some(first) = dated.iter().filter_map(|row| row.rotate_by()).min() {
            parts.push(format!("rotation {}", self.until(first, &dated)));
        }
        if !now.is_empty() {
            let state = |row: &&Row| format!("{} ({})", row.object, row.state.word());
            parts.push(few(&now.iter().map(state).collect::<Vec<_>>()));
        }
        if parts.is_empty() {
            parts.push(self.quiet());
        }
        clean(&parts.join("; ")).replace('|', "/")
    }

    fn until(&self, by: OffsetDateTime, rows: &[&Row]) -> String {
        let names = names(rows);
        let by_or_since = if by > self.at { "by" } else { "overdue since" };
        format!("{by_or_since} {} ({}): {names}", day(by), distance(by, self.at))
    }

    fn quiet(&self) -> String {
        let dated = self.open.iter().filter_map(|row| Some((row.rotate_by()?, *row)));
        let next = dated.min_by_key(|(by, _)| *by);
        let next = next.map(|(by, row)| {
            let (verb, object) = (verb(row), &row.object);
            format!("next: {verb} {object} by {} ({})", day(by), distance(by, self.at))
        });
        let next = next.unwrap_or_else(|| "nothing has a date yet".to_owned());
        match self.said.len() {
            0 => next,
            _ => {
                format!("{next}; noticed: {}", names(&self.said))
            }
        }
    }

    /// A line for each thing there is something to say of.
    #[must_use]
    pub fn long_text(&self) -> Vec<String> {
        let differences = self.differences.unwrap_or_default().iter();
        let mut lines: Vec<String> = differences
            .map(|it| format!("CRITICAL {}: {} {}", it.object, it.path, it.why))
            .collect();
        lines.extend(self.said.iter().map(|row| {
            let (level, object) = (self.level_of(row).word(), &row.object);
            let next = row.next.as_ref().map(|next| format!("; {next}")).unwrap_or_default();
            format!("{level} {object}: {}{next}", phrase(row, self.at))
        }));
        if lines.len() > LINES {
            let more = lines.len() - LINES;
            lines.truncate(LINES);
            lines.push(format!("and {more} more"));
        }
        lines.iter().map(|line| clean(line).replace('|', "/")).collect()
    }

    /// How many there are at each stage.
    #[must_use]
    pub fn counts(&self) -> Vec<(Stage, usize)> {
        let stages = [Stage::Quiet].into_iter().chain(Stage::SAID);
        let mut counts: Vec<(Stage, usize)> = stages.map(|stage| (stage, 0)).collect();
        for row in &self.open {
            // In their order, as they are numbered.
            counts[row.stage(self.at) as usize].1 += 1;
        }
        counts
    }
}

fn names(rows: &[&Row]) -> String {
    few(&rows.iter().map(|row| row.object.as_str()).collect::<Vec<_>>())
}

/// Is it as urgent as it is for its age alone?
fn is_by_date(row: &Row, at: OffsetDateTime) -> bool {
    row.deadlines().is_some_and(|deadlines| deadlines.stage(at) == row.stage(at))
}

/// How a row stands, in words.
#[must_use]
pub fn phrase(row: &Row, at: OffsetDateTime) -> String {
    let dated = |moment| format!("{} ({})", day(moment), distance(moment, at));
    let state = row.state.word();
    let Some(deadlines) = row.deadlines() else { return state.to_owned() };
    let in_time = format!("{} by {}", verb(row), dated(deadlines.rotate_by));
    if !is_by_date(row, at) {
        return match row.state {
            State::Requested => format!("{state}, {in_time}"),
            // To be replaced at once, whenever that would have been.
            _ => state.to_owned(),
        };
    }
    match deadlines.stage(at) {
        Stage::Quiet | Stage::Notice | Stage::Warning | Stage::Critical => in_time,
        Stage::Overdue => {
            format!("overdue since {}, ends {}", dated(deadlines.rotate_by), day(deadlines.end))
        }
        Stage::Stopped => {
            let stop = dated(deadlines.signing_stop);
            format!("past its signing stop {stop}, ends {}", day(deadlines.end))
        }
        Stage::Expired => format!("expired {}", dated(deadlines.end)),
    }
}
