//! When something is to be replaced: what is declared (a fraction of its life, a floor, a lead, when
//! to warn), and the moments that follow from it and from the dates of one certificate or CRL.

use super::span::Span;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, str::FromStr};
use time::{Duration, OffsetDateTime};

/// A part of a life, such as `2/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    part: u8,
    of: u8,
}

/// What a declaration says of a cadence; what it leaves out is as the default of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// From this fraction of its useful life on it may be replaced.
    pub rotate: Option<Fraction>,
    /// It is to be replaced this long before its last day, at the latest.
    pub floor: Option<Span>,
    /// How long it takes to bring a ceremony about.
    pub lead: Option<Span>,
    /// When to say so, before it has to be replaced: first, again, urgently.
    pub warn: Option<Warnings>,
}

/// One to three lengths of time, each shorter than the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warnings(Vec<Span>);

/// What is to be replaced how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    rotate: Fraction,
    floor: Duration,
    lead: Duration,
    warn: Warnings,
}

/// How far the time of something has run, in order of urgency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing to say.
    #[default]
    Quiet,
    /// The first of the declared warnings.
    Notice,
    /// The second.
    Warning,
    /// The third.
    Critical,
    /// It should have been replaced.
    Overdue,
    /// A CA past its signing stop: what it signs now lives shorter than declared.
    Stopped,
    /// Past its notAfter or nextUpdate.
    Expired,
}

/// The moments in one life, in their order. Times are UTC, so that no clock change of any country
/// moves them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// notBefore, or thisUpdate of a CRL.
    pub begin: OffsetDateTime,
    /// From here on it may be replaced: its window opens.
    pub due: OffsetDateTime,
    /// By then it is to be replaced, or the ceremony for it held: its window closes.
    pub rotate_by: OffsetDateTime,
    /// Of a CA: the last moment at which a child of full lifetime can be signed. Otherwise `end`.
    pub signing_stop: OffsetDateTime,
    /// notAfter, or nextUpdate of a CRL: its last second.
    pub end: OffsetDateTime,
    /// Each stage and the moment from which on it is so, in order; no two begin at once.
    pub stages: Vec<(Stage, OffsetDateTime)>,
}

impl Cadence {
    const fn new(rotate: (u8, u8), floor: i64, lead: i64, warn: Warnings) -> Self {
        let rotate = Fraction { part: rotate.0, of: rotate.1 };
        Self { rotate, floor: Duration::days(floor), lead: Duration::days(lead), warn }
    }

    /// Of a root, when nothing is declared: after the thresholds of `vault pki health-check`.
    pub fn root() -> Self {
        Self::new((5, 6), 0, 90, Warnings::days(&[730, 365, 182]))
    }

    /// Of an intermediate.
    pub fn intermediate() -> Self {
        Self::new((3, 4), 0, 30, Warnings::days(&[180, 60, 30]))
    }

    /// Of a root's CRL, which takes a ceremony.
    pub fn root_crl() -> Self {
        Self::new((2, 3), 30, 30, Warnings::days(&[60, 30, 7]))
    }

    /// Of the CRL of an intermediate.
    pub fn crl() -> Self {
        Self::new((2, 3), 5, 0, Warnings::days(&[5, 2, 1]))
    }

    /// Of an identity.
    pub fn identity() -> Self {
        Self::new((2, 3), 5, 0, Warnings::days(&[5, 2, 1]))
    }

    /// With what is declared in place of the default.
    #[must_use]
    pub fn with(self, declared: &Declared) -> Self {
        let span = |declared: Option<Span>, or: Duration| declared.map_or(or, Span::approximate);
        Self {
            rotate: declared.rotate.unwrap_or(self.rotate),
            floor: span(declared.floor, self.floor),
            lead: span(declared.lead, self.lead),
            warn: declared.warn.clone().unwrap_or(self.warn),
        }
    }

    /// How long before its signing stop, or its end, something is to be replaced.
    pub fn margin(&self) -> Duration {
        self.floor + self.lead
    }

    /// How long it takes to bring a ceremony about.
    pub fn lead(&self) -> Duration {
        self.lead
    }

    /// The moments of a life from `begin` to `end`, its last second. `child` is the longest life of
    /// what it signs, zero for what signs nothing.
    ///
    /// In a life too short for floor and lead, they take a third of it; and a sixth of the time until
    /// `rotate_by` is left for being told, whatever the fraction.
    pub fn deadlines(
        &self,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        child: Duration,
    ) -> Deadlines {
        let signing_stop = (end - child).max(begin);
        let useful = signing_stop - begin;
        let rotate_by = signing_stop - self.margin().min(part(useful, 1, 3));
        let due = (begin + self.rotate.of(useful)).min(rotate_by - part(rotate_by - begin, 1, 6));
        let mut deadlines =
            Deadlines { begin, due, rotate_by, signing_stop, end, stages: Vec::new() };
        deadlines.stages = self.stages(&deadlines);
        deadlines
    }

    /// A warning whose time came before the window opened is said when it opens; of several at one
    /// moment the most urgent is.
    fn stages(&self, of: &Deadlines) -> Vec<(Stage, OffsetDateTime)> {
        let words = [Stage::Notice, Stage::Warning, Stage::Critical];
        let warnings = words.into_iter().zip(&self.warn.0);
        let warnings = warnings.map(|(stage, span)| (stage, of.rotate_by - span.approximate()));
        // After the last second (RFC 5280 section 4.1.2.5).
        let after = |moment: OffsetDateTime| moment + Duration::SECOND;
        let limits = [
            (Stage::Overdue, of.rotate_by),
            (Stage::Stopped, after(of.signing_stop)),
            (Stage::Expired, after(of.end)),
        ];
        let mut stages: Vec<(Stage, OffsetDateTime)> = Vec::with_capacity(6);
        for (stage, at) in warnings.chain(limits) {
            let at = at.max(of.due);
            match stages.last_mut() {
                Some(last) if last.1 == at => *last = (stage, at),
                _ => stages.push((stage, at)),
            }
        }
        stages
    }
}

impl Deadlines {
    /// How far its time has run at that moment.
    pub fn stage(&self, at: OffsetDateTime) -> Stage {
        let begun = self.stages.iter().rev().find(|(_, from)| *from <= at);
        begun.map_or(Stage::Quiet, |(stage, _)| *stage)
    }

    /// The next stage after that moment.
    pub fn next(&self, at: OffsetDateTime) -> Option<(Stage, OffsetDateTime)> {
        self.stages.iter().find(|(_, from)| *from > at).copied()
    }

    /// The deadlines of a successor that was there from `since` on, until it is the one that signs:
    /// before the signing stop of the one whose deadlines these are.
    #[must_use]
    pub fn until_activated(&self, since: OffsetDateTime) -> Self {
        let signing_stop = self.signing_stop.max(since);
        let rotate_by = self.rotate_by.max(since + part(signing_stop - since, 1, 2));
        let after = |moment: OffsetDateTime| moment + Duration::SECOND;
        let stages = vec![
            (Stage::Notice, since),
            (Stage::Warning, since + part(rotate_by - since, 1, 2)),
            (Stage::Overdue, rotate_by),
            (Stage::Stopped, after(signing_stop)),
            (Stage::Expired, after(self.end)),
        ];
        Self { begin: since, due: since, rotate_by, signing_stop, end: self.end, stages }
    }

    /// How much of it is useful: less than half means that its children live too long for it.
    pub fn is_useless_early(&self) -> bool {
        (self.rotate_by - self.begin) * 2 < self.end - self.begin
    }
}

impl Stage {
    /// From `notice` to `expired`, the ones that are said.
    pub const SAID: [Stage; 6] = [
        Stage::Notice,
        Stage::Warning,
        Stage::Critical,
        Stage::Overdue,
        Stage::Stopped,
        Stage::Expired,
    ];

    /// As people, `--json` and metrics read it.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Quiet => "quiet",
            Stage::Notice => "notice",
            Stage::Warning => "warning",
            Stage::Critical => "critical",
            Stage::Overdue => "overdue",
            Stage::Stopped => "stopped",
            Stage::Expired => "expired",
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Stage::SAID.into_iter().find(|stage| stage.word() == text);
        found.ok_or_else(|| format!("got {text:?}, expected a stage such as warning"))
    }
}

/// A part of a length of time, in whole seconds, as all that X.509 has.
fn part(life: Duration, part: u8, of: u8) -> Duration {
    Duration::seconds(life.whole_seconds() * i64::from(part) / i64::from(of))
}

impl Fraction {
    fn of(self, life: Duration) -> Duration {
        part(life, self.part, self.of)
    }
}

impl FromStr for Fraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("got {text:?}, expected a fraction of a life, such as 2/3 or 75%");
        let (part, of) = match text.strip_suffix('%') {
            Some(percent) => (percent, "100"),
            None => text.split_once('/').ok_or_else(expected)?,
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u8>().ok().filter(|_| digits)
        };
        let (part, of) = number(part).zip(number(of)).ok_or_else(expected)?;
        if part == 0 || part >= of {
            return Err(format!("got {text:?}, expected more than nothing and less than all"));
        }
        Ok(Self { part, of })
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            100 => write!(f, "{}%", self.part),
            of => write!(f, "{}/{of}", self.part),
        }
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Warnings {
    fn days(days: &[u32]) -> Self {
        Self(days.iter().copied().map(Span::days).collect())
    }
}

impl<'de> Deserialize<'de> for Warnings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spans = Vec::<Span>::deserialize(deserializer)?;
        let falls = |pair: &[Span]| pair[0].approximate() > pair[1].approximate();
        if (1..=3).contains(&spans.len()) && spans.windows(2).all(falls) {
            return Ok(Self(spans));
        }
        let got: Vec<String> = spans.iter().map(Span::to_string).collect();
        let got = got.join(", ");
        Err(D::Error::custom(format!(
            "got [{got}], expected one to three, each shorter than the one before"
        )))
    }
}

#[cfg(test)]
mod tests;
