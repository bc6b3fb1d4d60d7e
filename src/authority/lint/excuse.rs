//! Findings that people agreed to: `identities/policies/exceptions.toml`.

use super::{Found, rules::stem};
use crate::error::Result;
use crate::model::{
    exception::{Exception, parse},
    rule::Rule,
};
use crate::store::{Workspace, file, layout};
use time::OffsetDateTime;

/// What is left, and what was let pass.
pub struct Excused {
    /// To be mended; expired and unused exceptions among them.
    pub findings: Vec<Found>,
    /// Every exception, and what it let pass.
    pub exceptions: Vec<(Exception, Vec<Found>)>,
}

/// Takes out what an exception names that holds at `now`. `is_whole`: everything was looked at, so
/// that an exception which nothing needed is not needed.
///
/// # Errors
/// Usage: what is wrong in the file.
pub fn excuse(
    workspace: &Workspace,
    found: Vec<Found>,
    is_whole: bool,
    now: OffsetDateTime,
) -> Result<Excused> {
    let bytes = workspace.read_if_any(layout::EXCEPTIONS, file::SMALL)?;
    let declared = bytes.map(|bytes| parse(layout::EXCEPTIONS, &bytes)).transpose()?;
    let mut exceptions: Vec<(Exception, Vec<Found>)> =
        declared.unwrap_or_default().into_iter().map(|one| (one, Vec::new())).collect();
    let mut findings = Vec::new();
    for one in found {
        let holds = |(exception, _): &&mut (Exception, Vec<Found>)| {
            now.date() <= exception.until && is_about(exception, &one)
        };
        match exceptions.iter_mut().find(holds) {
            Some((_, passed)) => passed.push(one),
            None => findings.push(one),
        }
    }
    for (exception, passed) in &exceptions {
        let told = |rule, detail| Found {
            file: layout::EXCEPTIONS.to_owned(),
            line: exception.line,
            rule,
            object: exception.object.clone(),
            path: exception.path.clone(),
            detail,
        };
        let Exception { rule, object, until, .. } = exception;
        if now.date() > *until {
            let detail =
                format!("{rule} of {object} was let pass until {until}, expected a look at it");
            findings.push(told(Rule::ExceptionExpired, detail));
        } else if passed.is_empty() && is_whole && !rule.id().starts_with("ROLE-") {
            let detail = format!("nothing breaks {rule} for {object}, expected no exception");
            findings.push(told(Rule::ExceptionUnused, detail));
        }
    }
    findings.sort();
    Ok(Excused { findings, exceptions })
}

fn is_about(exception: &Exception, one: &Found) -> bool {
    let is_object = exception.object == one.object || exception.object == stem(&one.file);
    let is_path = exception.path.is_none() || exception.path == one.path;
    exception.rule == one.rule && is_object && is_path
}
