//! `status --live` on real servers over mutual TLS: where what is served differs from what was
//! issued, it is named.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use common::{Run, Site};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use vaults::{Cluster, Server, Setup, estate, eventually};

const LISTENER: &str = "identities/prod/vault-server/identity.toml";

/// The example, whose listener is reached by its name alone: nothing is at 10.1.20.5.
fn site() -> Site {
    let site = estate();
    site.edit(LISTENER, "ip = [\"10.1.20.5\"]", "");
    site
}

fn live(server: &Server) -> Run {
    server.rootward(&["status", "--live", server.environment, "--exit-code"])
}

/// Exit code 4, and this line.
#[track_caller]
fn differs(server: &Server, line: &str) -> Run {
    live(server).fails(4, line)
}

#[track_caller]
fn is_well(server: &Server) -> Run {
    let run = live(server).ok();
    assert!(run.stderr.contains("what is served is what was issued"), "{}", run.stderr);
    run
}

fn place(server: &Server) -> String {
    format!("127.0.0.1:{}", server.socket().port())
}

#[test]
fn what_is_served_is_what_was_issued() {
    let site = site();
    let mut prod = Server::with(&site, "prod", Setup { raft: true, ..Setup::default() });
    differs(&prod, "prod CRL at auth/cert/crls/prod-identity-g1: it is not loaded");
    prod.apply();
    let run = is_well(&prod);
    let place = place(&prod);
    for line in [
        &format!("prod/vault-server at {place}: as issued, until 20"),
        &format!("prod at {place}: up and unsealed, version "),
        "prod CRL at auth/cert/crls/prod-identity-g1: loaded",
        "prod CRL at auth/cert/crls/prod-root-g1: loaded",
    ] {
        assert!(run.stdout.contains(line), "no {line:?} in {}", run.stdout);
    }
    let run = prod.rootward(&["status", "--live", "prod", "--json"]).ok();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let seen = document["live"].as_array().unwrap();
    assert!(seen.len() == 4 && seen.iter().all(|one| one["verdict"] == "as issued"), "{seen:?}");
    assert_eq!(seen[0]["object"], "prod/vault-server");

    // Without a token the CRLs are not asked for, and that is no difference.
    let mut command = prod.command_without_token(&["status", "--live", "prod", "--exit-code"]);
    let run = Run::of(command.output().unwrap()).ok();
    assert!(run.stdout.contains("not asked: there is no token"), "{}", run.stdout);
    assert!(run.stderr.contains("; 2 not asked"), "{}", run.stderr);
    // Nor is a server that wants to see a certificate first.
    command = prod.command_without_token(&["status", "--live", "prod", "--exit-code"]);
    command.env_remove("BAO_CLIENT_CERT").env_remove("BAO_CLIENT_KEY");
    let run = Run::of(command.output().unwrap()).ok();
    assert!(run.stdout.contains("asks for a client certificate, got none"), "{}", run.stdout);
    assert!(run.stdout.contains("prod/vault-server at "), "{}", run.stdout);

    prod.seal();
    differs(&prod, &format!("prod at {place}: the server of prod at https://{place} is sealed"));
    prod.kill();
    let run = differs(&prod, &format!("{place}: connection refused: nothing listens there"));
    assert!(run.stdout.contains("prod/vault-server"), "{}", run.stdout);
}

/// What the listener of prod loads, away from what was issued.
fn served(site: &Site) -> Setup {
    let dir = site.path("served");
    fs::create_dir(&dir).unwrap();
    bring(site);
    Setup { listener: Some(dir), ..Setup::default() }
}

/// As the operator does.
fn bring(site: &Site) {
    for name in ["chain.pem", "key.pem"] {
        let from = site.path("identities/prod/vault-server").join(name);
        fs::copy(from, site.path("served").join(name)).unwrap();
    }
}

#[test]
fn an_older_certificate_and_a_chain_that_is_none() {
    let site = site();
    let prod = Server::with(&site, "prod", served(&site));
    prod.apply();
    site.keyed(&["identity", "renew", "prod/vault-server"]).ok();
    differs(&prod, ": shows an older certificate, of 20");
    let loads = |line: &str| {
        prod.signal(Signal::HUP);
        assert!(eventually(|| live(&prod).stdout.contains(line)), "{}", live(&prod).stdout);
    };
    bring(&site);
    loads("prod/vault-server at 127.0.0.1:");
    assert!(eventually(|| live(&prod).code == 0), "{}", live(&prod).stdout);
    is_well(&prod);

    let chain = site.read("identities/prod/vault-server/chain.pem");
    let leaf = site.read("identities/prod/vault-server/cert.pem");
    let test = site.read("ca/test/identity/g1/cert.pem");
    for (text, line) in [
        (&leaf, "shows its certificate alone, without that of prod/identity@g1"),
        (&format!("{leaf}{test}"), "shows a chain without the certificate of prod/identity@g1"),
        (&format!("{chain}{test}"), "shows another chain than was issued"),
    ] {
        site.write("served/chain.pem", text);
        loads(line);
        differs(&prod, line);
    }
    bring(&site);
    prod.signal(Signal::HUP);
    assert!(eventually(|| live(&prod).code == 0), "{}", live(&prod).stdout);
    site.keyed(&["revoke", "prod/vault-server", "--reason", "superseded", "--yes"]).ok();
    differs(&prod, "shows a certificate that was revoked on 20");
}

#[test]
fn a_crl_that_is_older_or_gone_or_not_ours() {
    let site = site();
    let prod = Server::start(&site, "prod");
    prod.apply();
    is_well(&prod);
    let older = site.snapshot();
    site.keyed(&["revoke", "prod/sygnal", "--reason", "superseded", "--yes"]).ok();
    let line = "crls/prod-identity-g1: an older one is loaded: it revokes 0, ours 1";
    let run = differs(&prod, line);
    let hint = "vault apply prod --only crl\n";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
    prod.rootward(&["vault", "apply", "prod", "--only", "crl", "--yes"]).ok();
    is_well(&prod);
    prod.api("DELETE", "auth/cert/crls/prod-identity-g1", &Value::Null);
    differs(&prod, "crls/prod-identity-g1: it is not loaded");
    prod.rootward(&["vault", "apply", "prod", "--only", "crl", "--yes"]).ok();

    // A token that may not look says so, and the rest is looked at.
    let made = prod.api("POST", "auth/token/create", &json!({ "policies": ["default"] }));
    let weak = site.beside("weak");
    fs::write(&weak, made["auth"]["client_token"].as_str().unwrap()).unwrap();
    fs::set_permissions(&weak, fs::Permissions::from_mode(0o600)).unwrap();
    let weak = weak.display().to_string();
    let mut command =
        prod.command_without_token(&["status", "--live", "prod", "--token-file", &weak]);
    let run = Run::of(command.output().unwrap()).ok();
    assert!(run.stdout.contains("crls/prod-identity-g1: 403, permission denied"), "{}", run.stdout);
    assert!(run.stdout.contains("prod/vault-server at 127.0.0.1:"), "{}", run.stdout);

    // An old copy of the workspace: its CRL lacks what the server's has.
    older.into_iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let run = prod.rootward(&["status", "--live", "prod", "--exit-code"]);
    assert!(run.code == 4 && run.stdout.contains("it revokes what ours does not"), "{run:?}");
}

#[test]
fn the_default_issuer_is_the_active_generation() {
    let site = site();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let request = |object: &str| {
        prod.rootward(&["intermediate", "request", object, "--from-vault"]).ok();
        site.keyed(&["intermediate", "sign", object]).ok();
    };
    request("prod/vault");
    differs(&prod, "prod/vault@g1 at pki: there is no default issuer");
    prod.apply();
    let run = is_well(&prod);
    assert!(
        run.stdout.contains("prod/vault@g1 at pki: it is the default issuer"),
        "{}",
        run.stdout
    );
    request("prod/vault@g2");
    prod.apply();
    is_well(&prod);
    site.run(&["rotate", "activate", "prod/vault@g2"]).ok();
    let run = differs(&prod, "prod/vault@g2 at pki: the default issuer is prod/vault@g1");
    assert!(run.stderr.contains("vault apply prod --only issuer\n"), "{}", run.stderr);
    prod.rootward(&["vault", "apply", "prod", "--only", "issuer", "--yes"]).ok();
    is_well(&prod);
}

#[test]
fn the_server_of_another_environment_sees_no_token() {
    let site = site();
    let test = Server::start(&site, "test");
    let run = Run::of(
        test.command(&["status", "--live", "prod", "--exit-code"])
            .env("BAO_TLS_SERVER_NAME", "vault.prod.example.internal")
            .output()
            .unwrap(),
    )
    .fails(4, ": shows a certificate of another environment, test/vault-server's");
    assert!(run.stdout.contains("is a server of test, expected one of prod"), "{}", run.stdout);
    let asked = test.audit().lines().filter(|line| line.contains("crls/")).count();
    assert_eq!(asked, 0);

    // Several at once, where they are declared to be: nobody knows these names here.
    let all = ["status", "--live", "--exit-code"];
    let run = test.command_without_token(&all).output().map(Run::of).unwrap();
    for name in ["prod", "test"] {
        let line = format!("{name}/vault-server at vault.{name}.example.internal:8200: ");
        assert!(run.code == 4 && run.stdout.contains(&line), "{run:?}");
    }
    let run = test.rootward(&all);
    run.fails(2, "--token-file is of one server, and several are asked");
    test.rootward(&["status"]).fails(2, "options of a connection without --live");
    let each = test.token_file().display().to_string().replace("server-test", "server-{env}");
    let prod = site.beside("server-prod");
    fs::create_dir(&prod).unwrap();
    fs::write(prod.join("token"), "s.prod").unwrap();
    fs::set_permissions(prod.join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    let each = ["status", "--live", "--token-file", &each];
    let run = Run::of(test.command_without_token(&each).output().unwrap()).ok();
    assert!(run.stdout.contains("no address is known"), "{}", run.stdout);
}

#[test]
fn whatever_listens_there() {
    let site = site();
    let ask = |port: u16, name: &str| {
        let address = format!("https://127.0.0.1:{port}");
        let mut command = site.command(&["status", "--live", "prod", "--exit-code"]);
        command.args(["--address", &address, "--tls-server-name", name, "--timeout", "2"]);
        command.env_remove("BAO_TOKEN").env_remove("VAULT_TOKEN").env("HOME", site.beside("."));
        Run::of(command.output().unwrap())
    };
    // Another CA's certificate.
    let cluster = Cluster::start();
    let run =
        ask(cluster.port, "vault.prod.example.internal").fails(4, "that another CA has issued");
    assert!(run.stdout.contains("is not of prod: another CA has issued it"), "{}", run.stdout);
    // Somebody who speaks no TLS, and somebody who says nothing.
    for (said, text) in [("220 hello\r\n", "does not speak TLS"), ("", "no answer within 2s")] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.write_all(said.as_bytes()).unwrap();
            let _ = socket.read_to_end(&mut Vec::new());
        });
        ask(port, "vault.prod.example.internal").fails(4, text);
        answer.join().unwrap();
    }
}
