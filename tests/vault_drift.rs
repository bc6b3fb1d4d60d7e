//! Whatever somebody changes by hand on a server is named by `vault drift`, and gone after the next
//! `vault apply`; what is not rootward's is named and stays as it is.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use serde_json::{Value, json};
use vaults::{Server, estate, new_jwt_key};

/// What somebody did, and what `drift` calls it.
struct Edit {
    what: &'static str,
    method: &'static str,
    path: &'static str,
    body: Value,
    /// Lines of drift.
    named: &'static [&'static str],
    /// Is there too much, which only `--prune` removes?
    prune: bool,
}

fn edit(
    what: &'static str,
    path: &'static str,
    body: Value,
    named: &'static [&'static str],
) -> Edit {
    Edit { what, method: "POST", path, body, named, prune: false }
}

fn extra(
    what: &'static str,
    path: &'static str,
    body: Value,
    named: &'static [&'static str],
) -> Edit {
    Edit { prune: true, ..edit(what, path, body, named) }
}

fn delete(what: &'static str, path: &'static str, named: &'static [&'static str]) -> Edit {
    Edit { method: "DELETE", ..edit(what, path, Value::Null, named) }
}

const ROLE: &str = "auth/cert/certs/synapse";

/// Edits of what is declared, each a field or more.
fn edits(server: &Server, other_ca: &str) -> Vec<Edit> {
    let policy = server.api("GET", "sys/policies/acl/synapse", &Value::Null);
    let text = policy["data"]["policy"].as_str().unwrap();
    let wider = format!("{text}\npath \"kvv2/data/*\" {{\n  capabilities = [\"read\"]\n}}\n");
    let marked = "# rootward: prod/gone; changes here are overwritten\n";
    vec![
        edit(
            "any name",
            ROLE,
            json!({"allowed_common_names": ["*"]}),
            &["~ cert role synapse", "allowed_common_names: * -> synapse"],
        ),
        edit(
            "no URI",
            ROLE,
            json!({"allowed_uri_sans": []}),
            &["~ cert role synapse", "allowed_uri_sans: nothing -> spiffe://prod"],
        ),
        edit(
            "one policy more",
            ROLE,
            json!({"token_policies": ["synapse", "coturn"]}),
            &["~ cert role synapse", "token_policies: coturn, synapse -> synapse"],
        ),
        edit(
            "another CA",
            ROLE,
            json!({"certificate": other_ca}),
            &["~ cert role synapse", "certificate:", "test identity CA g1", "prod identity CA g1"],
        ),
        edit(
            "a CA of OCSP, which is trusted",
            ROLE,
            json!({"ocsp_ca_certificates": other_ca}),
            &["~ cert role synapse", "ocsp_ca_certificates: ", "test identity CA g1"],
        ),
        edit(
            "a longer life",
            ROLE,
            json!({"token_ttl": "10h", "token_max_ttl": "100h"}),
            &["~ cert role synapse", "token_ttl: 10h -> 1h", "token_max_ttl: 100h -> 1d"],
        ),
        edit(
            "the default policy",
            ROLE,
            json!({"token_no_default_policy": false}),
            &["~ cert role synapse", "token_no_default_policy: false -> true"],
        ),
        edit(
            "one line more",
            "sys/policies/acl/synapse",
            json!({"policy": wider}),
            &["~ policy synapse", "    - path \"kvv2/data/*\" {"],
        ),
        extra(
            "a role that nobody declared",
            "auth/cert/certs/aaa",
            json!({"certificate": other_ca}),
            &["cert role aaa", "--prune removes it"],
        ),
        extra(
            "a policy with the mark",
            "sys/policies/acl/gone",
            json!({"policy": marked}),
            &["policy gone", "--prune removes it"],
        ),
        extra(
            "an AppRole that nobody declared",
            "auth/approle/role/more",
            json!({"token_policies": "root-ish"}),
            &["approle role more", "--prune removes it"],
        ),
        extra(
            "a JWT role that nobody declared",
            "auth/gitea/role/more",
            json!({"role_type": "jwt",
            "user_claim": "sub", "bound_audiences": ["x"], "token_policies": "synapse"}),
            &["jwt role more", "--prune removes it"],
        ),
        extra(
            "a PKI role that nobody declared",
            "pki/roles/more",
            json!({"allow_any_name": true}),
            &["pki role more", "--prune removes it"],
        ),
        edit(
            "an entity with a policy",
            "identity/entity/name/synapse",
            json!({"policies": ["coturn"]}),
            &["~ entity synapse", "policies: coturn -> nothing"],
        ),
        edit(
            "an entity that is shut",
            "identity/entity/name/coturn",
            json!({"disabled": true}),
            &["~ entity coturn", "disabled: true -> false"],
        ),
        delete("no role", "auth/cert/certs/coturn", &["+ cert role coturn"]),
        delete("no policy", "sys/policies/acl/caddy", &["+ policy caddy"]),
        delete("no CRL", "auth/cert/crls/prod-identity-g1", &["+ CRL prod-identity-g1"]),
        delete(
            "no entity",
            "identity/entity/name/sygnal",
            &["+ entity sygnal", "+ alias sygnal@approle"],
        ),
        edit(
            "a PKI role for any name",
            "pki/roles/caddy",
            json!({"allow_any_name": true, "allow_ip_sans": true,
            "allowed_uri_sans": ["*"], "max_ttl": "9000h"}),
            &[
                "~ pki role caddy",
                "allow_any_name: true -> false",
                "allow_ip_sans: true -> false",
                "max_ttl: 375d -> ",
            ],
        ),
        edit(
            "a role id that is another's",
            "auth/approle/role/sygnal/role-id",
            json!({"role_id": "mine"}),
            &["~ approle role sygnal", "role_id: mine -> sygnal"],
        ),
        edit(
            "no secret id is asked for",
            "auth/approle/role/sygnal",
            json!({"bind_secret_id": false,
            "token_bound_cidrs": ["0.0.0.0/0"]}),
            &["~ approle role sygnal", "bind_secret_id: false -> true"],
        ),
        edit(
            "any repository",
            "auth/gitea/role/gitea_cicd_synapse",
            json!({"role_type": "jwt",
            "user_claim": "repository", "bound_claims_type": "glob", "bound_claims": {"repository": "*"}}),
            &["~ jwt role gitea_cicd_synapse", "bound_claims_type: glob -> string"],
        ),
        edit(
            "no binding to the certificate",
            "auth/cert/config",
            json!({"disable_binding": true}),
            &["~ auth config cert", "disable_binding: true -> false"],
        ),
    ]
}

#[test]
fn every_edit_is_named_and_mended() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let other_ca = site.read("ca/test/identity/g1/cert.pem");
    for Edit { what, method, path, body, named, prune } in edits(&prod, &other_ca) {
        prod.api(method, path, &body);
        prod.mended(what, named, prune);
    }
    prod.is_as_declared();
}

fn entity_id(server: &Server, name: &str) -> String {
    let answer = server.api("GET", &format!("identity/entity/name/{name}"), &Value::Null);
    answer["data"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn another_key_of_the_ci_server_is_named_and_mended() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let key = new_jwt_key();
    let forged = || {
        let claims = json!({"iss": "https://git.prod.example.internal", "sub": "job",
            "aud": "https://vault.prod.example.internal", "repository": "example/deploy"});
        prod.jwt_login("gitea_cicd_ci-deploy", &vaults::jwt_signed_by(&key, claims))
    };
    assert!(forged().is_err());
    let config = json!({"jwt_validation_pubkeys": [vaults::jwt_public(&key)],
        "bound_issuer": "https://git.prod.example.internal"});
    prod.api("POST", "auth/gitea/config", &config);
    forged().unwrap();
    prod.mended(
        "another key",
        &["~ auth config gitea", "jwt_validation_pubkeys: public key"],
        false,
    );
    assert!(forged().is_err());
}

#[test]
fn what_is_not_rootward_s_is_named_and_left_alone() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    // Some of it was there before, some came after.
    let rule = json!({"policy": "path \"secret/*\" { capabilities = [\"read\"] }"});
    prod.api("POST", "sys/policies/acl/somebodys", &rule);
    prod.apply();
    prod.api("POST", "sys/auth/userpass", &json!({"type": "userpass"}));
    let user = json!({"password": "not rootward's", "token_policies": "somebodys"});
    prod.api("POST", "auth/userpass/users/alice", &user);
    prod.api("POST", "sys/mounts/secret", &json!({"type": "kv"}));
    prod.api("POST", "secret/thing", &json!({"k": "v"}));
    prod.api("POST", "identity/entity", &json!({"name": "alice", "policies": ["somebodys"]}));
    let read = || {
        [
            "sys/policies/acl/somebodys",
            "sys/policies/acl/default",
            "auth/userpass/users/alice",
            "secret/thing",
            "identity/entity/name/alice",
            "auth/token/roles?list=true",
            "sys/auth",
            "sys/mounts",
        ]
        .map(|path| prod.ask(Some(&prod.token()), "GET", path, &Value::Null).1["data"].clone())
    };
    let before = read();
    let drift = prod.rootward(&["vault", "drift", "prod", "--exit-code"]).ok();
    for line in ["policy somebodys", "auth method userpass", "mount secret"] {
        let shown = drift.stdout.lines().find(|shown| shown.contains(line)).unwrap_or_default();
        assert!(shown.ends_with("not rootward's: left alone"), "{line}: {}", drift.stdout);
    }
    for untouched in
        ["policy default", "policy root", "auth method token", "mount sys", "mount identity"]
    {
        assert!(!drift.stdout.contains(untouched), "{}", drift.stdout);
    }
    // A group of somebody's adds policies to what a login gives: worth a line.
    let group = json!({"name": "all", "policies": ["somebodys"],
        "member_entity_ids": [entity_id(&prod, "synapse")]});
    prod.api("POST", "identity/group", &group);
    let drift = prod.rootward(&["vault", "drift", "prod", "--exit-code"]).ok();
    assert!(drift.stdout.contains("? group all "), "{}", drift.stdout);
    // Also where something is to be done, and with --prune.
    prod.api("DELETE", "sys/policies/acl/caddy", &Value::Null);
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok();
    assert_eq!(read(), before);
    prod.rootward(&["vault", "plan", "prod", "--exit-code"]).ok();
}

/// A mount that was there before keeps what others put into it.
#[test]
fn roles_of_others_in_a_mount_of_others_stay() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.api("POST", "sys/auth/cert", &json!({"type": "cert", "description": "somebody's"}));
    let role = json!({"certificate": site.read("ca/test/identity/g1/cert.pem"),
        "allowed_common_names": ["alice"], "token_policies": ["default"]});
    prod.api("POST", "auth/cert/certs/alice", &role);
    prod.apply();
    let drift = prod.rootward(&["vault", "drift", "prod", "--exit-code"]).ok();
    assert!(drift.stdout.contains("cert role alice"), "{}", drift.stdout);
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok();
    let role = prod.api("GET", "auth/cert/certs/alice", &Value::Null);
    assert_eq!(role["data"]["token_policies"], json!(["default"]));
    let auth = prod.api("GET", "sys/auth", &Value::Null);
    assert_eq!(auth["data"]["cert/"]["description"], "somebody's");
    prod.cert_login("prod/synapse", Some("synapse")).unwrap();

    // An identity that is no longer declared goes, from there too.
    std::fs::remove_dir_all(site.path("identities/prod/coturn")).unwrap();
    prod.rootward(&["vault", "drift", "prod", "--exit-code"]).fails(4, "cert role coturn");
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok();
    let roles = prod.api("GET", "auth/cert/certs?list=true", &Value::Null);
    assert_eq!(roles["data"]["keys"], json!(["alice", "caddy", "operator", "synapse"]));
    prod.is_as_declared();
}

/// What is mounted is never replaced: what is in it would be lost.
#[test]
fn another_engine_in_the_place_of_a_declared_one_is_said() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.api("POST", "sys/mounts/kvv2", &json!({"type": "kv", "options": {"version": "1"}}));
    prod.api("POST", "kvv2/synapse", &json!({"k": "v"}));
    let run =
        prod.rootward(&["vault", "apply", "prod", "--yes"]).fails(1, "mount kvv2: options is");
    assert!(run.stderr.contains("hint: declare it at another path"), "{}", run.stderr);
    assert_eq!(prod.api("GET", "kvv2/synapse", &Value::Null)["data"]["k"], "v");
}
