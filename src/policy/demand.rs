//! The two parts of a rule that have a grammar of their own: the filter of listings, and control
//! groups.

use super::decode::{self, Ttl};
use super::hcl::{Item, Node};

/// What was got and what was expected.
type Result<T> = std::result::Result<T, String>;

/// Go's templates are not executed here; but the path must depend on the key, and the functions
/// must be known.
pub(super) fn filter_path(template: &str) -> Result<()> {
    let wrong =
        |expected: &str| Err(format!("got the filter path {template:?}, expected {expected}"));
    let mut uses_key = false;
    for part in template.split("{{").skip(1) {
        let Some((action, _)) = part.split_once("}}") else { return wrong("a '}}' for each '{{'") };
        let code: String = action.split('"').step_by(2).collect();
        let is_part = |c: char| c.is_alphanumeric() || "_.$".contains(c);
        for word in code.split(|c| !is_part(c)) {
            uses_key |= word == ".key";
            let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
            if is_name && !WORDS.contains(&word) {
                return wrong(&format!("no function {word:?}"));
            }
        }
    }
    if uses_key { Ok(()) } else { wrong("one that uses {{ .key }}") }
}

/// Keywords and functions of Go's text/template, and the functions that the server adds.
#[rustfmt::skip]
const WORDS: [&str; 44] = [
    "and", "base64", "block", "break", "call", "continue", "define", "else", "end", "eq", "false",
    "ge", "gt", "html", "if", "index", "js", "le", "len", "lowercase", "lt", "ne", "nil", "not",
    "or", "print", "printf", "println", "random", "range", "replace", "sha256", "slice", "template",
    "timestamp", "true", "truncate", "truncate_sha256", "unix_time", "unix_time_millis",
    "uppercase", "urlquery", "uuid", "with",
];

/// It is only looked at whether it is one: who may authorize what is not known here.
pub(super) fn control_group(item: &Item) -> Result<()> {
    let group = block(item, &["factor", "self_auth_allowed", "ttl"])?;
    let (mut ttl, mut factors) = (Ttl::default(), 0);
    for part in group {
        match part.name() {
            "ttl" => ttl.set(part)?,
            "self_auth_allowed" => drop(decode::boolean(part)?),
            _ => {
                factor(part)?;
                factors += 1;
            }
        }
    }
    ttl.duration()?;
    if factors == 0 { Err("got a control_group without a factor".to_owned()) } else { Ok(()) }
}

fn factor(item: &Item) -> Result<()> {
    #[rustfmt::skip]
    const OPERATIONS: [&str; 14] = [
        "alias-lookahead", "create", "delete", "header", "help", "list", "patch", "read", "renew",
        "resolve-role", "revoke", "rollback", "scan", "update",
    ];
    let parts = block(item, &["controlled_capabilities", "identity"])?;
    if item.keys.len() < 2 {
        return Err("got a factor without a name".to_owned());
    }
    let (mut controlled, mut groups, mut approvals) = (0, 0, 0);
    for part in parts {
        if part.name() == "controlled_capabilities" {
            let words = decode::strings(part)?;
            if let Some(word) = words.iter().find(|word| !OPERATIONS.contains(word)) {
                return Err(format!("got the controlled capability {word:?}"));
            }
            controlled += words.len();
            continue;
        }
        let Node::Object(who) = &part.value else {
            return Err(format!("got {} for \"identity\", expected '{{'", part.value.what()));
        };
        for key in who {
            match key.name().to_ascii_lowercase().as_str() {
                "group_names" => groups += decode::strings(key)?.len(),
                "approvals" => approvals = decode::integer(key)?,
                _ => {}
            }
        }
    }
    if controlled == 0 || groups == 0 || approvals <= 0 {
        let expected = "controlled_capabilities, group_names and approvals";
        return Err(format!("got an incomplete factor, expected {expected}"));
    }
    Ok(())
}

fn block<'a>(item: &'a Item<'a>, keys: &[&str]) -> Result<&'a [Item<'a>]> {
    let Node::Object(items) = &item.value else {
        return Err(format!("got {} for {:?}, expected '{{'", item.value.what(), item.name()));
    };
    decode::known(items, keys).map_err(|syntax| syntax.message)?;
    Ok(items)
}
