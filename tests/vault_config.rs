//! The server's own configuration: a real OpenBao takes it, and lets in whom it should.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
mod servers;

use common::Site;
use servers::{Mutual, mutual::both};

/// With these lines in `[server]`, of prod.
fn rendered(server: &str) -> String {
    let site = Site::declared();
    site.edit("ca/prod/environment.toml", "[server]\n", &format!("[server]\n{server}\n"));
    site.run(&["vault", "config", "prod"]).ok().stdout
}

#[test]
fn a_real_server_starts_with_it_and_knows_its_own_clients_alone() {
    let site = both();
    let server = Mutual::open(&site);
    let said = server.validate();
    assert!(said.contains("Validate Config") && !said.contains("warning"), "{said}");
    assert!(!server.said().contains("[WARN]  unknown"), "{}", server.said());
    let health = |client| server.ask(client, "GET", "sys/health", "");
    assert_eq!(health(Some("prod/hello")).0, 200);
    // In the handshake: there is no status.
    assert_eq!(health(None).0, 0);
    assert_eq!(health(Some("test/hello")).0, 0);
    assert!(server.said().contains("client didn't provide a certificate"), "{}", server.said());
    assert!(server.said().contains("unknown authority"), "{}", server.said());
    server.api("token", "GET", "sys/mounts", &serde_json::Value::Null);
    assert!(server.audited().contains("\"path\":\"sys/mounts\""), "{}", server.audited());
}

#[test]
fn what_is_not_declared_is_as_the_packages_have_it() {
    let text = rendered("");
    for line in [
        "api_addr      = \"https://vault.prod.example.internal:8200\"",
        "cluster_addr  = \"https://vault.prod.example.internal:8201\"",
        "  address                            = \"0.0.0.0:8200\"",
        "  tls_require_and_verify_client_cert = true",
        "  tls_client_ca_file                 = \"/opt/openbao/tls/client-ca.pem\"",
        "    file_path = \"/var/log/openbao/audit.log\"",
        "#   client-ca.pem  ca/prod/identity/g1/cert.pem",
    ] {
        assert!(text.lines().any(|there| there == line), "{line}\n{text}");
    }
    assert!(!text.contains("seal ") && !text.contains("disable_mlock"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn vault_takes_its_audit_device_by_command_and_is_told_not_to_lock_memory() {
    let text = rendered("dialect = \"vault\"");
    assert!(text.contains("disable_mlock = true"), "{text}");
    assert!(text.contains("\n#   vault audit enable file file_path=/var/log/vault/audit.log"));
    assert!(!text.contains("\naudit "), "{text}");
}

#[test]
fn seals_have_no_secret() {
    let transit = rendered(
        "[server.seal]\ntype = \"transit\"\naddress = \"https://unseal.example.internal:8200\"\n\
         key = \"prod\"",
    );
    for line in ["seal \"transit\" {", "  key_name   = \"prod\"", "  mount_path = \"transit/\""] {
        assert!(transit.lines().any(|there| there == line), "{line}\n{transit}");
    }
    assert!(!transit.lines().any(|line| line.trim_start().starts_with("token")), "{transit}");
    let azure = rendered(
        "[server.seal]\ntype = \"azurekeyvault\"\nvault_name = \"home-unseal\"\n\
         key_name = \"prod\"\ntenant_id = \"00000000-0000-0000-0000-000000000001\"",
    );
    assert!(azure.contains("seal \"azurekeyvault\" {\n  tenant_id"), "{azure}");
    assert!(!azure.contains("client_secret  "), "{azure}");
}

#[test]
fn a_server_without_a_listener_is_named() {
    let site = Site::declared();
    std::fs::remove_dir_all(site.path("identities/prod/vault-server")).unwrap();
    let run = site.fails(2, "prod declares no listener for vault.prod.example.internal", |site| {
        site.run(&["vault", "config", "prod"])
    });
    assert!(run.stderr.contains("hint: declare one, kind = \"listener\""), "{}", run.stderr);
    site.fails(2, "there is no environment nowhere", |site| {
        site.run(&["vault", "config", "nowhere"])
    });
}

#[test]
fn json_says_which_file_comes_from_where() {
    let site = Site::declared();
    let text = site.run(&["--json", "vault", "config", "prod"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["version"], 1);
    assert!(value["config"].as_str().unwrap().contains("listener \"tcp\""));
    assert_eq!(value["files"][2]["file"], "/opt/openbao/tls/client-ca.pem");
    assert_eq!(value["files"][2]["from"][0], "ca/prod/identity/g1/cert.pem");
}
