//! `rootward check` as monitoring systems run it: exit codes, the first line, performance data by
//! the development guidelines of monitoring-plugins.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Run, Site, Template};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const WORDS: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];

/// One item of performance data.
#[derive(Debug)]
struct Datum {
    label: String,
    value: f64,
    warning: String,
    critical: String,
}

/// The summary and the performance data of an answer, whose shape and level must fit the exit code.
#[track_caller]
fn read(run: &Run, level: usize) -> (String, Vec<Datum>) {
    assert_eq!(run.code, i32::try_from(level).unwrap(), "{run:?}");
    common::assert_plain(run);
    let first = run.stdout.lines().next().unwrap();
    let head = format!("ROOTWARD {} - ", WORDS[level]);
    let rest = first.strip_prefix(&head).unwrap_or_else(|| panic!("{head}: {first}"));
    assert_eq!(run.stdout.matches('|').count(), usize::from(level < 3), "{}", run.stdout);
    match rest.split_once(" | ") {
        Some((summary, data)) => (summary.to_owned(), items(data)),
        None => (rest.to_owned(), Vec::new()),
    }
}

/// `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by spaces; a label has no `=`.
fn items(text: &str) -> Vec<Datum> {
    let mut rest = text;
    let mut items = Vec::new();
    while let Some(item) = rest.strip_prefix('\'') {
        let (label, item) = item.split_once("'=").unwrap();
        assert!(!label.is_empty() && !label.contains(['=', '\'', '\n']), "{label:?}");
        let (item, more) = item.split_once(' ').unwrap_or((item, ""));
        rest = more;
        let fields: Vec<&str> = item.split(';').collect();
        let [value, warning, critical, min, max] = fields[..] else { panic!("{item}") };
        assert!([min, max].iter().all(|it| it.is_empty() || it.parse::<f64>().is_ok()), "{item}");
        items.push(Datum {
            label: label.to_owned(),
            value: value.strip_suffix('s').unwrap_or(value).parse().unwrap(),
            warning: warning.to_owned(),
            critical: critical.to_owned(),
        });
    }
    assert!(rest.is_empty(), "{rest}");
    items
}

/// Does a value alert by this range? `N`: outside of 0 to N; `N:`: below N.
fn alerts(range: &str, value: f64) -> bool {
    match range.strip_suffix(':') {
        _ if range.is_empty() => false,
        Some(start) => value < start.parse().unwrap(),
        None => value < 0.0 || value > range.parse().unwrap(),
    }
}

/// The level that a graphing system computes from the data alone.
fn level_of(items: &[Datum]) -> usize {
    let level = |it: &Datum| match (alerts(&it.critical, it.value), alerts(&it.warning, it.value)) {
        (true, _) => 2,
        (_, warning) => usize::from(warning),
    };
    items.iter().map(level).max().unwrap()
}

#[test]
fn each_stage_has_its_exit_code_and_the_data_say_the_same() {
    let site = Site::prepared();
    // Of thirty days: notice on the twentieth, warning on the 23rd, critical on the 24th, to be
    // replaced by the 25th.
    let overdue = "rotation overdue since 2";
    for (clock, arguments, level, said) in [
        ("+1d", vec![], 0, "next: renew prod/identity@g1 CRL by 2"),
        ("+20.1d", vec![], 0, "noticed: prod/identity@g1 CRL, prod/hello, "),
        ("+22.9d", vec![], 0, "next: "),
        ("+23.1d", vec![], 1, "rotation by 2"),
        ("+23.9d", vec![], 1, "prod/hello"),
        ("+24.1d", vec![], 2, "rotation by 2"),
        ("+26d", vec![], 2, overdue),
        ("+31d", vec![], 2, overdue),
        ("+1d", vec!["--warning", "notice"], 1, "prod/vault (waits for request)"),
        ("+20.1d", vec!["--warning", "notice", "--critical", "warning"], 1, "rotation by 2"),
        ("+23.1d", vec!["--critical", "warning"], 2, "rotation by 2"),
        ("+24.9d", vec!["--warning", "overdue", "--critical", "expired"], 0, "next: "),
        ("+26d", vec!["--warning", "overdue", "--critical", "expired"], 1, overdue),
        ("+31d", vec!["--warning", "overdue", "--critical", "expired"], 2, overdue),
        ("+31d", vec!["--env", "prod"], 2, overdue),
        ("+31d", vec!["--env", "test"], 0, "next: renew root@g1 CRL by 2"),
    ] {
        let run = site.at(clock, &[&["check"], arguments.as_slice()].concat());
        let (summary, data) = read(&run, level);
        assert!(summary.contains(said), "{clock} {arguments:?}: {summary}");
        assert_eq!(level_of(&data), level, "{clock} {arguments:?}: {data:?}");
    }
}

#[test]
fn a_ceremony_is_announced_with_what_is_on_its_table() {
    let site = Site::prepared();
    // The root's CRL of a year is to be renewed by the 305th day.
    let run = site.at("+280d", &["check", "--env", "test"]);
    let (summary, _) = read(&run, 1);
    assert!(summary.starts_with("ceremony by 2"), "{summary}");
    assert!(summary.ends_with(" days): root@g1 CRL"), "{summary}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    let said = lines.iter().find(|line| line.starts_with("WARNING root@g1 CRL: renew by 2"));
    assert!(said.is_some_and(|line| line.ends_with("; rootward root crl")), "{lines:#?}");
}

#[test]
fn there_are_data_for_each_ca_and_not_for_each_identity() {
    let site = Site::prepared();
    let (_, data) = read(&site.run(&["check", "--files"]), 0);
    let labels: Vec<&str> = data.iter().map(|it| it.label.as_str()).collect();
    let expected = [
        "quiet",
        "notice",
        "warning",
        "critical",
        "overdue",
        "stopped",
        "expired",
        "files not as recorded",
        "root@g1",
        "root@g1 CRL",
        "prod/identity@g1",
        "prod/identity@g1 CRL",
        "prod identities",
        "ceremony",
    ];
    assert_eq!(labels, expected);
    let value = |label: &str| data.iter().find(|it| it.label == label).unwrap().value;
    let days = |label: &str| (value(label) / 86_400.0).round();
    assert_eq!(
        [days("prod identities"), days("ceremony"), days("prod/identity@g1")],
        [25.0, 305.0, 1036.0]
    );
}

/// In time, a successor has its certificate: the old one no longer asks for a ceremony.
static PREPARED: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::prepared();
    for line in [
        "root crl",
        "rotate prepare prod/identity",
        "intermediate sign prod/identity@g2",
        "intermediate crl prod/identity",
        "identity issue --env prod",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        site.keyed_at("+950d", &words).ok();
    }
    Template::of(&site)
});

#[test]
fn what_has_a_successor_on_its_way_is_not_asked_for_twice() {
    let site = PREPARED.site();
    let run = site.at("+951d", &["check"]);
    let (summary, data) = read(&run, 0);
    assert!(summary.contains("prod/identity@g2"), "{summary}");
    assert!(run.stdout.contains("\nOK prod/identity@g2: activate by 2"), "{}", run.stdout);
    assert!(!data.iter().any(|it| it.label == "prod/identity@g1"), "{data:?}");
    let run = site.at("+979d", &["check"]);
    read(&run, 2);
    let line = "\nCRITICAL prod/identity@g2: overdue since 2";
    assert!(run.stdout.contains(line), "{}", run.stdout);
}

#[test]
fn what_was_revoked_is_critical_until_it_is_replaced() {
    let site = Site::prepared();
    site.keyed(&["revoke", "prod/hello", "--reason", "keyCompromise", "--yes"]).ok();
    let run = site.run(&["check"]);
    assert_eq!(read(&run, 2).0, "prod/hello (revoked)");
    let line = "\nCRITICAL prod/hello: revoked; rootward identity issue prod/hello\n";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    site.keyed(&["identity", "issue", "prod/hello"]).ok();
    read(&site.run(&["check"]), 0);
}

#[test]
fn whatever_goes_wrong_is_unknown() {
    type Case<'a> = (&'a str, fn(&Site), &'a [&'a str], &'a str);
    let cases: [Case; 9] = [
        (
            "a declaration",
            |site| site.write("ca/root/root.toml", "version = 1\n\"x|y\" = 2\n"),
            &[],
            "x/y",
        ),
        (
            "an environment",
            |site| site.edit("ca/prod/environment.toml", "address", "adress"),
            &[],
            "ca/prod/environment.toml:",
        ),
        (
            "the journal",
            |site| site.edit("ca/journal.jsonl", "root@g1", "root@g2"),
            &[],
            "JOURNAL-BROKEN",
        ),
        (
            "no journal",
            |site| fs::remove_file(site.path("ca/journal.jsonl")).unwrap(),
            &[],
            "JOURNAL-ROLLED-BACK",
        ),
        (
            "no workspace",
            |site| fs::remove_file(site.path("ca/root/root.toml")).unwrap(),
            &[],
            "not in a workspace",
        ),
        ("an option", |_| (), &["--unheard-of"], "--unheard-of is not expected here"),
        ("a stage", |_| (), &["--warning", "soon"], "got \"soon\""),
        (
            "stages in the wrong order",
            |_| (),
            &["--critical", "notice"],
            "expected warning or a later",
        ),
        ("no such environment", |_| (), &["--env", "prid"], "there is no environment prid"),
    ];
    for (what, break_it, arguments, said) in cases {
        let site = Site::prepared();
        break_it(&site);
        let run = site.run(&[&["check"], arguments].concat());
        let (summary, _) = read(&run, 3);
        assert!(summary.contains(said), "{what}: {summary}");
        let run = site.run(&[&["check", "--json"], arguments].concat());
        assert_eq!(run.code, 3, "{what}");
        let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((&value["version"], &value["status"]), (&1.into(), &"UNKNOWN".into()), "{what}");
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_so_is_an_output_that_is_full() {
    let site = Site::prepared();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = site.command(&["check"]).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(3));
    fs::set_permissions(site.path("ca/journal.jsonl"), fs::Permissions::from_mode(0o000)).unwrap();
    read(&site.ordinary(&["check"]), 3);
}

#[test]
fn no_name_of_a_directory_gets_into_the_data() {
    let dir = tempfile::tempdir().unwrap();
    let hostile = dir.path().join("a | 'quiet'=1\n\u{1b}[31m");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    let run = Run::of(command.arg("-C").arg(hostile).arg("check").output().unwrap());
    let (summary, _) = read(&run, 3);
    assert!(summary.contains("a / 'quiet'=1\\u{a}"), "{summary}");
}

#[test]
fn files_that_are_not_as_recorded_are_critical() {
    let hello = "identities/prod/hello/cert.pem";
    let other = |site: &Site, from: &str, to: &str| {
        fs::copy(site.path(from), site.path(to)).unwrap();
    };
    let older = |site: &Site| {
        fs::copy(site.path("ca/root/g1/crl.pem"), site.beside("crl.pem")).unwrap();
        site.keyed(&["root", "crl", "--now"]).ok();
        fs::copy(site.beside("crl.pem"), site.path("ca/root/g1/crl.pem")).unwrap();
    };
    type Case<'a> = (&'a str, &'a dyn Fn(&Site), &'a str);
    let cases: [Case; 7] = [
        (hello, &|site| fs::remove_file(site.path(hello)).unwrap(), "is missing"),
        (hello, &|site| site.write(hello, "no certificate\n"), "expected one BEGIN CERTIFICATE"),
        (
            hello,
            &|site| {
                site.edit(
                    hello,
                    "-----BEGIN CERTIFICATE-----\nMII",
                    "-----BEGIN CERTIFICATE-----\nMIJ",
                )
            },
            "not a certificate",
        ),
        (
            hello,
            &|site| other(site, "ca/prod/identity/g1/cert.pem", hello),
            "is another certificate than the journal's entry",
        ),
        ("ca/root/g1/crl.pem", &older, "is another CRL than the journal's entry"),
        (
            "ca/prod/identity/g1/crl.pem",
            &|site| fs::remove_file(site.path("ca/prod/identity/g1/crl.pem")).unwrap(),
            "is missing",
        ),
        (
            "ca/root/g1/cert.pem",
            &|site| {
                fs::remove_file(site.path("ca/root/g1/cert.pem")).unwrap();
                fs::create_dir(site.path("ca/root/g1/cert.pem")).unwrap();
            },
            "is a directory, expected a file",
        ),
    ];
    for (path, change, why) in cases {
        let site = Site::prepared();
        read(&site.run(&["check", "--files"]), 0);
        change(&site);
        read(&site.run(&["check"]), 0);
        let run = site.run(&["check", "--files"]);
        let (summary, data) = read(&run, 2);
        assert!(summary.starts_with(&format!("not as recorded: {path}")), "{summary}");
        assert_eq!(level_of(&data), 2, "{data:?}");
        let second = run.stdout.lines().nth(1).unwrap();
        assert!(second.starts_with("CRITICAL ") && second.contains(why), "{second}");
        let run = site.run(&["check", "--files", "--json"]);
        let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(value["differences"][0]["path"], path, "{value}");
    }
}

#[test]
fn an_empty_workspace_is_in_order_and_nothing_has_a_date() {
    let site = Site::declared();
    let (summary, data) = read(&site.run(&["check", "--files"]), 0);
    assert!(summary.starts_with("nothing has a date yet; noticed: root"), "{summary}");
    assert_eq!(data.len(), 8, "{data:?}");
}
