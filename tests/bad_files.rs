//! What is no file, no readable file, or no sensible file, wherever a file is read: refused in
//! words that name it, at once, and with nothing changed.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{Run, Site, assert_plain, output, suite, tool};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands in the place of a file.
const KINDS: [&str; 8] =
    ["fifo", "directory", "dangling", "zero", "unreadable", "huge", "empty", "junk"];

/// 4096 bytes that are neither text nor DER, with everything that a terminal obeys among them.
fn junk() -> Vec<u8> {
    (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn put(path: &Path, kind: &str) {
    match kind {
        "fifo" => drop(output(Command::new(tool("mkfifo", "coreutils")).arg(path))),
        "directory" => fs::create_dir(path).unwrap(),
        "dangling" => symlink("/nowhere/at/all", path).unwrap(),
        "zero" => symlink("/dev/zero", path).unwrap(),
        "huge" => File::create(path).unwrap().set_len(1 << 32).unwrap(),
        "empty" => fs::write(path, "").unwrap(),
        "junk" => fs::write(path, junk()).unwrap(),
        _ => {
            fs::write(path, "version = 1\n").unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        }
    }
}

fn remove(path: &Path) {
    if path.is_dir() { fs::remove_dir(path).unwrap() } else { fs::remove_file(path).unwrap() }
}

/// Every kind of bad file at `path`: the command fails as documented, says something of `named`,
/// and changes nothing but that a refusal may be recorded.
#[track_caller]
fn refused(site: &Site, path: &Path, named: &str, run: impl Fn(&Site) -> Run) {
    let original = fs::read(path).ok().map(|bytes| {
        let mode = fs::metadata(path).unwrap().permissions();
        fs::remove_file(path).unwrap();
        (bytes, mode)
    });
    for kind in KINDS {
        put(path, kind);
        let before = site.products();
        let run = run(site);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!((1..=3).contains(&run.code), "{kind} {}: {run:?}", path.display());
        assert!(said.contains(named), "{kind} {}: {run:?}", path.display());
        assert!(run.stderr.lines().count() <= 12, "{kind} {}: {run:?}", path.display());
        assert_plain(&run);
        assert_eq!(site.products(), before, "{kind} {}", path.display());
        remove(path);
    }
    if let Some((bytes, mode)) = original {
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, mode).unwrap();
    }
}

fn with_passphrase(site: &Site, arguments: &[&str]) -> Run {
    let passphrase = site.passphrase().display().to_string();
    site.ordinary(&[arguments, &["--passphrase-file", &passphrase]].concat())
}

#[test]
fn files_that_the_command_line_names() {
    let site = Site::prepared();
    let csr = suite("hostile-csr/files/ok-ec-p384.csr").display().to_string();
    site.run(&["intermediate", "request", "prod/vault", "--csr", &csr]).ok();
    let given = site.beside("given");
    let name = given.display().to_string();
    for verb in [
        &["intermediate", "sign", "test/vault", "--dry-run", "--csr", &name][..],
        &["intermediate", "sign", "test/vault", "--csr", &name],
        &["intermediate", "request", "test/vault", "--csr", &name],
        &["identity", "issue", "prod/vault-server", "--csr", &name],
    ] {
        // Of what is in a request, its rule tells; of what is no file, its name.
        refused(&site, &given, "", |site| site.ordinary(verb));
    }
    let import = ["intermediate", "import", "prod/vault", "--chain", &name];
    refused(&site, &given, "given", |site| site.ordinary(&import));
    let crl = ["root", "crl", "--now", "--passphrase-file", &name];
    refused(&site, &given, "given", |site| site.ordinary(&crl));
    let declared = Site::declared();
    let create = ["root", "create", "--import-key", &name];
    refused(&declared, &given, "given", |site| with_passphrase(site, &create));
    site.run(&["verify"]).ok();
}

#[test]
fn declarations() {
    let site = Site::prepared();
    for path in ["ca/root/root.toml", "ca/prod/environment.toml"] {
        for verb in [&["status"][..], &["verify"], &["identity", "issue", "prod/vault-server"]] {
            refused(&site, &site.path(path), path, |site| with_or_without(site, verb));
        }
    }
    let hello = "identities/prod/hello/identity.toml";
    for verb in [&["verify"][..], &["identity", "issue", "prod/hello"]] {
        refused(&site, &site.path(hello), hello, |site| with_or_without(site, verb));
    }
    site.run(&["verify"]).ok();
}

fn with_or_without(site: &Site, verb: &[&str]) -> Run {
    if verb.len() > 1 { with_passphrase(site, verb) } else { site.ordinary(verb) }
}

#[test]
fn journal_and_head() {
    let site = Site::prepared();
    for path in ["ca/journal.jsonl", "ca/journal.head"] {
        for verb in [&["journal", "verify"][..], &["journal", "show"], &["status"], &["verify"]] {
            refused(&site, &site.path(path), "journal", |site| site.ordinary(verb));
        }
        let issue = ["identity", "issue", "prod/vault-server"];
        refused(&site, &site.path(path), "journal", |site| with_passphrase(site, &issue));
    }
    site.run(&["verify"]).ok();
}

#[test]
fn what_was_made_before() {
    let site = Site::prepared();
    let cases: [(&str, &[&str]); 9] = [
        ("ca/root/g1/cert.pem", &["root", "show"]),
        ("ca/root/g1/crl.pem", &["root", "crl", "--now"]),
        ("ca/root/g1/key.pem", &["root", "crl", "--now"]),
        ("ca/prod/identity/g1/cert.pem", &["identity", "issue", "prod/vault-server"]),
        ("ca/prod/identity/g1/key.pem", &["identity", "issue", "prod/vault-server"]),
        ("ca/prod/trust.pem", &["verify"]),
        ("ca/prod/identity/g1/chain.pem", &["verify"]),
        ("identities/prod/hello/cert.pem", &["verify"]),
        ("identities/prod/hello/key.pem", &["verify"]),
    ];
    for (path, verb) in cases {
        let keyed = verb.contains(&"crl") || verb.contains(&"issue");
        refused(&site, &site.path(path), path, |site| match keyed {
            true => with_passphrase(site, verb),
            false => site.ordinary(verb),
        });
        if verb != ["verify"] {
            refused(&site, &site.path(path), path, |site| site.ordinary(&["verify"]));
        }
    }
    let request = "ca/prod/identity/g1/request.csr";
    let sign = ["intermediate", "sign", "prod/identity", "--dry-run"];
    refused(&site, &site.path(request), "", |site| site.ordinary(&sign));
    site.run(&["verify"]).ok();
}

#[test]
fn an_interrupted_act() {
    let site = Site::prepared();
    let pending = site.path("ca/.pending");
    let issue = ["identity", "issue", "prod/vault-server"];
    for kind in ["fifo", "directory", "zero", "unreadable", "huge"] {
        put(&pending, kind);
        let run = with_passphrase(&site, &issue);
        assert!(run.code == 1 && run.stderr.contains("ca/.pending"), "{kind}: {run:?}");
        assert_plain(&run);
        remove(&pending);
    }
    // What was cut off before it named anything, or is not rootward's, is nothing.
    for kind in ["dangling", "empty", "junk"] {
        put(&pending, kind);
        site.run(&["verify"]).ok();
        with_passphrase(&site, &["root", "crl", "--now"]).ok();
        assert!(!pending.exists(), "{kind}");
    }
    site.run(&["verify"]).ok();
}

/// Whoever can put a file there does not thereby write anywhere else, nor cut the journal.
#[test]
fn a_crafted_act_writes_nowhere_else() {
    let site = Site::prepared();
    let target = site.beside("stolen");
    let paths: [PathBuf; 3] = [target.clone(), "../stolen".into(), "ca/../../stolen".into()];
    let journal = site.journal();
    for path in &paths {
        let offset = fs::metadata(site.path("ca/journal.jsonl")).unwrap().len();
        let header = serde_json::json!({
            "offset": offset, "lines": 0,
            "outputs": [{ "path": path, "mode": 0o644, "length": 1 }],
        });
        let mut bytes = format!("{header}\nx").into_bytes();
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        bytes.extend_from_slice(digest.as_ref());
        fs::write(site.path("ca/.pending"), &bytes).unwrap();
        site.run(&["verify"]).ok();
        site.keyed(&["root", "crl"]).ok();
        assert!(!target.exists(), "{}", path.display());
    }
    for header in [
        r#"{"offset":0,"lines":0,"outputs":[]}"#,
        r#"{"offset":9,"lines":0,"outputs":[{"path":"x","mode":420,"length":3}]}"#,
        r#"{"offset":18446744073709551615,"lines":18446744073709551615,"outputs":[]}"#,
        r#"{"offset":0,"lines":1,"outputs":[{"path":"x","mode":420,"length":18446744073709551615}]}"#,
        r#"{"offset":18446744073709551615,"lines":0,"outputs":[]}"#,
    ] {
        fs::write(site.path("ca/.pending"), format!("{header}\nxyz")).unwrap();
        let run = site.keyed(&["root", "crl"]);
        assert!(matches!(run.code, 0 | 3), "{header}: {run:?}");
        assert_plain(&run);
        assert_eq!(site.journal(), journal, "{header}");
        let _ = fs::remove_file(site.path("ca/.pending"));
    }
    site.run(&["verify"]).ok();
}
