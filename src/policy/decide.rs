//! Whether one request is allowed, by which rule, and if not, why.

use super::{Acl, Capability, Grant, Limits, Operation, Origin};
use serde_json::{Map, Value};
use time::Duration;

/// What is asked of the server.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Without the `v1/`; leading slashes do not count.
    pub path: &'a str,
    /// What is to be done.
    pub operation: Operation,
    /// Of the body or the query, their names in lower case.
    pub parameters: Option<&'a Map<String, Value>>,
    /// That of response wrapping, if it is asked for.
    pub wrap_ttl: Option<Duration>,
}

impl<'a> Request<'a> {
    /// Without parameters and wrapping.
    pub fn new(operation: Operation, path: &'a str) -> Self {
        Self { path, operation, parameters: None, wrap_ttl: None }
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// Is it allowed, on a path that needs no sudo?
    pub allowed: bool,
    /// Does the rule grant sudo? A root-protected path needs it, too.
    pub sudo: bool,
    /// The rule that decided, if one matches.
    pub grant: Option<&'a Grant<'a>>,
    /// Why not, if not.
    pub reason: Option<Reason>,
    needs: Option<Capability>,
}

/// Why a request is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No rule matches the path.
    NoRule,
    /// The rule says deny.
    Deny,
    /// The rule does not grant that.
    Missing(Capability),
    /// The response must be wrapped, for such a time.
    Wrapping,
    /// That parameter is required.
    Required(String),
    /// That parameter, or its value, is not allowed.
    Parameter(String),
    /// The page of a listing is too large.
    Pagination,
}

impl<'a> Decision<'a> {
    /// The rule to show.
    pub fn origin(&self) -> Option<Origin<'a>> {
        self.grant.map(|grant| grant.origin(self.needs))
    }

    /// The rules that allowed it.
    pub fn granting(&self) -> impl Iterator<Item = &'a Origin<'a>> {
        let grant = self.grant.filter(|_| self.allowed);
        let has =
            |origin: &&Origin| self.needs.is_some_and(|needs| origin.rule.capabilities.has(needs));
        grant.into_iter().flat_map(|grant| &grant.origins).filter(has)
    }
}

impl<'p> Acl<'p> {
    /// Decides over a request as the server's ACL does.
    ///
    /// One thing differs from asking a server over HTTP: there, numbers in a body are of a type that
    /// never equals a whole number of `allowed_parameters`, so that `{"int" = [1]}` allows nothing.
    /// Here, and in the server's own tests of its ACL, 1 is 1.
    pub fn decide<'a>(&'a self, request: &Request) -> Decision<'a> {
        let path = request.path.trim_start_matches('/');
        let mut decision =
            Decision { allowed: true, sudo: false, grant: None, reason: None, needs: None };
        let Some(needs) = request.operation.needs() else { return decision };
        decision.needs = Some(needs);
        decision.grant = self.find(path, needs.is_listing());
        decision.reason = match decision.grant {
            None => Some(Reason::NoRule),
            Some(grant) => {
                decision.sudo = grant.capabilities.has(Capability::Sudo);
                refusal(grant, needs, request)
            }
        };
        decision.allowed = decision.reason.is_none();
        decision
    }
}

fn refusal(grant: &Grant, needs: Capability, request: &Request) -> Option<Reason> {
    if grant.capabilities.is_deny() {
        return Some(Reason::Deny);
    }
    if !grant.capabilities.has(needs) {
        return Some(Reason::Missing(needs));
    }
    let limits = grant.limits.as_deref()?;
    if !is_wrapped_as_wanted(limits, request.wrap_ttl) {
        return Some(Reason::Wrapping);
    }
    if request.operation.has_parameters() {
        return wrong_parameter(limits, request.parameters);
    }
    if needs.is_listing() { wrong_page(limits, request.parameters) } else { None }
}

fn is_wrapped_as_wanted(limits: &Limits, wrap: Option<Duration>) -> bool {
    let (min, max) = (limits.min_wrapping_ttl, limits.max_wrapping_ttl);
    let is_set = Duration::is_positive;
    // Rules that are merged can leave no time at all.
    let possible = min.is_zero() || max.is_zero() || max >= min;
    possible
        && (!is_set(max) || wrap.is_some_and(|wrap| wrap <= max))
        && (!is_set(min) || wrap.is_some_and(|wrap| wrap >= min))
}

fn wrong_parameter(limits: &Limits, given: Option<&Map<String, Value>>) -> Option<Reason> {
    let has = |name: &str| given.is_some_and(|given| given.contains_key(name));
    for name in &limits.required_parameters {
        if !has(&name.to_lowercase()) {
            return Some(Reason::Required(name.clone()));
        }
    }
    let given = given.filter(|given| !given.is_empty())?;
    let (denied, allowed) = (&limits.denied_parameters, &limits.allowed_parameters);
    let others_too = allowed.is_empty() || allowed.contains_key("*");
    for (name, value) in given {
        let folded = name.to_lowercase();
        let is_denied = denied.contains_key("*")
            || denied.get(&folded).is_some_and(|values| is_one_of(value, values));
        let is_allowed = match allowed.get(&folded) {
            Some(values) => is_one_of(value, values),
            None => others_too,
        };
        // acl.go: `"*"` alone allows also a parameter that is called so.
        let is_allowed = is_allowed || (allowed.len() == 1 && allowed.contains_key("*"));
        if is_denied || !is_allowed {
            return Some(Reason::Parameter(name.clone()));
        }
    }
    None
}

/// No values stand for any.
fn is_one_of(value: &Value, values: &[Value]) -> bool {
    let equals = |known: &Value| match (known, value) {
        (Value::String(glob), Value::String(text)) => is_glob_of(glob, text),
        (known, value) => known == value,
    };
    values.is_empty() || values.iter().any(equals)
}

/// A `*` at either end, or at both.
fn is_glob_of(glob: &str, text: &str) -> bool {
    if glob.len() < 2 {
        return glob == text;
    }
    match (glob.strip_prefix('*'), glob.strip_suffix('*')) {
        (Some(rest), Some(_)) => text.contains(&rest[..rest.len() - 1]),
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => glob == text,
    }
}

/// The parameter `limit` of a listing: without it, the server sets the largest page.
fn wrong_page(limits: &Limits, given: Option<&Map<String, Value>>) -> Option<Reason> {
    if limits.pagination_limit <= 0 {
        return None;
    }
    let Some(limit) = given.and_then(|given| given.get("limit")) else {
        let mut required = limits.required_parameters.iter();
        return required
            .find(|name| name.to_lowercase() == "limit")
            .map(|name| Reason::Required(name.clone()));
    };
    let number = match limit {
        Value::String(text) if text == "max" => Some(0),
        Value::String(text) => text.parse::<i64>().ok(),
        other => other.as_i64(),
    };
    let fits = number.is_some_and(|number| (0..=limits.pagination_limit).contains(&number));
    if fits { None } else { Some(Reason::Pagination) }
}
