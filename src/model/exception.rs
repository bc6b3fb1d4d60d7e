//! `identities/policies/exceptions.toml`: findings of `rootward policy lint` that people agreed to,
//! each with a reason and an end.

use super::{declaration, rule::Rule, text::nearest};
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer, de::Error as _};
use time::{Date, Month};
use toml::Spanned;

/// One finding that is let pass until a day.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Which rule.
    pub rule: Rule,
    /// `ENV/NAME`, a policy template's name, or a role's.
    pub object: String,
    /// The path of the policy's rule; without one, any.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
    /// Where it begins in the file, counted from 1.
    pub line: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "part of the format; reading it checks it")]
    version: declaration::Version,
    #[serde(default)]
    exception: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    object: String,
    path: Option<String>,
    reason: String,
    #[serde(deserialize_with = "day")]
    until: Date,
}

/// Reads all of them.
///
/// # Errors
/// Usage, with file and line: what [`declaration::parse`] refuses; an unknown rule; no reason.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Exception>> {
    let declared: File = declaration::parse(file, bytes)?;
    let one = |entry: Spanned<Entry>| {
        let before = &bytes[..entry.span().start.min(bytes.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let Entry { rule: id, object, path, reason, until } = entry.into_inner();
        let Some(rule) = Rule::find(&id) else {
            let near = nearest(&id.to_uppercase(), super::rule::RULES.iter().map(|text| text.id));
            let error = Error::usage(format!("{file}:{line}: there is no rule {id:?}"));
            return Err(match near {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error.hint("rootward explain"),
            });
        };
        if reason.trim().is_empty() || object.is_empty() {
            let message = "got an exception without an object or a reason, expected both";
            return Err(Error::usage(format!("{file}:{line}: {message}")));
        }
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        Ok(Exception { rule, object, path, reason, until, line })
    };
    declared.exception.into_iter().map(one).collect()
}

/// `2027-11-22`, as a date of TOML or as a string.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Date(toml::value::Datetime),
    }
    let text = match Written::deserialize(deserializer) {
        Ok(Written::Text(text)) => text,
        Ok(Written::Date(date)) => date.to_string(),
        Err(_) => return Err(D::Error::custom("got something else, expected a day: 2027-03-31")),
    };
    let wrong = || D::Error::custom(format!("got {text:?}, expected a day such as 2027-03-31"));
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return Err(wrong()) };
    let (year, month, day) = (year.parse().ok(), month.parse::<u8>().ok(), day.parse().ok());
    let month = month.and_then(|month| Month::try_from(month).ok());
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return Err(wrong()) };
    Date::from_calendar_date(year, month, day).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(rest: &str) -> String {
        format!("version = 1\n\n[[exception]]\nobject = \"prod/web\"\n{rest}")
    }

    #[test]
    fn a_day_is_a_date_or_a_string_and_the_line_is_known() {
        for until in ["2027-03-31", "\"2027-03-31\""] {
            let text = entry(&format!("rule = \"policy-sudo\"\nreason = \"r\"\nuntil = {until}\n"));
            let all = parse("e.toml", text.as_bytes()).unwrap();
            assert_eq!((all[0].rule, all[0].line), (Rule::PolicySudo, 3));
            assert_eq!(all[0].until.to_string(), "2027-03-31");
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let failure = |rest: &str| parse("e.toml", entry(rest).as_bytes()).unwrap_err();
        let good = "rule = \"POLICY-SUDO\"\nreason = \"r\"\nuntil = 2027-03-31\n";
        let without = failure(&good.replace("\"r\"", "\" \""));
        assert!(without.messages()[0].starts_with("e.toml:3: got an exception without"));
        let unknown = failure(&good.replace("SUDO", "SUDOS"));
        assert_eq!(unknown.hint.as_deref(), Some("did you mean \"POLICY-SUDO\"?"));
        let never = failure(&good.replace("2027-03-31", "\"never\""));
        assert!(never.messages()[0].contains("expected a day"), "{never:?}");
        let endless = failure(&good.replace("until = 2027-03-31\n", ""));
        assert!(endless.messages()[0].contains("until"), "{endless:?}");
    }
}
