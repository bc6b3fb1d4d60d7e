//! What a plan costs: requests, and nothing written.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use common::Site;
use serde_json::{Value, json};
use vaults::{Server, estate};

/// Requests beside one for each role, however many identities there are: the bulk reads of policies
/// and entities, the tables of secrets engines and auth methods, the listings of cert, AppRole, JWT
/// and PKI roles and of CRLs, two CRLs, and the configurations of cert and JWT logins.
const CONSTANT: usize = 2 + 2 + 5 + 2 + 2;

fn more(site: &Site, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let dir = format!("identities/prod/app-{number}");
        std::fs::create_dir(site.path(&dir)).unwrap();
        site.write(
            &format!("{dir}/identity.toml"),
            "version = 1\nkind = \"app\"\npolicies = [\"kv-read\", \"self-renew\"]\nauth = [\"cert\"]\n",
        );
    }
}

/// All roles of the server.
fn roles(server: &Server) -> usize {
    let lists = ["auth/cert/certs", "auth/approle/role", "auth/gitea/role", "pki/roles"];
    let count = |path: &str| {
        let listed = server.api("GET", &format!("{path}?list=true"), &Value::Null);
        listed["data"]["keys"].as_array().unwrap().len()
    };
    lists.into_iter().map(count).sum()
}

fn requests_of(server: &Server, arguments: &[&str]) -> (usize, usize) {
    let (all, writes) = (server.requests(), server.writes());
    server.rootward(arguments).ok();
    (server.requests() - all, server.writes() - writes)
}

#[test]
fn a_plan_without_changes_costs_one_request_a_role_and_a_constant() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    // Somebody's entities cost nothing.
    for number in 0..20 {
        prod.api("POST", "identity/entity", &json!({"name": format!("somebody-{number}")}));
    }
    for count in [0..0, 0..54] {
        more(&site, count);
        prod.apply();
        let (requests, writes) = requests_of(&prod, &["vault", "plan", "prod", "--exit-code"]);
        assert_eq!(writes, 0);
        assert_eq!(requests, roles(&prod) + CONSTANT);
        let (_, writes) = requests_of(&prod, &["vault", "drift", "prod", "--exit-code"]);
        assert_eq!(writes, 0);
        let (_, writes) = requests_of(&prod, &["vault", "apply", "prod", "--yes"]);
        assert_eq!(writes, 0);
    }
}

/// As with a server that has no bulk read of policies, here for want of the right to use it.
#[test]
fn where_policies_cannot_be_read_at_once_they_are_read_one_by_one() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let narrow = "path \"*\" { capabilities = [\"create\", \"read\", \"update\", \"patch\", \"delete\", \"list\", \"sudo\"] }
        path \"sys/policies/detailed/acl\" { capabilities = [\"deny\"] }
        path \"sys/policies/detailed/acl/\" { capabilities = [\"deny\"] }";
    prod.api("POST", "sys/policies/acl/narrow", &json!({ "policy": narrow }));
    let token = prod.api("POST", "auth/token/create", &json!({"policies": ["narrow"]}));
    let token = token["auth"]["client_token"].as_str().unwrap();
    let (status, _) =
        prod.ask(Some(token), "GET", "sys/policies/detailed/acl?list=true", &Value::Null);
    assert_eq!(status, 403);
    let file = site.beside("narrow");
    std::fs::write(&file, token).unwrap();
    let plan = |code: i32| {
        let mut command = prod.command_without_token(&["vault", "plan", "prod", "--exit-code"]);
        command.arg("--token-file").arg(&file);
        common::Run::of(command.output().unwrap()).fails(code, "")
    };
    let before = prod.requests();
    plan(0);
    let policies = prod.api("GET", "sys/policies/acl?list=true", &Value::Null);
    let policies = policies["data"]["keys"].as_array().unwrap().len();
    let asked = prod.requests() - before - 1;
    // After the one that is refused, the names, and each but `default` and `root`.
    assert_eq!(asked, roles(&prod) + CONSTANT + 1 + policies - 2);
    prod.api("POST", "sys/policies/acl/caddy", &json!({"policy": "# nothing"}));
    assert!(plan(4).stdout.contains("~ policy caddy"));
}
