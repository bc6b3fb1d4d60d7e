//! Requests that are refused: at signing, at filing, and when an identity is issued.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
use common::{Run, Site, assert_plain, output, suite, tool};
use std::path::Path;
use std::process::Command;

/// A file of the hostile requests and the rule that it breaks.
const HOSTILE: [(&str, &str); 17] = [
    ("pem-two-csrs.csr", "REQUEST-FORM"),
    ("st-trailing-der.csr", "REQUEST-FORM"),
    ("st-extra-field.csr", "REQUEST-FORM"),
    ("pem-certificate.csr", "REQUEST-FORM"),
    ("pem-key-then-csr.csr", "REQUEST-HOLDS-KEY"),
    ("ext-two-extreq-attrs.csr", "REQUEST-FORM"),
    ("ext-extreq-two-values.csr", "REQUEST-ATTRIBUTES"),
    ("dn-empty.csr", "REQUEST-SUBJECT"),
    ("dn-bidi-isolate.csr", "REQUEST-SUBJECT"),
    ("dn-root-name.csr", "REQUEST-NAMES-ROOT"),
    ("san-email-outside.csr", "REQUEST-SAN"),
    ("pop-sig-bitflip.csr", "POSSESSION"),
    ("pop-signed-by-other-key.csr", "POSSESSION"),
    ("sig-rsa-sha1.csr", "SIGNATURE-ALGORITHM"),
    ("key-ec-p224.csr", "KEY-ALGORITHM"),
    ("key-ec-explicit-params.csr", "KEY-ALGORITHM"),
    ("key-rsa-2047.csr", "KEY-WEAK"),
];

fn hostile(name: &str) -> String {
    suite(&format!("hostile-csr/files/{name}")).display().to_string()
}

fn sign(site: &Site, csr: &str) -> Run {
    site.keyed(&["intermediate", "sign", "prod/vault", "--csr", csr])
}

#[test]
fn hostile_requests_are_refused_by_name_and_recorded() {
    let site = Site::prepared();
    for (name, rule) in HOSTILE {
        let csr = hostile(name);
        assert_plain(&site.refuses(rule, |site| sign(site, &csr)));
        let dry = ["intermediate", "sign", "prod/vault", "--dry-run", "--csr", &csr];
        assert_plain(&site.declines(rule, |site| site.run(&dry)));
        let file = ["intermediate", "request", "prod/vault", "--csr", &csr];
        assert_plain(&site.declines(rule, |site| site.run(&file)));
    }
    site.run(&["verify"]).ok();
}

#[test]
fn neither_a_private_key_nor_a_challenge_password_is_echoed_or_kept() {
    let site = Site::prepared();
    let body = |file: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        let mut lines = text.lines().skip_while(|line| !line.contains("PRIVATE KEY"));
        lines.nth(1).map(str::to_owned).unwrap()
    };
    let secret = |name: &str| body(&hostile(name))[..40].to_owned();
    for (name, secret) in [
        ("pem-key-then-csr.csr", secret("pem-key-then-csr.csr")),
        ("pem-openssh-key.csr", secret("pem-openssh-key.csr")),
        ("ok-challenge-password.csr", "hunter2-SECRET".to_owned()),
    ] {
        let run = sign(&site, &hostile(name));
        for text in [&run.stdout, &run.stderr, &site.journal().join("\n")] {
            assert!(!text.contains(&secret), "{name}: {text}");
        }
    }
}

#[test]
fn one_key_serves_one_object() {
    let site = Site::prepared();
    sign(&site, &hostile("dup-key-env-a.csr")).ok();
    let test = ["intermediate", "sign", "test/vault", "--csr", &hostile("dup-key-env-b.csr")];
    site.refuses("KEY-REUSED", |site| site.keyed(&test));
    // An identity's key is known, too.
    site.edit("identities/prod/hello/identity.toml", "kind", "key = \"host\"\nkind");
    std::fs::remove_file(site.path("identities/prod/hello/key.pem")).unwrap();
    let csr = with_name(&site, "prod/identity", "hello");
    let issue = ["identity", "issue", "prod/hello", "--csr", &csr];
    site.refuses("KEY-REUSED", |site| site.keyed(&issue));
}

/// A request for `name` made with the sealed key of an intermediate.
fn with_name(site: &Site, intermediate: &str, name: &str) -> String {
    let csr = site.beside("made.csr").display().to_string();
    let passphrase = format!("file:{}", site.passphrase().display());
    let key = site.path(&format!("ca/{intermediate}/g1/key.pem"));
    let subject = format!("/CN={name}");
    output(
        Command::new(tool("openssl", "openssl"))
            .args(["req", "-new", "-subj", &subject, "-out", &csr, "-passin", &passphrase, "-key"])
            .arg(key),
    );
    csr
}

/// A new key with a request beside the workspace.
fn openssl_request(site: &Site, subject: &str) -> String {
    let csr = site.beside("host.csr").display().to_string();
    output(
        Command::new(tool("openssl", "openssl"))
            .args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-subj", subject, "-out", &csr, "-keyout"])
            .arg(site.beside("host.key")),
    );
    csr
}

#[test]
fn a_request_for_another_name_is_not_this_identity_s() {
    let site = Site::prepared();
    std::fs::remove_file(site.path("identities/prod/hello/key.pem")).unwrap();
    let csr = openssl_request(&site, "/CN=goodbye");
    let issue = ["identity", "issue", "prod/hello", "--csr", &csr];
    site.refuses("REQUEST-DIFFERS", |site| site.keyed(&issue));
    site.refuses("REQUEST-FORM", |site| {
        site.keyed(&["identity", "issue", "prod/hello", "--csr", &hostile("pem-gzip.csr")])
    });
    openssl_request(&site, "/CN=hello");
    site.keyed(&issue).ok();
}

#[test]
fn a_key_has_one_place() {
    let site = Site::prepared();
    let csr = openssl_request(&site, "/CN=hello");
    let issue = ["identity", "issue", "prod/hello", "--csr", &csr];
    site.refuses("KEY-PLACE", |site| site.keyed(&issue));
    site.declines("KEY-PLACE", |site| {
        site.keyed(&["intermediate", "request", "test/identity", "--csr", &csr])
    });
    site.fails(2, "expected --csr FILE", |site| {
        site.keyed(&["intermediate", "request", "prod/vault"])
    });
}

#[test]
fn another_request_for_the_same_generation_contradicts() {
    let site = Site::prepared();
    sign(&site, &hostile("ok-ec-p384.csr")).ok();
    sign(&site, &hostile("ok-ec-p384.csr")).ok();
    site.refuses("CONTRADICTION", |site| sign(site, &hostile("ok-ec-p256.csr")));
    let other = &hostile("ok-ec-p256.csr");
    site.declines("CONTRADICTION", |site| {
        site.run(&["intermediate", "request", "prod/vault", "--csr", other])
    });
    assert!(Path::new(other).exists(), "what was brought stays where it was");
}
