//! The server follows the rotation of both intermediates: of the one that certifies identities, and
//! of the one whose key it holds.
#![cfg(feature = "vault")]

mod common;
mod vaults;

use common::Site;
use rustix::process::Signal;
use serde_json::{Value, json};
use vaults::{Server, Setup, estate};

fn chain_and_key(site: &Site, name: &str) -> [String; 2] {
    ["chain", "key"].map(|file| site.read(&format!("identities/prod/{name}/{file}.pem")))
}

/// The status of a certificate login with these files.
fn login(server: &Server, [chain, key]: &[String; 2], role: &str) -> u16 {
    let http = server.client_of(chain.as_bytes(), key.as_bytes());
    let url = format!("{}/v1/auth/cert/login", server.url());
    let sent = http.post(url).body(json!({ "name": role }).to_string()).send();
    sent.map_or(0, |answer| answer.status().as_u16())
}

#[test]
fn roles_follow_the_rotation_of_the_identity_intermediate_in_place() {
    let site = estate();
    let mut prod = Server::with(&site, "prod", Setup { raft: true, ..Setup::default() });
    prod.apply();
    let old = chain_and_key(&site, "synapse");
    site.keyed(&["rotate", "prepare", "prod/identity"]).ok();
    site.keyed(&["intermediate", "sign", "prod/identity@g2"]).ok();
    let cas = ["g1", "g2"].map(|g| site.read(&format!("ca/prod/identity/{g}/cert.pem")));
    prod.let_in(&cas.concat());
    prod.restart();
    prod.apply();
    for name in ["caddy", "coturn", "operator", "synapse"] {
        let role = prod.api("GET", &format!("auth/cert/certs/{name}"), &Value::Null);
        let bundle = role["data"]["certificate"].as_str().unwrap();
        assert!(cas.iter().all(|ca| bundle.contains(ca.trim())), "{name}: {bundle}");
    }
    assert_eq!(login(&prod, &old, "synapse"), 200);

    site.run(&["rotate", "activate", "prod/identity@g2"]).ok();
    site.keyed(&["identity", "issue", "prod/synapse"]).ok();
    let new = chain_and_key(&site, "synapse");
    assert_ne!(old, new);
    prod.apply();
    prod.is_as_declared();
    assert_eq!([&old, &new].map(|files| login(&prod, files, "synapse")), [200, 200]);

    site.run(&["rotate", "taint", "prod/identity@g1"]).ok();
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    prod.signal(Signal::HUP); // the server's own certificate
    let revoke = ["rotate", "revoke", "prod/identity@g1", "--reason", "superseded", "--yes"];
    site.keyed(&revoke).ok();
    prod.forget("prod/operator");
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok();
    prod.is_as_declared();
    assert_eq!([&old, &new].map(|files| login(&prod, files, "synapse")), [400, 200]);
    let role = prod.api("GET", "auth/cert/certs/synapse", &Value::Null);
    let bundle = role["data"]["certificate"].as_str().unwrap();
    assert!(!bundle.contains(cas[0].trim()) && bundle.contains(cas[1].trim()), "{bundle}");
    let audit = prod.audit();
    let deleted = |line: &&str| {
        line.contains("\"operation\":\"delete\"") && line.contains("\"path\":\"auth/cert/certs/")
    };
    assert_eq!(audit.lines().filter(deleted).count(), 0, "roles change in place");
}

#[test]
fn the_intermediate_in_the_server_is_set_and_rotated() {
    let site = estate();
    let mut prod = Server::with(&site, "prod", Setup { raft: true, ..Setup::default() });
    prod.apply();
    let ask = |object: &str| {
        prod.rootward(&["intermediate", "request", object, "--from-vault"]).ok();
        site.keyed(&["intermediate", "sign", object]).ok();
    };
    ask("prod/vault");
    let plan = prod.rootward(&["vault", "plan", "prod"]).ok();
    assert!(plan.stdout.contains("+ issuer prod-vault-g1"), "{}", plan.stdout);
    prod.apply();
    prod.is_as_declared();
    let issuer =
        |name: &str| prod.api("GET", &format!("pki/issuer/{name}"), &Value::Null)["data"].clone();
    let default = || {
        let config = prod.api("GET", "pki/config/issuers", &Value::Null);
        config["data"]["default"].clone()
    };
    assert_eq!(default(), issuer("prod-vault-g1")["issuer_id"]);

    // By its own token exactly its own name.
    let caddy = prod.cert_login("prod/caddy", Some("caddy")).unwrap();
    let own = "caddy.prod.example.internal";
    let issue = |body: Value| prod.ask(Some(&caddy.token), "POST", "pki/issue/caddy", &body);
    let (status, leaf) = issue(json!({ "common_name": own }));
    assert_eq!(status, 200, "{leaf}");
    let uri = "spiffe://prod.example.internal/proxy/caddy";
    assert_eq!(issue(json!({ "common_name": own, "uri_sans": uri })).0, 200);
    let refused = [
        json!({ "common_name": "synapse.prod.example.internal" }),
        json!({ "common_name": "x.caddy.prod.example.internal" }),
        json!({ "common_name": "*.prod.example.internal" }),
        json!({ "common_name": "caddy" }),
        json!({ "common_name": "localhost" }),
        json!({}),
        json!({ "common_name": own, "alt_names": "synapse.prod.example.internal" }),
        json!({ "common_name": own, "uri_sans": "spiffe://prod.example.internal/app/synapse" }),
        json!({ "common_name": own, "ip_sans": "10.1.20.5" }),
        json!({ "common_name": own, "ip_sans": "127.0.0.1" }),
        json!({ "common_name": own, "other_sans": "1.3.6.1.4.1.311.20.2.3;utf8:root@prod.example.internal" }),
        json!({ "common_name": own, "alt_names": "root@prod.example.internal" }),
    ];
    for body in refused {
        let (status, said) = issue(body.clone());
        assert_eq!(status, 400, "{body}: {said}");
    }
    for path in [
        "pki/issue/coturn",
        "pki/sign/caddy",
        "pki/sign-verbatim",
        "pki/issuer/default/issue/caddy",
    ] {
        let (status, said) =
            prod.ask(Some(&caddy.token), "POST", path, &json!({ "common_name": own }));
        assert_eq!(status, 403, "{path}: {said}");
    }

    // A workload certificate is no identity, whatever a listener lets in.
    let text = |value: &Value| value.as_str().unwrap().to_owned() + "\n";
    let workload = [
        text(&leaf["data"]["certificate"]) + &text(&leaf["data"]["ca_chain"][0]),
        text(&leaf["data"]["private_key"]),
    ];
    assert_eq!(login(&prod, &workload, "caddy"), 0, "not even through the handshake");

    // The next generation: prepared it is there and idle; active it signs, and the old one looks
    // after what it has signed.
    ask("prod/vault@g2");
    prod.apply();
    prod.is_as_declared();
    assert_eq!(default(), issuer("prod-vault-g1")["issuer_id"]);
    site.run(&["rotate", "activate", "prod/vault@g2"]).ok();
    let plan = prod.rootward(&["vault", "plan", "prod"]).ok();
    for line in ["~ issuer prod-vault-g1", "~ issuer prod-vault-g2", "is_default: false -> true"] {
        assert!(plan.stdout.contains(line), "{line}: {}", plan.stdout);
    }
    prod.apply();
    prod.is_as_declared();
    assert_eq!(default(), issuer("prod-vault-g2")["issuer_id"]);
    let usage = |name: &str| issuer(name)["usage"].as_str().unwrap().to_owned();
    assert!(!usage("prod-vault-g1").contains("issuing-certificates"));
    assert!(usage("prod-vault-g2").contains("issuing-certificates"));
    let (status, leaf) = issue(json!({ "common_name": own }));
    assert_eq!(status, 200, "{leaf}");
    let g2 = site.read("ca/prod/vault/g2/cert.pem");
    assert_eq!(leaf["data"]["ca_chain"][0].as_str().unwrap().trim(), g2.trim());

    // Somebody makes the old one the default again.
    let back = json!({ "default": issuer("prod-vault-g1")["issuer_id"] });
    prod.api(
        "PATCH",
        "pki/issuer/prod-vault-g1",
        &json!({"usage": "read-only,issuing-certificates,crl-signing,ocsp-signing"}),
    );
    prod.api("POST", "pki/config/issuers", &back);
    prod.rootward(&["vault", "drift", "prod", "--exit-code"]).fails(4, "is_default: true -> false");
    prod.apply();
    prod.is_as_declared();
    assert_eq!(default(), issuer("prod-vault-g2")["issuer_id"]);

    // The same with a listener that trusts the intermediate in the server.
    let identity = site.read("ca/prod/identity/g1/cert.pem");
    prod.let_in(&[identity, site.read("ca/prod/vault/g1/cert.pem"), g2].concat());
    prod.restart();
    assert_eq!(login(&prod, &workload, "caddy"), 400);
}
