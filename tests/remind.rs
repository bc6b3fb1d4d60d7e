//! `rootward remind`: silent when nothing is due, each thing once, worse again, and nothing is lost.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Run, Site, assert_plain, libfaketime, tool};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const STATE: &str = "ca/.reminded.json";

/// A workspace where what is missing was told; prod/hello lives from now for 30 days.
fn told() -> Site {
    let site = Site::prepared();
    let run = site.run(&["remind"]).ok();
    assert!(run.stdout.starts_with("rootward: "), "{}", run.stdout);
    site
}

#[track_caller]
fn silent(run: Run) {
    let run = run.ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

/// Said of prod/hello, if anything is.
fn hello(run: &Run) -> Option<&str> {
    run.stdout.lines().find(|line| line.starts_with("- prod/hello: "))
}

#[test]
fn it_is_silent_until_something_is_due_says_it_once_and_again_when_it_is_worse() {
    let site = told();
    silent(site.run(&["remind"]));
    silent(site.at("+19d", &["remind"]));
    for (clock, words) in [
        ("+486h", "replace it by "),
        ("+560h", "replace it by "),
        ("+590h", "replace it by "),
        ("+601h", "it was to be replaced by "),
        ("+721h", "it expired on "),
    ] {
        let run = site.at(clock, &["remind"]).ok();
        assert_plain(&run);
        assert!(hello(&run).unwrap().contains(words), "{clock}: {}", run.stdout);
        let name = "rootward: prod ";
        assert!(run.stdout.starts_with(name) && run.stderr.is_empty(), "{}", run.stdout);
        silent(site.at(clock, &["remind"]));
    }
    silent(site.at("+80d", &["remind", "--quiet"]).ok());
}

#[test]
fn after_a_gap_the_worst_is_said_once() {
    let site = told();
    let run = site.at("+40d", &["remind"]).ok();
    assert_eq!(run.stdout.matches("- prod/hello: it expired on").count(), 1, "{}", run.stdout);
    assert_eq!(run.stdout.matches("prod/hello").count(), 2, "once, and its command");
    silent(site.at("+40d", &["remind"]));
    // The clock was wrong: what was said at that time was not so, and is said when it is.
    silent(site.run(&["remind"]));
    assert!(hello(&site.at("+40d", &["remind"]).ok()).is_some());
}

#[test]
fn what_was_renewed_begins_anew() {
    let site = told();
    assert!(hello(&site.at("+25d", &["remind"]).ok()).is_some());
    site.keyed_at("+26d", &["identity", "issue", "prod/hello"]).ok();
    assert!(hello(&site.at("+26d", &["remind"]).ok()).is_none());
    let run = site.at("+47d", &["remind"]).ok();
    assert!(hello(&run).unwrap().contains("replace it by"), "{}", run.stdout);
}

#[test]
fn it_writes_what_it_remembers_and_nothing_else() {
    let site = Site::prepared();
    let before = site.snapshot();
    site.run(&["remind"]).ok();
    let mut after = site.snapshot();
    after.retain(|(path, _)| !path.to_string_lossy().contains("/ca/.reminded."));
    assert_eq!(after, before);
    assert!(site.path(STATE).exists());
    let ignored = site.read(".gitignore");
    assert!(ignored.lines().any(|line| line == "/ca/.reminded.*"), "{ignored}");
    site.run(&["verify"]).ok();
}

#[test]
fn looking_ahead_remembers_nothing() {
    let site = Site::prepared();
    let before = site.snapshot();
    let now = site.run(&["remind", "--dry-run"]).ok();
    assert!(now.stdout.contains("it waits for its request"), "{}", now.stdout);
    let then = site.run(&["remind", "--at", "2046-01-01"]).ok();
    assert!(then.stdout.contains("- prod/hello: it expired on"), "{}", then.stdout);
    assert!(then.stdout.contains("as of 2046-01-01 00:00 UTC"), "{}", then.stdout);
    let json = site.run(&["remind", "--at", "2046-01-01", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["messages"][0]["to"][0], "stdout");
    assert_eq!(json["messages"][0]["items"][0]["stage"], "expired");
    assert_eq!(site.snapshot(), before);
    // What was said already would not be said.
    site.run(&["remind"]).ok();
    silent(site.run(&["remind", "--dry-run"]));
}

#[test]
fn a_damaged_or_newer_memory_is_an_error_and_all_is_said_nevertheless() {
    for (text, said) in [
        ("{\"version\": 1, \"chan", "ca/.reminded.json:1: got text that is not what was written"),
        ("[]", "ca/.reminded.json:1: "),
        ("{\"version\": 2}", "got format version 2, expected at most 1"),
        ("\u{1b}[31m", "ca/.reminded.json:1: "),
    ] {
        let site = told();
        site.write(STATE, text);
        for _ in 0..2 {
            let run = site.run(&["remind"]).fails(1, said);
            assert!(run.stdout.contains("it waits for its request"), "{}", run.stdout);
            assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
            assert_plain(&run);
        }
        assert_eq!(site.read(STATE), text, "what is not understood is left alone");
        site.run(&["remind", "--dry-run"]).fails(1, said);
    }
    let site = told();
    fs::remove_file(site.path(STATE)).unwrap();
    fs::create_dir(site.path(STATE)).unwrap();
    site.run(&["remind"]).fails(1, "is a directory, expected a file");
}

#[test]
fn a_workspace_that_cannot_be_written_to_will_do() {
    let site = Site::prepared();
    let state = site.beside("state.json").display().to_string();
    let ca = site.path("ca");
    fs::set_permissions(site.path("../"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&ca, fs::Permissions::from_mode(0o555)).unwrap();
    for _ in 0..2 {
        let run = site.ordinary(&["remind"]).ok();
        assert!(run.stdout.contains("it waits for its request"), "{}", run.stdout);
        assert!(run.stderr.contains("rootward -C") && run.stderr.contains("remind --state FILE"));
    }
    let run = site.ordinary(&["remind", "--state", &state]).ok();
    assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{}", run.stderr);
    silent(site.ordinary(&["remind", "--state", &state]));
    // A warning is no news.
    let channels = site.beside("channels.toml");
    let text = "version = 1\n[[channel]]\ntype = \"stdout\"\nmin = \"expired\"\n";
    fs::write(&channels, text).unwrap();
    silent(site.ordinary(&["remind", "--channels", &channels.display().to_string()]));
    let nowhere = site.beside("none/state.json").display().to_string();
    let run = site.ordinary(&["remind", "--state", &nowhere]).fails(1, "cannot open");
    assert!(!run.stdout.is_empty(), "what is due is said all the same");
    fs::set_permissions(&ca, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn of_several_runs_at_once_one_says_it() {
    let site = Site::prepared();
    let spawn = |_| site.command(&["remind"]).stdout(Stdio::piped()).spawn().unwrap();
    let runs: Vec<_> = (0..6).map(spawn).collect();
    let runs = runs.into_iter().map(|run| Run::of(run.wait_with_output().unwrap()).ok());
    let said = runs.filter(|run| !run.stdout.is_empty()).count();
    assert_eq!(said, 1);
}

#[test]
fn standard_output_that_takes_nothing_is_an_error_and_loses_nothing() {
    let site = Site::prepared();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = site.command(&["remind"]).stdout(full).output().unwrap();
    Run::of(output).fails(1, "cannot write the output");
    assert!(!site.run(&["remind"]).ok().stdout.is_empty());
}

/// As cron does: /bin/sh, hardly any variable, no terminal, another directory.
fn by_cron(site: &Site, clock: Option<&str>) -> Run {
    let lines = site.run(&["remind", "--print-cron"]).ok().stdout;
    let line = lines.lines().last().unwrap();
    let command = line.splitn(6, ' ').nth(5).unwrap().replace("\\%", "%");
    let mut sh = Command::new(tool("env", "coreutils"));
    sh.args(["-i", "PATH=/usr/bin:/bin", "SHELL=/bin/sh"]);
    if let Some(clock) = clock {
        sh.arg(format!("LD_PRELOAD={}", libfaketime().display())).arg(format!("FAKETIME={clock}"));
    }
    sh.arg(tool("setsid", "util-linux")).args(["-w", "/bin/sh", "-c", &command]);
    Run::of(sh.current_dir("/").stdin(Stdio::null()).output().unwrap())
}

#[test]
fn the_line_for_a_crontab_works_as_cron_runs_it() {
    let site = Site::prepared();
    let run = by_cron(&site, None).ok();
    assert!(run.stdout.contains("it waits for its request") && run.stderr.is_empty());
    silent(by_cron(&site, None));
    assert!(hello(&by_cron(&site, Some("+40d")).ok()).is_some());
    // A directory that neither sh nor cron leaves alone.
    let odd = site.beside("a 'b' 100% $c");
    fs::rename(site.root(), &odd).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    let output = command.args(["-C"]).arg(&odd).args(["remind", "--print-cron"]).output().unwrap();
    let lines = Run::of(output).ok().stdout;
    let line = lines.lines().last().unwrap();
    assert!(line.contains("100\\% "), "{line}");
    let command = line.splitn(6, ' ').nth(5).unwrap().replace("\\%", "%");
    let output = Command::new("/bin/sh").args(["-c", &command]).env_clear().output().unwrap();
    silent(Run::of(output));
}

#[test]
fn what_is_asked_for_together_is_refused() {
    let site = Site::prepared();
    site.run(&["remind", "--test", "--dry-run"]).fails(2, "exclude each other");
    site.run(&["remind", "--output", "x"]).fails(2, "--print-systemd");
    site.run(&["remind", "--channels", "none.toml"]).fails(1, "cannot find");
    site.write("ca/reminders.toml", "version = 1\n[[channel]]\ntype = \"ntfi\"\n");
    site.run(&["remind"]).fails(2, "ca/reminders.toml:3:8: ");
}

#[test]
fn a_plan_that_waits_is_said_with_what_to_type() {
    let site = Site::prepared();
    let plan = site.beside("plan.toml").display().to_string();
    site.run(&["ceremony", "plan", "--crl", "-o", &plan]).ok();
    let run = site.run(&["remind", "--dry-run"]).ok();
    assert!(run.stdout.contains("\nPlan 3 waits for its ceremony, until "), "{}", run.stdout);
    assert!(run.stdout.contains("\n  $ rootward ceremony import response.toml\n"));
    let run = site.run(&["remind", "--at", "2100-01-01"]).ok();
    assert!(run.stdout.contains("\nPlan 3 is stale since "), "{}", run.stdout);
    assert!(run.stdout.contains("\n  $ rootward ceremony plan --withdraw\n"), "{}", run.stdout);
}

#[test]
fn the_channels_of_the_readme_are_understood() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let section = readme.split("\n## Reminders\n").nth(1).unwrap();
    let toml = section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let site = Site::prepared();
    site.write("ca/reminders.toml", toml);
    let run = site.run(&["remind", "--dry-run"]).ok();
    assert!(run.stderr.contains("to smtp:\n"), "{}", run.stderr);
    let run = site.run(&["remind", "--at", "2100-01-01"]).ok();
    assert!(run.stderr.contains("to phone:\n"), "{}", run.stderr);
}
