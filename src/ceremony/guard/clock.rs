//! The clock of an offline machine, held against what is known of the time.

use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::{
    rule::{Finding, Rule},
    text::clean,
};
use time::{
    Duration, OffsetDateTime, PrimitiveDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

/// How far the clock may be from what a person read from another one.
pub const TOLERANCE: Duration = Duration::minutes(10);

/// What is known of the time without this machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// When the journal's last entry was made.
    pub last_entry: Option<OffsetDateTime>,
    /// When the plan was made.
    pub plan_created: Option<OffsetDateTime>,
    /// When the plan ends.
    pub plan_expires: Option<OffsetDateTime>,
    /// What a person read from a clock in the room.
    pub typed: Option<OffsetDateTime>,
}

/// CLOCK-BEHIND-JOURNAL, CLOCK-BEHIND-PLAN, PLAN-STALE, CLOCK-TYPED. A bound itself is inside.
pub fn judge(now: OffsetDateTime, known: &Known) -> Vec<Finding> {
    let mut findings = Vec::new();
    let clock = timestamp(now);
    // Journal and plan have whole seconds.
    let is_before = |then: &OffsetDateTime| now.unix_timestamp() < then.unix_timestamp();
    if let Some(last) = known.last_entry.filter(is_before) {
        findings.push(Rule::ClockBehindJournal.found(format!(
            "the clock says {clock}, the journal's last entry was made at {}",
            timestamp(last)
        )));
    }
    if let Some(created) = known.plan_created.filter(is_before) {
        findings.push(
            Rule::ClockBehindPlan.found(format!(
                "the clock says {clock}, the plan was made at {}",
                timestamp(created)
            )),
        );
    }
    let is_after = |then: &OffsetDateTime| now.unix_timestamp() > then.unix_timestamp();
    if let Some(expires) = known.plan_expires.filter(is_after) {
        findings.push(
            Rule::PlanStale
                .found(format!("the clock says {clock}, the plan ended at {}", timestamp(expires))),
        );
    }
    let is_far = |typed: &OffsetDateTime| (now - *typed).abs() > TOLERANCE;
    if let Some(typed) = known.typed.filter(is_far) {
        findings.push(Rule::ClockTyped.found(format!(
            "the clock says {clock}, you typed {}, expected at most {} minutes between them",
            timestamp(typed),
            TOLERANCE.whole_minutes()
        )));
    }
    findings
}

/// The forms of a typed time, once `T` and the zone are gone.
const FORMS: [&[BorrowedFormatItem]; 2] = [
    format_description!(
        "[year]-[month padding:none]-[day padding:none] [hour padding:none]:[minute]"
    ),
    format_description!(
        "[year]-[month padding:none]-[day padding:none] [hour padding:none]:[minute]:[second]"
    ),
];

/// Reads a time as people type it: `2026-11-22 10:05`, `2026-11-22T10:05Z`, with or without
/// seconds. Without an offset it is UTC.
///
/// # Errors
/// Usage, with the form that was expected.
pub fn parse(text: &str) -> Result<OffsetDateTime> {
    let upper = text.trim().to_ascii_uppercase();
    if let Ok(time) = OffsetDateTime::parse(&upper, &Rfc3339) {
        return Ok(time.to_offset(time::UtcOffset::UTC));
    }
    let local = upper.strip_suffix("UTC").or_else(|| upper.strip_suffix('Z')).unwrap_or(&upper);
    let words: Vec<&str> = local.split(['T', ' ']).filter(|word| !word.is_empty()).collect();
    let plain = words.join(" ");
    let parsed = FORMS.iter().find_map(|form| PrimitiveDateTime::parse(&plain, form).ok());
    parsed.map(PrimitiveDateTime::assume_utc).ok_or_else(|| {
        let got = clean(text.trim());
        Error::usage(format!("got {got:?}, expected a date and a time, as in 2026-11-22 10:05"))
            .hint("in UTC, from a clock that is not this machine's")
    })
}
