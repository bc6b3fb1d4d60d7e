//! One app joins: declared in the workspace, its key made on its own host, its certificate brought
//! back there; and how it leaves. The workspace is one directory, the host another.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
mod hosts;

use common::{Site, output, tool};
use hosts::{ADD, from, install, issued};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

#[test]
fn one_declaration_and_two_commands() {
    let (site, host) = issued();
    let files = [
        format!("{}/cert.pem", from(&site)),
        format!("{}/chain.pem", from(&site)),
        site.path("ca/prod/trust.pem").display().to_string(),
    ];
    let brought: Vec<&str> = ["identity", "install", "web", "--from"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    let run = host.run(&brought).ok();
    assert!(run.stderr.starts_with("installed web, valid until "), "{}", run.stderr);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    let again = install(&site, &host).ok();
    assert!(again.stderr.starts_with("web is already there"), "{}", again.stderr);
    // Stock openssl finds a key, its certificate and a chain to the root.
    let openssl = |arguments: &[&str]| {
        output(Command::new(tool("openssl", "openssl")).current_dir(host.dir()).args(arguments))
    };
    let verify = ["verify", "-x509_strict", "-CAfile", "trust.pem"];
    openssl(&[&verify[..], &["-untrusted", "chain.pem", "cert.pem"]].concat());
    let of_key = openssl(&["pkey", "-in", "key.pem", "-pubout"]);
    assert_eq!(of_key, openssl(&["x509", "-in", "cert.pem", "-noout", "-pubkey"]));
    assert_eq!(host.mode("key.pem"), 0o400);
    assert_eq!(host.mode("web.csr"), 0o644);
    let certificate = fs::metadata(host.path("cert.pem")).unwrap();
    assert_eq!(certificate.mode() & 0o777, 0o444);
    site.run(&["verify"]).ok();

    // Renewed before it is due, with the same request; the roots that are there still count.
    let before = site.read("identities/prod/web/cert.pem");
    let csr = host.path("web.csr").display().to_string();
    site.keyed(&["identity", "renew", "prod/web", "--csr", &csr]).ok();
    assert_ne!(site.read("identities/prod/web/cert.pem"), before);
    let run = install(&site, &host).ok();
    assert!(run.stderr.contains("cert.pem, chain.pem, trust.pem"), "{}", run.stderr);
    assert_eq!(host.read("cert.pem"), site.read("identities/prod/web/cert.pem"));

    // It leaves: first it is revoked, then removed.
    let remove = ["identity", "remove", "prod/web", "--yes"];
    let run = site.declines("STILL-VALID", |site| site.run(&remove));
    let revoke = "rootward -C ROOT revoke prod/web --reason cessationOfOperation"
        .replace("ROOT", &site.root().display().to_string());
    assert!(run.stderr.contains(&format!("hint: {revoke}")), "{}", run.stderr);
    site.keyed(&["revoke", "prod/web", "--reason", "cessationOfOperation", "--yes"]).ok();
    site.fails(2, "expected --yes", |site| site.run(&remove[..3]));
    site.run(&remove).ok();
    assert!(!site.path("identities/prod/web").exists());
    for verb in [&["status"][..], &["identity", "list"], &["verify"]] {
        let run = site.run(verb).ok();
        assert!(!run.stdout.contains("prod/web"), "{}", run.stdout);
    }
    let shown = site.run(&["journal", "show", "--act", "identity.remove"]).ok().stdout;
    assert!(shown.contains("identity.remove prod/web"), "{shown}");
    assert!(site.run(&remove).ok().stderr.starts_with("prod/web is already removed"));
    // Whoever is declared again under that name begins anew.
    site.run(&["identity", "add", "prod/web", "--kind", "user"]).ok();
    site.keyed(&["identity", "issue", "prod/web"]).ok();
    site.run(&["verify"]).ok();
}

#[test]
fn what_is_added_is_said_and_written_the_same_way_each_time() {
    let site = Site::prepared();
    let environment = site.read("ca/prod/environment.toml");
    let jwt = "\n[jwt]\nissuer = \"https://git.example.internal\"\naudiences = [\"vault\"]\n\
               jwks_url = \"https://git.example.internal/keys\"\n";
    site.write("ca/prod/environment.toml", &format!("{environment}{jwt}"));
    let policy =
        "path \"{mounts.kv2}/data/{name}/*\" {\n  capabilities = [\"create\", \"update\"]\n}\n";
    site.write("identities/policies/kv-write.hcl", policy);
    let mut add: Vec<&str> = "identity add prod/web --kind app --unix-user web --policy kv-read \
                              --policy self-renew --ops kv-write --auth cert --auth jwt \
                              --subject example/web --lifetime 7d --key host"
        .split_whitespace()
        .collect();
    let run = site.run(&add).ok();
    for line in [
        "prod/web may, logged in by its certificate:\n",
        "  read       kvv2/data/web, kvv2/data/web/*, auth/token/lookup-self\n",
        "  update     auth/token/renew-self, auth/token/revoke-self\n",
        "and whoever provisions it, by the CI of example/web:\n",
        "  create, update   kvv2/data/web/*\n",
    ] {
        assert!(run.stdout.contains(line), "{line:?}: {}", run.stdout);
    }
    assert!(run.stderr.contains("next: rootward identity request web --unix-user web\n"));
    let path = "identities/prod/web/identity.toml";
    let text = site.read(path);
    let again = site.fails(0, "already declared so", |site| site.run(&add));
    assert_eq!(again.stdout, run.stdout);
    // Comments are people's own.
    site.write(path, &format!("# ours\n{text}"));
    site.fails(0, "already declared so", |site| site.run(&add));
    add.extend(["--policy", "kv-write"]);
    let run = site.declines("CONTRADICTION", |site| site.run(&add));
    assert!(run.stderr.contains("with other policies\n"), "{}", run.stderr);
    fs::remove_dir_all(site.path("identities/prod/web")).unwrap();
    add.truncate(add.len() - 2);
    site.run(&add).ok();
    assert_eq!(site.read(path), text);
    let shown = site.run(&["identity", "show", "prod/web"]).ok().stdout;
    assert!(shown.contains("jwt: role gitea_cicd_web, known as example/web, policy web-ops"));
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let list = site.run(&["identity", "list", "--json"]).ok().stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let web = list["objects"].as_array().unwrap().iter().find(|row| row["object"] == "prod/web");
    assert_eq!(web.unwrap()["declared"]["auth"], serde_json::json!(["cert", "jwt"]));
    assert_eq!(web.unwrap()["state"], "waits for request");
    let json = site.run(&["identity", "show", "prod/web", "--json"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["may"][0]["paths"][1]["path"], "kvv2/data/web/*");
    assert_eq!(json["ops_may"][0]["capabilities"], serde_json::json!(["create", "update"]));
}

#[test]
fn nothing_is_declared_that_cannot_be() {
    let site = Site::prepared();
    let add = |more: &str| {
        let words: Vec<String> =
            format!("identity add {more}").split_whitespace().map(str::to_owned).collect();
        move |site: &Site| site.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    site.fails(2, "did you mean kv-read?", add("prod/a --kind app --policy kv-raed"));
    site.fails(2, "did you mean prod?", add("prd/a --kind app"));
    site.fails(2, "is reserved", add("prod/root --kind app"));
    site.fails(2, "expected ENV/NAME", add("a --kind app"));
    site.fails(2, "expected an identity ENV/NAME", add("prod/a@g1 --kind app"));
    site.fails(
        2,
        "--kind: got \"listener\", expected one of app, proxy, user",
        add("prod/a --kind listener"),
    );
    site.fails(2, "got --auth jwt without --subject", add("prod/a --kind app --auth jwt"));
    site.fails(2, "got --ops without --auth jwt", add("prod/a --kind app --ops kv-read"));
    let kubernetes = add("prod/a --kind app --auth kubernetes --namespace apps");
    site.fails(2, "ca/prod/environment.toml does not declare", kubernetes);
    site.fails(2, "unix_user: got", add("prod/a --kind app --unix-user a;b"));
    site.fails(
        2,
        "policies: got kv-read twice",
        add("prod/a --kind app --policy kv-read --policy kv-read"),
    );
    site.declines("NAME-TAKEN", add("prod/vault --kind app"));
    let transit = "# {mounts.transit}\npath \"{mounts.transit}/sign/{name}\" {\n}\n";
    site.write("identities/policies/transit.hcl", transit);
    site.fails(2, "transit.hcl:1: got {mounts.transit}", add("prod/a --kind app --policy transit"));
    site.write("identities/policies/transit.hcl", "path \"x\" { capabilities = [\"raed\"] }\n");
    site.fails(2, "transit.hcl:1: ", add("prod/a --kind app --policy transit"));
    let policies: String = (0..6).map(|index| format!(" --policy p{index}")).collect();
    for index in 0..6 {
        site.write(&format!("identities/policies/p{index}.hcl"), "");
    }
    site.declines("POLICY-COUNT", add(&format!("prod/a --kind app{policies}")));
    site.fails(3, "CONTRADICTION", |site| {
        site.run(&["identity", "add", "prod/hello", "--kind", "proxy"])
    });
}

#[test]
fn a_provisioning_policy_is_nobody_s_runtime_policy() {
    let site = Site::prepared();
    site.edit("identities/prod/hello/identity.toml", "auth =", "ops = [\"kv-read\"]\nauth =");
    let add = ["identity", "add", "prod/hello-ops", "--kind", "app"];
    site.declines("NAME-OPS", |site| site.run(&add));
    site.edit("identities/prod/hello/identity.toml", "ops = [\"kv-read\"]\n", "");
    site.run(&add).ok();
    site.edit("identities/prod/hello/identity.toml", "auth =", "ops = [\"kv-read\"]\nauth =");
    for name in ["prod/hello", "prod/hello-ops"] {
        site.refuses("NAME-OPS", |site| site.keyed(&["identity", "issue", name]));
    }
    let said = site.run(&["verify"]).fails(1, "problems").stdout;
    assert_eq!(said.matches("NAME-OPS: ").count(), 2, "{said}");
}

#[test]
fn declarations_are_added_at_any_time() {
    let site = Site::declared();
    site.run(&["identity", "add", "prod/early", "--kind", "user", "--policy", "kv-read"]).ok();
    assert!(!site.path("ca/journal.jsonl").exists() && !site.path("ca/journal.head").exists());
    site.keyed(&["root", "create"]).ok();
    let plan = site.beside("plan.toml").display().to_string();
    site.run(&["ceremony", "plan", "--crl", "-o", &plan]).ok();
    // What a ceremony continues is the journal.
    site.run(&["identity", "add", "prod/late", "--kind", "app"]).ok();
    site.declines("PLAN-OPEN", |site| site.run(&["identity", "remove", "prod/late", "--yes"]));
}

#[test]
fn renewing_keeps_what_is_declared_of_the_key() {
    let site = Site::prepared();
    let (key, certificate) = ("identities/prod/hello/key.pem", "identities/prod/hello/cert.pem");
    let before = (site.read(key), site.read(certificate));
    let said = site.keyed(&["identity", "issue", "prod/hello"]).ok().stderr;
    assert!(said.starts_with("current  prod/hello"), "{said}");
    site.keyed(&["identity", "renew", "prod/hello"]).ok();
    assert!(site.read(key) != before.0 && site.read(certificate) != before.1);
    site.run(&["verify"]).ok();
    // Of many, those whose key is elsewhere wait.
    site.run(&ADD).ok();
    let said = site.keyed(&["identity", "renew", "--env", "prod"]).ok().stderr;
    assert!(said.contains("waiting  prod/web") && said.contains("issued   prod/hello"), "{said}");
    let run = site.keyed(&["identity", "renew", "prod/web"]);
    let run = run.fails(2, "prod/web: its key is on its host");
    assert!(run.stderr.contains("identity renew prod/web --csr web.csr\n"), "{}", run.stderr);
    let revoke = ["revoke", "prod/hello", "--reason", "cessationOfOperation", "--yes"];
    site.keyed(&revoke).ok();
    site.refuses("IDENTITY-REVOKED", |site| site.keyed(&["identity", "renew", "prod/hello"]));
}

#[test]
fn only_what_is_no_longer_in_use_is_removed() {
    let site = Site::prepared();
    let remove = ["identity", "remove", "prod/hello", "--yes"];
    // Each certificate counts, not only the last.
    site.keyed(&["identity", "renew", "prod/hello"]).ok();
    let serial = |path: &str| {
        let file = site.path(path).display().to_string();
        let mut x509 = Command::new(tool("openssl", "openssl"));
        let said = output(x509.args(["x509", "-noout", "-serial", "-in", &file]));
        said.trim().trim_start_matches("serial=").to_lowercase()
    };
    let last = serial("identities/prod/hello/cert.pem");
    let reason = ["--reason", "superseded", "--yes"];
    site.keyed(&[&["revoke", "prod/hello", "--serial", &last][..], &reason].concat()).ok();
    site.declines("STILL-VALID", |site| site.run(&remove));
    // After all of them have expired it goes without being revoked.
    site.write("identities/prod/hello/notes.txt", "ours\n");
    site.fails(1, "has notes.txt, expected identity.toml", |site| site.at("+40d", &remove));
    fs::remove_file(site.path("identities/prod/hello/notes.txt")).unwrap();
    site.at("+40d", &remove).ok();
    assert!(!site.path("identities/prod/hello").exists());
    assert!(site.path("ca/prod/issued").join(format!("{last}.pem")).exists());
    site.fails(2, "not declared", |site| site.run(&["identity", "remove", "prod/nobody", "--yes"]));
    site.fails(2, "there is no environment", |site| {
        site.run(&["identity", "remove", "x/y", "--yes"])
    });
    site.at("+40d", &["journal", "verify"]).ok();
}

#[test]
fn a_declaration_is_no_secret_and_a_key_is() {
    let site = Site::prepared();
    site.run(&ADD).ok();
    let mode = |path: &str| fs::metadata(site.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("identities/prod/web/identity.toml"), 0o644);
    assert_eq!(mode("identities/prod/hello/key.pem"), 0o600);
}
