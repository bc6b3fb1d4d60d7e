//! The main job, end to end, as a person types it; and the same verbs asked again.

mod common;
use common::{Site, output, tool};
use std::process::Command;

#[test]
fn from_nothing_to_identities_and_every_verb_asked_again() {
    let site = Site::ready();
    let issued = site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    assert!(issued.stderr.contains("issued   prod/hello"));
    let before = site.snapshot();
    for verb in [
        &["init"][..],
        &["root", "create"],
        &["root", "crl"],
        &["intermediate", "request", "prod/identity"],
        &["intermediate", "sign", "prod/identity"],
        &["intermediate", "sign", "prod/identity", "--dry-run"],
        &["identity", "issue", "--env", "prod"],
    ] {
        let keyed = !matches!(verb[0], "init") && !verb.contains(&"--dry-run");
        let run = if keyed { site.keyed(verb) } else { site.run(verb) };
        run.ok();
        assert_eq!(site.snapshot(), before, "{verb:?} changed something");
    }
    site.run(&["verify"]).ok();
}

#[test]
fn stock_openssl_verifies_the_chain_and_opens_the_root_key() {
    let site = Site::ready();
    site.keyed(&["identity", "issue", "prod/hello", "prod/vault-server"]).ok();
    let openssl = tool("openssl", "openssl");
    for name in ["hello", "vault-server"] {
        let dir = format!("identities/prod/{name}");
        output(
            Command::new(&openssl)
                .args(["verify", "-x509_strict", "-auth_level", "2", "-CAfile"])
                .arg(site.path("ca/prod/trust.pem"))
                .arg("-untrusted")
                .arg(site.path(&format!("{dir}/chain.pem")))
                .arg(site.path(&format!("{dir}/cert.pem"))),
        );
    }
    for key in ["ca/root/g1/key.pem", "ca/prod/identity/g1/key.pem"] {
        let passphrase = format!("file:{}", site.passphrase().display());
        let key = site.path(key);
        output(
            Command::new(&openssl).args(["pkey", "-noout", "-passin", &passphrase, "-in"]).arg(key),
        );
    }
}

#[test]
fn a_second_generation_takes_over_and_the_first_keeps_its_crl() {
    let site = Site::ready();
    site.keyed(&["identity", "issue", "prod/hello"]).ok();
    site.keyed(&["intermediate", "request", "prod/identity@g2"]).ok();
    let waiting = site.run(&["status"]).ok().stdout;
    assert!(waiting.contains("prod/identity@g1      valid"), "{waiting}");
    assert!(waiting.contains("prod/identity@g2      requested"), "{waiting}");

    site.keyed(&["intermediate", "sign", "prod/identity"]).ok();
    let signed = site.run(&["status"]).ok().stdout;
    assert!(signed.contains("prod/identity@g1      valid"), "{signed}");
    assert!(signed.contains("prod/identity@g2      prepared"), "{signed}");
    site.run(&["rotate", "activate", "prod/identity@g2"]).ok();
    let after = site.run(&["status"]).ok().stdout;
    assert!(after.contains("prod/identity@g1      superseded"), "{after}");
    let issued = site.keyed(&["identity", "issue", "prod/hello"]).ok();
    assert!(issued.stderr.contains("issued   prod/hello"), "{}", issued.stderr);
    let journal = site.read("ca/journal.jsonl");
    let last = journal.lines().rfind(|line| line.contains("identity.issue")).unwrap_or_default();
    assert!(last.contains("\"issuer\":\"prod/identity@g2\""), "{last}");

    site.keyed(&["intermediate", "crl", "prod/identity@g1", "--now"]).ok();
    let crls = site.run(&["journal", "show", "--object", "prod/identity@g1", "--act", "crl.issue"]);
    assert!(crls.ok().stdout.contains("number 2"));
    site.run(&["verify"]).ok();
}

#[test]
fn verify_lists_what_it_cannot_read() {
    let site = Site::ready();
    site.edit("ca/prod/environment.toml", "runtime_owner", "runtime_ovner");
    let run = site.run(&["verify"]).fails(1, "1 problem");
    assert!(run.stdout.contains("ca/prod/environment.toml:"), "{}", run.stdout);
}
