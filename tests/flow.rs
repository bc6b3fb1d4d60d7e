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
