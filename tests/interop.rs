//! What other implementations say of our certificates and CRLs, under roots of every algorithm.
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{Run, Site, output, suite, tool, venv};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const ALGORITHMS: [&str; 4] = ["p384", "p256", "ed25519", "rsa"];
const ROOT: &str = "ca/root/g1/cert.pem";
const IDENTITY: &str = "ca/prod/identity/g1/cert.pem";
const VAULT: &str = "ca/prod/vault/g1/cert.pem";
const CLIENT: &str = "identities/prod/hello/cert.pem";
const LISTENER: &str = "identities/prod/vault-server/cert.pem";
const CRLS: [&str; 2] = ["ca/root/g1/crl.pem", "ca/prod/identity/g1/crl.pem"];

/// A root of that algorithm, both intermediates of prod, a client and a listener.
fn site(algorithm: &str) -> Site {
    let site = Site::declared();
    site.edit("ca/root/root.toml", "\"p384\"", &format!("\"{algorithm}\""));
    if algorithm == "rsa" {
        let key = site.beside("rsa.pem");
        let mut make = Command::new(tool("openssl", "openssl"));
        make.args(["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]);
        output(make.arg("-out").arg(&key));
        site.keyed(&["root", "create", "--import-key", key.to_str().unwrap()]).ok();
    } else {
        site.keyed(&["root", "create"]).ok();
    }
    let csr = suite("openbao-csr/rsa4096.csr");
    site.keyed(&["intermediate", "request", "prod/identity"]).ok();
    site.keyed(&["intermediate", "sign", "prod/identity"]).ok();
    site.keyed(&["intermediate", "sign", "prod/vault", "--csr", csr.to_str().unwrap()]).ok();
    site.keyed(&["identity", "issue", "prod/hello", "prod/vault-server"]).ok();
    site
}

/// The files, one after the other, as the one that a program wants.
fn together(site: &Site, paths: &[&str]) -> PathBuf {
    let name = paths.join("~").replace('/', "~").replace(".pem", "");
    site.write(
        &format!("../{name}"),
        &paths.iter().map(|path| site.read(path)).collect::<String>(),
    );
    site.beside(&name)
}

fn run(command: &mut Command) -> Run {
    Run::of(command.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn openssl_is_strict_and_asks_every_crl() {
    for algorithm in ALGORITHMS {
        let site = site(algorithm);
        let verify = |purpose: &str, certificate: &str| {
            let mut verify = Command::new(tool("openssl", "openssl"));
            verify.args(["verify", "-x509_strict", "-auth_level", "2", "-crl_check_all"]);
            verify.args(["-purpose", purpose, "-CAfile"]).arg(site.path("ca/prod/trust.pem"));
            verify.arg("-untrusted").arg(site.path(IDENTITY));
            verify.arg("-CRLfile").arg(together(&site, &CRLS)).arg(site.path(certificate));
            run(&mut verify)
        };
        for (purpose, certificate) in
            [("sslclient", CLIENT), ("sslserver", LISTENER), ("any", IDENTITY), ("any", VAULT)]
        {
            let said = verify(purpose, certificate).ok();
            assert!(said.stdout.ends_with(": OK\n") && said.stderr.is_empty(), "{said:?}");
        }
        for (purpose, certificate) in [("sslserver", CLIENT), ("sslclient", LISTENER)] {
            verify(purpose, certificate).fails(2, "unsuitable certificate purpose");
        }
    }
}

#[test]
fn gnutls_verifies_chains_with_crls() {
    for algorithm in ALGORITHMS {
        let site = site(algorithm);
        for (purpose, certificate) in
            [("1.3.6.1.5.5.7.3.2", CLIENT), ("1.3.6.1.5.5.7.3.1", LISTENER)]
        {
            let mut verify = Command::new(tool("certtool", "gnutls-bin"));
            verify.args(["--verify", "--verify-profile", "medium", "--verify-purpose", purpose]);
            verify.arg("--load-ca-certificate").arg(site.path(ROOT));
            verify.arg("--load-crl").arg(together(&site, &CRLS));
            verify.arg("--infile").arg(together(&site, &[certificate, IDENTITY]));
            let said = run(&mut verify).ok();
            let verdict = "Chain verification output: Verified. The certificate is trusted.";
            assert!(said.stdout.contains(verdict), "{algorithm}: {said:?}");
        }
    }
}

/// NSS knows no Ed25519 in certificates.
#[test]
fn nss_verifies_chains() {
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| *algorithm != "ed25519") {
        let site = site(algorithm);
        let database = format!("sql:{}", site.beside("").display());
        let mut certutil = Command::new(tool("certutil", "libnss3-tools"));
        output(certutil.args(["-N", "--empty-password", "-d", &database]));
        let mut certutil = Command::new(tool("certutil", "libnss3-tools"));
        certutil.args(["-A", "-d", &database, "-n", "root", "-t", "CT,,", "-a", "-i"]);
        output(certutil.arg(site.path(ROOT)));
        let verify = |usage: &str, certificate: &str| {
            let mut verify = Command::new(tool("vfychain", "libnss3-tools"));
            verify.args(["-d", &database, "-pp", "-u", usage, "-a"]).arg(site.path(certificate));
            run(verify.arg("-a").arg(site.path(IDENTITY)))
        };
        for (usage, certificate) in [("0", CLIENT), ("1", LISTENER)] {
            let said = verify(usage, certificate).ok();
            assert!(said.stderr.contains("Chain is good!"), "{algorithm}: {said:?}");
        }
        verify("1", CLIENT).fails(1, "Certificate type not approved for application");
    }
}

/// pyca/cryptography follows the rules of the web, which has no Ed25519 either.
#[test]
fn pyca_verifies_chains() {
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| *algorithm != "ed25519") {
        let site = site(algorithm);
        for (peer, certificate) in [("client", CLIENT), ("vault.prod.example.internal", LISTENER)] {
            let mut verify = Command::new(venv("python"));
            verify.arg(suite("pyca_verify.py")).arg(site.path(ROOT)).arg(site.path(IDENTITY));
            output(verify.arg(site.path(certificate)).arg(peer));
        }
    }
}

/// But for `spiffe://`, whose host part pkilint takes for the whole of a URI's syntax.
#[test]
fn pkilint_finds_nothing() {
    let known = "pkix.invalid_uri_syntax (ERROR): Invalid URI syntax: \"spiffe://";
    for algorithm in ALGORITHMS {
        let site = site(algorithm);
        let findings = |linter: &str, arguments: &[&str], path: &str| -> Vec<String> {
            let mut lint = Command::new(venv(linter));
            lint.args(["lint", "-s", "NOTICE"]).args(arguments).arg(site.path(path));
            let said = run(&mut lint);
            assert!(said.stderr.is_empty(), "{said:?}");
            let lines = said.stdout.lines().filter(|line| line.starts_with(char::is_whitespace));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        for path in [ROOT, IDENTITY, VAULT, LISTENER] {
            let none: [&str; 0] = [];
            assert_eq!(findings("lint_pkix_cert", &[], path), none, "{algorithm} {path}");
        }
        let client = findings("lint_pkix_cert", &[], CLIENT);
        assert!(client.len() == 1 && client[0].starts_with(known), "{algorithm} {client:?}");
        for path in CRLS {
            let found = findings("lint_crl", &["-t", "CRL", "-p", "PKIX"], path);
            assert!(found.is_empty(), "{algorithm} {path} {found:?}");
        }
    }
}
