//! People with SSH keys, and the real ssh-keygen.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use base64ct::{Base64, Encoding};
use ring::digest::{SHA256, SHA512, digest};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use rootward::error::Result;
use rootward::model::rule::Rule;
use rootward::witness::{AllowedSigners, Principal, verify};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::{
    OffsetDateTime,
    macros::{datetime, format_description},
};

pub const NAMESPACE: &str = "rootward-transcript";
/// When the ceremony was.
pub const AT: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

/// Names, and how ssh-keygen makes their keys.
pub const KINDS: [(&str, &[&str]); 4] = [
    ("ed25519", &["-t", "ed25519"]),
    ("p256", &["-t", "ecdsa", "-b", "256"]),
    ("p384", &["-t", "ecdsa", "-b", "384"]),
    ("rsa", &["-t", "rsa", "-b", "2048"]),
];

pub const TRANSCRIPT: &[u8] = b"rootward transcript 1\nroot@g1 created\n";

/// One key of each kind, and a signature of each over [`TRANSCRIPT`].
pub static SSH: LazyLock<Ssh> = LazyLock::new(|| Ssh::new(&KINDS));
pub static SIGNATURES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| KINDS.map(|(name, _)| SSH.sign(name, NAMESPACE, "sha512", TRANSCRIPT)).into());

/// Keys in a directory.
pub struct Ssh {
    dir: tempfile::TempDir,
    count: AtomicUsize,
}

impl Ssh {
    pub fn new(keys: &[(&str, &[&str])]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, options) in keys {
            let mut make = keygen();
            make.args(["-q", "-N", "", "-C", "", "-f"]).arg(dir.path().join(name)).args(*options);
            assert!(make.status().unwrap().success());
        }
        Self { dir, count: AtomicUsize::new(0) }
    }

    /// Type and base64.
    pub fn public(&self, name: &str) -> String {
        let file = self.dir.path().join(format!("{name}.pub"));
        fs::read_to_string(file).unwrap().trim().to_owned()
    }

    /// Of allowed signers.
    pub fn line(&self, name: &str, options: &str) -> String {
        format!("{name} {options} {}\n", self.public(name))
    }

    pub fn fingerprint(&self, name: &str) -> String {
        let output = keygen().arg("-lf").arg(self.dir.path().join(name)).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
    }

    /// `ssh-keygen -Y sign`.
    pub fn sign(&self, name: &str, namespace: &str, hash: &str, message: &[u8]) -> Vec<u8> {
        let file = self.file(message);
        let hash = format!("hashalg={hash}");
        let mut sign = keygen();
        sign.args(["-q", "-Y", "sign", "-n", namespace, "-O", &hash, "-f"]);
        let output = sign.arg(self.dir.path().join(name)).arg(&file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        fs::read(file.with_extension("sig")).unwrap()
    }

    /// `ssh-keygen -Y verify`.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
        signers: &str,
        name: &str,
        namespace: &str,
        at: OffsetDateTime,
    ) -> bool {
        let (message, signature) = (self.file(message), self.file(signature));
        let signers = self.file(signers.as_bytes());
        let format = format_description!("[year][month][day][hour][minute][second]Z");
        let time = format!("verify-time={}", at.format(format).unwrap());
        let mut verify = keygen();
        verify.args(["-Y", "verify", "-n", namespace, "-I", name, "-O", &time, "-f"]);
        verify.arg(&signers).arg("-s").arg(&signature);
        let input = fs::File::open(&message).unwrap();
        let good = verify.stdin(input).output().unwrap().status.success();
        for file in [message, signature, signers] {
            fs::remove_file(file).unwrap();
        }
        good
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let file = self.dir.path().join(format!("file-{number}"));
        fs::write(&file, bytes).unwrap();
        file
    }
}

#[track_caller]
fn keygen() -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).map(|dir| dir.join("ssh-keygen"));
    let file = files.find(|file| file.is_file()).unwrap_or_else(|| {
        panic!("ssh-keygen is missing; install it: sudo apt-get install openssh-client")
    });
    let mut command = Command::new(file);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

pub fn allowed(signers: &str) -> Result<AllowedSigners> {
    AllowedSigners::parse("allowed_signers", signers.as_bytes())
}

/// Ours; the list must be readable.
pub fn verify_at(
    message: &[u8],
    signature: &[u8],
    signers: &str,
    at: OffsetDateTime,
) -> Result<Principal> {
    verify(message, signature, &allowed(signers).unwrap(), NAMESPACE, at)
}

/// The rules of a refusal; none when there was none.
#[track_caller]
pub fn rules<T>(result: Result<T>) -> Vec<Rule> {
    result.err().map_or(Vec::new(), |error| {
        assert!(!error.findings.is_empty(), "not a refusal: {error:?}");
        error.findings.iter().map(|finding| finding.rule).collect()
    })
}

/// What is in a `.sig` file.
pub fn unarmored(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    Base64::decode_vec(&body).unwrap()
}

/// A `.sig` file of it.
pub fn armored(blob: &[u8]) -> Vec<u8> {
    let text = Base64::encode_string(blob);
    let lines: Vec<&str> =
        text.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let body = lines.join("\n");
    format!("-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n").into_bytes()
}

/// With its length, as SSH writes it.
fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// A security key (PROTOCOL.u2f of OpenSSH).
pub struct Token(Ed25519KeyPair);

impl Token {
    const KIND: &[u8] = b"sk-ssh-ed25519@openssh.com";
    const APPLICATION: &[u8] = b"ssh:";

    pub fn new() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
    }

    fn blob(&self) -> Vec<u8> {
        [string(Self::KIND), string(self.0.public_key().as_ref()), string(Self::APPLICATION)]
            .concat()
    }

    pub fn public(&self) -> String {
        format!("sk-ssh-ed25519@openssh.com {}", Base64::encode_string(&self.blob()))
    }

    /// A `.sig` file, with these flags and a counter of 7.
    pub fn sign(&self, namespace: &str, message: &[u8], flags: u8) -> Vec<u8> {
        let hash = digest(&SHA512, message);
        let about = [string(namespace.as_bytes()), string(b""), string(b"sha512")].concat();
        let signed = [b"SSHSIG".as_slice(), &about, &string(hash.as_ref())].concat();
        let state = [&[flags], 7u32.to_be_bytes().as_slice()].concat();
        let (application, signed) = (digest(&SHA256, Self::APPLICATION), digest(&SHA256, &signed));
        let value = self.0.sign(&[application.as_ref(), &state, signed.as_ref()].concat());
        let signature = [string(Self::KIND), string(value.as_ref()), state].concat();
        let version = 1u32.to_be_bytes();
        let head = [b"SSHSIG".as_slice(), &version, &string(&self.blob())].concat();
        armored(&[head, about, string(&signature)].concat())
    }
}
