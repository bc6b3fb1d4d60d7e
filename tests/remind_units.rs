//! The units of `rootward remind --print-systemd`, as systemd itself judges them.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Site, output, tool};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const SERVICE: &str = "rootward-remind.service";
const TIMER: &str = "rootward-remind.timer";

const FAR: &str =
    "version = 1\n[[channel]]\ntype = \"webhook\"\nurl = \"https://hooks.example/\"\n";

fn systemd(arguments: &[&str], files: &[&Path]) -> (bool, String) {
    let mut command = Command::new(tool("systemd-analyze", "systemd"));
    let output = command.args(arguments).args(files).env("SYSTEMD_COLORS", "0").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn systemd_finds_no_fault_and_little_exposure() {
    let site = Site::prepared();
    let dir = site.beside("units");
    for (channels, most) in [("version = 1\n", "7"), (FAR, "16")] {
        site.write("ca/reminders.toml", channels);
        let run = site.run(&["remind", "--print-systemd", "-o", &dir.display().to_string()]).ok();
        assert_eq!(run.stdout, "");
        assert_eq!(run.stderr.contains("seen only in the system's log"), channels != FAR);
        let (service, timer) = (dir.join(SERVICE), dir.join(TIMER));
        let (is_fine, said) = systemd(&["verify"], &[&service, &timer]);
        assert!(is_fine && said.is_empty(), "{said}");
        // In tenths of a point: 0.2 are for root, whose a test is, and 0.2 for /tmp, where it is.
        let threshold = format!("--threshold={most}");
        let (is_safe, said) = systemd(&["security", "--offline=yes", &threshold], &[&service]);
        assert!(is_safe, "{said}");
    }
}

#[test]
fn what_is_printed_is_what_is_written() {
    let site = Site::prepared();
    let dir = site.beside("units");
    let printed = site.run(&["remind", "--print-systemd"]).ok().stdout;
    site.run(&["remind", "--print-systemd", "-o", &dir.display().to_string()]).ok();
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(printed, format!("# {SERVICE}\n{}\n# {TIMER}\n{}", read(SERVICE), read(TIMER)));
    let program = env!("CARGO_BIN_EXE_rootward");
    let start = format!(
        "ExecStart={program} -C {} remind --state %S/rootward-remind/reminded.json\n",
        site.root().display()
    );
    let service = read(SERVICE);
    assert!(service.contains(&start), "{service}");
    for line in
        ["Type=oneshot", "ProtectSystem=strict", "NoNewPrivileges=yes", "PrivateNetwork=yes"]
    {
        assert!(service.lines().any(|there| there == line), "{line}");
    }
    for line in ["Persistent=true", "RandomizedDelaySec=30min"] {
        assert!(read(TIMER).lines().any(|there| there == line), "{line}");
    }
    fs::create_dir(site.beside("d")).unwrap();
    fs::create_dir(site.beside("d").join(SERVICE)).unwrap();
    let run =
        site.run(&["remind", "--print-systemd", "-o", &site.beside("d").display().to_string()]);
    run.fails(1, "is a directory, expected a file or none");
    site.write("ca/reminders.toml", FAR);
    let service = site.run(&["remind", "--print-systemd"]).ok().stdout;
    assert!(service.contains("\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n"), "{service}");
    assert!(!service.contains("PrivateNetwork") && service.contains("After=network-online.target"));
}

#[test]
fn a_directory_that_systemd_would_read_otherwise_is_quoted() {
    let site = Site::prepared();
    let odd = site.beside("a \"b\" 100% $c");
    fs::rename(site.root(), &odd).unwrap();
    let dir = site.beside("units");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    output(command.arg("-C").arg(&odd).args(["remind", "--print-systemd", "-o"]).arg(&dir));
    let service = fs::read_to_string(dir.join(SERVICE)).unwrap();
    assert!(service.contains("/a \\\"b\\\" 100%% $$c\" remind --state"), "{service}");
    let (is_fine, said) = systemd(&["verify"], &[&dir.join(SERVICE), &dir.join(TIMER)]);
    assert!(is_fine && said.is_empty(), "{said}");
}

/// The system calls of a group, with those of the groups in it.
fn group(name: &str) -> BTreeSet<String> {
    let (is_known, said) = systemd(&["syscall-filter", name], &[]);
    assert!(is_known, "{said}");
    let lines = said.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let words = lines.skip(1).filter(|line| !line.is_empty());
    let mut calls = BTreeSet::new();
    for word in words {
        match word.starts_with('@') {
            true => calls.extend(group(word)),
            false => drop(calls.insert(word.to_owned())),
        }
    }
    calls
}

#[test]
fn the_filter_of_the_service_lets_through_what_the_job_does() {
    let site = Site::prepared();
    let far = FAR.replace("hooks.example", "none.invalid");
    let text = format!("{far}timeout = 1\n[[channel]]\ntype = \"stdout\"\n");
    site.write("ca/reminders.toml", &text);
    let log = site.beside("calls");
    let mut command = Command::new(tool("strace", "strace"));
    command.args(["-f", "-qq", "-o"]).arg(&log).arg(env!("CARGO_BIN_EXE_rootward"));
    command.arg("-C").arg(site.root()).arg("remind").output().unwrap();
    let text = fs::read_to_string(&log).unwrap();
    let calls: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .map(|(call, _)| call)
        .filter(|call| call.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    assert!(calls.contains("socket") && calls.contains("rename"), "{calls:?}");
    let mut allowed = group("@system-service");
    for denied in group("@privileged").into_iter().chain(group("@resources")) {
        allowed.remove(&denied);
    }
    let refused: Vec<&&str> = calls.iter().filter(|call| !allowed.contains(**call)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
