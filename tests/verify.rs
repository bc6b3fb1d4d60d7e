//! `verify` finds what was changed behind rootward's back, names it, and answers with exit 1.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{Site, output, tool};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Exactly one problem, which begins so; looking changes nothing.
#[track_caller]
fn finds(site: &Site, problem: &str) {
    let run = site.fails(1, "1 problem\n", |site| site.run(&["verify"]));
    assert!(run.stdout.starts_with(problem), "expected {problem:?} in: {}", run.stdout);
    let json = site.run(&["verify", "--json"]).fails(1, "");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["problems"].as_array().unwrap().len(), 1, "{json}");
}

fn mode(site: &Site, path: &str, mode: u32) {
    fs::set_permissions(site.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

fn issued(site: &Site) -> String {
    let entry = fs::read_dir(site.path("ca/prod/issued")).unwrap().next().unwrap().unwrap();
    format!("ca/prod/issued/{}", entry.file_name().into_string().unwrap())
}

#[test]
fn all_is_well_at_first() {
    let site = Site::prepared();
    let run = site.run(&["verify"]).ok();
    assert!(run.stderr.contains("all is well") && run.stdout.is_empty(), "{run:?}");
}

#[test]
fn keys_are_sealed_and_for_their_owner_alone() {
    for path in ["ca/root/g1/key.pem", "identities/prod/hello/key.pem"] {
        let site = Site::prepared();
        mode(&site, path, 0o644);
        finds(&site, &format!("{path} has mode 0644, expected 0600 or 0400"));
        mode(&site, path, 0o400);
        site.run(&["verify"]).ok();
    }
    let site = Site::prepared();
    let key = "ca/prod/identity/g1/key.pem";
    let passphrase = format!("file:{}", site.passphrase().display());
    let opened = output(
        Command::new(tool("openssl", "openssl"))
            .args(["pkey", "-passin", &passphrase, "-in"])
            .arg(site.path(key)),
    );
    site.write(key, &opened);
    finds(&site, &format!("{key} is not a sealed key"));
    let issue = ["identity", "issue", "prod/vault-server"];
    site.fails(1, "key.pem is not a sealed key", |site| site.keyed(&issue));
    let weak = output(
        Command::new(tool("openssl", "openssl"))
            .args(["pkcs8", "-topk8", "-scrypt", "-passout", &passphrase, "-in"])
            .arg(site.path(key)),
    );
    site.write(key, &weak);
    finds(&site, &format!("{key} is sealed with scrypt N*r*p = 131072"));
}

#[test]
fn an_identity_s_key_is_that_of_its_certificate() {
    let site = Site::prepared();
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    let other = site.read("identities/prod/vault-server/key.pem");
    site.write("identities/prod/hello/key.pem", &other);
    finds(&site, "identities/prod/hello/key.pem is not the key of the certificate");
}

#[test]
fn a_certificate_replaced_by_another_valid_one_is_named() {
    let site = Site::prepared();
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    let other = site.read("identities/prod/vault-server/cert.pem");
    site.write("identities/prod/hello/cert.pem", &other);
    finds(&site, "prod/hello: identities/prod/hello/cert.pem: got the certificate ");
}

#[test]
fn every_leaf_ever_issued_is_there_and_nothing_else() {
    let site = Site::prepared();
    let path = issued(&site);
    let text = site.read(&path);
    fs::remove_file(site.path(&path)).unwrap();
    finds(&site, &format!("{path}: cannot open"));
    site.write(&path, &site.read("ca/prod/identity/g1/cert.pem"));
    finds(&site, &format!("{path}: got the certificate "));
    site.write(&path, &text);
    site.write("ca/prod/issued/01ff.pem", &text);
    finds(&site, "ca/prod/issued/01ff.pem is not recorded in the journal");
}

#[test]
fn chains_and_trust_are_what_was_issued() {
    let site = Site::prepared();
    let root = site.read("ca/root/g1/cert.pem");
    for (path, problem) in [
        (
            "identities/prod/hello/chain.pem",
            "identities/prod/hello/chain.pem is not the certificate",
        ),
        (
            "ca/prod/identity/g1/chain.pem",
            "ca/prod/identity/g1/chain.pem is not the certificate and its root",
        ),
    ] {
        let site = Site::prepared();
        site.write(path, &root);
        let run = site.fails(1, "problem", |site| site.run(&["verify"]));
        assert!(run.stdout.contains(problem), "{}", run.stdout);
    }
    let other = site.read("ca/prod/identity/g1/cert.pem");
    site.write("ca/prod/trust.pem", &format!("{root}{other}"));
    finds(&site, "ca/prod/trust.pem is not exactly the roots in force");
    fs::remove_file(site.path("ca/prod/trust.pem")).unwrap();
    finds(&site, "ca/prod/trust.pem is not exactly");
}

#[test]
fn a_declaration_changed_after_issuing_is_said() {
    let hello = "identities/prod/hello/identity.toml";
    let environment = "ca/prod/environment.toml";
    for (path, from, to, problem) in [
        (hello, "kind = \"app\"", "kind = \"proxy\"", "prod/hello: PROFILE: "),
        (hello, "kind = ", "lifetime = \"7d\"\nkind = ", "prod/hello: VALIDITY-BOUNDS: "),
        (environment, "ip = [\"10.0.0.0/8\"]", "ip = []", "prod/identity@g1: NAME-CONSTRAINTS: "),
        ("ca/root/root.toml", "\"20y\"", "\"10y\"", "root@g1: VALIDITY-BOUNDS: "),
        ("ca/root/root.toml", "common_name = \"E", "common_name = \"e", "root@g1: SUBJECT-FORM: "),
    ] {
        let site = Site::prepared();
        site.edit(path, from, to);
        finds(&site, problem);
    }
}

#[test]
fn what_is_not_in_force_is_said() {
    let site = Site::prepared();
    let verify = |clock: &str| site.at(clock, &["verify"]).fails(1, "problem").stdout;
    assert!(verify("+60d").contains("prod/hello: it expired on "));
    assert!(verify("+2y").contains("root@g1: its CRL ran out on "));
    assert!(verify("@1999-01-01 00:00:00").contains("root@g1: it is not valid before "));
    let status = site.at("+60d", &["status"]).ok().stdout;
    assert!(status.contains("expired"), "{status}");
}

/// A lifetime of a child that makes its parent useless early is no fault of any file: it is pointed
/// out, by `init` too.
#[test]
fn children_that_live_too_long_are_pointed_out() {
    let site = Site::declared();
    site.edit("ca/prod/environment.toml", "lifetime = \"3y\"", "lifetime = \"70d\"");
    let init = site.run(&["init"]).ok();
    let early = "prod/identity lives 70d and what it signs up to 30d: its signing stop, and 30d to \
                 arrange a ceremony, leave";
    assert!(init.stderr.contains(early), "{}", init.stderr);
    let site = Site::prepared();
    assert!(!site.run(&["verify"]).ok().stderr.contains("signing stop"));
    // The same for what was issued for longer than is declared now.
    site.edit("ca/root/root.toml", "root = \"20y\"", "root = \"5y\"");
    let run = site.run(&["verify", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let early = json["early"][0].as_str().unwrap();
    assert!(early.starts_with("root lives 5y and what it signs up to 1095d: "), "{early}");
}
