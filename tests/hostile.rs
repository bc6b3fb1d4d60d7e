//! Requests that strangers bring: every file of the suites gets its verdict, and every kind of
//! thing that can stand where a request is expected is met without harm.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{PASSPHRASE, Run, Site, output, suite, tool, venv};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The judge of the suite over the cases of `set`; what it says.
fn judge(site: &Site, set: &Path) -> String {
    tool("time", "time");
    let mut command = Command::new(tool("python3", "python3"));
    command.arg(suite("hostile-csr/run.py")).arg("--set").arg(set).arg("--");
    command.arg(env!("CARGO_BIN_EXE_rootward")).arg("-C").arg(site.root());
    command.args(["intermediate", "sign", "prod/vault", "--csr", "{csr}", "--dry-run"]);
    let said = Run::of(command.stdin(Stdio::null()).output().unwrap());
    said.ok().stdout
}

/// A directory with the suite's files and those of its cases that `which` wants.
fn part_of_suite(site: &Site, name: &str, which: impl Fn(&str) -> bool) -> PathBuf {
    let dir = site.beside(name);
    fs::create_dir(&dir).unwrap();
    symlink(suite("hostile-csr/files"), dir.join("files")).unwrap();
    let text = fs::read_to_string(suite("hostile-csr/expected.json")).unwrap();
    let mut expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = expected["cases"].as_array_mut().unwrap();
    cases.retain(|case| which(case["id"].as_str().unwrap()));
    fs::write(dir.join("expected.json"), expected.to_string()).unwrap();
    dir
}

#[track_caller]
fn all_fine(said: &str, at_least: usize) {
    let last = said.lines().last().unwrap_or_default();
    let numbers = last.trim_matches(|c| "{}".contains(c)).split(", ");
    let numbers: Vec<(&str, usize)> = numbers
        .filter_map(|part| part.split_once(": "))
        .map(|(key, count)| (key, count.parse().unwrap()))
        .collect();
    let run = numbers.first().map_or(0, |(_, count)| *count);
    assert!(run >= at_least, "{said}");
    assert_eq!(numbers, [("'run'", run), ("'fine'", run)], "{said}");
}

#[test]
fn every_request_of_the_suite_gets_its_verdict() {
    let site = Site::rooted();
    let before = site.snapshot();
    let all_but_one = part_of_suite(&site, "suite", |id| id != "dup-key-env-b");
    all_fine(&judge(&site, &all_but_one), 90);
    assert_eq!(site.snapshot(), before, "a dry run wrote something");
}

#[test]
fn a_key_that_was_signed_for_test_is_refused_for_prod() {
    let site = Site::rooted();
    let csr = |name: &str| suite(&format!("hostile-csr/files/{name}.csr")).display().to_string();
    let (a, b) = (csr("dup-key-env-a"), csr("dup-key-env-b"));
    site.keyed(&["intermediate", "sign", "test/vault", "--csr", &a]).ok();
    all_fine(&judge(&site, &part_of_suite(&site, "suite", |id| id == "dup-key-env-b")), 1);
    for request in [&a, &b] {
        let dry_run = ["intermediate", "sign", "prod/vault", "--csr", request, "--dry-run"];
        site.run(&dry_run).fails(3, "KEY-REUSED");
        site.keyed(&dry_run[..5]).fails(3, "KEY-REUSED");
    }
    site.run(&["verify"]).ok();
}

#[test]
fn more_requests_of_the_same_kinds_get_theirs() {
    let site = Site::rooted();
    let set = site.beside("more");
    output(Command::new(venv("python")).arg(suite("more_csr.py")).arg(&set));
    all_fine(&judge(&site, &set), 200);
}

/// `intermediate sign prod/vault --csr FILE --dry-run`, within 512 MiB and five seconds.
fn dry_run(site: &Site, csr: &std::ffi::OsStr) -> Run {
    let mut command = Command::new(tool("timeout", "coreutils"));
    command.args(["5", "prlimit", "--as=536870912"]).arg(env!("CARGO_BIN_EXE_rootward"));
    command.arg("-C").arg(site.root()).args(["intermediate", "sign", "prod/vault", "--dry-run"]);
    // As one word: a name that begins with a dash is a name.
    let mut option = std::ffi::OsString::from("--csr=");
    option.push(csr);
    let run = Run::of(command.arg(option).current_dir(site.beside("")).output().unwrap());
    assert!(run.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", run.stderr);
    run
}

#[test]
fn what_is_no_file_or_too_large_is_refused_by_what_it_is() {
    let site = Site::rooted();
    let good = fs::read(suite("hostile-csr/files/ok-ec-p384.csr")).unwrap();
    let refused = |name: &str, why: &str| {
        let run = dry_run(&site, name.as_ref());
        assert!(run.code == 1 || run.code == 3, "{name}: {run:?}");
        assert!(run.stderr.contains(why), "{name}: {}", run.stderr);
    };
    let grow = |name: &str, size: u64| {
        fs::write(site.beside(name), &good).unwrap();
        let file = File::options().append(true).open(site.beside(name)).unwrap();
        file.set_len(size).unwrap();
        refused(name, "expected at most");
    };
    grow("100-mb", 100 << 20);
    grow("4-gib", 4 << 30);
    symlink("nothing", site.beside("dangling")).unwrap();
    refused("dangling", "cannot open");
    symlink("/dev/zero", site.beside("zero")).unwrap();
    refused("zero", "is a device");
    refused("/dev/full", "is a device");
    output(Command::new("mkfifo").arg(site.beside("fifo")));
    refused("fifo", "is a named pipe");
    let _listener = UnixListener::bind(site.beside("socket")).unwrap();
    refused("socket", "cannot open");
    refused("w", "is a directory");
    fs::write(site.beside("empty"), "").unwrap();
    refused("empty", "the file is empty");
    symlink("loop", site.beside("loop")).unwrap();
    refused("loop", "cannot open");
}

#[test]
fn file_names_are_names_and_nothing_else() {
    let site = Site::rooted();
    let good = fs::read(suite("hostile-csr/files/ok-ec-p384.csr")).unwrap();
    let long = "n".repeat(255);
    let names: [&[u8]; 9] = [
        b"\x1b[31mred\x1b]0;title\x07",
        b"--help",
        b"-",
        long.as_bytes(),
        b"two words 'and' \"quotes\" $(touch pwned) `touch pwned`; touch pwned",
        b"line\nfeed",
        "\u{202e}rsc.live\u{200b}".as_bytes(),
        b"latin1-\xe9",
        b"%s%n{csr}",
    ];
    for name in names {
        let name = std::ffi::OsStr::from_bytes(name);
        fs::write(site.beside("").join(name), &good).unwrap();
        dry_run(&site, name).ok();
        fs::write(site.beside("").join(name), "no request").unwrap();
        dry_run(&site, name).fails(3, "REQUEST-FORM");
        fs::remove_file(site.beside("").join(name)).unwrap();
        dry_run(&site, name).fails(1, "cannot open");
    }
    symlink(suite("hostile-csr/files/ok-ec-p384.csr"), site.beside("link")).unwrap();
    dry_run(&site, "link".as_ref()).ok();
    assert!(!site.beside("pwned").exists() && !site.path("pwned").exists());
}

/// The file is replaced after it was shown, while rootward waits for the passphrase.
#[test]
fn what_was_shown_is_what_is_signed() {
    let site = Site::rooted();
    let csr = site.beside("request.csr");
    let shown = suite("hostile-csr/files/ok-ec-p384.csr");
    fs::copy(&shown, &csr).unwrap();
    let mut command = site.command(&["intermediate", "sign", "prod/vault", "--passphrase-fd", "0"]);
    command.arg("--csr").arg(&csr).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.trim_start().starts_with("SHA-256") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "no digest was shown");
    }
    fs::copy(suite("hostile-csr/files/ok-ec-p256.csr"), &csr).unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSPHRASE}").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");

    let openssl = tool("openssl", "openssl");
    let key = |kind: &str, file: &Path| {
        output(Command::new(&openssl).args([kind, "-noout", "-pubkey", "-in"]).arg(file))
    };
    assert_eq!(key("x509", &site.path("ca/prod/vault/g1/cert.pem")), key("req", &shown));
    assert_eq!(key("req", &site.path("ca/prod/vault/g1/request.csr")), key("req", &shown));
    let digest = output(
        Command::new(&openssl)
            .args(["req", "-outform", "DER", "-in"])
            .arg(&shown)
            .arg("-out")
            .arg(site.beside("der")),
    );
    assert!(digest.is_empty());
    let digest = output(Command::new(&openssl).args(["sha256", "-r"]).arg(site.beside("der")));
    assert!(line.contains(&digest[..64]), "{line} is not {digest}");
    site.run(&["verify"]).ok();
}
