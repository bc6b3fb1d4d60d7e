//! A plan in a file is carried out as it was approved, or not at all; what was interrupted goes on.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use common::Site;
use serde_json::{Value, json};
use std::process::Stdio;
use vaults::{Server, estate, eventually};

fn planned(server: &Server, file: &str) -> String {
    let path = server.site.beside(file).display().to_string();
    server.rootward(&["vault", "plan", server.environment, "-o", &path]).ok();
    path
}

#[test]
fn a_plan_is_carried_out_as_it_was_written() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    let before = prod.writes();
    let file = planned(&prod, "plan.json");
    assert_eq!(prod.writes(), before, "a plan writes nothing");
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let steps = plan["steps"].as_array().unwrap().len();
    let applied = prod.rootward(&["vault", "apply", "prod", &file]).ok();
    assert!(applied.stderr.contains(&format!("applied: {steps} made")), "{}", applied.stderr);
    prod.is_as_declared();
    // Once more is no error: all of it is done.
    let again = prod.rootward(&["vault", "apply", "prod", &file]).ok();
    assert!(again.stderr.contains("no changes"), "{}", again.stderr);
}

#[test]
fn no_secret_is_in_a_plan() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    let file = planned(&prod, "plan.json");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("PRIVATE KEY") && !text.contains(&prod.token()));
}

/// Sealed again and again while it goes on; the same file leads to the end.
#[test]
fn a_plan_goes_on_where_it_stopped() {
    let site = estate();
    many(&site, 40);
    let prod = Server::start(&site, "prod");
    let file = planned(&prod, "plan.json");
    let mut stopped = 0;
    for writes in [3, 30, 40, 30, 20] {
        let before = prod.writes();
        let mut command = prod.command(&["vault", "apply", "prod", &file]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually(|| child.try_wait().unwrap().is_some() || prod.writes() >= before + writes);
        prod.seal();
        let run = common::Run::of(child.wait_with_output().unwrap());
        prod.unseal();
        if run.code != 0 {
            stopped += 1;
            let said = &run.stderr;
            assert_eq!(run.code, 1, "{said}");
            assert!(said.contains("stopped after ") && said.contains("hint: "), "{said}");
        }
    }
    assert!(stopped >= 3, "it was not interrupted");
    prod.rootward(&["vault", "apply", "prod", &file]).ok();
    prod.is_as_declared();
}

/// Identities whose certificates are never asked for: roles, policies and entities they have.
fn many(site: &Site, count: usize) {
    for number in 0..count {
        let dir = format!("identities/prod/app-{number}");
        std::fs::create_dir(site.path(&dir)).unwrap();
        site.write(
            &format!("{dir}/identity.toml"),
            "version = 1\nkind = \"app\"\npolicies = [\"kv-read\", \"self-renew\"]\nauth = [\"cert\"]\n",
        );
    }
}

#[test]
fn a_file_that_is_no_plan_for_this_is_refused() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    let file = planned(&prod, "plan.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let before = prod.writes();
    let bad = |name: &str, text: &str| {
        let path = site.beside(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let refused = |environment: &str, file: &str, said: &str| {
        let run = prod.rootward(&["vault", "apply", environment, file]).fails(2, said);
        assert!(
            run.stderr.contains("error: ") && run.stderr.lines().count() <= 3,
            "{}",
            run.stderr
        );
    };
    refused("test", &file, "a plan for prod, expected one for test");
    let newer = text.replacen("\"version\": 1", "\"version\": 2", 1);
    assert_ne!(newer, text);
    refused("prod", &bad("newer.json", &newer), "version");
    refused(
        "prod",
        &bad("garbage.json", "not a plan"),
        "garbage.json: got other text, expected a plan",
    );
    refused("prod", &bad("empty.json", ""), "empty.json: ");
    refused("prod", &bad("half.json", &text[..text.len() / 2]), "half.json: ");
    refused("prod", &bad("more.json", &text.replacen("\"deep\"", "\"deeper\"", 1)), "deeper");
    let kind = text.replacen("\"cert-role\"", "\"something\"", 1);
    refused("prod", &bad("kind.json", &kind), "something");
    assert_eq!(prod.writes(), before);
}

/// What is in the file is only compared: no step of its own is carried out.
#[test]
fn a_step_that_was_put_into_the_file_is_not_carried_out() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    let file = planned(&prod, "plan.json");
    let mut plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let evil = json!({
        "address": {"kind": "policy", "path": "sys/policies/acl/evil"}, "action": "create",
        "changes": [], "body": {"policy": "path \"*\" { capabilities = [\"sudo\"] }"},
    });
    plan["steps"].as_array_mut().unwrap().push(evil);
    std::fs::write(&file, plan.to_string()).unwrap();
    prod.rootward(&["vault", "apply", "prod", &file]).ok();
    let policies = prod.api("GET", "sys/policies/acl?list=true", &Value::Null);
    assert!(!policies["data"]["keys"].to_string().contains("evil"));
}
