//! The names of those who hold a ceremony.

use crate::error::{Error, Result};
use crate::model::text::{clean, is_plain};

/// In characters.
const LONGEST: usize = 64;

/// Can the operator be told from the witnesses wherever their names stand in one line?
///
/// # Errors
/// Usage: a name that is empty, too long, not plain, or has a comma.
pub fn operator(name: &str) -> Result<()> {
    let is_name = name.trim() == name && name.chars().all(|c| is_plain(c) && c != ',');
    if is_name && (1..=LONGEST).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(unfit(name, &format!("1 to {LONGEST} plain characters without a comma")))
}

/// Can each witness be named in ssh-keygen's allowed_signers file, where a space ends the name and
/// `,*?!"` have a meaning, and is each of them another person?
///
/// # Errors
/// Usage: a name that nobody could sign with, that comes twice, or that is the operator's.
pub fn witnesses(operator: &str, names: &[String]) -> Result<()> {
    for (index, name) in names.iter().enumerate() {
        self::operator(name)?;
        if name.starts_with('#')
            || name.contains(|c: char| c.is_whitespace() || "*?!\"".contains(c))
        {
            return Err(unfit(
                name,
                "one that an allowed_signers file can have: no spaces, *?!\"#",
            )
            .hint("a mail address, for example, or the name with hyphens"));
        }
        if name == operator || names[..index].contains(name) {
            return Err(unfit(name, "another person for each witness, none of them the operator"));
        }
    }
    Ok(())
}

fn unfit(name: &str, expected: &str) -> Error {
    Error::usage(format!("got the name {:?}, expected {expected}", clean(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_somebody_who_can_sign() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for good in [&["bob", "carol@example.com"][..], &["Bób", "李"], &["bob", "Bob"], &[]] {
            witnesses("Alice Ω", &names(good)).unwrap();
        }
        for wrong in [&["bob", "bob"][..], &["alice"], &["bob smith"], &["b*"], &["!bob"], &["#b"]]
        {
            assert!(witnesses("alice", &names(wrong)).is_err(), "{wrong:?}");
        }
        for wrong in ["", " alice", "alice, witnesses eve", "al\u{1b}ice", &"a".repeat(65)] {
            assert!(operator(wrong).is_err() && witnesses("x", &names(&[wrong])).is_err());
        }
    }
}
