//! What people mistype is shown with its place; what strangers write cannot steer the terminal.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{Run, Site, assert_plain};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

const ROOT: &str = "ca/root/root.toml";
const ENVIRONMENT: &str = "ca/prod/environment.toml";
const HELLO: &str = "identities/prod/hello/identity.toml";

/// Exit 2, with file:line:column in front, whichever verb reads it.
#[track_caller]
fn mistyped(site: &Site, path: &str, bytes: &[u8], place: &str, texts: &[&str]) {
    let original = fs::read(site.path(path)).unwrap();
    fs::write(site.path(path), bytes).unwrap();
    let verb: &[&str] = match path {
        HELLO => &["identity", "issue", "prod/hello"],
        _ => &["status"],
    };
    let run =
        site.fails(2, &format!("error: {}{path}{place}", prefix(path)), |site| site.run(verb));
    for text in texts {
        assert!(run.stderr.contains(text), "expected {text:?} in: {}", run.stderr);
    }
    assert_plain(&run);
    fs::write(site.path(path), original).unwrap();
}

/// An identity's error is led by its object.
fn prefix(path: &str) -> &'static str {
    if path == HELLO { "prod/hello: " } else { "" }
}

fn replaced(site: &Site, path: &str, from: &str, to: &str) -> Vec<u8> {
    let text = site.read(path);
    assert!(text.contains(from), "{from:?} is not in {path}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn every_mistake_in_a_declaration_has_its_place() {
    let site = Site::prepared();
    let root = |text: &str| format!("version = 1\n[subject]\n{text}\n").into_bytes();
    let cases: [(&[u8], &str, &[&str]); 14] = [
        (
            &root("organisation = \"x\""),
            ":3:1: unknown key \"organisation\"",
            &["did you mean \"organization\"?"],
        ),
        (&root("organization = 7"), ":3:16: ", &["integer", "string"]),
        (&root("organization = \"x\""), ":2:1: missing key `common_name`", &[]),
        (&root("organization = \"x\"\norganization = \"y\""), ":4:1: duplicate key", &[]),
        (&root("organization = \"x"), ":3:18: ", &[]),
        (
            &root("organization = \"\\u0007\"\ncommon_name = \"x\""),
            ": subject.organization: got ",
            &["\\u{7}"],
        ),
        (
            &root("organization = \"\u{202e}x\"\ncommon_name = \"x\""),
            ": subject.organization: got ",
            &["\\u{202e}"],
        ),
        (
            b"# a comment\n  version = 2\nnovelty = 3\n",
            ":2:13: got format version 2, expected at most 1",
            &["hint: this file was written for a newer rootward"],
        ),
        (b"version = \"1\"\n", ":1:11: got the format version \"1\", expected 1", &[]),
        (b"version = 0\n", ":1:11: got the format version 0, expected 1", &[]),
        (
            b"[subject]\n",
            ":1:1: got no format version",
            &["hint: put this line at the top of ca/root/root.toml: version = 1"],
        ),
        (
            b"version = 1\n[subject]\nx = \"\xc3\xa9\xff\"\n",
            ":3:7: got bytes that are not UTF-8",
            &[],
        ),
        (b"version = 1\nversion = 1\n", ":2:1: duplicate key", &[]),
        (b"version = 1\n\x1b[31m = 2\n", ":2:", &[]),
    ];
    for (bytes, place, texts) in cases {
        mistyped(&site, ROOT, bytes, place, texts);
    }
    site.run(&["verify"]).ok();
}

#[test]
fn environments_and_identities_too() {
    let site = Site::prepared();
    let environment = |from: &str, to: &str, place: &str, texts: &[&str]| {
        mistyped(&site, ENVIRONMENT, &replaced(&site, ENVIRONMENT, from, to), place, texts);
    };
    environment("lifetime = \"3y\"", "lifetime = \"3w\"", ":", &[":12: got \"3w\", expected"]);
    environment("lifetime = \"3y\"", "livetime = \"3y\"", ":", &["did you mean \"lifetime\"?"]);
    environment("key = \"local\"", "key = \"lokal\"", ":", &["unknown variant `lokal`"]);
    environment("key = \"local\"", "key = \"vault\"", ": intermediates.identity.key: ", &[]);
    environment("[intermediates.vault]", "[intermediates.root]", ":", &["is reserved"]);
    environment("ip = [\"10.0.0.0/8\"]", "ip = [\"10.0.0.1/8\"]", ":", &["bits beyond the prefix"]);
    environment(
        "dns = [\"prod.example.internal\"]",
        "dns = [\"*.example.internal\"]",
        ":",
        &["DNS name"],
    );
    environment("dns = [\"prod.example.internal\"]", "dns = []", ": dns: got none", &[]);
    environment("= \"https://", "= \"http://", ": address: got \"http://", &[]);
    for address in ["https://a b", "https://a:0", "https://a:70000", "https://[::1", "https://a/v1"]
    {
        let to = format!("address = \"{address}\" #");
        environment("address = ", &to, ": address: got ", &["expected https://HOST:PORT"]);
    }
    let owner = "runtime_owner = \"vault\\u001b\" #";
    environment(
        "runtime_owner = ",
        owner,
        ": runtime_owner: got \"vault\\\\u{1b}\"",
        &["a Unix user"],
    );
    environment("crl = \"30d\"", "crl = \"2y\"", ": intermediates.identity.crl: got 2y", &[]);
    let hello = |from: &str, to: &str, place: &str, texts: &[&str]| {
        mistyped(&site, HELLO, &replaced(&site, HELLO, from, to), place, texts);
    };
    hello("kind = ", "kimd = ", ":", &["unknown key \"kimd\"", "did you mean \"kind\"?"]);
    hello("kind = \"app\"", "kind = \"listener\"", ": dns: got none", &[]);
    hello("kind = ", "lifetime = \"0d\"\nkind = ", ":", &[":12: got \"0d\""]);
    hello("kind = ", "unix_user = \"-rf\"\nkind = ", ": unix_user: got \"-rf\"", &[]);
    hello("auth = [\"cert\"]", "auth = [\"carrier pigeon\"]", ":", &["unknown variant"]);
    site.run(&["verify"]).ok();
}

/// Text with everything that a terminal would obey, and the direction marks.
const EVIL: &str = "a\x1b[31m\x07\u{9b}2J\u{200b}\u{202e}gnp\u{2066}\u{feff}\r\n\x7f";

#[test]
fn the_command_line_is_shown_escaped() {
    let site = Site::prepared();
    let plain = |run: Run| {
        assert!(run.code != 0 && !run.stderr.is_empty(), "{run:?}");
        assert_plain(&run);
    };
    for arguments in [
        &["explain", EVIL][..],
        &["identity", "issue", EVIL],
        &["identity", "issue", &format!("prod/{EVIL}")],
        &["identity", "issue", "--env", EVIL],
        &["intermediate", "sign", &format!("{EVIL}/vault")],
        &["intermediate", "sign", "prod/vault", "--csr", EVIL],
        &["intermediate", "import", "prod/vault", "--chain", EVIL],
        &["root", "create", "--import-key", EVIL],
        &["root", "crl", "--now", "--passphrase-file", EVIL],
        &["root", "crl", "--passphrase-fd", EVIL],
        &["status", "--at", EVIL],
        &["journal", "show", "--act", EVIL],
        &["--color", EVIL, "status"],
        &[EVIL],
        &["status", EVIL],
        &["init", "--name", EVIL],
        &["init", "--domain", EVIL],
    ] {
        plain(site.run(arguments));
    }
    for verb in ["status", "explain", "identity"] {
        let mut command = site.command(&[verb]);
        plain(Run::of(command.arg(OsStr::from_bytes(b"\xff\x1b[31m")).output().unwrap()));
    }
    let mut elsewhere = std::process::Command::new(env!("CARGO_BIN_EXE_rootward"));
    plain(Run::of(elsewhere.args(["-C", EVIL, "status"]).output().unwrap()));
    site.run(&["verify"]).ok();
}

#[test]
fn names_of_files_are_shown_escaped() {
    let site = Site::prepared();
    fs::create_dir(site.path(&format!("identities/prod/{EVIL}"))).unwrap();
    for verb in [&["status"][..], &["verify"], &["identity", "issue", "--env", "prod"]] {
        let run = site.run(verb);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(run.code != 0 && said.contains("\\u{1b}[31m"), "{run:?}");
        assert_plain(&run);
    }
    fs::remove_dir(site.path(&format!("identities/prod/{EVIL}"))).unwrap();
    fs::create_dir(site.path(&format!("ca/{EVIL}"))).unwrap();
    let text = site.read(ENVIRONMENT);
    site.write(&format!("ca/{EVIL}/environment.toml"), &text);
    let run = site.run(&["status"]).fails(2, "\\u{1b}[31m");
    assert_plain(&run);
    fs::remove_dir_all(site.path(&format!("ca/{EVIL}"))).unwrap();
    fs::write(site.path("ca/prod/issued").join(OsStr::from_bytes(b"\xff\x1b")), "").unwrap();
    assert_plain(&site.run(&["verify"]).fails(1, "is not UTF-8"));
}

/// The time of everything is four digits of a year in UTC, and what is not is refused in words.
#[test]
fn dates_at_the_edge_do_not_panic() {
    let site = Site::prepared();
    for date in
        ["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "2027-13-01", "é027-01-01"]
    {
        for json in [&["status", "--at", date][..], &["status", "--json", "--at", date]] {
            assert_plain(&site.run(json).fails(2, "expected a date such as 2027-03-31"));
        }
    }
    for date in ["9999-12-31T23:59:59Z", "0000-01-01", "2027-01-01T00:00:00+23:59"] {
        site.run(&["status", "--at", date]).ok();
        site.run(&["status", "--json", "--at", date]).ok();
    }
    let declared = Site::declared();
    declared.fails(1, "past the year 9999", |site| {
        site.keyed_at("@9990-01-01 00:00:00", &["root", "create"])
    });
}

/// A journal can be well chained and still say anything.
#[test]
fn a_crafted_journal_is_shown_escaped_and_does_not_panic() {
    use ring::digest::{SHA256, digest};
    use rootward::model::text::hex;
    let site = Site::prepared();
    let lines = site.journal();
    let last: serde_json::Value = serde_json::from_str(&lines[lines.len() - 1]).unwrap();
    let body = serde_json::json!({
        "seq": lines.len() + 1, "time": last["time"], "host": EVIL, "user": EVIL,
        "act": "crl.issue", "object": format!("root@g1{EVIL}"), "serial": EVIL,
        "not_after": "éééééééééééé", "number": u64::MAX, "prev": last["hash"],
    });
    let body = body.to_string();
    let body = body.strip_suffix('}').unwrap();
    let hash = hex(digest(&SHA256, body.as_bytes()).as_ref());
    let text = site.read("ca/journal.jsonl");
    site.write("ca/journal.jsonl", &format!("{text}{body},\"hash\":\"{hash}\"}}\n"));
    site.run(&["journal", "verify"]).ok();
    for verb in [&["journal", "show"][..], &["journal", "show", "--json"], &["status"], &["verify"]]
    {
        let run = site.run(verb);
        assert_plain(&run);
        assert!(run.code < 2, "{run:?}");
    }
}
