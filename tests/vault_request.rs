//! A real OpenBao makes the key of an intermediate and its request; the root signs it; the server
//! takes it and issues from it. A run that was interrupted goes on with the same key.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod servers;

use common::Site;
use serde_json::{Value, json};
use servers::{Mutual, mutual::both};

const ASK: &[&str] = &["intermediate", "request", "prod/vault", "--from-vault"];

/// The names of the keys in the engine.
fn keys(server: &Mutual) -> Vec<String> {
    let listed = server.api("token", "GET", "pki/keys?list=true", &Value::Null);
    let infos = listed["data"]["key_info"].as_object().unwrap();
    infos.values().map(|info| info["key_name"].as_str().unwrap().to_owned()).collect()
}

fn posts(server: &Mutual) -> usize {
    let is = |line: &&str| line.contains("\"type\":\"request\"") && line.contains("/generate/");
    server.audited().lines().filter(is).count()
}

#[test]
fn from_nothing_to_a_leaf_and_to_the_second_generation() {
    let site = both();
    let server = Mutual::open(&site);
    let run = server.run(ASK).ok();
    for line in [
        "mounted pki at pki",
        "made the key rootward-prod-vault-g1 at pki",
        "filed the request of prod/vault@g1",
        "next: rootward ",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    assert!(run.stderr.contains("key      P-256"), "{}", run.stderr);
    assert_eq!(keys(&server), ["rootward-prod-vault-g1"]);

    site.keyed(&["intermediate", "sign", "prod/vault"]).ok();
    let chain = site.read("ca/prod/vault/g1/chain.pem");
    let set = json!({ "certificate": chain });
    let answer = server.api("token", "POST", "pki/intermediate/set-signed", &set);
    let mapping = answer["data"]["mapping"].as_object().unwrap();
    assert_eq!(mapping.values().filter(|key| *key != "").count(), 1, "{answer}");
    let role = json!({"allowed_domains": ["prod.example.internal"], "allow_subdomains": true});
    server.api("token", "POST", "pki/roles/workload", &role);
    let leaf = json!({"common_name": "web.prod.example.internal"});
    let leaf = server.api("token", "POST", "pki/issue/workload", &leaf);
    assert!(leaf["data"]["certificate"].as_str().unwrap().contains("BEGIN CERTIFICATE"));

    let next = ["intermediate", "request", "prod/vault@g2", "--from-vault", "--json"];
    let run = server.run(&next).ok();
    let made: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&made["object"], &made["made"]), (&json!("prod/vault@g2"), &json!(true)));
    let mut names = keys(&server);
    names.sort();
    assert_eq!(names, ["rootward-prod-vault-g1", "rootward-prod-vault-g2"]);
    site.keyed(&["intermediate", "sign", "prod/vault@g2"]).ok();
    let bundle = json!({ "pem_bundle": site.read("ca/prod/vault/g2/chain.pem") });
    server.api("token", "POST", "pki/issuers/import/cert", &bundle);
    site.run(&["verify"]).ok();
}

#[test]
fn a_second_run_asks_the_server_nothing_or_for_the_same_key() {
    let site = both();
    let server = Mutual::open(&site);
    // The key was made, and the answer lost on its way.
    let engine = json!({"type": "pki"});
    server.api("token", "POST", "sys/mounts/pki", &engine);
    let key = json!({"common_name": "lost", "key_type": "ec", "key_bits": 384,
                     "key_name": "rootward-prod-vault-g1"});
    server.api("token", "POST", "pki/intermediate/generate/internal", &key);
    let run = server.run(ASK).ok();
    let found = "found the key rootward-prod-vault-g1 at pki, which an earlier run had made";
    assert!(run.stderr.contains(found), "{}", run.stderr);
    assert!(run.stderr.contains("key      P-384"), "{}", run.stderr);
    assert_eq!(keys(&server).len(), 1);
    let (before, asked) = (site.snapshot(), posts(&server));
    let run = server.run(ASK).ok();
    assert!(run.stderr.contains("the request of prod/vault@g1 is already there"), "{}", run.stderr);
    assert_eq!((site.snapshot(), posts(&server)), (before, asked));
}

#[test]
fn a_request_that_was_lost_here_is_made_again_for_the_same_key() {
    let site = both();
    let server = Mutual::open(&site);
    let before = common::Template::of(&site);
    let first = server.run(&[ASK, &["--json"]].concat()).ok();
    let first: Value = serde_json::from_str(&first.stdout).unwrap();
    // The workspace as it was: a run that died before it had written.
    for path in ["ca/prod/vault/g1/request.csr", "ca/prod/vault/g1"] {
        let path = site.path(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    let old = before.site();
    for path in ["ca/journal.jsonl", "ca/journal.head"] {
        site.write(path, &old.read(path));
    }
    let again = server.run(&[ASK, &["--json"]].concat()).ok();
    assert!(again.stderr.contains("found the key rootward-prod-vault-g1"), "{}", again.stderr);
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["subject"], first["subject"]);
    assert_eq!(keys(&server), ["rootward-prod-vault-g1"]);
}

#[test]
fn what_does_not_fit_is_said_before_the_server_has_a_key() {
    let site = both();
    let server = Mutual::open(&site);
    let run = site.declines("KEY-PLACE", |_| {
        server.run(&["intermediate", "request", "prod/identity", "--from-vault"])
    });
    assert!(run.stderr.contains("key = \"local\" is declared"), "{}", run.stderr);
    site.fails(2, "expected at most prod/vault@g1", |_| {
        server.run(&["intermediate", "request", "prod/vault@g2", "--from-vault"])
    });
    site.fails(2, "--from-vault and --csr exclude each other", |_| {
        server.run(&[ASK, &["--csr", "request.csr"]].concat())
    });
    server.api("token", "POST", "sys/mounts/pki", &json!({"type": "kv"}));
    let run = site.fails(1, "at pki the engine kv is mounted, expected pki", |_| server.run(ASK));
    assert!(run.stderr.contains("hint: name another path in [mounts]"), "{}", run.stderr);
    assert_eq!(posts(&server), 0);
}

#[test]
fn the_declared_algorithm_is_that_of_the_key() {
    let site: Site = both();
    let from = "[intermediates.vault]\n";
    site.edit("ca/prod/environment.toml", from, &format!("{from}algorithm = \"ed25519\"\n"));
    let server = Mutual::open(&site);
    let run = server.run(ASK).ok();
    assert!(run.stderr.contains("key      Ed25519"), "{}", run.stderr);
}
