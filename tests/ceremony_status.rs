//! What an operator is told next, on each side of a ceremony; and that the medium is left alone but
//! by ceremonies.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod sides;

use common::{Run, Site};
use sides::Pair;
use std::fs;

/// What it said, without the directory in the commands that it names.
fn said(site: &Site, run: &Run) -> String {
    run.stderr.replace(&format!("rootward -C {} ", site.root().display()), "rootward ")
}

fn json(site: &Site, arguments: &[&str]) -> serde_json::Value {
    let run = site.run(&[arguments, &["--json"]].concat()).ok();
    serde_json::from_str(&run.stdout).unwrap()
}

/// What each object that has something to do waits for.
fn waiting(site: &Site) -> Vec<String> {
    let status = json(site, &["status"]);
    let objects = status["objects"].as_array().unwrap().iter();
    let line = |object: &serde_json::Value| {
        let next = object["next"].as_str()?;
        Some(format!("{}: {next}", object["object"].as_str()?))
    };
    objects.filter_map(line).collect()
}

#[test]
fn where_the_root_key_is_not_a_plan_is_next() {
    let pair = Pair::rooted();
    let on = &pair.on;
    let due = sides::in_(time::Duration::days(300));
    let run = on.keyed(&["intermediate", "request", "prod/identity@g2"]).ok();
    assert!(said(on, &run).ends_with("next: rootward ceremony plan\n"), "{}", run.stderr);
    let waits = waiting(on);
    assert!(waits.contains(&"prod/identity@g2: rootward ceremony plan".to_owned()), "{waits:?}");
    let run = on.keyed(&["rotate", "prepare", "prod/identity"]).ok();
    assert!(said(on, &run).ends_with("next: rootward ceremony plan\n"), "{}", run.stderr);
    let hint = "hint: bring the root key, or plan its ceremony: rootward ceremony plan";
    for arguments in [&["intermediate", "sign", "prod/identity@g2"][..], &["root", "crl", "--now"]]
    {
        let run = on.fails(1, "ca/root/g1/key.pem is not here", |on| on.keyed(arguments));
        assert!(said(on, &run).contains(hint), "{}", run.stderr);
    }
    let run = on.run(&["rotate", "activate", "prod/identity@g2"]).fails(3, "ROTATE-ORDER: ");
    assert!(said(on, &run).contains("hint: rootward ceremony plan\n"), "{}", run.stderr);
    // The CRL of the root is due after two thirds of its year.
    let later = on.run(&["status", "--at", &due[..10], "--json"]).ok().stdout;
    assert!(!later.contains("rootward root crl"), "{later}");

    // On one machine it is signed at once.
    let alone = Site::prepared();
    let run = alone.keyed(&["rotate", "prepare", "prod/identity"]).ok();
    let next = "next: rootward intermediate sign prod/identity@g2\n";
    assert!(said(&alone, &run).ends_with(next), "{}", run.stderr);
    let later = alone.run(&["status", "--at", &due[..10], "--json"]).ok().stdout;
    assert!(later.contains("rootward root crl"), "{later}");
}

#[test]
fn the_first_root_is_made_here_or_in_a_ceremony() {
    let site = Site::declared();
    let both = "hint: to make it on a machine without a network: rootward ceremony plan\n\
                next: rootward root create\n";
    let run = site.run(&["status"]).ok();
    assert!(said(&site, &run).ends_with(both), "{}", run.stderr);
    let run = site.keyed(&["intermediate", "request", "prod/identity"]).ok();
    assert!(said(&site, &run).ends_with(both), "{}", run.stderr);
}

#[test]
fn a_plan_that_waits_comes_before_all_else() {
    let pair = Pair::second();
    let run = pair.on.run(&["status"]).ok();
    assert!(run.stderr.contains("plan 2 of 20"), "{}", run.stderr);
    let next = " UTC\nhint: what it says: rootward ceremony plan --show\n\
                next: rootward ceremony import response.toml\n";
    assert!(run.stderr.contains(" waits for its ceremony, until 20"), "{}", run.stderr);
    assert!(said(&pair.on, &run).ends_with(next), "{}", run.stderr);
    let plan = pair.reviewed();
    let status = json(&pair.on, &["status"]);
    assert_eq!(status["plan"]["number"], 2);
    assert_eq!(status["plan"]["sha256"], plan.digest.as_str());
    assert!(status["plan"]["created"].as_str() < status["plan"]["expires"].as_str());

    let run = pair.on.run(&["status", "--at", "2200-01-01"]).ok();
    assert!(run.stderr.contains(" is stale since 20"), "{}", run.stderr);
    let next = "next: rootward ceremony plan --withdraw\n";
    assert!(said(&pair.on, &run).ends_with(next), "{}", run.stderr);
    pair.complete();
    assert!(json(&pair.on, &["status"])["plan"].is_null());
}

#[test]
fn a_medium_shows_what_roots_have_signed_and_nothing_to_type() {
    let pair = Pair::rooted();
    pair.on.keyed(&["identity", "issue", "--env", "prod"]).ok();
    pair.on.keyed(&["intermediate", "request", "prod/identity@g2"]).ok();
    pair.plan(&["--crl"]).ok();
    pair.complete();
    let status = json(&pair.off, &["status"]);
    let objects = status["objects"].as_array().unwrap();
    let names: Vec<&str> = objects.iter().filter_map(|object| object["object"].as_str()).collect();
    let expected = ["root@g1", "root@g1 CRL", "prod/identity@g1", "prod/identity@g2"];
    assert_eq!(names, [&expected[..], &["test/identity@g1"]].concat());
    assert!(objects.iter().all(|object| object["next"].is_null()), "{objects:?}");
    for at in ["2026-11-23", "2200-01-01"] {
        let run = pair.off.run(&["status", "--at", at]).ok();
        let hint =
            "hint: this is a medium: what it is to sign is planned in the online workspace\n";
        assert_eq!(run.stderr, hint);
    }
}

#[test]
fn a_medium_goes_on_by_ceremonies_alone() {
    let pair = Pair::held();
    let response = pair.response_file().display().to_string();
    let plain: [&[&str]; 4] = [
        &["ceremony", "plan"],
        &["ceremony", "plan", "--crl"],
        &["ceremony", "import", &response],
        &["rotate", "activate", "prod/identity@g2"],
    ];
    let keyed: [&[&str]; 8] = [
        &["root", "create"],
        &["root", "crl", "--now"],
        &["intermediate", "request", "prod/identity@g3"],
        &["intermediate", "sign", "prod/identity"],
        &["intermediate", "crl", "prod/identity", "--now"],
        &["identity", "issue", "--env", "prod"],
        &["revoke", "prod/identity@g1", "--reason", "superseded", "--yes"],
        &["rotate", "prepare", "root"],
    ];
    for command in plain {
        pair.off.declines("ON-THE-MEDIUM", |off| off.run(command));
    }
    for command in keyed {
        pair.off.declines("ON-THE-MEDIUM", |off| off.keyed(command));
    }
    let run = pair.off.run(&["identity", "list"]).ok();
    assert_eq!(run.stderr, "this is a medium: identities are not on it\n");
    for command in
        [&["verify"][..], &["journal", "show"], &["journal", "verify"], &["root", "show"]]
    {
        pair.off.run(command).ok();
    }
    pair.off.keyed(&["custody", "test"]).ok();
    pair.import().ok();
    pair.same();
}

/// `custody seal` on the medium, into shares; the ceremony afterwards is given two of them.
#[test]
fn a_medium_is_sealed_anew_between_two_ceremonies() {
    let pair = Pair::rooted();
    let shares = pair.off.beside("shares");
    let journal = pair.off.read("ca/journal.jsonl");
    // Declared online, and on the medium, where it is sealed before the next plan brings it.
    for site in [&pair.on, &pair.off] {
        site.edit("ca/root/root.toml", "custody = \"passphrase\"", "custody = \"shares\"");
        let text = site.read("ca/root/root.toml");
        site.write("ca/root/root.toml", &format!("{text}\n[shares]\nneeded = 2\nof = 3\n"));
    }
    let dir = shares.display().to_string();
    let seal = ["custody", "seal", "root", "--shares-dir", &dir];
    pair.off.keyed(&seal).ok();
    assert_eq!(pair.off.read("ca/journal.jsonl"), journal);
    pair.off.run(&["verify"]).ok();
    let given = |command: &mut std::process::Command, set: &std::path::Path| {
        for share in 1..=2 {
            command.arg("--share-file").arg(set.join(format!("share-{share}.txt")));
        }
        Run::of(command.output().unwrap())
    };
    // Once more, into another set; what is refused is not in the journal either.
    let second = pair.off.beside("second");
    let again = second.display().to_string();
    let seal = ["custody", "seal", "root", "--shares-dir", &again];
    pair.off.declines("SHARES-TOO-FEW", |off| {
        let share = shares.join("share-1.txt").display().to_string();
        off.run(&[&seal[..], &["--share-file", &share]].concat())
    });
    given(&mut pair.off.command(&seal), &shares).ok();
    given(&mut pair.off.command(&["custody", "test"]), &second).ok();
    assert_eq!(pair.off.read("ca/journal.jsonl"), journal);

    pair.on.keyed(&["identity", "issue", "--env", "prod"]).ok();
    pair.plan(&["--crl"]).ok();
    given(&mut pair.offline(&pair.right()), &second).ok();
    fs::copy(pair.off.path(&pair.of_ceremony("response.toml")), pair.response_file()).unwrap();
    pair.verify().ok();
    let transcript = pair.off.read(&pair.of_ceremony("transcript.txt"));
    let said = " custody   root@g1 was sealed anew: shares (2 of 3, set ";
    assert!(transcript.contains(said), "{transcript}");
    pair.import().ok();
    pair.same();
    let acts = pair.on.journal();
    let sealed: Vec<&String> =
        acts.iter().filter(|line| line.contains("\"act\":\"custody.seal\"")).collect();
    assert!(sealed.len() == 1 && sealed[0].contains("shares (2 of 3, set "), "{sealed:?}");
    assert!(acts[acts.len() - 2].contains("custody.seal"), "before the closing line");
    // The next one has nothing more to say of it.
    pair.plan(&["--crl"]).ok();
    given(&mut pair.offline(&pair.right()), &second).ok();
    let transcript = pair.off.read(&pair.of_ceremony("transcript.txt"));
    assert!(!transcript.contains("sealed anew"), "{transcript}");
}
