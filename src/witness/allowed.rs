//! Whose keys may sign: the file of ssh-keygen(1), ALLOWED SIGNERS.
//!
//! ssh-keygen skips a line that it does not understand; here it is refused, because a skipped line
//! is a witness whom nobody misses.

use super::{key::Key, pattern::Patterns};
use crate::error::{Error, Result};
use crate::model::text::{clean, nearest};
use std::fmt;
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

const OPTIONS: [&str; 4] = ["cert-authority", "namespaces", "valid-after", "valid-before"];

/// The keys that may sign, and what for.
#[derive(Clone)]
pub struct AllowedSigners {
    file: String,
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    line: usize,
    principals: Patterns,
    limits: Limits,
    key: Key,
}

/// Both times are included, as Unix seconds.
#[derive(Clone, Default)]
struct Limits {
    namespaces: Option<Patterns>,
    after: Option<i64>,
    before: Option<i64>,
}

/// Who holds a key that has signed.
#[derive(Clone, Debug)]
pub struct Principal {
    names: Vec<Patterns>,
    fingerprint: String,
}

impl Principal {
    /// May the holder of this key sign as `name`?
    pub fn is(&self, name: &str) -> bool {
        self.names.iter().any(|patterns| patterns.matches(name))
    }

    /// Of the key, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// As the file has it.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.names.iter().map(Patterns::to_string).collect();
        f.write_str(&names.join(","))
    }
}

impl AllowedSigners {
    /// `file` is for messages.
    ///
    /// # Errors
    /// Usage, with `file:line`: a line that is not principals, options and a key.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let wrong = |line: usize, why: &str| Error::usage(format!("{file}:{line}: {why}"));
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
            wrong(line, "got bytes that are not UTF-8, expected text")
        })?;
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let (number, line) = (index + 1, line.trim_matches([' ', '\t']));
            if !line.is_empty() && !line.starts_with('#') {
                entries.push(Entry::parse(number, line).map_err(|why| wrong(number, &why))?);
            }
        }
        Ok(Self { file: file.into(), entries })
    }

    /// Who may sign with this key in this namespace at that time.
    ///
    /// # Errors
    /// In words: nobody, and why.
    pub(super) fn principal(
        &self,
        key: &Key,
        namespace: &str,
        at: OffsetDateTime,
    ) -> Result<Principal, String> {
        let (mut names, mut reasons) = (Vec::new(), Vec::new());
        for entry in self.entries.iter().filter(|entry| entry.key.is(key)) {
            match entry.limits.allow(namespace, at) {
                Ok(()) => names.push(entry.principals.clone()),
                Err(why) => reasons.push(format!("{}:{}: {why}", self.file, entry.line)),
            }
        }
        let fingerprint = key.fingerprint();
        match (names.is_empty(), reasons.is_empty()) {
            (false, _) => Ok(Principal { names, fingerprint }),
            (true, false) => Err(format!("signed with {fingerprint}, but {}", reasons.join("; "))),
            (true, true) => {
                Err(format!("signed with {fingerprint}, expected a key of {}", self.file))
            }
        }
    }
}

impl Entry {
    fn parse(line: usize, text: &str) -> Result<Self, String> {
        let (principals, rest) = field(text);
        if principals.contains('"') {
            return Err(format!("got {:?}, expected principals without quotes", clean(principals)));
        }
        let (first, after) = field(rest);
        // A key in base64 begins with the length of its type's name: "AAAA".
        let bare = after.is_empty() || after.starts_with("AAAA");
        let (options, key) = if bare { ("", rest) } else { (first, after) };
        let limits = Limits::parse(options)?;
        let principals = Patterns::parse(principals)?;
        Ok(Self { line, principals, limits, key: Key::from_line(key)? })
    }
}

/// Up to a space that is in no quotes, and what follows.
fn field(text: &str) -> (&str, &str) {
    let end = text.find(outside_quotes(&[' ', '\t'])).unwrap_or(text.len());
    let (field, rest) = text.split_at(end);
    (field, rest.trim_start_matches([' ', '\t']))
}

/// Finds the first of `ends` that is in no quotes; `\"` is a quote of the text itself.
fn outside_quotes(ends: &[char]) -> impl FnMut(char) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    move |c| {
        let literal = std::mem::replace(&mut escaped, c == '\\');
        quoted ^= c == '"' && !literal;
        !quoted && ends.contains(&c)
    }
}

impl Limits {
    fn parse(mut options: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        while !options.is_empty() {
            let end = options.find(outside_quotes(&[','])).unwrap_or(options.len());
            limits.set(&options[..end])?;
            options = &options[end..];
            if let Some(rest) = options.strip_prefix(',') {
                options = rest;
                if rest.is_empty() {
                    return Err("got a comma at the end, expected an option".into());
                }
            }
        }
        match (limits.after, limits.before) {
            (Some(after), Some(before)) if before <= after => {
                Err("valid-before is not later than valid-after".into())
            }
            _ => Ok(limits),
        }
    }

    fn set(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let lower = name.to_ascii_lowercase();
        let twice = match lower.as_str() {
            "namespaces" => {
                let patterns = Patterns::parse(&unquoted(value)?.replace("\\\"", "\""))?;
                self.namespaces.replace(patterns).is_some()
            }
            "valid-after" => self.after.replace(instant(unquoted(value)?)?).is_some(),
            "valid-before" => self.before.replace(instant(unquoted(value)?)?).is_some(),
            "cert-authority" => {
                return Err(
                    "cert-authority is not supported, expected the witness's own key".into()
                );
            }
            _ => {
                let near = nearest(&lower, OPTIONS);
                let near = near.map(|near| format!("; did you mean {near}")).unwrap_or_default();
                return Err(format!("got the option {:?}{near}", clean(name)));
            }
        };
        if twice { Err(format!("got {lower} twice, expected it once")) } else { Ok(()) }
    }

    fn allow(&self, namespace: &str, at: OffsetDateTime) -> Result<(), String> {
        if let Some(allowed) = self.namespaces.as_ref().filter(|list| !list.matches(namespace)) {
            return Err(format!("that key is for the namespaces {allowed}, not for {namespace}"));
        }
        let second = at.unix_timestamp();
        if self.after.is_some_and(|after| second < after) {
            return Err("that key was not valid yet".into());
        }
        if self.before.is_some_and(|before| second > before) {
            return Err("that key was not valid any more".into());
        }
        Ok(())
    }
}

fn unquoted(value: &str) -> Result<&str, String> {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.ok_or_else(|| format!("got {:?}, expected a value in quotes", clean(value)))
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, and `Z`. Without it ssh-keygen takes the time
/// zone of the machine it runs on: one signature would be good here and bad there.
fn instant(text: &str) -> Result<i64, String> {
    let format = format_description!("[year][month][day][hour][minute][second]");
    let digits = text.strip_suffix('Z').filter(|digits| [8, 12, 14].contains(&digits.len()));
    let time =
        digits.and_then(|digits| PrimitiveDateTime::parse(&format!("{digits:0<14}"), format).ok());
    time.map(|time| time.assume_utc().unix_timestamp()).ok_or_else(|| {
        format!("got the time {:?}, expected YYYYMMDDZ or YYYYMMDDHHMM[SS]Z", clean(text))
    })
}
