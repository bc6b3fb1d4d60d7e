//! Pattern lists of OpenSSH (ssh_config(5), PATTERNS): `*@example.com,!mallory@example.com`.

use crate::model::text::{clean, is_plain};
use std::fmt;

/// Patterns of which one at least must match, and none of those after a `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Separated by commas.
    ///
    /// # Errors
    /// In words: an empty pattern, or a character that does not show itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        let patterns: Vec<String> = text.split(',').map(str::to_owned).collect();
        let good = |pattern: &String| {
            !pattern.trim_start_matches('!').is_empty() && pattern.chars().all(is_plain)
        };
        if !patterns.iter().all(good) {
            return Err(format!("got {:?}, expected patterns with commas between", clean(text)));
        }
        Ok(Self(patterns))
    }

    /// Letters count as they are written; a negated pattern alone allows nothing.
    pub fn matches(&self, text: &str) -> bool {
        let hit = |pattern: &str| glob(pattern.as_bytes(), text.as_bytes());
        let negated = |pattern: &String| pattern.strip_prefix('!').is_some_and(hit);
        !self.0.iter().any(negated) && self.0.iter().any(|pattern| hit(pattern))
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// `*` is any bytes, `?` is one. After a mismatch only the last `*` takes one more byte: the time
/// is at most the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(patterns: &str, text: &str) -> bool {
        Patterns::parse(patterns).unwrap().matches(text)
    }

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in
            [("a", "a"), ("*", ""), ("a*c", "abbc"), ("*@x.*", "a@x.y"), ("a?", "ab")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a", "A"), ("a?", "a"), ("a*c", "abcd"), ("*b*b*", "abc"), ("", "a")]
        {
            assert!(
                Patterns::parse(pattern).is_err() || !matches(pattern, text),
                "{pattern} {text}"
            );
        }
        let hard = format!("{}b", "*a".repeat(50));
        assert!(!matches(&hard, &"a".repeat(1000)));
    }

    #[test]
    fn a_negated_match_is_final_and_alone_allows_nothing() {
        assert!(matches("a*,!ab", "ac"));
        assert!(!matches("a*,!ab", "ab"));
        assert!(!matches("!ab", "ac"));
    }

    #[test]
    fn what_hides_or_is_empty_is_no_pattern() {
        for text in ["", "a,", ",a", "!", "a\u{202e}b", "a\u{1b}"] {
            assert!(Patterns::parse(text).is_err(), "{text:?}");
        }
    }
}
