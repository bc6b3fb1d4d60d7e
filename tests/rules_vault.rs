//! The rules of servers and of what is declared for them, each provoked alone.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
mod vaults;

use serde_json::{Value, json};
use vaults::{Server, estate};

/// As of no server at all: what is declared is judged first.
const PLAN: [&str; 3] = ["vault", "plan", "prod"];

#[test]
fn policy_count() {
    let site = estate();
    let file = "identities/prod/synapse/identity.toml";
    for number in 0..8 {
        let text = "path \"kvv2/data/{name}\" {\n  capabilities = [\"read\"]\n}\n";
        site.write(&format!("identities/policies/more-{number}.hcl"), text);
    }
    let declare = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("\"more-{number}\"")).collect();
        let text = site.read(file);
        let line = text.lines().find(|line| line.starts_with("policies")).unwrap().to_owned();
        site.edit(file, &line, &format!("policies = [{}]", names.join(", ")));
    };
    let environment = site.read("ca/prod/environment.toml");
    let at_most = 4;
    let limited =
        environment.replace("[identity]\n", &format!("[identity]\npolicies = {at_most}\n"));
    site.write("ca/prod/environment.toml", &limited);
    declare(at_most);
    let within = site.run(&PLAN);
    assert!(!within.stderr.contains("POLICY-COUNT"), "{}", within.stderr);
    declare(at_most + 1);
    let run = site.declines("POLICY-COUNT", |site| site.run(&PLAN));
    assert!(run.stderr.contains("got 5, at most 4"), "{}", run.stderr);
}

#[test]
fn alias_taken() {
    let site = estate();
    site.edit("identities/prod/ci-deploy/identity.toml", "example/deploy", "example/synapse");
    let run = site.declines("ALIAS-TAKEN", |site| site.run(&PLAN));
    assert!(run.stderr.contains("are both example/synapse by jwt"), "{}", run.stderr);

    // `synapse` with an ops policy, and an identity whose policy has that name.
    let site = estate();
    let dir = "identities/prod/synapse-ops";
    std::fs::create_dir(site.path(dir)).unwrap();
    let text = "version = 1\nkind = \"app\"\npolicies = [\"kv-read\"]\nauth = [\"approle\"]\n";
    site.write(&format!("{dir}/identity.toml"), text);
    let run = site.declines("ALIAS-TAKEN", |site| site.run(&PLAN));
    assert!(run.stderr.contains("policy synapse-ops"), "{}", run.stderr);
}

#[test]
fn server_changed() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    site.edit("identities/prod/caddy/identity.toml", "\"pki-issue\", ", "");
    let file = site.beside("plan.json").display().to_string();
    prod.rootward(&["vault", "plan", "prod", "-o", &file]).ok();
    let apply = ["vault", "apply", "prod", &file];

    // Somebody was at the server: at what the plan changes, or beside it.
    let edits = [
        ("sys/policies/acl/coturn", json!({"policy": "path \"a\" { capabilities = [\"read\"] }"})),
        ("sys/policies/acl/caddy", json!({"policy": "path \"a\" { capabilities = [\"read\"] }"})),
        ("auth/cert/certs/caddy", json!({"allowed_common_names": ["*"]})),
    ];
    for (path, body) in edits {
        let before = prod.api("GET", path, &Value::Null)["data"].clone();
        prod.api("POST", path, &body);
        let writes = prod.writes();
        site.declines("SERVER-CHANGED", |_| prod.rootward(&apply));
        assert_eq!(prod.writes(), writes, "{path}");
        prod.api("POST", path, &before);
    }

    // The declarations are others now.
    site.edit("identities/prod/coturn/identity.toml", "\"pki-issue\", ", "");
    let writes = prod.writes();
    let run = site.declines("SERVER-CHANGED", |_| prod.rootward(&apply));
    assert!(run.stderr.contains("policy coturn: planned not at all"), "{}", run.stderr);
    assert!(run.stderr.contains("vault plan prod -o"), "{}", run.stderr);
    assert_eq!(prod.writes(), writes);
    site.edit(
        "identities/prod/coturn/identity.toml",
        "\"kv-read\", ",
        "\"kv-read\", \"pki-issue\", ",
    );
    prod.rootward(&apply).ok();
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok(); // caddy's PKI role
    prod.is_as_declared();
}

/// A checkout from before a revocation, and one from before the certificate.
#[test]
fn crl_behind() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let files = ["ca/journal.jsonl", "ca/journal.head", "ca/prod/identity/g1/crl.pem"];
    let keep = || files.map(|path| (path, std::fs::read(site.path(path)).unwrap()));
    let restore = |kept: &[(&str, Vec<u8>)]| {
        kept.iter().for_each(|(path, bytes)| std::fs::write(site.path(path), bytes).unwrap());
    };
    let before = keep();
    site.keyed(&["revoke", "prod/coturn", "--reason", "keyCompromise", "--yes"]).ok();
    prod.apply();
    let after = keep();
    restore(&before);
    let writes = prod.writes();
    for verb in [&["plan", "prod"][..], &["apply", "prod", "--yes"], &["drift", "prod"]] {
        let run = site.declines("CRL-BEHIND", |_| prod.rootward(&[&["vault"], verb].concat()));
        assert!(run.stderr.contains("CRL prod-identity-g1: "), "{}", run.stderr);
    }
    assert_eq!(prod.writes(), writes);
    assert!(prod.cert_login("prod/coturn", Some("coturn")).is_err());
    restore(&after);
    prod.is_as_declared();
}
