//! What is refused before anything is signed, provoked on the command line.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
use common::{Site, output, suite, tool};
use std::process::Command;

const ISSUE: [&str; 3] = ["identity", "issue", "prod/hello"];

#[test]
fn nothing_outlives_its_issuer() {
    let site = Site::prepared();
    site.keyed(&["intermediate", "request", "test/identity"]).ok();
    site.edit("ca/test/environment.toml", "\"3y\"         # has", "\"30y\"        # has");
    let sign = ["intermediate", "sign", "test/identity"];
    site.refuses("OUTLIVES-ISSUER", |site| site.keyed(&sign));
    let dry = ["intermediate", "sign", "test/identity", "--dry-run"];
    site.declines("OUTLIVES-ISSUER", |site| site.run(&dry));
    site.edit("identities/prod/hello/identity.toml", "kind", "lifetime = \"5y\"\nkind");
    site.refuses("OUTLIVES-ISSUER", |site| site.keyed(&ISSUE));
    site.edit("identities/prod/hello/identity.toml", "lifetime = \"5y\"\n", "");
    // What is signed already is not signed again, so it outlives nobody.
    let again = ["intermediate", "sign", "prod/identity"];
    site.keyed_at("+19y", &again).ok();
}

#[test]
fn an_expired_issuer_signs_nothing() {
    let site = Site::prepared();
    site.refuses("ISSUER-UNFIT", |site| site.keyed_at("+4y", &ISSUE));
    let sign = [
        "intermediate",
        "sign",
        "prod/vault",
        "--csr",
        &suite_csr("hostile-csr/files/ok-ec-p384.csr"),
    ];
    site.refuses("ISSUER-UNFIT", |site| site.keyed_at("+21y", &sign));
}

fn suite_csr(path: &str) -> String {
    suite(path).display().to_string()
}

#[test]
fn another_key_in_the_place_of_the_issuer_s_signs_nothing() {
    let site = Site::prepared();
    let (root, identity) =
        (site.path("ca/root/g1/key.pem"), site.path("ca/prod/identity/g1/key.pem"));
    std::fs::copy(&root, &identity).unwrap();
    site.refuses("ISSUER-KEY", |site| site.keyed(&["identity", "issue", "prod/vault-server"]));
    site.refuses("ISSUER-KEY", |site| {
        site.keyed(&["intermediate", "crl", "prod/identity", "--now"])
    });
    let site = Site::prepared();
    std::fs::copy(site.path("ca/prod/identity/g1/key.pem"), site.path("ca/root/g1/key.pem"))
        .unwrap();
    let csr = suite_csr("hostile-csr/files/ok-ec-p384.csr");
    let sign = ["intermediate", "sign", "prod/vault", "--csr", &csr];
    site.refuses("ISSUER-KEY", |site| site.keyed(&sign));
    site.refuses("ISSUER-KEY", |site| site.keyed(&["root", "crl", "--now"]));
}

#[test]
fn names_stay_inside_and_mean_one_thing() {
    let site = Site::prepared();
    let listener = "identities/prod/vault-server/identity.toml";
    site.edit(listener, "dns = [\"vault.prod.", "dns = [\"vault.test.");
    let issue = ["identity", "issue", "prod/vault-server"];
    site.refuses("NAME-CONSTRAINTS", |site| site.keyed(&issue));
    std::fs::create_dir(site.path("identities/prod/vault")).unwrap();
    let app = site.read("identities/prod/hello/identity.toml");
    site.write("identities/prod/vault/identity.toml", &app);
    let all = ["identity", "issue", "--env", "prod"];
    let run = site.keyed(&all).fails(3, "NAME-TAKEN: ");
    assert!(
        run.stderr.contains("NAME-CONSTRAINTS: ") && run.stderr.contains("current  prod/hello")
    );
    let journal = site.journal().join("\n");
    assert!(journal.contains("[\"NAME-TAKEN") && journal.contains("[\"NAME-CONSTRAINTS"));
}

#[test]
fn an_imported_root_key_is_as_declared() {
    let site = Site::declared();
    let key = site.beside("p256.pem").display().to_string();
    let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"];
    output(Command::new(tool("openssl", "openssl")).args(curve).arg(&key));
    let create = ["root", "create", "--import-key", &key];
    site.refuses("CONTRADICTION", |site| site.keyed(&create));
    site.edit("ca/root/root.toml", "\"p384\"", "\"p256\"");
    site.keyed(&create).ok();
    site.refuses("CONTRADICTION", |site| site.keyed(&create));
}

/// One environment is done before the other cannot be: what was issued is said.
#[test]
fn what_was_issued_before_an_error_is_said() {
    let site = Site::prepared();
    let run = site.keyed(&["identity", "issue", "--all"]);
    let run = run.fails(1, "error: test/identity has no certificate yet");
    assert!(run.stderr.contains("issued   prod/vault-server"), "{}", run.stderr);
    assert!(site.path("identities/prod/vault-server/cert.pem").exists());
    site.run(&["verify"]).ok();
}
