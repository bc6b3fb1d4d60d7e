//! The one screen: what comes first, what is summed up, and that it fits every terminal.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Run, Site, tool};
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};

/// As a person sees it at a terminal of that many columns.
fn at_terminal(site: &Site, columns: usize, arguments: &str) -> Vec<String> {
    let command = format!(
        "stty cols {columns}; {} -C {} --color never status {arguments}",
        env!("CARGO_BIN_EXE_rootward"),
        site.root().display()
    );
    let mut script = Command::new(tool("script", "bsdutils"));
    script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::null());
    let run = Run::of(script.output().unwrap()).ok();
    run.stdout.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Lines of the table and above it: hints are to be copied, and are not wrapped.
fn data(lines: &[String]) -> impl Iterator<Item = &String> {
    lines.iter().filter(|line| !line.contains("rootward "))
}

/// Everything that is declared is there.
fn whole() -> Site {
    let site = Site::prepared();
    for dir in ["ca/test", "identities/test"] {
        fs::remove_dir_all(site.path(dir)).unwrap();
    }
    let text = site.read("ca/prod/environment.toml");
    let (before, vault) = text.split_once("[intermediates.vault]").unwrap();
    let (_, after) = vault.split_once("\n[").unwrap();
    site.write("ca/prod/environment.toml", &format!("{before}[{after}"));
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    site
}

fn shown(site: &Site, arguments: &[&str]) -> String {
    site.run(&[&["status"], arguments].concat()).ok().stdout
}

/// The lines in which objects stand, in their order.
fn objects(text: &str) -> Vec<&str> {
    let table = text.split("OBJECT").nth(1).unwrap();
    let lines = table.lines().skip(1).filter(|line| !line.is_empty() && !line.contains("--all"));
    lines.map(|line| line.split("  ").next().unwrap()).collect()
}

#[test]
fn it_fits_every_terminal_and_says_more_on_a_wider_one() {
    let site = Site::prepared();
    let screens = [40, 60, 80, 100].map(|columns| {
        let lines = at_terminal(&site, columns, "");
        let widest = data(&lines).map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns, "{columns}: {lines:#?}");
        lines.join("\n")
    });
    for (screen, (has, has_not)) in screens.iter().zip([
        (&["OBJECT  ", "NEXT", " due"][..], &["STATE", "LIFE", "LEFT"][..]),
        (&["STATE", "NEXT", "LEFT", " due"], &["LIFE"]),
        (&["STATE", "LIFE", "NEXT", "LEFT"], &["NOT AFTER"]),
        (&["STATE", "LIFE", "NEXT", "LEFT", "NOT AFTER"], &[]),
    ]) {
        for word in has {
            assert!(screen.contains(word), "no {word} in {screen}");
        }
        for word in has_not {
            assert!(!screen.contains(word), "{word} in {screen}");
        }
        assert!(screen.contains("prod/identity@g1"), "{screen}");
    }
    let lines = at_terminal(&Site::declared(), 40, "");
    assert!(data(&lines).all(|line| line.chars().count() <= 40), "{lines:#?}");
}

#[test]
fn what_is_urgent_comes_first_in_each_environment() {
    let site = Site::prepared();
    let text = shown(&site, &["--at", &in_days(21)]);
    let order = [
        "root@g1 CRL",
        "root@g1",
        "prod/identity@g1 CRL",
        "prod/hello",
        "prod/vault",
        "prod/vault-server",
        "prod/identity@g1",
        "test/identity",
        "test/vault",
    ];
    assert_eq!(objects(&text)[..order.len()], order, "{text}");
    assert!(text.contains("to do: 2 due, "), "{text}");
    assert!(text.contains("next ceremony by 20"), "{text}");
    assert!(text.contains(" days): root@g1 CRL\n"), "{text}");

    let late = shown(&site, &["--at", &in_days(340)]);
    let said = "the next ceremony was to be held by 20";
    assert!(late.starts_with(said) && late.contains("to do: "), "{late}");
    assert!(late.contains("2 expired, 1 overdue, "), "{late}");
    let run = site.run(&["--color", "always", "status", "--at", &in_days(340)]).ok();
    assert!(run.stdout.contains("\x1b[31mexpired\x1b[0m"), "{}", run.stdout);
    assert!(run.stdout.contains("\x1b[32mvalid\x1b[0m"), "{}", run.stdout);
}

/// The date so many days from now.
fn in_days(days: i64) -> String {
    let now = time::OffsetDateTime::from(std::time::SystemTime::UNIX_EPOCH)
        + std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    (now + time::Duration::days(days)).date().to_string()
}

#[test]
fn when_there_is_nothing_to_do_it_says_until_when() {
    let site = whole();
    let text = shown(&site, &[]);
    let line = text.lines().nth(1).unwrap();
    assert!(line.starts_with("nothing to do until 20"), "{text}");
    assert!(line.ends_with(" days): prod/identity@g1 CRL, prod/hello"), "{text}");
    assert_eq!(site.run(&["status"]).ok().stderr, "");
}

#[test]
fn what_is_over_and_what_is_idle_is_summed_up() {
    let site = whole();
    for number in 1..=30 {
        let name = format!("app-{number}");
        site.run(&[
            "identity",
            "add",
            &format!("prod/{name}"),
            "--kind",
            "app",
            "--policy",
            "kv-read",
        ])
        .ok();
    }
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    let text = shown(&site, &[]);
    assert!(!text.contains("prod/app-7 "), "{text}");
    assert!(text.contains("\n32 more identities are valid, the first is due 20"), "{text}");
    assert!(shown(&site, &["--all"]).contains("prod/app-7 "));

    site.keyed(&["rotate", "prepare", "prod/identity"]).ok();
    site.keyed(&["intermediate", "sign", "prod/identity@g2"]).ok();
    let text = shown(&site, &[]);
    assert!(text.contains("prod/identity@g2      prepared"), "{text}");
    site.run(&["rotate", "activate", "prod/identity@g2"]).ok();
    let text = shown(&site, &[]);
    assert!(text.contains("prod/identity@g1      superseded"), "{text}");
    let later = in_days(4 * 365);
    let text = shown(&site, &["--at", &later]);
    assert!(!text.contains("prod/identity@g1 "), "{text}");
    assert!(text.contains("\n1 older generation is over (--all)\n"), "{text}");
    let text = shown(&site, &["--at", &later, "--all"]);
    assert!(text.contains("prod/identity@g1   ended"), "{text}");
}

#[test]
fn json_has_every_deadline() {
    let site = Site::prepared();
    let document: Value = serde_json::from_str(&shown(&site, &["--json"])).unwrap();
    assert_eq!(document["version"], 1);
    let all = document["objects"].as_array().unwrap();
    let of = |object: &str| all.iter().find(|row| row["object"] == object).unwrap();
    let issuer = of("prod/identity@g1");
    let moments = ["not_before", "due", "rotate_by", "signing_stop", "not_after"];
    let moments = moments.map(|key| issuer[key].as_str().unwrap());
    assert!(moments.is_sorted(), "{issuer}");
    assert_eq!((&issuer["environment"], &issuer["stage"]), (&"prod".into(), &"quiet".into()));
    assert!(of("root@g1")["environment"].is_null());
    assert_eq!(of("prod/vault-server")["stage"], "notice");
    assert!(of("prod/vault-server")["due"].is_null());
    assert!(document["live"].is_null());
}
