//! What a server is to be, from the declarations alone; no server runs.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use common::Site;
use rootward::authority::Estate;
use rootward::context::Context;
use rootward::journal::Origin;
use rootward::vault::{Desired, Kind};
use time::OffsetDateTime;

/// The PKI roles that `prod` is to have.
fn roles(site: &Site) -> Vec<String> {
    let origin = Origin { host: "h".into(), user: "u".into(), now: OffsetDateTime::now_utc() };
    let context = Context { origin, rng: &ring::rand::SystemRandom::new() };
    let estate = Estate::read(&site.root(), &context).unwrap();
    let desired = Desired::of(&estate, estate.environment(&"prod".parse().unwrap()).unwrap());
    let resources = desired.unwrap().resources.into_iter();
    let roles = resources.filter(|resource| resource.address.kind == Kind::PkiRole);
    roles.map(|resource| resource.address.path).collect()
}

/// Whether a text has the path, or a policy a rule for it, are two things; `policy show` and `vault
/// plan` go by the second.
#[test]
fn a_pki_role_is_for_whom_a_rule_lets_issue_by_it() {
    let site = vaults::estate();
    let declare = |text: &str| site.write("identities/policies/pki-issue.hcl", text);
    let both = ["pki/roles/caddy", "pki/roles/coturn"];
    let rule = |path: &str| format!("path \"{path}\" {{\n  capabilities = [\"update\"]\n}}\n");
    let own = rule("{mounts.pki}/issue/{name}");
    assert_eq!(roles(&site), both);
    declare(&own);
    assert_eq!(roles(&site), both);
    declare(&rule("pki\\u002fissue/{name}"));
    assert_eq!(roles(&site), both, "written otherwise");

    let other = rule("kvv2/data/{name}");
    let commented: String = own.lines().map(|line| format!("# {line}\n")).collect();
    declare(&format!("{commented}{other}"));
    assert!(roles(&site).is_empty(), "commented out");
    declare(&format!("/*\n{own}*/\n{other}"));
    assert!(roles(&site).is_empty(), "commented out");
    declare(&rule("{mounts.pki}/issue/{name}/x"));
    assert!(roles(&site).is_empty(), "another path");
}
