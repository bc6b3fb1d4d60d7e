//! Relying parties: what openssl, GnuTLS and rustls-webpki say of an identity's `chain.pem`.
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use crate::common::{Site, tool};
use rootward::pki::{
    chain::{self, Anchor},
    inspect::Certificate,
    pem,
};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use time::OffsetDateTime;

pub const OLD: &str = "ca/root/g1/cert.pem";
pub const NEW: &str = "ca/root/g2/cert.pem";

/// A file beside the workspace with the content of others.
pub fn together(site: &Site, paths: &[&str], name: &str) -> PathBuf {
    let text: String = paths.iter().map(|path| site.read(path)).collect();
    site.write(&format!("../{name}"), &text);
    site.beside(name)
}

fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (output.stdout, output.stderr);
    format!("{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err))
}

/// What openssl says; with CRLs, it asks for one of every issuer.
pub fn openssl(site: &Site, chain: &str, trust: &[&str], crls: &[&str]) -> String {
    let mut verify = Command::new(tool("openssl", "openssl"));
    verify.args(["verify", "-x509_strict", "-auth_level", "2", "-trusted"]);
    verify.arg(together(site, trust, "trusted")).arg("-untrusted").arg(site.path(chain));
    if !crls.is_empty() {
        verify.arg("-crl_check_all").arg("-CRLfile").arg(together(site, crls, "crls"));
    }
    // The first certificate of the file is the leaf.
    said(verify.arg(site.path(chain)))
}

fn gnutls(site: &Site, chain: &str, trust: &[&str]) -> String {
    let mut verify = Command::new(tool("certtool", "gnutls-bin"));
    verify.args(["--verify", "--load-ca-certificate"]).arg(together(site, trust, "trusted"));
    said(verify.arg("--infile").arg(site.path(chain)))
}

fn read(site: &Site, path: &str) -> Vec<Certificate> {
    let ders = pem::read_certificates(path, site.read(path).as_bytes()).unwrap();
    ders.into_iter().map(|der| Certificate::parse(path, der).unwrap()).collect()
}

/// Does rustls-webpki accept it?
pub fn webpki(site: &Site, chain: &str, trust: &[&str]) -> bool {
    let (chain, now) = (read(site, chain), OffsetDateTime::now_utc());
    let (leaf, above) = chain.split_first().unwrap();
    let above: Vec<&Certificate> = above.iter().collect();
    let roots = trust.iter().flat_map(|path| read(site, path));
    let anchors = roots.map(|root| Anchor::new(&root).unwrap());
    anchors.into_iter().any(|root| chain::accepts_through(&root, &above, leaf, now).is_ok())
}

/// All three accept it.
#[track_caller]
pub fn accept(site: &Site, chain: &str, trust: &[&str]) {
    let said = openssl(site, chain, trust, &[]);
    assert!(said.ends_with(": OK\n"), "openssl, {chain}, {trust:?}: {said}");
    let said = gnutls(site, chain, trust);
    let verdict = "Chain verification output: Verified. The certificate is trusted.";
    assert!(said.contains(verdict), "GnuTLS, {chain}, {trust:?}: {said}");
    assert!(webpki(site, chain, trust), "rustls-webpki, {chain}, {trust:?}");
}

/// None of the three does.
#[track_caller]
pub fn refuse(site: &Site, chain: &str, trust: &[&str]) {
    let said = openssl(site, chain, trust, &[]);
    assert!(said.contains("unable to get"), "openssl, {chain}, {trust:?}: {said}");
    let said = gnutls(site, chain, trust);
    assert!(said.contains("Not verified."), "GnuTLS, {chain}, {trust:?}: {said}");
    assert!(!webpki(site, chain, trust), "rustls-webpki, {chain}, {trust:?}");
}
