//! A workspace whose years go by: rootward itself under other clocks, an operator who does what it
//! says, and stock openssl as the judge of what is there.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::common::{PASSPHRASE, Run, Site, libfaketime, tool};
use rootward::authority::Estate;
use rootward::context::Context;
use rootward::journal::Origin;
use rootward::rotation::{Row, rows};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use time::{Duration, OffsetDateTime};

/// A workspace and its clock, which stands still while something is done.
pub struct World {
    pub site: Site,
    pub now: OffsetDateTime,
    /// Every command that the operator typed.
    pub typed: usize,
}

impl World {
    /// The workspace of `init` without the environment `test`, with these lifetimes.
    pub fn declared(begin: OffsetDateTime, root: &str, intermediate: &str, leaf: &str) -> Self {
        let site = Site::declared();
        fs::remove_dir_all(site.path("ca/test")).unwrap();
        fs::remove_dir_all(site.path("identities/test")).unwrap();
        site.edit("ca/root/root.toml", "root = \"20y\"", &format!("root = \"{root}\""));
        let environment = "ca/prod/environment.toml";
        site.edit(environment, "lifetime = \"3y\"", &format!("lifetime = \"{intermediate}\""));
        site.edit(environment, "\"30d\"        #", &format!("\"{leaf}\"        #"));
        site.edit(environment, "crl = \"30d\"", &format!("crl = \"{leaf}\""));
        let listener = "identities/prod/vault-server/identity.toml";
        site.edit(listener, "lifetime = \"90d\"", &format!("lifetime = \"{leaf}\""));
        Self { site, now: begin, typed: 0 }
    }

    /// rootward at this world's time, which is the same in every time zone.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.site.command(arguments);
        command.env("LD_PRELOAD", libfaketime()).env("FAKETIME_FMT", "%s");
        command.env("FAKETIME", self.now.unix_timestamp().to_string());
        // Where clocks are put forward and back; nothing here may depend on it.
        command.env("TZ", "America/New_York");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Everything that is to be replaced, as the library has it at any time.
    pub fn rows(&self, at: OffsetDateTime) -> Vec<Row> {
        let rng = ring::rand::SystemRandom::new();
        let origin = Origin { host: "years".into(), user: "years".into(), now: at };
        let context = Context { origin, rng: &rng };
        let estate = Estate::read(&self.site.root(), &context).unwrap();
        rows(&estate, at).unwrap()
    }

    /// The next moment at which something is said of anything.
    pub fn next(&self) -> OffsetDateTime {
        let rows = self.rows(self.now);
        let next = |row: &Row| row.deadlines()?.next(self.now).map(|(_, at)| at);
        rows.iter().filter_map(next).min().unwrap()
    }

    /// Types a command as it was said, with what only a person has: a passphrase, a request.
    #[track_caller]
    pub fn type_in(&mut self, command: &str) {
        let command = command.strip_prefix("rootward ").unwrap();
        let file = self.site.beside("request.csr").display().to_string();
        if command.contains("FILE") {
            self.request();
        }
        let command = command.replace("FILE", &file);
        let mut words: Vec<&str> = command.split(' ').collect();
        let passphrase = self.site.passphrase().display().to_string();
        let is_keyless = words.starts_with(&["rotate", "activate"]) || words.contains(&"--csr");
        if !is_keyless {
            words.extend(["--passphrase-file", &passphrase]);
        }
        let run = self.run(&words);
        assert_eq!(run.code, 0, "{} {words:?}: {}", self.now, run.stderr);
        self.typed += 1;
        self.unseal_quickly();
    }

    /// A request as a server makes it, with a new key.
    fn request(&self) {
        let mut openssl = Command::new(tool("openssl", "openssl"));
        openssl.args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-keyout", "/dev/null", "-subj", "/CN=prod vault", "-out"]);
        let made = openssl.arg(self.site.beside("request.csr")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// The cost of a passphrase is meant for thieves, not for twenty years in a minute: each key is
    /// sealed again, as cheaply as openssl does it.
    fn unseal_quickly(&self) {
        for entry in walk(&self.site.path("ca")) {
            let done = entry.with_extension("quick");
            if !entry.ends_with("key.pem") || done.exists() {
                continue;
            }
            let pass = format!("file:{}", self.site.passphrase().display());
            let mut openssl = Command::new(tool("openssl", "openssl"));
            openssl.args(["pkcs8", "-topk8", "-scrypt", "-scrypt_N", "2", "-passin", &pass]);
            openssl
                .args(["-passout", &format!("pass:{PASSPHRASE}"), "-in"])
                .arg(&entry)
                .arg("-out")
                .arg(&done);
            assert!(openssl.status().unwrap().success());
            fs::copy(&done, &entry).unwrap();
        }
    }

    /// Every current leaf, by openssl, with the CRLs of its chain: now and until the next step.
    #[track_caller]
    pub fn every_leaf_verifies(&self, at: OffsetDateTime) {
        let crls = self.site.beside("crls.pem");
        let text = walk(&self.site.path("ca")).into_iter().filter(|path| path.ends_with("crl.pem"));
        fs::write(&crls, text.map(|path| fs::read(path).unwrap()).collect::<Vec<_>>().concat())
            .unwrap();
        for name in ["hello", "vault-server"] {
            let dir = self.site.path(&format!("identities/prod/{name}"));
            let mut openssl = Command::new(tool("openssl", "openssl"));
            openssl
                .args(["verify", "-x509_strict", "-attime"])
                .arg(at.unix_timestamp().to_string());
            openssl.arg("-crl_check_all").arg("-CRLfile").arg(&crls);
            openssl.arg("-CAfile").arg(self.site.path("ca/prod/trust.pem"));
            openssl.arg("-untrusted").arg(dir.join("chain.pem")).arg(dir.join("cert.pem"));
            let output = openssl.stdin(Stdio::null()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} at {at}: {said}");
        }
    }
}

pub fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

pub const DAY: Duration = Duration::DAY;
