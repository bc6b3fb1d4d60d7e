//! Alternative names that a request asks for: never taken, but a request that asks for a foreign
//! or malformed name was made for something else.

use super::inspect::Names;
use crate::model::{
    environment::Environment,
    net::DnsName,
    rule::{Finding, Rule},
    text::clean,
};

/// What of `names` is malformed or outside the environment. A single label that repeats the common
/// name `cn` is neither: servers add it unasked (`exclude_cn_from_sans` is off in Vault), and as
/// the name of a host it means nothing outside.
pub fn outside(names: &Names, cn: &str, environment: &Environment) -> Vec<Finding> {
    let domain = |name: &str| name.parse().is_ok_and(|n: DnsName| environment.permits_dns(&n));
    let dns = names.dns.iter().filter(|name| !repeats(name, cn)).filter(|name| {
        // A wildcard stands for one label (RFC 6125 section 6.4.3), so its parent decides.
        !domain(name.strip_prefix("*.").unwrap_or(name))
    });
    let mail = names.mail.iter().filter(|mail| {
        !mail.rsplit_once('@').is_some_and(|(local, host)| is_local(local) && domain(host))
    });
    let uri = names.uri.iter().filter(|uri| !host(uri).is_some_and(&domain));
    let ip = names.ip.iter().filter(|address| !environment.permits_ip(**address));
    let foreign = |name: String| {
        let message = format!("{} is malformed or outside {}", clean(&name), environment.name);
        Rule::RequestSan.found(message)
    };
    dns.chain(mail)
        .chain(uri)
        .chain(&names.other)
        .cloned()
        .chain(ip.map(ToString::to_string))
        .map(foreign)
        .collect()
}

/// `prod-vault` for CN=prod-vault, and its A-label (RFC 5890) for a CN that is not ASCII.
fn repeats(name: &str, cn: &str) -> bool {
    let is_label = !name.contains('.') && name.parse::<DnsName>().is_ok();
    let is_encoded = !cn.is_ascii() && !cn.contains(['.', ' ']) && name.starts_with("xn--");
    is_label && (name.eq_ignore_ascii_case(cn) || is_encoded)
}

fn is_local(local: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    !local.is_empty() && local.chars().all(plain)
}

/// The host of `scheme://host[:port]/path` without user information.
fn host(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once("://")?;
    let scheme_is_plain = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    (scheme_is_plain && uri.bytes().all(|b| b.is_ascii_graphic())).then_some(host)
}
