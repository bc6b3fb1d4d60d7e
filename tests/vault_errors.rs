//! What goes wrong on the way to a server, on real servers: each has its own words, a hint, and an
//! exit code; and nothing in the workspace has changed.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod servers;

use common::{Run, Site, assert_plain, libfaketime, output, tool};
use servers::mutual::{both, connection, run};
use servers::{Front, HOST, Mutual, free_port, showing};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

const ASK: &[&str] = &["intermediate", "request", "prod/vault", "--from-vault"];

/// A file with what looks like a token.
fn token(site: &Site) -> String {
    let path = site.beside("token");
    fs::write(&path, "s.secret-token\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// As prod/hello, at a port of the loopback interface.
fn ask(site: &Site, port: u16, more: &[&str]) -> Run {
    let connection = connection(site, "prod/hello", port, &token(site));
    let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
    run(site, &[ASK, &connection, more].concat(), &[])
}

/// The message, the hint, the exit code; no token, no control character, no change.
#[track_caller]
fn says(site: &Site, code: i32, text: &str, hint: &str, asked: impl FnOnce(&Site) -> Run) -> Run {
    let run = site.fails(code, text, asked);
    let hint = format!("\nhint: {hint}");
    let stderr = run.stderr.replace(&format!(" -C {}", site.root().display()), "");
    assert!(stderr.contains(&hint), "expected {hint:?} in: {stderr}");
    assert!(!run.stderr.contains("secret-token"), "{}", run.stderr);
    assert_plain(&run);
    run
}

/// A server of prod whose answer is this block of nginx.
fn front(site: &Site, block: &str) -> Front {
    Front::start(site, &format!("{}\n{block}", showing(site, "prod/vault-server")))
}

/// nginx writes a body of this kind.
fn page(status: u16, kind: &str, body: &str) -> String {
    format!("location / {{ default_type {kind}; return {status} '{body}'; }}")
}

#[test]
fn sealed_uninitialised_and_open_again() {
    let site = both();
    let mut server = Mutual::new(&site);
    let is = format!("the server of prod at https://127.0.0.1:{} is", server.port);
    let asked = |site: &Site| ask(site, server.port, &[]);
    says(&site, 1, &format!("{is} not initialised"), "initialise it: bao operator init", asked);
    drop(server);
    fs::remove_dir_all(site.beside("mutual")).unwrap();
    let site = both();
    server = Mutual::open(&site);
    server.seal();
    let asked = |_: &Site| server.run(ASK);
    says(&site, 1, " is sealed", "unseal it: bao operator unseal", asked);
    server.unseal();
    server.run(ASK).ok();
}

#[test]
fn tokens_that_are_unknown_or_may_not() {
    let site = both();
    let server = Mutual::open(&site);
    let as_token = |file: &str| {
        let file = file.to_owned();
        move |site: &Site| {
            let connection = connection(site, "prod/hello", server.port, &file);
            let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
            run(site, &[ASK, &connection].concat(), &[])
        }
    };
    let unknown = server.write_token("unknown", "s.secret-token");
    let words = "does not know the token";
    says(&site, 1, words, "log in again, bao login or vault login", as_token(&unknown));
    let ordinary = server.token_of(&["default"]);
    let words = "GET sys/mounts at https://127.0.0.1:";
    let hint = "a policy of the token must say: path \"sys/mounts\" { capabilities = [\"read\"] }";
    let run = says(&site, 1, words, hint, as_token(&ordinary));
    assert!(run.stderr.contains(": 403, permission denied\n"), "{}", run.stderr);
}

#[test]
fn a_client_certificate_is_asked_for_and_must_be_of_the_environment() {
    let site = both();
    let server = Mutual::new(&site);
    let address = format!("https://127.0.0.1:{}", server.port);
    let token = token(&site);
    let bare = ["--address", &address, "--tls-server-name", HOST, "--token-file", &token];
    let asked = |site: &Site| run(site, &[ASK, &bare].concat(), &[]);
    let hint = "--client-cert identities/prod/NAME/chain.pem --client-key identities/prod/NAME/";
    says(&site, 1, "the server asks for a client certificate, got none", hint, asked);
    let other = |site: &Site| {
        let connection = connection(site, "test/hello", server.port, &token);
        let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
        run(site, &[ASK, &connection].concat(), &[])
    };
    let run =
        says(&site, 1, "the server does not accept the client certificate", "show one", other);
    assert!(run.stderr.contains("(CN=hello): it trusts another CA"), "{}", run.stderr);
    // Late alerts are told as reliably as early ones.
    for _ in 0..10 {
        run_bare(&site, &bare);
    }
}

fn run_bare(site: &Site, connection: &[&str]) {
    let run = run(site, &[ASK, connection].concat(), &[]);
    assert!(run.stderr.contains("asks for a client certificate"), "{}", run.stderr);
}

#[test]
fn a_server_of_another_environment_is_refused_before_it_learns_anything() {
    let site = both();
    let front = Front::start(
        &site,
        &format!("{}\n{}", showing(&site, "test/vault-server"), page(200, "text/plain", "x")),
    );
    let rule = "WRONG-ENVIRONMENT";
    let address = format!("https://127.0.0.1:{}", front.port());
    let words = format!("{rule}: {address} is a server of test, expected one of prod");
    let explain = format!("rootward explain {rule}");
    says(&site, 3, &words, &explain, |site| ask(site, front.port(), &[]));
    // The CA that test's own tools trust, the root, makes no difference.
    let trust = site.path("ca/test/trust.pem").display().to_string();
    says(&site, 3, &words, &explain, |site| ask(site, front.port(), &["--cacert", &trust]));
    let token = token(&site);
    let variables = [("VAULT_ADDR", address.as_str()), ("VAULT_CACERT", &trust)];
    let shell = |site: &Site| run(site, &[ASK, &["--token-file", &token]].concat(), &variables);
    says(&site, 3, &words, "unset VAULT_ADDR", shell);
    assert_eq!(front.requests(), Vec::<String>::new());
}

#[test]
fn a_server_that_nobody_here_has_certified() {
    let site = both();
    let (front, cert) = alien(&site, "CA:FALSE");
    let words = "the server's certificate is not of prod: another CA has issued it";
    let hint = "if this is the server, name the CA of its listener: --cacert FILE";
    says(&site, 1, words, hint, |site| ask(site, front.port(), &[]));
    assert_eq!(front.requests(), Vec::<String>::new());
    // Named, it is trusted, and then found to be no Vault.
    let words = "GET sys/health at https://127.0.0.1:";
    let run = site.fails(1, words, |site| ask(site, front.port(), &["--cacert", &cert]));
    assert!(run.stderr.contains(": 200, text/plain, expected JSON of"), "{}", run.stderr);
    assert_eq!(front.requests(), [format!("200 GET /v1/sys/health none {HOST}:{}", front.port())]);
}

/// Shows a certificate that openssl made and signed with its own key.
fn alien(site: &Site, constraint: &str) -> (Front, String) {
    let (key, cert) = (site.beside("alien.key"), site.beside("alien.pem"));
    let mut openssl = Command::new(tool("openssl", "openssl"));
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    openssl.args(["-subj", "/CN=alien", "-addext", &format!("subjectAltName=DNS:{HOST}")]);
    openssl.args(["-addext", &format!("basicConstraints={constraint}")]);
    output(openssl.arg("-keyout").arg(&key).arg("-out").arg(&cert));
    let (key, cert) = (key.display().to_string(), cert.display().to_string());
    let shown = format!("listen PORT ssl; ssl_certificate {cert}; ssl_certificate_key {key};");
    let front = Front::start(site, &format!("{shown}\n{}", page(200, "text/plain", "x")));
    (front, cert)
}

#[test]
fn a_server_that_shows_a_ca() {
    let site = both();
    let (front, _) = alien(&site, "CA:TRUE");
    let words = "the server's certificate is that of a CA, expected one of prod's listener";
    let hint = "a self-signed one needs basicConstraints=CA:FALSE, and --cacert FILE";
    says(&site, 1, words, hint, |site| ask(site, front.port(), &[]));
}

#[test]
fn the_name_on_the_certificate_must_be_the_one_that_was_asked_for() {
    let site = both();
    let front = front(&site, &page(200, "text/plain", "x"));
    let (token, address) = (token(&site), format!("https://127.0.0.1:{}", front.port()));
    let asked = |site: &Site| {
        run(site, &[ASK, &["--address", &address, "--token-file", &token]].concat(), &[])
    };
    let words = format!("the server's certificate is not for 127.0.0.1, but for {HOST}");
    says(&site, 1, &words, &format!("--tls-server-name {HOST}"), asked);
}

#[test]
fn an_app_cannot_pose_as_the_server() {
    let site = both();
    let block = format!("{}\n{}", showing(&site, "prod/hello"), page(200, "text/plain", "x"));
    let front = Front::start(&site, &block);
    let (token, address) = (token(&site), format!("https://127.0.0.1:{}", front.port()));
    let name = "hello.prod.example.internal";
    let options = ["--address", &address, "--tls-server-name", name, "--token-file", &token];
    let asked = |site: &Site| run(site, &[ASK, &options].concat(), &[]);
    let words = "the server's certificate is not one for servers";
    says(&site, 1, words, "load that of a listener: identities/prod/NAME/chain.pem", asked);
    assert_eq!(front.requests(), Vec::<String>::new());
}

#[test]
fn an_expired_listener_is_refused_and_an_expired_crl_is_not_missed() {
    let site = both();
    let front = front(&site, &page(200, "text/plain", "x"));
    let (token, address) = (token(&site), format!("https://127.0.0.1:{}", front.port()));
    let options = ["--address", &address, "--tls-server-name", HOST, "--token-file", &token];
    let at = |clock| move |site: &Site| site.at(clock, &[ASK, &options].concat());
    let hint = "rootward identity issue --env prod, then load it in the server";
    says(&site, 1, "the server's certificate has expired", hint, at("+100d"));
    says(&site, 1, "200, text/plain, expected JSON", "something stands between", at("+40d"));
}

#[test]
fn a_revoked_listener_is_refused() {
    let site = both();
    let front = front(&site, &page(200, "text/plain", "x"));
    site.keyed(&["revoke", "prod/vault-server", "--reason", "keyCompromise", "--yes"]).ok();
    let words = "the server's certificate is revoked";
    says(&site, 1, words, "rootward status", |site| ask(site, front.port(), &[]));
}

#[test]
fn addresses_that_lead_nowhere() {
    let site = both();
    let free = free_port();
    let hint = "start the server of prod, or name another: --address URL";
    says(&site, 1, "connection refused", hint, |site| ask(site, free, &[]));

    let token = token(&site);
    let at = |address: &'static str| {
        let token = token.clone();
        move |site: &Site| {
            run(site, &[ASK, &["--token-file", &token]].concat(), &[("BAO_ADDR", address)])
        }
    };
    let words = "BAO_ADDR: got \"http://vault.example:8200\", expected https://HOST:PORT";
    let hint = "only TLS is spoken: --address https://vault.example:8200";
    says(&site, 2, words, hint, at("http://vault.example:8200"));
    let words = "no address is known for nowhere.invalid";
    let hint =
        "connect by number: --address https://ADDRESS:8200 --tls-server-name nowhere.invalid";
    says(&site, 1, words, hint, at("https://nowhere.invalid:8200"));
    let plain = Front::start(&site, &format!("listen PORT;\n{}", page(200, "text/plain", "x")));
    let words = "the server there does not speak TLS";
    let hint = "name the TLS listener: --address https://HOST:PORT";
    says(&site, 1, words, hint, |site| ask(site, plain.port(), &[]));
}

#[test]
fn servers_that_say_nothing() {
    let site = both();
    // Accepted by the kernel, answered by nobody.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let hint = "look at the route and the firewalls";
    says(&site, 1, "no connection within 5s", hint, |site| ask(site, port, &[]));
    let front = front(&site, &format!("location / {{ proxy_pass http://127.0.0.1:{port}; }}"));
    let asked = |site: &Site| ask(site, front.port(), &["--timeout", "1"]);
    says(&site, 1, "no answer within 1s", "wait longer: --timeout 4", asked);
}

#[test]
fn a_server_that_hangs_up() {
    let site = both();
    let front = front(&site, "location / { return 444; }");
    let asked = |site: &Site| ask(site, front.port(), &[]);
    says(&site, 1, "closed the connection without an answer", "look at the server's log", asked);
    assert_eq!(front.requests().len(), 3);
}

#[test]
fn pages_of_proxies_are_called_by_their_titles() {
    let site = both();
    let body = "<html><head><title>Sign in \u{1b}[31mnow</title></head><p>secret-page";
    let front = front(&site, &page(403, "text/html", body));
    let words = "403, a page titled \"Sign in \\u{1b}[31mnow\", expected JSON of Vault or OpenBao";
    let hint = "something stands between, such as a proxy: name the server itself, --address URL";
    let run = says(&site, 1, words, hint, |site| ask(site, front.port(), &[]));
    assert!(!run.stderr.contains("secret-page"), "{}", run.stderr);
}

#[test]
fn a_404_of_something_else_is_not_nothing() {
    let site = both();
    let front = front(&site, &page(404, "text/html", "<title>Not Found</title>"));
    let words = "404, a page titled \"Not Found\", expected JSON";
    says(&site, 1, words, "something stands between", |site| ask(site, front.port(), &[]));
}

#[test]
fn redirections_are_told_and_not_followed() {
    let site = both();
    let elsewhere = front(&site, &page(200, "text/plain", "x"));
    let leader = format!("https://{HOST}:{}", elsewhere.port());
    let standby = front(&site, &format!("return 307 {leader}$request_uri;"));
    let words = format!("sends elsewhere, to {leader}/v1/sys/health?");
    let asked = |site: &Site| ask(site, standby.port(), &[]);
    says(&site, 1, &words, &format!("--address {leader}"), asked);
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
}

#[test]
fn an_answer_without_end_is_not_read() {
    let site = both();
    let dir = site.beside("huge/v1/sys");
    fs::create_dir_all(&dir).unwrap();
    fs::File::create(dir.join("health")).unwrap().set_len((64 << 20) + 1).unwrap();
    let front = front(&site, &format!("root {};", site.beside("huge").display()));
    for path in [site.beside("."), site.beside("huge"), site.beside("huge/v1"), dir] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run =
        site.fails(1, "the answer is larger than 64 MiB", |site| ask(site, front.port(), &[]));
    assert_plain(&run);
}

#[test]
fn certificates_and_keys_are_looked_at_before_anything_is_sent() {
    let site = both();
    let hello = |name: &str| site.path("identities/prod/hello").join(name).display().to_string();
    let (chain, key) = (hello("chain.pem"), hello("key.pem"));
    let other = site.path("identities/prod/vault-server/key.pem").display().to_string();
    let sealed = site.path("ca/prod/identity/g1/key.pem").display().to_string();
    let token = token(&site);
    let with = |cert: &str, key: &str| {
        let arguments =
            [ASK, &["--client-cert", cert, "--client-key", key, "--token-file", &token]];
        run(&site, &arguments.concat(), &[])
    };
    let hint = "--client-cert and --client-key belong together";
    says(&site, 2, "is not the key of the certificate", hint, |_| with(&chain, &other));
    let hint = "CAs have sealed keys; a client shows the certificate of an identity";
    says(&site, 2, "key.pem is sealed, expected the key of a client", hint, |_| {
        with(&chain, &sealed)
    });
    let no_key = site.fails(2, "has no BEGIN PRIVATE KEY, expected one", |_| with(&chain, &chain));
    assert_plain(&no_key);
    site.fails(1, "has no BEGIN CERTIFICATE, expected one", |_| with(&key, &key));
    let half = |site: &Site| {
        run(site, &[ASK, &["--token-file", &token]].concat(), &[("VAULT_CLIENT_CERT", &chain)])
    };
    let hint = "--client-key identities/ENV/NAME/key.pem";
    says(&site, 2, "VAULT_CLIENT_CERT is given without its key", hint, half);
    // Open to others: said, as of every file with a secret.
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(with(&chain, &key).stderr.contains("key.pem can be read by others (mode 0644)"));
}

#[test]
fn an_expired_client_certificate_is_named_with_its_date() {
    let site = both();
    let token = token(&site);
    let connection = connection(&site, "prod/hello", free_port(), &token);
    let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
    let asked = |site: &Site| site.at("+40d", &[ASK, &connection].concat());
    let run =
        says(&site, 1, "(CN=hello) expired on 2", "rootward identity issue --env prod", asked);
    assert!(run.stderr.contains("the client certificate "), "{}", run.stderr);
}

/// A server of openssl, whose clock is forty days ahead.
struct Ahead(Child);

impl Drop for Ahead {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_server_says_of_an_expired_client_certificate_is_told() {
    let site = both();
    let port = free_port();
    let shown = site.path("identities/prod/vault-server");
    let mut openssl = Command::new(tool("openssl", "openssl"));
    openssl.args(["s_server", "-quiet", "-Verify", "3", "-verify_return_error", "-www"]);
    openssl.args(["-accept", &format!("127.0.0.1:{port}")]);
    openssl.arg("-CAfile").arg(site.path("ca/prod/trust.pem"));
    openssl.arg("-cert").arg(shown.join("cert.pem")).arg("-key").arg(shown.join("key.pem"));
    openssl.env("LD_PRELOAD", libfaketime()).env("FAKETIME", "+40d");
    let _server = Ahead(
        openssl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(),
    );
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {}
    let words = "(CN=hello) has expired, says the server";
    let hint = "rootward identity issue --env prod";
    says(&site, 1, words, hint, |site| ask(site, port, &[]));
}

#[test]
fn a_token_is_one_line_from_a_file_or_a_variable() {
    let site = both();
    let words =
        "there is no token: expected --token-file, BAO_TOKEN, VAULT_TOKEN or ~/.vault-token";
    let hint = "bao login -method=cert, or vault login -method=cert; or --token-file FILE";
    says(&site, 2, words, hint, |site| run(site, ASK, &[]));
    let two = [("VAULT_TOKEN", "secret-token two")];
    site.fails(2, "VAULT_TOKEN has no token: expected one line", |site| run(site, ASK, &two));
    // Left there by a login; the address is the declared one, whose name nobody knows here.
    fs::create_dir(site.beside("home")).unwrap();
    fs::write(site.beside("home/.vault-token"), "s.secret-token").unwrap();
    let run = site.fails(1, "no address is known for", |site| run(site, ASK, &[]));
    assert!(run.stderr.contains(".vault-token can be read by others"), "{}", run.stderr);
}

#[test]
fn settings_that_are_not_understood() {
    let site = both();
    let token = token(&site);
    let with = |variable: (&str, &str)| {
        run(&site, &[ASK, &["--token-file", &token]].concat(), &[variable])
    };
    for (variable, words) in [
        (("VAULT_CLIENT_TIMEOUT", "soon"), "VAULT_CLIENT_TIMEOUT: got \"soon\", expected seconds"),
        (("VAULT_TLS_SERVER_NAME", "a b"), "VAULT_TLS_SERVER_NAME: got \"a b\", expected a DNS"),
        (("BAO_NAMESPACE", "a b"), "got the namespace \"a b\", expected a path"),
        (("BAO_ADDR", "https://\u{202e}x"), "BAO_ADDR: got \"https://\\\\u{202e}x\", expected"),
    ] {
        assert_plain(&site.fails(2, words, |_| with(variable)));
    }
    site.fails(1, "VAULT_CACERT: cannot open", |_| with(("VAULT_CACERT", "/nowhere/ca.pem")));
    let skip = with(("VAULT_SKIP_VERIFY", "true"));
    assert!(skip.stderr.contains("VAULT_SKIP_VERIFY is not heeded"), "{}", skip.stderr);
}
