//! Lines of text as people read them.

pub use crate::model::text::wrap;

/// A cause as the system words it, in this project's manner: lower case, without the number.
pub fn cause(message: &str) -> String {
    let Some((text, _)) = message.rsplit_once(" (os error ") else { return message.to_owned() };
    let mut rest = text.chars();
    let first = rest.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

/// `1 key`, `2 keys`.
pub fn count(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// A word as one types it into a shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Commands in `text` with `-C DIR`, so that they work where they are typed.
pub fn placed(text: &str, workspace: Option<&str>) -> String {
    let Some(dir) = workspace else { return text.to_owned() };
    const ANYWHERE: [&str; 5] = ["explain", "-", "help", "identity request", "identity install"];
    let anywhere = |command: &str| ANYWHERE.iter().any(|word| command.starts_with(word));
    let mut parts = text.split("rootward ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for command in parts {
        out.push_str("rootward ");
        if !anywhere(command) {
            out.push_str(&format!("-C {} ", quoted(dir)));
        }
        out.push_str(command);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_lose_their_number() {
        assert_eq!(cause("No such file or directory (os error 2)"), "no such file or directory");
        assert_eq!(cause("JOURNAL-BROKEN: x"), "JOURNAL-BROKEN: x");
    }

    #[test]
    fn commands_name_the_workspace_they_are_for() {
        let placed = |text: &str| placed(text, Some("/my pki"));
        assert_eq!(placed("rootward status"), "rootward -C '/my pki' status");
        assert_eq!(placed("see: rootward explain PROFILE"), "see: rootward explain PROFILE");
        assert_eq!(placed("chmod 600 f"), "chmod 600 f");
    }
}
