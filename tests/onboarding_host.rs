//! What `identity request` and `identity install` do on a host, and what they refuse: a directory that
//! knows of no workspace.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
mod hosts;

use common::{Site, output, tool};
use hosts::{ADD, Host, OTHER, by, from, install, is_root, issued, myself};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

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
    let json = host.run(&["identity", "request", "web", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["version"], &json["key_made"]), (&1.into(), &false.into()));
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
    // A second name may be that of somebody else's file.
    fs::hard_link(host.path("key.pem"), host.path("chain.pem")).unwrap();
    host.run(&["identity", "install", "web", "--from", &brought])
        .fails(1, "has 2 names, expected one");
    fs::remove_file(host.path("chain.pem")).unwrap();
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
    // Without roots it is said that nobody looked; of a file only its certificates are taken.
    let from = host.brought(Path::new(&from(&site)));
    let text = format!("a note\n{own}{}", host.read("key.pem"));
    fs::write(Path::new(&from).join("chain.pem"), text).unwrap();
    let run = host.run(&["identity", "install", "web", "--from", &from]).ok();
    assert!(run.stderr.contains("warning: its chain was not verified"), "{}", run.stderr);
    assert_eq!(host.read("chain.pem"), own);
    install(&site, &host).ok();
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
