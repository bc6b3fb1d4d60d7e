//! Reminders to real mail servers, in the clear on this machine and over TLS with a certificate of the
//! workspace itself; and to an HTTPS server.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Site, Template, assert_plain, suite, tool, venv};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse";

/// With a listener of prod for 127.0.0.1.
static LISTENING: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::declared();
    let path = "ca/prod/environment.toml";
    let text = site.read(path);
    let ip = text.lines().find(|line| line.starts_with("ip = ")).unwrap();
    site.edit(path, ip, "ip = [\"127.0.0.0/8\"]");
    let listener = "identities/prod/vault-server/identity.toml";
    let text = site.read(listener);
    let ip = text.lines().find(|line| line.starts_with("#ip = ")).unwrap();
    site.edit(listener, ip, "ip = [\"127.0.0.1\"]");
    site.keyed(&["root", "create"]).ok();
    site.keyed(&["intermediate", "request", "prod/identity"]).ok();
    site.keyed(&["intermediate", "sign", "prod/identity"]).ok();
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    Template::of(&site)
});

/// A server of the suite, that ends with the test.
struct Server {
    child: Child,
    dir: PathBuf,
    port: u16,
}

impl Server {
    fn start(site: &Site, script: &str, words: &[&str]) -> Self {
        let dir = site.beside(&format!("server-{}", words.join("-")));
        fs::create_dir(&dir).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(venv("python"));
        command.arg(suite(script)).arg(&dir).arg(port.to_string()).args(words);
        for name in ["chain.pem", "key.pem"] {
            command.arg(site.path("identities/prod/vault-server").join(name));
        }
        let log = fs::File::create(dir.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let this = Self { child, dir, port };
        let until = Instant::now() + Duration::from_secs(30);
        while !this.dir.join("ready").exists() {
            let log = || fs::read_to_string(this.dir.join("log")).unwrap();
            let hint =
                "; if aiosmtpd is missing: target/venv/bin/pip install -r scripts/requirements.txt";
            assert!(Instant::now() < until, "{}{hint}", log());
            sleep(Duration::from_millis(20));
        }
        this
    }

    /// The last mail, with its envelope above it.
    fn mail(&self) -> Option<String> {
        let paths = (1..).map(|number| self.dir.join(format!("{number}.eml")));
        let last = paths.take_while(|path| path.exists()).last()?;
        Some(fs::read_to_string(last).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn declare(site: &Site, server: &Server, more: &str) {
    let text = format!(
        "version = 1\n[[channel]]\ntype = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\n\
         from = \"rootward@ca.example.internal\"\nto = [\"a@example.internal\", \"b@example.internal\"]\n{more}",
        server.port
    );
    site.write("ca/reminders.toml", &text);
}

fn password(site: &Site, password: &str) -> String {
    let path = site.beside("password");
    fs::write(&path, format!("{password}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let path = path.display();
    format!("user = \"rootward\"\npassword_file = \"{path}\"\nca = \"prod/trust.pem\"\n")
}

#[test]
fn a_mail_server_of_this_machine_gets_it_in_the_clear() {
    let site = LISTENING.site();
    let server = Server::start(&site, "smtpd.py", &["plain"]);
    declare(&site, &server, "security = \"none\"\n");
    let run = site.run(&["remind"]).ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let mail = server.mail().unwrap();
    assert!(mail.contains("\nFROM rootward@ca.example.internal\n"), "{mail}");
    assert!(mail.contains("\nTO a@example.internal b@example.internal\n"), "{mail}");
    assert!(mail.contains("\r\nSubject: rootward: ceremony: "), "{mail}");
    assert!(mail.contains("\r\n\r\nCEREMONY\r\n- prod/vault: it waits"), "{mail}");
    // A server without TLS is not told a word.
    declare(&site, &server, "");
    site.run(&["remind", "--test"]).fails(1, "does not offer what is declared");
    declare(&site, &server, "security = \"tls\"\n");
    site.run(&["remind", "--test"]).fails(1, "the server there does not speak TLS");
}

#[test]
fn over_tls_with_a_password_and_a_certificate_of_the_workspace() {
    let site = LISTENING.site();
    for security in ["starttls", "tls"] {
        let server = Server::start(&site, "smtpd.py", &[security]);
        let declared = |more: &str| format!("security = \"{security}\"\n{more}");
        let fails = |more: &str, words: &str| {
            declare(&site, &server, &declared(more));
            let run = site.run(&["remind"]).fails(1, &format!("channel smtp: {words}"));
            assert_plain(&run);
            assert!(
                !run.stderr.contains("horse") && !run.stderr.contains("wrong"),
                "{}",
                run.stderr
            );
            assert_eq!(server.mail(), None);
        };
        // The server repeats what it was given.
        let wrong = password(&site, "wrong horse");
        fails(&wrong, "the server does not accept the user and the password (535)");
        let right = password(&site, PASSWORD);
        let foreign = right.replace("ca = \"prod/trust.pem\"\n", "");
        fails(&foreign, "the server's certificate is of a CA that is not trusted");
        fails("ca = \"prod/trust.pem\"\n", "the server wants a user and a password (530)");
        declare(&site, &server, &declared(&right));
        let text = site.read("ca/reminders.toml").replace("127.0.0.1", "localhost");
        site.write("ca/reminders.toml", &text);
        site.run(&["remind"]).fails(1, "channel smtp: TLS: invalid peer certificate");
        declare(&site, &server, &declared(&right));
        let run = site.run(&["remind"]).ok();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
        let mail = server.mail().unwrap();
        assert!(mail.contains("USER rootward\n") && mail.contains("prod/vault"), "{mail}");
        fs::remove_file(site.path("ca/.reminded.json")).unwrap();
    }
}

#[test]
fn a_webhook_over_tls_trusts_the_declared_ca_alone() {
    let site = LISTENING.site();
    let server = Server::start(&site, "httpsd.py", &[]);
    let channel = |ca: &str| {
        let text = format!(
            "version = 1\n[[channel]]\ntype = \"webhook\"\nurl = \"https://127.0.0.1:{}/\"\n{ca}",
            server.port
        );
        site.write("ca/reminders.toml", &text);
    };
    channel("");
    let run =
        site.run(&["remind"]).fails(1, "the server's certificate is of a CA that is not trusted");
    assert!(run.stderr.ends_with("name the CA's certificate: ca = \"FILE\"\n"), "{}", run.stderr);
    channel("ca = \"prod/trust.pem\"\n");
    site.run(&["remind"]).ok();
    let body = fs::read_to_string(server.dir.join("body")).unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["version"], 1);
    channel("ca = \"none.pem\"\n");
    site.run(&["remind", "--test"]).fails(1, "channel webhook: ca: cannot open");
}

#[test]
fn a_real_mail_program_hands_it_on() {
    let site = LISTENING.site();
    let server = Server::start(&site, "smtpd.py", &["plain"]);
    let program = site.beside("sendmail");
    let msmtp = tool("msmtp", "msmtp");
    let script = format!(
        "#!/bin/sh\nexec {} --host=127.0.0.1 --port={} --auth=off --tls=off --read-envelope-from \"$@\"\n",
        msmtp.display(),
        server.port
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!(
        "version = 1\n[[channel]]\ntype = \"sendmail\"\nprogram = \"{}\"\n\
         from = \"rootward@ca.example.internal\"\nto = [\"a@example.internal\"]\n",
        program.display()
    );
    site.write("ca/reminders.toml", &text);
    let run = site.run(&["remind"]).ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let mail = server.mail().unwrap();
    assert!(
        mail.contains("\nFROM rootward@ca.example.internal\nTO a@example.internal\n"),
        "{mail}"
    );
    assert!(mail.contains("\r\n\r\nCEREMONY\r\n- prod/vault: it waits"), "{mail}");
    // It cannot reach its server: nothing is lost.
    drop(server);
    fs::remove_file(site.path("ca/.reminded.json")).unwrap();
    for _ in 0..2 {
        site.run(&["remind"]).fails(1, "channel sendmail: ");
    }
}
