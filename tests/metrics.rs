//! Metrics, alert rules and dashboard, as Prometheus' own tool judges them.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Run, Site, output, tool, venv};
use rootward::rotation::metrics::{ALERTS, FAMILIES};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

fn promtool() -> Command {
    Command::new(tool("promtool", "prometheus"))
}

/// `promtool check metrics` has nothing to say, not even of style.
#[track_caller]
fn accepts(text: &str) {
    let mut command = promtool();
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap()).ok();
    assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");
}

/// Every metric that a text names.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("rootward_") || word.starts_with("x509_")).collect()
}

/// The samples of a metric.
fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let is_it =
        |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    text.lines().filter(is_it).collect()
}

#[track_caller]
fn value(text: &str, sample: &str) -> i64 {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{sample} ")));
    line.unwrap_or_else(|| panic!("no {sample} in {text}")).parse().unwrap()
}

#[test]
fn promtool_accepts_the_metrics_of_every_state() {
    for (site, clock) in
        [(Site::declared(), "+0d"), (Site::prepared(), "+0d"), (Site::prepared(), "+4y")]
    {
        let run = site.at(clock, &["metrics", "--files"]).ok();
        accepts(&run.stdout);
        let generated = samples(&run.stdout, "rootward_generated_timestamp_seconds");
        assert_eq!(generated.len(), 1, "{}", run.stdout);
        // Neither a sample with a timestamp of its own nor a carriage return.
        let is_sample = |line: &&str| !line.starts_with('#');
        let last =
            |line: &str| line.rsplit_once(['}', ' ']).map(|(_, value)| value.trim().to_owned());
        for line in run.stdout.lines().filter(is_sample) {
            let after = line.rsplit_once('}').map_or(line, |(_, rest)| rest);
            assert!(after.split_whitespace().count() <= 2, "{line}");
            assert!(last(line).is_some_and(|it| it.parse::<i64>().is_ok()), "{line}");
        }
    }
}

#[test]
fn each_metric_is_written_and_no_other() {
    let site = Site::prepared();
    let text = site.run(&["metrics", "--files"]).ok().stdout;
    let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let expected: Vec<String> =
        FAMILIES.iter().map(|family| format!("{} {}", family.name, family.kind)).collect();
    assert_eq!(types, expected);
    let moment = |name: &str, object: &str| {
        value(&text, &format!("rootward_{name}_timestamp_seconds{{{object}}}"))
    };
    let ca = "object=\"prod/identity@g1\",kind=\"intermediate\",environment=\"prod\"";
    let days = |name, to| (moment(to, ca) - moment(name, ca)) / 86_400;
    // Leaves of thirty days, thirty days to arrange a ceremony; due after three quarters.
    assert_eq!(days("signing_stop", "not_after"), 30);
    assert_eq!(days("rotate_by", "signing_stop"), 30);
    let seconds = |to| moment(to, ca) - moment("not_before", ca);
    assert!((seconds("due") - seconds("signing_stop") * 3 / 4).abs() <= 1);
    let crl = "object=\"root@g1 CRL\",kind=\"crl\",environment=\"\"";
    let next = value(&text, "rootward_next_ceremony_timestamp_seconds");
    assert_eq!(next, moment("rotate_by", crl));
    assert_eq!(value(&text, &format!("rootward_stage{{{crl}}}")), 0);
    assert_eq!(value(&text, "rootward_journal_entries_total"), site.journal().len() as i64);
    assert_eq!(value(&text, "x509_read_errors"), 0);
}

#[test]
fn the_journal_and_the_files_say_the_same_and_cryptography_agrees() {
    let site = Site::prepared();
    let x509 = |arguments: &[&str]| -> Vec<String> {
        let text = site.run(arguments).ok().stdout;
        text.lines().filter(|line| line.starts_with("x509_c")).map(str::to_owned).collect()
    };
    let files = x509(&["metrics", "--files"]);
    assert_eq!(x509(&["metrics"]), files);
    assert_eq!(files.len(), 2 * 3 + 3 * 2, "{files:#?}");
    let script = "
import sys
from cryptography import x509
cn = lambda name: name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
for path in sys.argv[1:]:
    it = x509.load_pem_x509_certificate(open(path, 'rb').read())
    print('x509_cert_not_after{serial_number=\"%d\",subject_CN=\"%s\",issuer_CN=\"%s\",filename=\"cert.pem\",filepath=\"%s\"} %d'
          % (it.serial_number, cn(it.subject), cn(it.issuer), path, it.not_valid_after_utc.timestamp()))
";
    let root = fs::canonicalize(site.root()).unwrap();
    let paths = ["ca/root/g1", "ca/prod/identity/g1", "identities/prod/hello"];
    let paths = paths.map(|dir| root.join(dir).join("cert.pem"));
    let mut python = Command::new(venv("python"));
    let said = output(python.arg("-c").arg(script).args(&paths));
    let ours: Vec<&str> = files
        .iter()
        .map(String::as_str)
        .filter(|it| it.starts_with("x509_cert_not_after"))
        .collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), ours);
}

#[test]
fn what_is_not_as_recorded_is_counted_and_shown_as_it_is() {
    let site = Site::prepared();
    let hello = site.path("identities/prod/hello/cert.pem");
    fs::copy(site.path("ca/prod/identity/g1/cert.pem"), &hello).unwrap();
    fs::remove_file(site.path("ca/root/g1/crl.pem")).unwrap();
    let run = site.run(&["metrics", "--files"]).ok();
    accepts(&run.stdout);
    assert_eq!(value(&run.stdout, "x509_read_errors"), 2);
    assert_eq!(samples(&run.stdout, "x509_crl_number").len(), 1);
    let shown = samples(&run.stdout, "x509_cert_not_after");
    let is_swapped =
        |line: &&&str| line.contains("prod/hello/cert.pem") && line.contains("prod identity CA");
    assert!(shown.iter().any(|line| is_swapped(&line)), "{shown:#?}");
    assert!(run.stderr.contains("warning: ca/root/g1/crl.pem is missing"), "{}", run.stderr);
    assert!(samples(&site.run(&["metrics"]).ok().stdout, "x509_read_errors").is_empty());
}

#[test]
fn a_file_appears_whole_and_everybody_may_read_it() {
    let site = Site::prepared();
    let file = site.beside("textfile/rootward.prom");
    let dir = file.parent().unwrap().to_owned();
    fs::create_dir(&dir).unwrap();
    let write = || {
        let script = format!(
            "umask 077; exec '{}' -q -C '{}' metrics -o '{}'",
            env!("CARGO_BIN_EXE_rootward"),
            site.root().display(),
            file.display()
        );
        Run::of(Command::new("sh").args(["-c", &script]).output().unwrap())
    };
    write().ok();
    let before = fs::metadata(&file).unwrap();
    assert_eq!(before.permissions().mode() & 0o7777, 0o644);
    let mut old = fs::File::open(&file).unwrap();
    write().ok();
    // Another file under the same name: whoever has the old one open reads it to its end.
    assert_ne!(fs::metadata(&file).unwrap().ino(), before.ino());
    let mut read = String::new();
    std::io::Read::read_to_string(&mut old, &mut read).unwrap();
    accepts(&read);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    let to_a_directory = ["metrics", "-o", dir.to_str().unwrap()];
    site.run(&to_a_directory).fails(1, "is a directory, expected a file or none");
    // A failed run leaves what was there.
    site.edit("ca/journal.jsonl", "root@g1", "root@g2");
    write().fails(3, "JOURNAL-BROKEN");
    accepts(&fs::read_to_string(&file).unwrap());
}

/// When the expression of an alert begins to hold, in minutes, for these series.
struct Case {
    alert: &'static str,
    series: &'static [(&'static str, &'static str)],
    from: u32,
    object: Option<(&'static str, &'static str)>,
}

const fn case(
    alert: &'static str,
    series: &'static [(&'static str, &'static str)],
    from: u32,
    object: Option<(&'static str, &'static str)>,
) -> Case {
    Case { alert, series, from, object }
}

const CA: Option<(&str, &str)> = Some(("prod/identity@g1", "intermediate"));
const CRL: Option<(&str, &str)> = Some(("root@g1 CRL", "crl"));
const APP: Option<(&str, &str)> = Some(("prod/hello", "identity"));

/// Minute 60 is second 3600. Where a moment itself is still well, the alert begins a minute later.
const CASES: [Case; 17] = [
    case(
        "RootwardWindowOpen",
        &[
            ("rootward_due_timestamp_seconds", "3600"),
            ("rootward_rotate_by_timestamp_seconds", "9000"),
        ],
        60,
        CA,
    ),
    case("RootwardNotice", &[("rootward_stage", "0+0x59 1")], 60, APP),
    case("RootwardRotateSoon", &[("rootward_stage", "1+0x59 2")], 60, APP),
    case("RootwardRotateUrgently", &[("rootward_stage", "2+0x59 3")], 60, CA),
    case(
        "RootwardOverdue",
        &[
            ("rootward_rotate_by_timestamp_seconds", "3600"),
            ("rootward_signing_stop_timestamp_seconds", "9000"),
            ("rootward_not_after_timestamp_seconds", "90000"),
        ],
        60,
        CA,
    ),
    case(
        "RootwardOverdue",
        &[
            ("rootward_rotate_by_timestamp_seconds", "3600"),
            ("rootward_not_after_timestamp_seconds", "90000"),
        ],
        60,
        CRL,
    ),
    case(
        "RootwardSigningStopPassed",
        &[
            ("rootward_signing_stop_timestamp_seconds", "3600"),
            ("rootward_not_after_timestamp_seconds", "90000"),
        ],
        61,
        CA,
    ),
    case("RootwardExpired", &[("rootward_not_after_timestamp_seconds", "3600")], 61, APP),
    case("RootwardExpired", &[("rootward_not_after_timestamp_seconds", "3600")], 61, CA),
    case("RootwardCrlExpired", &[("rootward_not_after_timestamp_seconds", "3600")], 61, CRL),
    case(
        "RootwardCeremonyNear",
        &[("rootward_next_ceremony_timestamp_seconds", "2595600")],
        61,
        None,
    ),
    case(
        "RootwardCeremonyMissed",
        &[("rootward_next_ceremony_timestamp_seconds", "3600")],
        60,
        None,
    ),
    case(
        "RootwardFilesDiffer",
        &[("x509_read_errors", "0+0x59 1"), ("rootward_build_info", "1")],
        60,
        None,
    ),
    case("RootwardJournalShorter", &[("rootward_journal_entries_total", "7+0x59 6")], 60, None),
    case("RootwardMetricsStale", &[("rootward_generated_timestamp_seconds", "0")], 2881, None),
    case("RootwardMetricsAbsent", &[], 0, None),
    case("RootwardMetricsAbsent", &[("rootward_journal_entries_total", "7")], 0, None),
];

fn minutes(hold: &str) -> u32 {
    let (number, unit) = hold.split_at(hold.len() - 1);
    number.parse::<u32>().unwrap() * if unit == "h" { 60 } else { 1 }
}

/// A test for promtool: silent a minute before, firing then.
fn test_of(case: &Case) -> String {
    let alert = ALERTS.iter().find(|alert| alert.name == case.alert).unwrap();
    let labels = case.object.map(|(object, kind)| format!("object=\"{object}\",kind=\"{kind}\""));
    let labels = labels.unwrap_or_default();
    let mut text = "  - interval: 1m\n    input_series:\n".to_owned();
    if case.series.is_empty() {
        text = text.replace("series:\n", "series: []\n");
    }
    for (name, values) in case.series {
        let labels = if name.starts_with("x509") || name.ends_with("info") { "" } else { &labels };
        text +=
            &format!("      - series: '{name}{{{labels}}}'\n        values: '{values}+0x4000'\n");
    }
    let fires = case.from + minutes(alert.hold);
    text += "    alert_rule_test:\n";
    if fires > 0 {
        let before = fires - 1;
        text += &format!(
            "      - eval_time: {before}m\n        alertname: {}\n        exp_alerts: []\n",
            alert.name
        );
    }
    text += &format!(
        "      - eval_time: {fires}m\n        alertname: {}\n        exp_alerts:\n          - exp_labels:\n",
        alert.name
    );
    text += &format!("              severity: {}\n", alert.severity);
    if let Some((object, kind)) = case.object {
        text += &format!("              object: '{object}'\n              kind: {kind}\n");
    }
    let object = case.object.map_or("", |(object, _)| object);
    let summary = alert.template().replace("{{ $labels.object }}", object);
    text + &format!("            exp_annotations:\n              summary: '{summary}'\n")
}

#[test]
fn each_alert_fires_at_its_moment_and_not_a_minute_before() {
    let site = Site::empty();
    let rules = site.beside("rules.yml");
    site.run(&["metrics", "--rules", "-o", rules.to_str().unwrap()]).ok();
    let said = output(promtool().args(["check", "rules"]).arg(&rules));
    assert!(said.contains(&format!("SUCCESS: {} rules found", ALERTS.len())), "{said}");
    let tested: BTreeSet<&str> = CASES.iter().map(|case| case.alert).collect();
    assert_eq!(tested, ALERTS.iter().map(|alert| alert.name).collect());
    let mut text = "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n".to_owned();
    text.extend(CASES.iter().map(test_of));
    let tests = site.beside("tests.yml");
    fs::write(&tests, &text).unwrap();
    let run = |file: &Path| Run::of(promtool().args(["test", "rules"]).arg(file).output().unwrap());
    run(&tests).ok();
    // The tests can fail: none of them holds without its rule.
    for case in &CASES {
        let one = format!("rule_files: [none.yml]\ntests:\n{}", test_of(case));
        fs::write(site.beside("none.yml"), "groups: []\n").unwrap();
        fs::write(&tests, one).unwrap();
        assert_ne!(run(&tests).code, 0, "{}", case.alert);
    }
}

#[test]
fn rules_and_dashboard_name_only_what_is_written() {
    let site = Site::prepared();
    let written = site.run(&["metrics", "--files"]).ok().stdout;
    let written = names(&written);
    let rules = site.run(&["metrics", "--rules"]).ok().stdout;
    let dashboard = site.run(&["metrics", "--dashboard"]).ok().stdout;
    for text in [&rules, &dashboard] {
        let named = names(text);
        assert!(named.len() >= 5 && named.is_subset(&written), "{named:?} {written:?}");
    }
}

#[test]
fn the_readme_names_every_metric_and_every_alert() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(file).unwrap();
    let named: BTreeSet<&str> = text.split('`').collect();
    let all = FAMILIES.iter().map(|family| family.name).chain(ALERTS.iter().map(|it| it.name));
    for name in all {
        assert!(named.contains(name), "{name}");
    }
}

#[test]
fn every_query_of_the_dashboard_is_promql_and_every_panel_has_a_place() {
    let site = Site::empty();
    let text = site.run(&["metrics", "--dashboard"]).ok().stdout;
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    let mut rules = "groups:\n  - name: g\n    rules:\n".to_owned();
    for panel in panels {
        let kinds = ["stat", "table", "bargauge", "timeseries"];
        assert!(kinds.contains(&panel["type"].as_str().unwrap()), "{panel}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{panel}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(cells.insert((x, y)), "{panel} lies on another");
            }
        }
        for target in panel["targets"].as_array().unwrap() {
            let expr = target["expr"].as_str().unwrap().replace("$environment", "(prod|test)");
            assert!(!expr.contains("ENV"), "{expr}");
            rules += &format!("      - record: a\n        expr: '{expr}'\n");
            rules += &format!("        labels: {{ id: '{}' }}\n", panel["id"]);
        }
    }
    let file = site.beside("queries.yml");
    fs::write(&file, rules).unwrap();
    let said = output(promtool().args(["check", "rules"]).arg(&file));
    assert!(said.contains(&format!("SUCCESS: {} rules found", panels.len())), "{said}");
}
