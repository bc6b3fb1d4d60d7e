//! What a login by a role gives: policies, and how long they last.

use super::Role;
use crate::authority::lint::Found;
use crate::authority::rights::{Holder, Rights};
use crate::model::{environment::Environment, rule::Rule};
use crate::policy::{Acl, Operation, Request};
use serde_json::Value;

/// Policies and tokens of a role on the server of that environment.
pub fn lint(role: &Role, rights: &Rights, environment: &Environment) -> Vec<Found> {
    let mut policies = role.list("token_policies");
    for old in role.list("policies") {
        if !policies.contains(&old) {
            policies.push(old);
        }
    }
    let here = || rights.holders.iter().filter(|it| it.identity.environment == environment.name);
    let held: Vec<Option<&Holder>> =
        policies.iter().map(|name| here().find(|holder| holder.policy() == *name)).collect();
    let mut found = policy(role, &policies, &held);
    found.extend(renewal(role, &policies, &held, environment));
    found.extend(lifetime(role, environment));
    found
}

fn policy(role: &Role, policies: &[String], held: &[Option<&Holder>]) -> Vec<Found> {
    let mut found = Vec::new();
    let is_told = ["token_policies", "policies"].iter().any(|key| role.fields.contains_key(*key));
    if policies.is_empty() && is_told {
        let detail = format!("it gives no policy, expected {}", role.name);
        found.push(role.found(Rule::RolePolicy, detail));
    }
    for (policy, holder) in policies.iter().zip(held) {
        let detail = match holder {
            _ if policy == "root" => "it gives the policy root".to_owned(),
            Some(holder) if holder.identity.name.as_str() != role.name => {
                format!("it gives {policy}, the policy of {}", holder.object())
            }
            _ => continue,
        };
        found.push(role.found(Rule::RolePolicy, format!("{detail}, expected {}", role.name)));
    }
    found
}

fn renewal(
    role: &Role,
    policies: &[String],
    held: &[Option<&Holder>],
    environment: &Environment,
) -> Vec<Found> {
    let mut found = Vec::new();
    if let Some(uses) = number(role, "token_num_uses").filter(|uses| *uses > 0) {
        let detail = format!("token_num_uses is {uses}, expected 0");
        found.push(role.found(Rule::RoleRenewal, detail));
    }
    let has_default = role.fields.get("token_no_default_policy") != Some(&Value::Bool(true))
        || policies.iter().any(|name| name == "default");
    let all: Option<Vec<&Holder>> = held.iter().copied().collect();
    // Of a policy that is not declared it is not known what it says.
    let Some(holders) = all.filter(|all| !has_default && !all.is_empty()) else { return found };
    let rules = holders.iter().flat_map(|holder| &holder.policies).map(AsRef::as_ref);
    let acl = Acl::of(rules, environment.declared.server.dialect);
    let may = |operation, path| acl.decide(&Request::new(operation, path)).allowed;
    let looks = may(Operation::Read, "auth/token/lookup-self");
    if !looks || !may(Operation::Update, "auth/token/renew-self") {
        let detail = "token_no_default_policy, and its policies allow no renew-self and \
                      lookup-self, expected both";
        found.push(role.found(Rule::RoleRenewal, detail.to_owned()));
    }
    found
}

fn lifetime(role: &Role, environment: &Environment) -> Vec<Found> {
    let seconds = |span: crate::model::span::Span| span.approximate().whole_seconds();
    let tokens = &environment.declared.tokens;
    let (ttl, max) = (seconds(tokens.ttl), seconds(tokens.max_ttl));
    let limits = [
        (["token_ttl", "ttl"], ttl),
        (["token_max_ttl", "max_ttl"], max),
        (["token_explicit_max_ttl", "explicit_max_ttl"], max),
        (["token_period", "period"], 0),
    ];
    let mut found = Vec::new();
    for (fields, most) in limits {
        let longest = fields.iter().filter_map(|field| Some((field, number(role, field)?)));
        let Some((field, got)) = longest.max_by_key(|(_, got)| *got) else { continue };
        if got > most {
            let detail = format!("{field} is {got} seconds, expected {most} at most");
            found.push(role.found(Rule::RoleLifetime, detail));
        }
    }
    let is_zero = |field| number(role, field) == Some(0);
    if is_zero("token_ttl") && is_zero("token_max_ttl") {
        let detail = format!("token_ttl is 0, the server's default, expected {ttl} at most");
        found.push(role.found(Rule::RoleLifetime, detail));
    }
    found
}

/// A number, or a duration as Go writes it: `3600`, `"3600"`, `"1h30m"`.
fn number(role: &Role, field: &str) -> Option<i64> {
    match role.fields.get(field)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => duration(text),
        _ => None,
    }
}

fn duration(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number);
    }
    let (mut total, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit_end =
            rest[end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| at + end);
        let factor = match &rest[end..unit_end] {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        total = total.checked_add(rest[..end].parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = &rest[unit_end..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read_as_servers_write_them() {
        for (text, seconds) in
            [("3600", 3600), ("1h30m", 5400), ("768h0m0s", 2_764_800), ("2d", 172_800)]
        {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in ["h", "1x", "1h-2", "9999999999999999d"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
