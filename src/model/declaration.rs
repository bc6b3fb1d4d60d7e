//! Strict TOML: what people type is either understood wholly, or refused with file:line:column.

use super::text::{clean, nearest};
use crate::error::{Error, Result};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
};

/// The format version that this program reads and writes.
pub const VERSION: i64 = 1;

/// Parses one declaration. `file` is only for messages.
///
/// # Errors
/// Usage, with `file:line:column`: bad UTF-8 or TOML, an unknown key (with the nearest known one),
/// a missing key, a value out of range, a format version newer than [`VERSION`].
pub fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let (line, column) = position(&before, before.len());
        Error::usage(format!("{file}:{line}:{column}: got bytes that are not UTF-8, expected text"))
    })?;
    toml::from_str(text).map_err(|error| {
        // A newer file may well have keys that are unknown here: its version is what to say.
        check_version(file, text).err().unwrap_or_else(|| explain(file, text, &error))
    })
}

/// The `version` key of every declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            VERSION => Ok(Self),
            other => Err(D::Error::custom(format!("got version {other}, expected {VERSION}"))),
        }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(VERSION)
    }
}

fn check_version(file: &str, text: &str) -> Result<()> {
    let Ok(read) = toml::from_str::<Versioned>(text) else { return Ok(()) };
    let Some(version) = read.version else {
        return Err(Error::usage(format!(
            "{file}:1:1: got no format version, expected version = 1"
        ))
        .hint(format!("put this line at the top of {file}: version = 1")));
    };
    let (line, column) = position(text, version.span().start);
    let place = format!("{file}:{line}:{column}");
    match version.get_ref().as_integer() {
        Some(VERSION) => Ok(()),
        Some(newer) if newer > VERSION => Err(Error::usage(format!(
            "{place}: got format version {newer}, expected at most {VERSION}"
        ))
        .hint("this file was written for a newer rootward; update the program")),
        _ => {
            let got = clean(&version.get_ref().to_string());
            Err(Error::usage(format!("{place}: got the format version {got}, expected 1")))
        }
    }
}

/// Of any format: all other keys are left to the second reading.
#[derive(Deserialize)]
struct Versioned {
    version: Option<toml::Spanned<toml::Value>>,
}

fn explain(file: &str, text: &str, error: &toml::de::Error) -> Error {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    let message = error.message();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let place = format!("{file}:{line}:{column}");
    if let (true, Some((unknown, known))) =
        (message.starts_with("unknown field"), quoted.split_first())
    {
        let known: Vec<&str> = known.to_vec();
        let error = Error::usage(format!(
            "{place}: unknown key {:?}, expected one of {}",
            clean(unknown),
            known.join(", ")
        ));
        return match nearest(unknown, known) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error,
        };
    }
    let message = message.replace(" field ", " key ").replace('\n', ", ");
    Error::usage(format!("{place}: {}", clean(message.trim_end())))
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().map_or(0, |last| last.chars().count());
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Sample {
        version: Version,
        lifetime: super::super::span::Span,
    }

    fn failure(text: &str) -> Error {
        parse::<Sample>("ca/x.toml", text.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_unknown_key_is_shown_with_its_place_and_the_nearest_known_one() {
        let error = failure("version = 1\nlivetime = \"3d\"\n");
        assert_eq!(
            error.messages(),
            ["ca/x.toml:2:1: unknown key \"livetime\", expected one of version, lifetime"]
        );
        assert_eq!(error.hint.as_deref(), Some("did you mean \"lifetime\"?"));
    }

    #[test]
    fn a_bad_value_is_shown_with_its_place() {
        let error = failure("version = 1\nlifetime = \"3w\"\n");
        assert!(
            error.messages()[0].starts_with("ca/x.toml:2:12: got \"3w\", expected"),
            "{error:?}"
        );
    }

    #[test]
    fn a_newer_format_is_refused_before_its_keys_are_read() {
        let error = failure("version = 2\nnovelty = true\n");
        assert!(error.messages()[0].contains("version 2, expected at most 1"));
    }

    #[test]
    fn no_version_no_utf8_no_toml() {
        assert!(failure("lifetime = \"3d\"").messages()[0].contains("no format version"));
        assert!(failure("version = ").messages()[0].starts_with("ca/x.toml:1:"));
        let error = parse::<Sample>("f", b"version = 1\n\xff").unwrap_err();
        assert!(error.messages()[0].starts_with("f:2:1: got bytes that are not UTF-8"));
    }
}
