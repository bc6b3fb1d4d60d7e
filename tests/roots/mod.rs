//! An old root and its successor, each with a chain, linked; and what openssl and GnuTLS say of it.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use crate::ca::{self, NOW, P256, RNG, key, object, subject};
use crate::common::{libfaketime, output, tool};
use rootward::custody::Signer;
use rootward::custody::soft::SoftKey;
use rootward::journal::History;
use rootward::model::key::Algorithm;
use rootward::pki::{
    crl::Crl,
    inspect::Certificate,
    issue,
    issuer::Issuer,
    link, pem,
    profile::{Draft, Profile},
};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};

/// When the old root was made, for 20 years.
pub const ONCE: OffsetDateTime = datetime!(2009-11-22 10:00:00 UTC);

pub type Key = SoftKey<'static>;

/// rootward makes no RSA keys.
pub fn rsa() -> Key {
    let dir = tempfile::tempdir().unwrap();
    let (file, der) = (dir.path().join("key"), dir.path().join("der"));
    let openssl = || Command::new(tool("openssl", "openssl"));
    let size = ["-pkeyopt", "rsa_keygen_bits:3072", "-out"];
    output(openssl().args(["genpkey", "-quiet", "-algorithm", "RSA"]).args(size).arg(&file));
    let convert = ["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"];
    output(openssl().args(convert).arg(&file).arg("-out").arg(&der));
    SoftKey::open(&std::fs::read(der).unwrap(), &*RNG).unwrap()
}

pub fn draft(profile: Profile, cn: &str, key: &Key, lifetime: &str, at: OffsetDateTime) -> Draft {
    let lifetime = lifetime.parse().unwrap();
    Draft::new(profile, subject(cn), key.public().clone(), lifetime, at, &*RNG).unwrap()
}

/// On the one issuance path.
pub fn made(name: &str, draft: &Draft, signed: Option<(&Issuer, &Key)>, own: &Key) -> Certificate {
    let issuer = signed.map(|(issuer, _)| issuer);
    let begin = draft.not_before;
    let linted = issue::lint(&object(name), draft, issuer, &History::default(), begin).unwrap();
    linted.sign(issuer, signed.map_or(own, |(_, key)| key)).unwrap()
}

/// A root and its only chain.
pub struct Tree {
    pub key: Key,
    pub root: Issuer,
    pub ca_key: Key,
    pub ca: Issuer,
    pub leaf: Certificate,
}

impl Tree {
    pub fn new(generation: u32, cn: &str, key: Key, root_at: OffsetDateTime) -> Self {
        let name = format!("root@g{generation}");
        let root = made(&name, &draft(Profile::Root, cn, &key, "20y", root_at), None, &key);
        let root = Issuer::new(object(&name), root, false).unwrap();
        let (ca_key, name) = (ca::key(Algorithm::P256), format!("prod/identity@g{generation}"));
        let cn = format!("prod identity CA g{generation}");
        let at = if root_at == NOW { NOW } else { NOW - Duration::days(365) };
        let ca = draft(ca::intermediate(), &cn, &ca_key, "3y", at);
        let ca = made(&name, &ca, Some((&root, &key)), &ca_key);
        let ca = Issuer::new(object(&name), ca, false).unwrap();
        let leaf = draft(ca::client("app"), "app", &P256, "30d", NOW);
        let leaf = made("prod/app", &leaf, Some((&ca, &ca_key)), &P256);
        Self { key, root, ca_key, ca, leaf }
    }
}

/// An old root, its successor, and what links them.
pub struct Pair {
    pub old: Tree,
    pub new: Tree,
    pub new_with_old: Certificate,
    pub old_with_new: Certificate,
    pub dir: TempDir,
}

impl Pair {
    pub fn new(old: Key, new: Key) -> Self {
        let (old, new) = (Tree::new(1, "Root", old, ONCE), Tree::new(2, "Root g2", new, NOW));
        let links = link::lint(&old.root, &new.root, &History::default(), NOW, &*RNG).unwrap();
        let new_with_old = links.new_with_old.sign(Some(&old.root), &old.key).unwrap();
        let old_with_new = links.old_with_new.sign(Some(&new.root), &new.key).unwrap();
        Self { old, new, new_with_old, old_with_new, dir: tempfile::tempdir().unwrap() }
    }

    pub fn p384() -> Self {
        Self::new(key(Algorithm::P384), key(Algorithm::P384))
    }

    pub fn links(&self) -> [&Certificate; 2] {
        [&self.new_with_old, &self.old_with_new]
    }

    /// Each chain without its root.
    pub fn trees(&self) -> [&Tree; 2] {
        [&self.old, &self.new]
    }

    /// What a relying party trusts: the old root, the new one, both.
    pub fn trusts(&self) -> [Vec<&Issuer>; 3] {
        let (old, new) = (&self.old.root, &self.new.root);
        [vec![old], vec![new], vec![old, new]]
    }

    fn file(&self, name: &str, certificates: &[&Certificate]) -> PathBuf {
        let text = |certificate: &&Certificate| pem::certificate(&certificate.der).unwrap();
        let path = self.dir.path().join(name);
        std::fs::write(&path, certificates.iter().map(text).collect::<String>()).unwrap();
        path
    }

    /// What openssl says of a leaf; with CRLs, it asks for one of every issuer.
    pub fn openssl(
        &self,
        leaf: &Certificate,
        between: &[&Certificate],
        trusted: &[&Issuer],
        crls: &[&Crl],
    ) -> String {
        let trusted: Vec<_> = trusted.iter().map(|root| &root.certificate).collect();
        let mut verify = Command::new(tool("openssl", "openssl"));
        verify.args(["verify", "-x509_strict", "-purpose", "sslclient", "-attime"]);
        verify.arg(NOW.unix_timestamp().to_string());
        verify.arg("-trusted").arg(self.file("trusted", &trusted));
        verify.arg("-untrusted").arg(self.file("untrusted", between));
        if !crls.is_empty() {
            verify.arg("-crl_check_all").arg("-CRLfile").arg(self.crls(crls));
        }
        said(verify.arg(self.file("leaf", &[leaf])))
    }

    /// What GnuTLS says of the same.
    pub fn gnutls(
        &self,
        leaf: &Certificate,
        between: &[&Certificate],
        trusted: &[&Issuer],
        crls: &[&Crl],
    ) -> String {
        let trusted: Vec<_> = trusted.iter().map(|root| &root.certificate).collect();
        let mut verify = Command::new(tool("certtool", "gnutls-bin"));
        verify.args(["--verify", "--verify-purpose", "1.3.6.1.5.5.7.3.2"]);
        verify.env("LD_PRELOAD", libfaketime()).env("FAKETIME", "@2026-11-22 10:00:00");
        verify.arg("--load-ca-certificate").arg(self.file("trusted", &trusted));
        if !crls.is_empty() {
            verify.arg("--load-crl").arg(self.crls(crls));
        }
        let chain = [&[leaf], between].concat();
        said(verify.env("TZ", "UTC").arg("--infile").arg(self.file("chain", &chain)))
    }

    fn crls(&self, crls: &[&Crl]) -> PathBuf {
        let path = self.dir.path().join("crls");
        let text = |crl: &&Crl| pem::encode("X509 CRL", &crl.der).unwrap();
        std::fs::write(&path, crls.iter().map(text).collect::<String>()).unwrap();
        path
    }
}

fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    format!(
        "{}{}",
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr)
    )
}
