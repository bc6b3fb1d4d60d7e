//! A server that is away for a moment is asked again; one that is away for long is given up.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod servers;

use common::Site;
use rootward::model::name::Name;
use rootward::vault::{Client, Connection, Timeouts, Token, Trust};
use serde_json::json;
use servers::mutual::{both, connection, run};
use servers::{Front, HOST, Mutual, showing};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const ASK: &[&str] = &["intermediate", "request", "prod/vault", "--from-vault"];

/// A block of nginx that passes everything on to the server.
fn passing(site: &Site, server: &Mutual) -> String {
    let hello = site.path("identities/prod/hello").display().to_string();
    format!(
        "{}\nlocation / {{ proxy_pass https://127.0.0.1:{}; proxy_ssl_verify off; \
         proxy_ssl_certificate {hello}/chain.pem; proxy_ssl_certificate_key {hello}/key.pem; }}",
        showing(site, "prod/vault-server"),
        server.port
    )
}

fn answering(site: &Site, what: &str) -> String {
    format!("{}\nlocation / {{ {what} }}", showing(site, "prod/vault-server"))
}

/// From busy to well after a second and a half, while rootward asks.
fn comes_back(busy: &str) {
    let site = both();
    let server = Mutual::open(&site);
    let front = Front::start(&site, &answering(&site, busy));
    let token = site.beside("mutual/token").display().to_string();
    let connection = connection(&site, "prod/hello", front.port(), &token);
    let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
    scope(|scope| {
        scope.spawn(|| {
            sleep(Duration::from_millis(1500));
            front.becomes(&passing(&site, &server));
        });
        run(&site, &[ASK, &connection].concat(), &[]).ok();
    });
    let requests = front.requests();
    let refused = requests.iter().filter(|line| !line.starts_with("200 ")).count();
    assert!((2..=8).contains(&refused), "{requests:#?}");
    let made = |line: &&String| line.contains(" POST ");
    assert_eq!(requests.iter().filter(made).count(), 1, "{requests:#?}");
}

#[test]
fn a_proxy_without_its_server_is_asked_again() {
    comes_back("default_type text/html; return 503 '<title>Unavailable</title>';");
}

#[test]
fn too_many_requests_are_slowed_down() {
    comes_back("default_type application/json; return 429 '{\"errors\":[\"quota\"]}';");
}

/// How often, and for how long, rootward asks a server that always answers this.
fn gives_up(block: &str, text: &str) -> (usize, Duration) {
    let site = both();
    let front = Front::start(&site, &answering(&site, block));
    let token = site.beside("token").display().to_string();
    fs::write(&token, "s.token").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let connection = connection(&site, "prod/hello", front.port(), &token);
    let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
    let start = Instant::now();
    site.fails(1, text, |site| run(site, &[ASK, &connection].concat(), &[]));
    (front.requests().len(), start.elapsed())
}

#[test]
fn it_is_given_up_after_ten_seconds() {
    let (count, time) =
        gives_up("default_type text/html; return 502 '<title>x</title>';", "502, a");
    assert!((6..=14).contains(&count), "{count}");
    assert!((5..=12).contains(&time.as_secs()), "{time:?}");
}

#[test]
fn an_error_of_the_server_itself_is_given_up_soon() {
    let block = "default_type application/json; return 500 '{\"errors\":[\"broken\"]}';";
    let (count, time) = gives_up(block, "500, broken");
    assert_eq!(count, 3);
    assert!(time < Duration::from_secs(5), "{time:?}");
}

#[test]
fn who_asks_for_a_minute_is_not_waited_for() {
    let block = "default_type application/json; add_header Retry-After 60 always; \
                 return 503 '{\"errors\":[\"later\"]}';";
    let (count, time) = gives_up(block, "503, later");
    assert_eq!(count, 1);
    assert!(time < Duration::from_secs(5), "{time:?}");
}

#[test]
fn who_asks_for_two_seconds_gets_them() {
    let block = "default_type application/json; add_header Retry-After 2 always; \
                 return 503 '{\"errors\":[\"later\"]}';";
    let (count, time) = gives_up(block, "503, later");
    assert!((4..=6).contains(&count), "{count}");
    assert!(time > Duration::from_secs(5), "{time:?}");
}

/// The client alone, as the verbs that are built on it use it.
#[test]
fn a_restart_is_waited_for_once_the_server_is_known() {
    let site = both();
    let mut server = Mutual::open(&site);
    let rng = ring::rand::SystemRandom::new();
    let ui = rootward::ui::Ui::new(rootward::ui::Color::Never, false, true, true);
    let root = site.root();
    let session = rootward::commands::Session::new(&ui, &rng, Some(&root));
    let estate = session.read().unwrap();
    let prod: Name = "prod".parse().unwrap();
    let token = fs::read(site.beside("mutual/token")).unwrap();
    let dir = site.path("identities/prod/hello");
    let (chain, key) = (fs::read(dir.join("chain.pem")).unwrap(), fs::read(dir.join("key.pem")));
    let connection = Connection {
        address: format!("https://127.0.0.1:{}", server.port).parse().unwrap(),
        server_name: Some(HOST.parse().unwrap()),
        trust: Arc::new(Trust::of(&estate, &prod, None).unwrap()),
        certificate: Some(
            rootward::vault::ClientCertificate::parse(
                ("chain.pem", &chain),
                ("key.pem", &key.unwrap()),
                session.context.now(),
            )
            .unwrap(),
        ),
        token: Some(Token::parse("token", &token).unwrap()),
        namespace: None,
        timeouts: Timeouts::default(),
        seed: 7,
    };
    let shown = format!("{connection:?}");
    assert!(!shown.contains(std::str::from_utf8(&token).unwrap().trim()), "{shown}");
    let client = Client::new(&connection).unwrap();
    assert!(client.need_open().unwrap().version.starts_with('2'));

    let data = json!({"policy": "path \"a\" { capabilities = [\"read\"] }"});
    client.put("sys/policies/acl/one", &data).unwrap();
    assert_eq!(client.read("sys/policies/acl/none").unwrap(), None);
    assert_eq!(client.list("sys/policies/acl").unwrap().unwrap()["keys"][0], "default");
    server.stop();
    scope(|scope| {
        let reading = scope.spawn(|| client.read("sys/policies/acl/one"));
        sleep(Duration::from_millis(500));
        server.start();
        // Sealed as every server that starts: that is not a passing state.
        let error = reading.join().unwrap().unwrap_err();
        assert!(error.messages()[0].contains("is sealed"), "{error:?}");
    });
    server.unseal();
    assert_eq!(client.read("sys/policies/acl/one").unwrap().unwrap()["name"], "one");
    client.delete("sys/policies/acl/one").unwrap();
    client.delete("sys/policies/acl/one").unwrap();
    client.put("sys/mounts/pki", &json!({"type": "pki"})).unwrap();
    let root = json!({"common_name": "x", "key_type": "ec"});
    let made = client.write("pki/root/generate/internal", &root).unwrap();
    let issuer = format!("pki/issuer/{}", made["issuer_id"].as_str().unwrap());
    client.patch(&issuer, &json!({"issuer_name": "first"})).unwrap();
    assert_eq!(client.read(&issuer).unwrap().unwrap()["issuer_name"], "first");
    // Not of the engine's data, but the server's own words.
    let error = client.write("pki/issue/none", &json!({"common_name": "x"})).unwrap_err();
    assert!(error.messages()[0].starts_with("POST pki/issue/none at https://127.0.0.1:"));
    assert!(error.messages()[0].contains(": 400, unknown role: none"), "{error:?}");
    // Shared by threads.
    scope(|scope| {
        for number in 0..8 {
            let (client, data) = (&client, &data);
            scope.spawn(move || client.put(&format!("sys/policies/acl/p{number}"), data).unwrap());
        }
    });
    let names = client.list("sys/policies/acl").unwrap().unwrap();
    assert_eq!(names["keys"].as_array().unwrap().len(), 10, "{names}");
    for path in ["", "a//b", "../b", "a/./b", "a%2fb", "a\n"] {
        assert!(client.read(path).is_err(), "{path:?}");
    }
}
