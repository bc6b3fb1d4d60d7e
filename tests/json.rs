//! Standard output for machines: with `--json` it is one JSON document with a version, or nothing.

#[path = "common/shell.rs"]
mod shell;

use shell::Shell;

const COMMANDS: &[&str] = &[
    "init",
    "status",
    "vault config prod",
    "root create",
    "root create",
    "root show",
    "root crl",
    "root crl --now",
    "intermediate request prod/identity",
    "intermediate request prod/identity",
    "intermediate sign prod/identity --dry-run",
    "intermediate sign prod/identity",
    "intermediate sign prod/identity",
    "intermediate sign prod/identity --dry-run",
    "intermediate list",
    "identity issue --env prod",
    "identity issue --env prod",
    "identity list",
    "intermediate crl prod/identity --now",
    "status",
    "status --at 2099-01-01",
    "forecast",
    "forecast --years 50 --with root.crl=90d",
    "remind --at 2099-01-01",
    "remind",
    "remind",
    "remind --print-cron",
    "remind --print-systemd",
    "report",
    "report -o report.html",
    "verify",
    "check",
    "check --files",
    "metrics",
    "metrics --rules",
    "metrics --dashboard",
    "calendar",
    "policy can prod/hello read kvv2/data/hello",
    "policy who-can read kvv2/*",
    "policy show prod/hello",
    "policy diff --with .",
    "policy lint",
    "journal show",
    "journal show --act refused",
    "journal verify",
    "explain",
    "explain PROFILE",
    "rotate prepare prod/identity",
    "rotate prepare prod/identity",
    "intermediate sign prod/identity@g2",
    "rotate prepare root",
    "rotate prepare root",
    "rotate activate prod/identity@g2",
    "rotate activate prod/identity@g2",
    "identity issue --env prod",
    "rotate taint prod/identity@g1",
    "rotate revoke prod/identity@g1 --reason superseded --yes",
    "rotate revoke prod/identity@g1 --reason superseded --yes",
    "rotate activate root@g2",
    "rotate revoke root@g1 --reason cACompromise --yes",
    "rotate revoke root@g1 --reason cACompromise --yes",
    "revoke prod/hello --reason privilegeWithdrawn --yes",
    "revoke prod/hello --reason privilegeWithdrawn --yes",
    "identity issue --env prod",
    "status",
    "verify",
    "init",
];

#[test]
fn every_command_prints_one_document_and_nothing_else() {
    let shell = Shell::new();
    for command in COMMANDS {
        let (stdout, _) = shell.run(&format!("rootward {command} --json"));
        let value: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_default();
        assert_eq!(value["version"], 1, "{command}: {stdout}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error_and_a_full_disk_is() {
    let shell = Shell::new();
    let (_, stderr) = shell.run("rootward explain | true; rootward explain --json | true");
    assert!(stderr.is_empty(), "{stderr}");
    let output = shell.output("rootward explain >/dev/full");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_error_leaves_standard_output_empty() {
    let shell = Shell::new();
    for command in ["status", "explain NOTHING", "journal verify", "root create", "statu"] {
        let output = shell.output(&format!("rootward {command} --json"));
        assert!(!output.status.success() && output.stdout.is_empty(), "{command}");
    }
}

#[test]
fn what_does_not_hold_is_in_the_document() {
    let shell = Shell::new();
    shell.run(
        "rootward init && rootward root create && sed -i 's/root@g1/root@g2/' ca/journal.jsonl",
    );
    for command in ["verify", "journal verify"] {
        let output = shell.output(&format!("rootward {command} --json"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let problem = value["problems"][0].as_str().unwrap_or_default();
        assert!(problem.starts_with("JOURNAL-BROKEN: ca/journal.jsonl:1:"), "{command}: {value}");
    }
}
