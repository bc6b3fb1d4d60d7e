//! Policy templates: HCL in which `{name}`, `{environment}`, `{kind}` and `{mounts.KEY}` stand for
//! an identity's own. Vault's `{{identity...}}` is left to the server. Lines stay lines.

use super::{environment::Environment, identity::Identity, text::nearest};
use crate::error::{Error, Result};

/// Puts the identity's words in their places. `file` is for messages.
///
/// # Errors
/// Usage, with file:line: a placeholder that nothing stands behind.
pub fn render(file: &str, text: &str, env: &Environment, identity: &Identity) -> Result<String> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, at) = rest.split_at(start);
        out.push_str(before);
        // The server's own: passed on whole, with what is in it.
        let len = match at.starts_with("{{") {
            true => at.find("}}").map_or(2, |end| end + 2),
            false => match placeholder(at) {
                None => 1,
                Some(word) => {
                    let line = 1 + text[..text.len() - at.len()].matches('\n').count();
                    out.push_str(value(file, line, word, env, identity)?);
                    rest = &at[word.len() + 2..];
                    continue;
                }
            },
        };
        out.push_str(&at[..len]);
        rest = &at[len..];
    }
    out.push_str(rest);
    Ok(out)
}

/// How many places there are for an identity's words.
pub fn placeholders(text: &str) -> usize {
    let (mut count, mut rest) = (0, text);
    while let Some(start) = rest.find('{') {
        let at = &rest[start..];
        let len = match at.starts_with("{{") {
            true => at.find("}}").map_or(2, |end| end + 2),
            false => {
                count += usize::from(placeholder(at).is_some());
                1
            }
        };
        rest = &at[len..];
    }
    count
}

/// `WORD` of `{WORD}` at the beginning: what cannot be HCL, where a space or a line follows.
fn placeholder(at: &str) -> Option<&str> {
    let end = at.find('}')?;
    let word = &at[1..end];
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (!word.is_empty() && word.chars().all(plain)).then_some(word)
}

fn value<'a>(
    file: &str,
    line: usize,
    word: &str,
    env: &'a Environment,
    identity: &'a Identity,
) -> Result<&'a str> {
    let wrong = |message: String| Error::usage(format!("{file}:{line}: {message}"));
    match word {
        "name" => return Ok(identity.name.as_str()),
        "environment" => return Ok(env.name.as_str()),
        "kind" => return Ok(identity.declared.kind.word()),
        _ => {}
    }
    let Some(key) = word.strip_prefix("mounts.") else {
        let known = ["name", "environment", "kind", "mounts.KEY"];
        return Err(wrong(format!("got {{{word}}}, expected one of {}", known.join(", "))));
    };
    env.declared.mounts.path(key).ok_or_else(|| {
        let keys: Vec<&str> = env.declared.mounts.iter().map(|(key, _, _)| key).collect();
        let missing = wrong(format!(
            "got {{{word}}}, but ca/{}/environment.toml mounts {}",
            env.name,
            if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
        ));
        match nearest(key, keys) {
            Some(near) => missing.hint(format!("did you mean {{mounts.{near}}}?")),
            None => missing,
        }
    })
}
