//! From HCL to policies: which texts are policies, and what their rules say.

use super::hcl::{self, Item, Node};
use super::template::is_template;
use super::{
    Capabilities, Capability, Dialect, Invalid, Limits, Pattern, Policy, Rule, Terms, decode,
    decode::Ttl, demand, number,
};

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
    decode::known(&items, &["name", "path"])?;
    let mut policy = Policy { source: String::new(), name: None, rules: Vec::new() };
    for item in items.iter().filter(|item| item.name() == "name") {
        policy.name = Some(decode::string(item).map_err(|message| fault(item.line, message))?);
    }
    for item in items.iter().filter(|item| item.name() == "path") {
        let path = item.keys.get(1).map_or("path", |path| path);
        let at = |message: String| fault(item.line, format!("path {path:?}: {message}"));
        let Node::Object(items) = &item.value else {
            return Err(at(format!("got {}, expected '{{'", item.value.what())));
        };
        decode::known(items, keys(terms.dialect))?;
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

/// The keys of a rule, as they are written.
#[derive(Default)]
struct Draft<'a> {
    policy: String,
    capabilities: Vec<&'a str>,
    expiration: String,
    min_wrapping_ttl: Ttl,
    max_wrapping_ttl: Ttl,
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
            "min_wrapping_ttl" => self.min_wrapping_ttl.set(item)?,
            "max_wrapping_ttl" => self.max_wrapping_ttl.set(item)?,
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
                demand::control_group(item)?;
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
    let template = is_template(path)?.then(|| path.to_owned());
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
    Ok(Some(Rule { pattern, template, line, capabilities, limits, expires }))
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
        demand::filter_path(filter)?;
    }
    Ok(limits)
}
