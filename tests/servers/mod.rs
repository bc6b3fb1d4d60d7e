//! Real servers of prod that look at CRLs: an OpenBao with certificate login, and nginx. Both show
//! the certificate of prod/vault-server, on a free port of the loopback interface.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    reason = "each test binary uses a part of this"
)]

mod front;
pub mod mutual;
mod nginx;
mod openbao;

pub use front::{Front, showing};
pub use mutual::Mutual;
pub use nginx::Nginx;
pub use openbao::OpenBao;

use super::common::{Site, tool};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const HOST: &str = "vault.prod.example.internal";
pub const INTERMEDIATE: &str = "ca/prod/identity/g1/cert.pem";
pub const CRL: &str = "ca/prod/identity/g1/crl.pem";
pub const ROOT_CRL: &str = "ca/root/g1/crl.pem";

/// A status and a body.
pub type Answer = (u16, String);

/// A process that ends with the test, and how to ask it.
struct Server {
    child: Child,
    port: u16,
    trust: PathBuf,
    identities: PathBuf,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked, not killed: nginx ends its worker, too.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts it, with its output in a log, and waits until the port answers.
    fn start(site: &Site, port: u16, log: PathBuf, command: &mut Command) -> Self {
        let out = fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let child = command.spawn().unwrap();
        let (trust, identities) = (site.path("ca/prod/trust.pem"), site.path("identities"));
        let server = Self { child, port, trust, identities, log };
        let up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(within_ten_seconds(up), "it does not answer: {}", server.said());
        server
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// One request over TLS, with the certificate of an identity if one is named.
    fn ask(&self, client: Option<&str>, arguments: &[&str], path: &str, body: &str) -> Answer {
        let mut curl = Command::new(tool("curl", "curl"));
        curl.args(["-q", "-sS", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_code}"]);
        curl.args(["--resolve", &format!("{HOST}:{}:127.0.0.1", self.port)]);
        curl.arg("--cacert").arg(&self.trust).args(arguments);
        if let Some(name) = client {
            let dir = self.identities.join(name);
            curl.arg("--cert").arg(dir.join("chain.pem")).arg("--key").arg(dir.join("key.pem"));
        }
        curl.arg(format!("https://{HOST}:{}{path}", self.port));
        let mut child = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", ""));
        (status.parse().unwrap_or(0), body.to_owned())
    }
}

fn within_ten_seconds(mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if done() {
            return true;
        }
        sleep(Duration::from_millis(20));
    }
    false
}
