//! From HCL to policies: which texts are policies, and what their rules say.

use super::hcl::{self, Item, Node};
use super::template::is_template;
use super::{
    Capabilities, Capability, Dialect, Invalid, Limits, Pattern, Policy, Rule, Terms, decode,
    decode::Ttl, number,
};
use crate::model::text::nearest;

/// Where, and what.
type Result<T> = std::result::Result<T, hcl::Syntax>;

impl Policy {
    /// Reads a policy as the server does that gets it, HCL or JSON. `source` is what messages and
    /// decisions call it.
    ///
    /// # Errors
    /// The first thing for which the server would refuse it, and its line.
    pub fn parse(source: &str, text: &str, terms: Terms) -> std::result::Result<Self, Invalid> {
        let invalid = |syntax: hcl::Syntax| Invalid {
            source: source.to_owned(),
            line: syntax.line,
            message: syntax.message,
        };
        // hcl/parser, too, begins with that.
        let normal = text.contains("\r\n").then(|| text.replace("\r\n", "\n"));
        let mut policy = policy(normal.as_deref().unwrap_or(text), terms).map_err(invalid)?;
        policy.source = source.to_owned();
        Ok(policy)
    }
}

fn policy(text: &str, terms: Terms) -> Result<Policy> {
    if text.is_empty() {
        return Err(fault(0, "the policy is empty"));
    }
    let items = hcl::parse(text)?;
    known(&items, &["name", "path"])?;
    let mut policy =
        Policy { source: String::new(), name: None, rules: Vec::new(), is_templated: false };
    for item in items.iter().filter(|item| item.name() == "name") {
        policy.name = Some(decode::string(item).map_err(|message| fault(item.line, message))?);
    }
    for item in items.iter().filter(|item| item.name() == "path") {
        let path = item.keys.get(1).map_or("path", |path| path);
        let at = |message: String| fault(item.line, format!("path {path:?}: {message}"));
        policy.is_templated |= is_template(path).map_err(|message| fault(item.line, message))?;
        let Node::Object(items) = &item.value else {
            return Err(at(format!("got {}, expected '{{'", item.value.what())));
        };
        known(items, keys(terms.dialect))?;
        policy.rules.extend(rule(path, item.line, &Draft::of(items)?, terms).map_err(at)?);
    }
    Ok(policy)
}

fn fault(line: u32, message: impl Into<String>) -> hcl::Syntax {
    hcl::Syntax { line, message: message.into() }
}

/// What a rule may say, in each dialect.
fn keys(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::OpenBao => &[
            "allowed_parameters",
            "capabilities",
            "comment",
            "control_group",
            "denied_parameters",
            "expiration",
            "list_scan_response_keys_filter_path",
            "max_wrapping_ttl",
            "mfa_methods",
            "min_wrapping_ttl",
            "pagination_limit",
            "policy",
            "required_parameters",
        ],
        Dialect::Vault => &[
            "allowed_parameters",
            "capabilities",
            "comment",
            "control_group",
            "denied_parameters",
            "max_wrapping_ttl",
            "mfa_methods",
            "min_wrapping_ttl",
            "policy",
            "required_parameters",
            "subscribe_event_types",
        ],
    }
}

fn known(items: &[Item], keys: &[&str]) -> Result<()> {
    let Some(item) = items.iter().find(|item| !keys.contains(&item.name())) else { return Ok(()) };
    let expected = match nearest(item.name(), keys.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("expected one of {}", keys.join(", ")),
    };
    Err(fault(item.line, format!("unknown key {:?}; {expected}", item.name())))
}

/// The keys of a rule, as they are written.
#[derive(Default)]
struct Draft<'a> {
    policy: String,
    capabilities: Vec<&'a str>,
    expiration: String,
    min_wrapping_ttl: Ttl<'a>,
    max_wrapping_ttl: Ttl<'a>,
    limits: Limits,
}

impl<'a> Draft<'a> {
    fn of(items: &'a [Item<'a>]) -> Result<Self> {
        let mut draft = Self::default();
        for item in items {
            draft.read(item).map_err(|message| fault(item.line, message))?;
        }
        Ok(draft)
    }

    /// A string twice is the last one, a list twice is both.
    fn read(&mut self, item: &'a Item<'a>) -> std::result::Result<(), String> {
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let limits = &mut self.limits;
        match item.name() {
            "policy" => self.policy = decode::string(item)?,
            "capabilities" => self.capabilities.extend(decode::strings(item)?),
            "expiration" => self.expiration = decode::string(item)?,
            "min_wrapping_ttl" => self.min_wrapping_ttl = decode::ttl(item)?,
            "max_wrapping_ttl" => self.max_wrapping_ttl = decode::ttl(item)?,
            "allowed_parameters" => decode::parameters(item, &mut limits.allowed_parameters)?,
            "denied_parameters" => decode::parameters(item, &mut limits.denied_parameters)?,
            "required_parameters" => {
                limits.required_parameters.extend(owned(decode::strings(item)?));
            }
            "mfa_methods" => limits.mfa_methods.extend(owned(decode::strings(item)?)),
            "pagination_limit" => limits.pagination_limit = decode::integer(item)?,
            "list_scan_response_keys_filter_path" => {
                limits.list_scan_response_keys_filter_path = decode::string(item)?;
            }
            "control_group" => {
                control_group(item)?;
                limits.control_group = true;
            }
            // `comment`, and Vault's types of events: not looked at.
            _ => {}
        }
        Ok(())
    }
}

/// None when it has expired: then the rest of it is not looked at.
fn rule(
    path: &str,
    line: u32,
    draft: &Draft,
    terms: Terms,
) -> std::result::Result<Option<Rule>, String> {
    let mut expires = None;
    if !draft.expiration.is_empty() {
        let expected = "expected a time such as \"2027-03-31T00:00:00Z\"";
        let end = number::moment(&draft.expiration);
        let end =
            end.ok_or_else(|| format!("got expiration {:?}, {expected}", draft.expiration))?;
        if terms.now > end {
            return Ok(None);
        }
        expires = Some(end);
    }
    let pattern = Pattern::parse(path)?;
    let capabilities = capabilities(draft, terms.dialect)?;
    // A rule that denies limits nothing.
    let limits =
        if capabilities.is_deny() { Limits::default() } else { limits(draft, capabilities)? };
    let limits = Some(limits).filter(|limits| !limits.is_none()).map(Box::new);
    Ok(Some(Rule { pattern, line, capabilities, limits, expires }))
}

fn capabilities(draft: &Draft, dialect: Dialect) -> std::result::Result<Capabilities, String> {
    use Capability::{Create, Delete, List, Read, Sudo, Update};
    let old: &[Capability] = match draft.policy.as_str() {
        "" => &[],
        "deny" => return Ok(Capabilities::DENY),
        "read" => &[Read, List],
        "write" => &[Create, Read, Update, Delete, List],
        "sudo" => &[Create, Read, Update, Delete, List, Sudo],
        other => {
            return Err(format!("got policy {other:?}, expected deny, read, write or sudo"));
        }
    };
    let mut all: Capabilities = old.iter().copied().collect();
    for word in &draft.capabilities {
        let known = word.parse::<Capability>().ok().filter(|one| one.is_known(dialect));
        let Some(capability) = known else {
            let known = Capability::ALL.into_iter().filter(|one| one.is_known(dialect));
            let words: Vec<_> = known.map(Capability::word).collect();
            return Err(format!("got capability {word:?}, expected one of {}", words.join(", ")));
        };
        all = all.with(capability);
        if all.is_deny() {
            break; // What comes after it is not looked at.
        }
    }
    Ok(all)
}

fn limits(draft: &Draft, granted: Capabilities) -> std::result::Result<Limits, String> {
    let mut limits = draft.limits.clone();
    limits.min_wrapping_ttl = draft.min_wrapping_ttl.duration()?;
    limits.max_wrapping_ttl = draft.max_wrapping_ttl.duration()?;
    let (min, max) = (limits.min_wrapping_ttl, limits.max_wrapping_ttl);
    if !min.is_zero() && !max.is_zero() && max < min {
        return Err(format!("got max_wrapping_ttl {max}, expected at least {min}"));
    }
    let filter = limits.list_scan_response_keys_filter_path.as_str();
    if !filter.is_empty() {
        if !granted.has(Capability::List) {
            let key = "list_scan_response_keys_filter_path";
            return Err(format!("{key} is for rules with the capability list"));
        }
        filter_path(filter)?;
    }
    Ok(limits)
}

/// Go's templates are not executed here; but the path must depend on the key, and the functions
/// must be known.
fn filter_path(template: &str) -> std::result::Result<(), String> {
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
fn control_group(item: &Item) -> std::result::Result<(), String> {
    let group = block(item, &["factor", "self_auth_allowed", "ttl"])?;
    let mut factors = 0;
    for part in group {
        match part.name() {
            "ttl" => drop(decode::ttl(part)?.duration()?),
            "self_auth_allowed" => drop(decode::boolean(part)?),
            _ => {
                factor(part)?;
                factors += 1;
            }
        }
    }
    if factors == 0 { Err("got a control_group without a factor".to_owned()) } else { Ok(()) }
}

fn factor(item: &Item) -> std::result::Result<(), String> {
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

fn block<'a>(item: &'a Item<'a>, keys: &[&str]) -> std::result::Result<&'a [Item<'a>], String> {
    let Node::Object(items) = &item.value else {
        return Err(format!("got {} for {:?}, expected '{{'", item.value.what(), item.name()));
    };
    known(items, keys).map_err(|syntax| syntax.message)?;
    Ok(items)
}
