//! The journal, the clock and the declarations as a whole: what signing must not be built upon.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
use common::{Site, assert_plain, suite};

const ISSUE: [&str; 3] = ["identity", "issue", "prod/vault-server"];
const JOURNAL: &str = "ca/journal.jsonl";
const HEAD: &str = "ca/journal.head";

/// `journal verify` and `verify` answer no with exit 1; nothing is signed on top.
#[track_caller]
fn broken(site: &Site, rule: &str, place: &str) {
    for verb in [&["journal", "verify"][..], &["verify"]] {
        let said = site.fails(1, "", |site| site.run(verb));
        let problem = format!("{rule}: {place}");
        assert!(said.stdout.starts_with(&problem), "expected {problem:?} in: {said:?}");
        assert_plain(&said);
    }
    for verb in [&ISSUE[..], &["root", "crl", "--now"], &["root", "create"]] {
        assert_plain(&site.declines(rule, |site| site.keyed(verb)));
    }
    site.declines(rule, |site| site.run(&["status"]));
}

/// The lines of the journal, written in another way.
fn rewritten(change: impl Fn(&mut Vec<String>)) -> Site {
    let site = Site::prepared();
    let mut lines: Vec<String> = site.journal().iter().map(|line| format!("{line}\n")).collect();
    assert!(lines.len() > 4, "{lines:?}");
    change(&mut lines);
    site.write(JOURNAL, &lines.concat());
    site
}

#[test]
fn a_changed_removed_swapped_repeated_or_cut_line_is_named() {
    let changed = rewritten(|lines| lines[1] = lines[1].replace("\"act\":\"", "\"act\": \""));
    broken(&changed, "JOURNAL-BROKEN", "ca/journal.jsonl:2: the line was changed");
    let removed = rewritten(|lines| drop(lines.remove(2)));
    broken(&removed, "JOURNAL-BROKEN", "ca/journal.jsonl:3: got entry 4, expected 3");
    let first = rewritten(|lines| drop(lines.remove(0)));
    broken(&first, "JOURNAL-BROKEN", "ca/journal.jsonl:1: got entry 2, expected 1");
    let swapped = rewritten(|lines| lines.swap(1, 2));
    broken(&swapped, "JOURNAL-BROKEN", "ca/journal.jsonl:2: got entry 3, expected 2");
    let repeated = rewritten(|lines| lines.insert(2, lines[1].clone()));
    broken(&repeated, "JOURNAL-BROKEN", "ca/journal.jsonl:3: got entry 2, expected 3");
    let cut = rewritten(|lines| {
        let last = lines.pop().unwrap();
        lines.push(last[..last.len() - 9].to_owned());
    });
    let place = format!("ca/journal.jsonl:{}: the line has no end", cut.journal().len());
    broken(&cut, "JOURNAL-BROKEN", &place);
    let junk = Site::prepared();
    let lines = junk.journal().len();
    let bytes = [junk.read(JOURNAL).as_bytes(), b"\xff\xfe\0\n"].concat();
    std::fs::write(junk.path(JOURNAL), bytes).unwrap();
    let place = format!("{JOURNAL}:{}: got bytes that are not UTF-8", lines + 1);
    broken(&junk, "JOURNAL-BROKEN", &place);
}

#[test]
fn an_older_journal_or_head_is_a_rollback() {
    let last = rewritten(|lines| drop(lines.pop()));
    broken(&last, "JOURNAL-ROLLED-BACK", "the journal ends at ");
    broken(&rewritten(Vec::clear), "JOURNAL-ROLLED-BACK", "the journal ends at 0");
    let gone = Site::prepared();
    std::fs::remove_file(gone.path(JOURNAL)).unwrap();
    broken(&gone, "JOURNAL-ROLLED-BACK", "the journal ends at 0");
    let headless = Site::prepared();
    std::fs::remove_file(headless.path(HEAD)).unwrap();
    broken(&headless, "JOURNAL-ROLLED-BACK", "got ");
    for junk in ["", "x", "7", "-1 ff", "1 ff\n", "0 0\n", "99999999999999999999 ff"] {
        let site = Site::prepared();
        site.write(HEAD, junk);
        broken(&site, "JOURNAL-ROLLED-BACK", "");
    }
}

/// A head that lags behind is a crash between two writes, and no more.
#[test]
fn an_earlier_head_of_the_same_journal_is_fine() {
    let site = Site::prepared();
    let head = site.read(HEAD);
    site.keyed(&ISSUE).ok();
    site.write(HEAD, &head);
    site.run(&["journal", "verify"]).ok();
    site.keyed(&["root", "crl", "--now"]).ok();
    site.run(&["verify"]).ok();
}

#[test]
fn nothing_is_made_before_the_last_entry() {
    let site = Site::prepared();
    let csr = suite("hostile-csr/files/ok-ec-p384.csr").display().to_string();
    for clock in ["-1h", "@1970-01-01 00:00:01", "@1969-06-01 00:00:00"] {
        for verb in [
            &ISSUE[..],
            &["root", "crl", "--now"],
            &["intermediate", "crl", "prod/identity", "--now"],
            &["intermediate", "request", "test/identity"],
            &["intermediate", "request", "prod/vault", "--csr", &csr],
            &["intermediate", "sign", "prod/vault", "--csr", &csr],
            &["intermediate", "sign", "prod/vault", "--csr", &csr, "--dry-run"],
        ] {
            let run = site.declines("CLOCK-BEHIND-JOURNAL", |site| site.keyed_at(clock, verb));
            assert!(run.stderr.starts_with("error: CLOCK-BEHIND-JOURNAL: the clock says "));
        }
    }
    // Looking is allowed at any time.
    for clock in ["-1h", "@1970-01-01 00:00:01"] {
        site.at(clock, &["status"]).ok();
        site.at(clock, &["journal", "verify"]).ok();
    }
}

#[test]
fn environments_share_nothing() {
    for (key, from, to) in [
        (
            "address",
            "https://vault.test.example.internal:8200",
            "https://VAULT.prod.example.internal:8200",
        ),
        ("runtime_owner", "\"vault-test\"", "\"vault-prod\""),
        ("files", "/srv/test/{name}/vault/agent/file", "/srv/prod/{name}/vault/agent/file/"),
        (
            "dns",
            "dns = [\"test.example.internal\"]",
            "dns = [\"test.example.internal\", \"x.prod.example.internal\"]",
        ),
    ] {
        let site = Site::prepared();
        site.edit("ca/test/environment.toml", from, to);
        for verb in [&ISSUE[..], &["root", "crl", "--now"]] {
            let run = site.declines("ENVIRONMENTS-SHARE", |site| site.keyed(verb));
            assert!(run.stderr.contains("prod and test share"), "{key}: {}", run.stderr);
        }
        site.declines("ENVIRONMENTS-SHARE", |site| site.run(&["status"]));
        site.declines("ENVIRONMENTS-SHARE", |site| site.run(&["verify"]));
    }
    let site = Site::prepared();
    let text = site.read("ca/prod/environment.toml");
    std::fs::create_dir(site.path("ca/copy")).unwrap();
    site.write("ca/copy/environment.toml", &text);
    let run = site.declines("ENVIRONMENTS-SHARE", |site| site.run(&["status"]));
    for what in ["address", "trust domain", "runtime owner", "mounts", "path files", "DNS subtree"]
    {
        assert!(run.stderr.contains(&format!("share the {what}")), "{what}: {}", run.stderr);
    }
}

#[test]
fn what_is_there_is_not_contradicted() {
    let site = Site::prepared();
    site.declines("CONTRADICTION", |site| site.run(&["init", "--name", "Another Home"]));
    site.edit("ca/root/root.toml", "common_name = \"Example", "common_name = \"Another");
    site.refuses("CONTRADICTION", |site| site.keyed(&["root", "create"]));
    // A key that the journal knows nothing of is not overwritten.
    let site = Site::declared();
    std::fs::create_dir(site.path("ca/root/g1")).unwrap();
    site.write("ca/root/g1/key.pem", "somebody's\n");
    site.refuses("CONTRADICTION", |site| site.keyed(&["root", "create"]));
}

#[test]
fn a_replaced_issuer_is_not_signed_with() {
    let site = Site::prepared();
    site.keyed(&["intermediate", "request", "test/identity"]).ok();
    site.keyed(&["intermediate", "sign", "test/identity"]).ok();
    // Valid, and of the same root.
    let other = site.read("ca/test/identity/g1/cert.pem");
    site.write("ca/prod/identity/g1/cert.pem", &other);
    site.refuses("NOT-AS-RECORDED", |site| site.keyed(&ISSUE));
    site.refuses("NOT-AS-RECORDED", |site| {
        site.keyed(&["intermediate", "crl", "prod/identity", "--now"])
    });
    let said = site.run(&["verify"]).fails(1, "problem");
    assert!(said.stdout.contains("prod/identity@g1: ca/prod/identity/g1/cert.pem"), "{said:?}");
    site.write("ca/root/g1/cert.pem", &other);
    let csr = suite("hostile-csr/files/ok-ec-p384.csr").display().to_string();
    let sign = ["intermediate", "sign", "prod/vault", "--csr", &csr];
    site.refuses("NOT-AS-RECORDED", |site| site.keyed(&sign));
    site.declines("NOT-AS-RECORDED", |site| site.run(&["root", "show"]));
}
