//! A revocation reaches the server: no login, and no use of what was given before. A new
//! certificate lets in again.
#![cfg(feature = "vault")]

mod common;
mod vaults;

use serde_json::{Value, json};
use vaults::{Server, estate, jwt};

#[test]
fn who_is_revoked_is_out_at_once_until_there_is_a_new_certificate() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    prod.api("POST", "kvv2/data/synapse/x", &json!({"data": {"k": "v"}}));
    let cert = || prod.cert_login("prod/synapse", Some("synapse"));
    let ci = || prod.jwt_login("gitea_cicd_synapse", &jwt("prod", "example/synapse"));
    let (before, of_ci) = (cert().unwrap(), ci().unwrap());
    let reads = |login| prod.status(login, "GET", "kvv2/data/synapse/x", &Value::Null);
    let looks = |login| prod.status(login, "GET", "auth/token/lookup-self", &Value::Null);
    assert_eq!((reads(&before), looks(&of_ci)), (200, 200));

    // Nothing of it is on the server before it is applied; then all of it is.
    site.keyed(&["revoke", "prod/synapse", "--reason", "keyCompromise", "--yes"]).ok();
    assert_eq!(reads(&before), 200);
    let plan = prod.rootward(&["vault", "plan", "prod", "--exit-code"]).fails(4, "");
    for line in ["~ CRL prod-identity-g1", "~ entity synapse", "disabled: false -> true"] {
        assert!(plan.stdout.contains(line), "{line}: {}", plan.stdout);
    }
    prod.apply();
    assert_eq!((reads(&before), looks(&before), looks(&of_ci)), (403, 403, 403));
    let (status, said) = cert().unwrap_err();
    assert!((400..=403).contains(&status), "{status} {said}");
    assert!(ci().is_err(), "the other way in is shut, too");
    // Nobody else is touched.
    prod.cert_login("prod/coturn", Some("coturn")).unwrap();
    prod.is_as_declared();

    // The CRL alone shuts out, should somebody open the entity again.
    prod.api("POST", "identity/entity/name/synapse", &json!({"disabled": false}));
    let (status, said) = cert().unwrap_err();
    assert_eq!(status, 400, "{said}");
    prod.rootward(&["vault", "drift", "prod", "--exit-code"]).fails(4, "entity synapse");
    prod.apply();

    // A new certificate, and the entity is open again, but not for the old one.
    let old =
        ["chain", "key"].map(|file| site.read(&format!("identities/prod/synapse/{file}.pem")));
    site.keyed(&["identity", "issue", "prod/synapse"]).ok();
    prod.forget("prod/synapse");
    prod.apply();
    let after = cert().unwrap();
    assert_eq!((reads(&after), after.entity == before.entity), (200, true));
    ci().unwrap();
    let http = prod.client_of(old[0].as_bytes(), old[1].as_bytes());
    let url = format!("{}/v1/auth/cert/login", prod.url());
    let answer = http.post(url).body(r#"{"name": "synapse"}"#).send().unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    prod.is_as_declared();
}

/// A plan that looks no deeper sees a revoked identity's entity all the same: the journal says
/// where to look.
#[test]
fn an_apply_that_was_planned_quickly_shuts_out_too() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let login = prod.cert_login("prod/coturn", Some("coturn")).unwrap();
    site.keyed(&["revoke", "prod/coturn", "--reason", "cessationOfOperation", "--yes"]).ok();
    let file = site.beside("plan.json").display().to_string();
    prod.rootward(&["vault", "plan", "prod", "-o", &file]).ok();
    prod.rootward(&["vault", "apply", "prod", &file]).ok();
    assert_eq!(prod.status(&login, "GET", "auth/token/lookup-self", &Value::Null), 403);
    assert!(prod.cert_login("prod/coturn", Some("coturn")).is_err());
}

/// What a revocation needs, and nothing else: it costs the same with a thousand roles.
#[test]
fn crls_and_entities_alone_are_brought_up_to_date() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let login = prod.cert_login("prod/coturn", Some("coturn")).unwrap();
    prod.api("DELETE", "sys/policies/acl/caddy", &Value::Null);
    site.keyed(&["revoke", "prod/coturn", "--reason", "keyCompromise", "--yes"]).ok();
    let before = prod.requests();
    let only = ["vault", "apply", "prod", "--only", "crl,entity", "--yes"];
    let run = prod.rootward(&only).ok();
    assert!(run.stderr.contains("applied: 2 changed"), "{}", run.stderr);
    // Policies, entities, both tables of mounts, the CRLs and each of two, one entity; two writes.
    assert_eq!(prod.requests() - before, 4 + 3 + 6 + 2);
    assert_eq!(prod.status(&login, "GET", "auth/token/lookup-self", &Value::Null), 403);
    assert!(prod.cert_login("prod/coturn", Some("coturn")).is_err());
    let plan = prod.rootward(&["vault", "plan", "prod", "--exit-code"]).fails(4, "policy caddy");
    assert!(plan.stderr.contains("1 to make"), "{}", plan.stderr);

    // The same by a file, which says what it is about.
    let file = site.beside("policies.json").display().to_string();
    prod.rootward(&["vault", "plan", "prod", "--only", "policy", "-o", &file]).ok();
    prod.api("DELETE", "auth/cert/certs/caddy", &Value::Null);
    prod.rootward(&["vault", "apply", "prod", &file]).ok();
    prod.rootward(&["vault", "plan", "prod", "--exit-code"]).fails(4, "cert role caddy");
    prod.rootward(&["vault", "plan", "prod", "--only", "roles"]).fails(2, "cert-role");
}

const REVOKE: [&str; 6] =
    ["identity", "revoke", "prod/synapse", "--reason", "keyCompromise", "--yes"];

/// In one command; `identity show --live` says what is there before and after.
#[test]
fn identity_revoke_shuts_out_at_once() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let login = prod.cert_login("prod/synapse", Some("synapse")).unwrap();
    let looks = |prod: &Server| prod.status(&login, "GET", "auth/token/lookup-self", &Value::Null);
    let live = ["identity", "show", "prod/synapse", "--live"];
    let shown = prod.rootward(&live).ok().stdout;
    assert!(shown.contains(&format!("on the server: entity {}\n", login.entity)), "{shown}");
    let declared = shown.lines().filter(|line| line.ends_with("  as declared")).count();
    // Two policies, the entity, two aliases, two roles.
    assert_eq!((declared, looks(&prod)), (7, 200), "{shown}");

    // What the server does not hear of stands all the same, and the same command does the rest.
    prod.seal();
    let passphrase = site.passphrase().display().to_string();
    let revoke = [&REVOKE[..], &["--passphrase-file", &passphrase]].concat();
    let run = prod.rootward(&revoke).fails(1, "is revoked here, but not shut out of its server");
    assert!(run.stderr.contains("is sealed"), "{}", run.stderr);
    prod.unseal();
    let run = prod.rootward(&revoke).ok();
    assert!(run.stderr.contains("prod/synapse is already revoked"), "{}", run.stderr);
    assert!(run.stderr.contains("wrote    identity/entity/name/synapse"), "{}", run.stderr);
    assert_eq!(looks(&prod), 403);
    assert_eq!(prod.cert_login("prod/synapse", Some("synapse")).unwrap_err().0, 400);
    let shown = prod.rootward(&live).ok().stdout;
    assert!(shown.contains(&format!("entity {}, disabled\n", login.entity)), "{shown}");
    prod.is_as_declared();
    prod.cert_login("prod/coturn", Some("coturn")).unwrap();
}

/// An older copy of the workspace takes no revocation back, and shuts out all the same.
#[test]
fn an_old_checkout_revokes_and_lets_nobody_back_in() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let passphrase = site.passphrase().display().to_string();
    let revoke = |name: &str| {
        let mut words = [&REVOKE[..], &["--passphrase-file", &passphrase]].concat();
        words[2] = name;
        prod.rootward(&words)
    };
    let login = prod.cert_login("prod/synapse", Some("synapse")).unwrap();
    let (ca, copy) = (site.path("ca"), site.beside("copy"));
    let copied = |from: &std::path::Path, to: &std::path::Path| {
        common::output(std::process::Command::new("cp").arg("-aT").args([from, to]));
    };
    copied(&ca, &copy);
    revoke("prod/coturn").ok();
    copied(&copy, &ca);
    revoke("prod/synapse").fails(3, "CRL-BEHIND: CRL prod-identity-g1");
    assert_eq!(prod.status(&login, "GET", "auth/token/lookup-self", &Value::Null), 403);
    assert!(prod.cert_login("prod/coturn", Some("coturn")).is_err());
}
