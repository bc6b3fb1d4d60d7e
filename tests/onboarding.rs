//! One app joins: declared in the workspace, its key made on its own host, its certificate brought
//! back there. The workspace is one directory, the host another, which knows nothing of it.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod hosts;

use common::{Run, Site, output, tool};
use hosts::{Host, OTHER, is_root, myself};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

const ADD: [&str; 9] =
    ["identity", "add", "prod/web", "--kind", "app", "--policy", "kv-read", "--key", "host"];

/// A workspace in which prod/web is declared, and its host with the key and the request.
fn requested() -> (Site, Host) {
    let site = Site::prepared();
    site.run(&ADD).ok();
    let host = Host::new();
    host.run(&["identity", "request", "web"]).ok();
    (site, host)
}

/// The same with its certificate issued.
fn issued() -> (Site, Host) {
    let (site, host) = requested();
    issue(&site, &host);
    (site, host)
}

fn issue(site: &Site, host: &Host) {
    let csr = host.path("web.csr").display().to_string();
    site.keyed(&["identity", "issue", "prod/web", "--csr", &csr]).ok();
}

/// Where the certificate lies in the workspace.
fn from(site: &Site) -> String {
    site.path("identities/prod/web").display().to_string()
}

/// Refused by that rule.
#[track_caller]
fn by(rule: &str, run: Run) -> Run {
    run.fails(3, &format!("{rule}: "))
}

fn install(site: &Site, host: &Host) -> Run {
    host.run(&["identity", "install", "web", "--from", &from(site)])
}

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
    add.extend(["--policy", "db-creds"]);
    let run = site.declines("CONTRADICTION", |site| site.run(&add));
    assert!(run.stderr.contains("with other policies\n"), "{}", run.stderr);
    fs::remove_dir_all(site.path("identities/prod/web")).unwrap();
    add.truncate(add.len() - 2);
    site.run(&add).ok();
    assert_eq!(site.read(path), text);
    let shown = site.run(&["identity", "show", "prod/web"]).ok().stdout;
    assert!(shown.contains("jwt: role gitea_cicd_web, known as example/web, policy web-ops"));
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
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
fn a_key_is_made_once_and_is_for_one_user() {
    let host = Host::new();
    let request = ["identity", "request", "web"];
    let run = host.run(&request).ok();
    assert!(run.stderr.contains("made key and request of web"), "{}", run.stderr);
    let (key, csr) = (host.read("key.pem"), host.read("web.csr"));
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let run = host.run(&request).ok();
    assert!(run.stderr.contains("made a request for the key of web"), "{}", run.stderr);
    assert_eq!(host.read("key.pem"), key);
    assert_ne!(host.read("web.csr"), csr);
    let openssl = |arguments: &[&str]| {
        output(Command::new(tool("openssl", "openssl")).current_dir(host.dir()).args(arguments))
    };
    let said = openssl(&["req", "-in", "web.csr", "-noout", "-verify", "-subject"]);
    assert!(said.contains("CN = web") || said.contains("CN=web"), "{said}");
    assert_eq!(host.names(), ["key.pem", "web.csr"]);
    host.run(&["identity", "request", "web", "--algorithm", "p256"]).ok();
    by("CONTRADICTION", host.run(&["identity", "request", "web", "--algorithm", "p384"]));
    for (algorithm, words) in [("p384", "secp384r1"), ("ed25519", "ED25519")] {
        let host = Host::new();
        host.run(&["identity", "request", "web", "--algorithm", algorithm]).ok();
        let mut pkey = Command::new(tool("openssl", "openssl"));
        let said = output(
            pkey.current_dir(host.dir()).args(["pkey", "-in", "key.pem", "-noout", "-text"]),
        );
        assert!(said.contains(words), "{said}");
    }

    // Whatever stands in the key's place is left alone.
    let host = Host::new();
    for text in ["", "somebody's\n"] {
        host.write("key.pem", text, 0o400);
        host.run(&request).fails(1, "expected one BEGIN PRIVATE KEY");
        assert_eq!(host.read("key.pem"), text);
        fs::remove_file(host.path("key.pem")).unwrap();
    }
    host.write("elsewhere.pem", &key, 0o400);
    std::os::unix::fs::symlink("elsewhere.pem", host.path("key.pem")).unwrap();
    host.run(&request).fails(1, "key.pem is not a file");
    assert_eq!(host.names(), ["elsewhere.pem", "key.pem"]);
    let missing =
        host.run(&["identity", "request", "web", "--dir", "none"]).fails(1, "cannot find none");
    let line = format!("hint: install -d -m 0700 -o {} none\n", myself());
    assert!(missing.stderr.ends_with(&line), "{}", missing.stderr);
}

#[test]
fn a_key_is_there_whole_or_not_at_all() {
    let line = ["identity", "request", "web"];
    let mut points = 0;
    for call in hosts::CHANGING {
        for count in 1.. {
            let host = Host::new();
            let killed = host.killed_at(call, count, &line);
            let key = fs::read_to_string(host.path("key.pem")).ok();
            let is_whole =
                key.as_ref().is_none_or(|key| key.ends_with("-----END PRIVATE KEY-----\n"));
            assert!(is_whole, "{call} {count}: {key:?}");
            for name in host.names().iter().filter(|name| name.contains("key")) {
                assert_eq!(host.mode(name), 0o400, "{call} {count}: {name}");
            }
            host.run(&line).ok();
            assert!(key.is_none_or(|key| host.read("key.pem") == key), "{call} {count}");
            assert_eq!(host.names(), ["key.pem", "web.csr"], "{call} {count}");
            if !killed {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 8, "{points} points");
}

#[test]
fn a_key_that_others_can_reach_is_refused() {
    let (site, host) = issued();
    let request = ["identity", "request", "web"];
    for mode in [0o440, 0o404, 0o644, 0o700] {
        host.chmod("key.pem", mode);
        let run = by("KEY-EXPOSED", host.run(&request));
        assert!(run.stderr.contains("\nhint: chmod 0400 "), "{}", run.stderr);
        by("KEY-EXPOSED", install(&site, &host));
    }
    host.chmod("key.pem", 0o600);
    host.run(&request).ok();
    for (dir, mode) in [(".", 0o775), (".", 0o702), ("..", 0o777)] {
        let before = host.mode(dir);
        host.chmod(dir, mode);
        let run = by("KEY-EXPOSED", host.run(&request));
        assert!(run.stderr.contains("\nhint: chmod go-w /"), "{}", run.stderr);
        by("KEY-EXPOSED", install(&site, &host));
        // As in /tmp: others may make files of their own there, and touch nobody else's.
        host.chmod(dir, mode | 0o1000);
        host.run(&request).ok();
        host.chmod(dir, before);
    }
    assert_eq!(host.names(), ["key.pem", "web.csr"]);
}

/// The second user of this machine; who is not root can only be told to become it.
#[test]
fn root_gives_the_files_to_the_unix_user() {
    let host = Host::new();
    let request = ["identity", "request", "web", "--unix-user", OTHER];
    if !is_root() {
        let run = host.run(&request).fails(1, &format!("web runs as {OTHER}, got the user"));
        let line =
            format!("hint: sudo -u {OTHER} rootward identity request web --unix-user {OTHER}");
        assert!(run.stderr.contains(&line), "{}", run.stderr);
        return;
    }
    host.give(".", OTHER);
    host.run(&request).ok();
    for name in ["key.pem", "web.csr"] {
        assert_eq!(host.owner(name), OTHER);
    }
    assert_eq!(host.mode("key.pem"), 0o400);
    let key = host.read("key.pem");
    // That user does the same alone.
    host.run_as(OTHER, &["identity", "request", "web"]).ok();
    assert_eq!(host.read("key.pem"), key);
    let csr = host.path("web.csr").display().to_string();
    let site = Site::prepared();
    site.run(&[&ADD[..], &["--unix-user", OTHER]].concat()).ok();
    site.keyed(&["identity", "issue", "prod/web", "--csr", &csr]).ok();

    // In a workspace the declaration says whose it is.
    let dir = host.dir().display().to_string();
    let from = from(&site);
    let install = ["identity", "install", "prod/web", "--from", &from, "--dir", &dir];
    site.run(&[&install[..], &["--group", "root", "--mode", "0440"]].concat()).ok();
    let certificate = fs::metadata(host.path("cert.pem")).unwrap();
    assert_eq!((certificate.gid(), certificate.mode() & 0o777), (0, 0o440));
    assert_eq!(host.owner("cert.pem"), OTHER);
    // Another owner of the same content is another installation.
    site.run(&install).ok();
    let certificate = fs::metadata(host.path("cert.pem")).unwrap();
    assert_eq!(certificate.mode() & 0o777, 0o444);
    assert_ne!(certificate.gid(), 0);
    let again = site.run(&install).ok();
    assert!(again.stderr.starts_with("web is already there"), "{}", again.stderr);

    // A third user does nothing; a key of another user is not this one's.
    let brought = host.brought(Path::new(&from));
    let line = ["identity", "install", "web", "--from", &brought, "--unix-user", OTHER];
    let run =
        host.run_as("nobody", &line).fails(1, &format!("web runs as {OTHER}, got the user nobody"));
    let expected = format!(
        "hint: sudo -u {OTHER} rootward identity install web --unix-user {OTHER} --from {brought} --mode 0444\n"
    );
    assert!(run.stderr.ends_with(&expected), "{}", run.stderr);
    host.run_as(OTHER, &["identity", "install", "web", "--from", &brought]).ok();
    let run = host.run(&["identity", "install", "web", "--from", &brought]);
    by("KEY-EXPOSED", run);
    host.give("key.pem", "nobody");
    let run = by("KEY-EXPOSED", host.run(&line));
    assert!(run.stderr.contains("expected daemon's"), "{}", run.stderr);
    host.give("key.pem", OTHER);
    host.give("..", "nobody");
    by("KEY-EXPOSED", host.run(&line));
    host.give("..", "root");
    host.run(&line).ok();
    host.run(&["identity", "request", "web", "--unix-user", "deamon"])
        .fails(1, "did you mean daemon?");
    host.run(&[&line[..], &["--group", "nosuch"]].concat()).fails(1, "groupadd --system nosuch");
}

#[test]
fn only_its_own_certificate_is_installed() {
    let (site, host) = issued();
    let before = host.names();
    let refused = |rule: &str, from: &str, name: &str| {
        let run = host.run(&["identity", "install", name, "--from", from]);
        let run = run.fails(3, &format!("{rule}: "));
        assert_eq!(host.names(), before);
        run
    };
    // Another's, under its own name and under this one's.
    let hello = site.path("identities/prod/hello").display().to_string();
    let missing = host.run(&["identity", "install", "web", "--from", &hello]);
    missing
        .fails(3, "CERTIFICATE-FOREIGN: the certificate is that of \"hello\", expected CN = web");
    refused("CERTIFICATE-FOREIGN", &hello, "hello");
    // For a key that this host had before.
    let other = Host::new();
    other.run(&["identity", "request", "web"]).ok();
    let run = other.run(&["identity", "install", "web", "--from", &from(&site)]);
    run.fails(3, "CERTIFICATE-FOREIGN: the certificate is for another key");
    // A chain of another leaf, without an issuer, with a wrong one.
    let brought = host.brought(Path::new(&from(&site)));
    let chain = Path::new(&brought).join("chain.pem");
    let own = fs::read_to_string(&chain).unwrap();
    let leaf = fs::read_to_string(Path::new(&brought).join("cert.pem")).unwrap();
    let foreign = site.read("identities/prod/hello/chain.pem");
    fs::write(&chain, &foreign).unwrap();
    refused("CERTIFICATE-FOREIGN", &brought, "web");
    fs::write(&chain, &leaf).unwrap();
    refused("CERTIFICATE-FOREIGN", &brought, "web");
    fs::write(&chain, format!("{leaf}{}", site.read("ca/root/g1/cert.pem"))).unwrap();
    refused("CHAIN-REJECTED", &brought, "web");
    fs::write(&chain, &own).unwrap();
    let another = Site::rooted();
    let trust = Path::new(&brought).join("trust.pem");
    fs::write(&trust, another.read("ca/root/g1/cert.pem")).unwrap();
    refused("CHAIN-REJECTED", &brought, "web");
    fs::write(&trust, "no certificate").unwrap();
    host.run(&["identity", "install", "web", "--from", &brought])
        .fails(1, "trust.pem has no BEGIN");
    fs::write(&trust, site.read("ca/root/g1/cert.pem")).unwrap();
    // Before and after its time.
    for clock in ["-2d", "+31d"] {
        let run = host.at(clock, &["identity", "install", "web", "--from", &brought]);
        by("CERTIFICATE-DATES", run);
    }
    assert_eq!(host.names(), before);
    // Two certificates, none, or files with other names.
    fs::write(Path::new(&brought).join("cert.pem"), &own).unwrap();
    host.run(&["identity", "install", "web", "--from", &brought])
        .fails(1, "cert.pem has 2 certificates, expected one");
    fs::remove_file(Path::new(&brought).join("cert.pem")).unwrap();
    host.run(&["identity", "install", "web", "--from", &brought]).fails(2, "got no cert.pem");
    let key = host.path("key.pem").display().to_string();
    host.run(&["identity", "install", "web", "--from", &key])
        .fails(2, "expected files named cert.pem");
    for mode in ["0777", "0222", "0446", "999", "00444"] {
        let from = from(&site);
        let line = ["identity", "install", "web", "--from", &from, "--mode", mode];
        host.run(&line).fails(2, "expected 0400");
    }
    assert_eq!(host.names(), before);
    // Without roots it is said that nobody looked.
    let run = install(&site, &host).ok();
    assert!(run.stderr.contains("warning: its chain was not verified"), "{}", run.stderr);
}

#[test]
fn a_key_that_was_made_in_the_workspace_is_brought_by_hand() {
    let site = Site::prepared();
    let host = Host::new();
    let from = site.path("identities/prod/hello").display().to_string();
    let install = ["identity", "install", "hello", "--from", &from];
    let run = host.run(&install).fails(1, "key.pem is not there");
    let line = run.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    output(Command::new("sh").args(["-c", line]));
    host.run(&install).ok();
    let host = Host::new();
    let site = issued().0;
    let run = host.run(&["identity", "install", "web", "--from", &self::from(&site)]);
    run.fails(1, "hint: the key is made where it is used: rootward identity request web");
}

/// Certificate and chain are one installation, whenever the power goes out.
#[test]
fn an_installation_is_never_torn() {
    let (site, host) = issued();
    let first = host.brought(Path::new(&from(&site)));
    let csr = host.path("web.csr").display().to_string();
    site.keyed(&["identity", "renew", "prod/web", "--csr", &csr]).ok();
    let second = host.brought(Path::new(&from(&site)));
    let pair = |dir: &Path| {
        let read = |name: &str| fs::read_to_string(dir.join(name)).ok();
        (read("cert.pem"), read("chain.pem"))
    };
    let (old, new) = (pair(Path::new(&first)), pair(Path::new(&second)));
    assert_ne!(old, new);
    let line = ["identity", "install", "web", "--from", &second];
    for state in ["nothing", "by hand", "installed"] {
        let host = host.copy();
        let before = match state {
            "nothing" => (None, None),
            "by hand" => {
                for name in ["cert.pem", "chain.pem"] {
                    fs::copy(Path::new(&first).join(name), host.path(name)).unwrap();
                }
                old.clone()
            }
            _ => {
                host.run(&["identity", "install", "web", "--from", &first]).ok();
                old.clone()
            }
        };
        let mut points = 0;
        for call in hosts::CHANGING {
            for count in 1.. {
                let copy = host.copy();
                let killed = copy.killed_at(call, count, &line);
                let seen = pair(copy.dir());
                assert!(seen == before || seen == new, "{state}: torn at {call} {count}");
                copy.run(&line).ok();
                assert_eq!(pair(copy.dir()), new, "{state}: after {call} {count}");
                assert_eq!(copy.versions(), 1, "{state}: after {call} {count}");
                if !killed {
                    break;
                }
                points += 1;
            }
        }
        assert!(points > 15, "{state}: {points} points");
    }
    // What is not ours is not replaced.
    let host = host.copy();
    std::os::unix::fs::symlink("/etc/hosts", host.path("cert.pem")).unwrap();
    let run = by("CONTRADICTION", host.run(&line));
    assert!(run.stderr.contains("\nhint: move it elsewhere: mv "), "{}", run.stderr);
    assert_eq!(fs::read_link(host.path("cert.pem")).unwrap(), Path::new("/etc/hosts"));
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
