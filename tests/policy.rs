//! `policy can | who-can | show | diff`: what identities may do, asked of the example estate, and what
//! must hold between the answers.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod policies;

use common::{Run, output};
use policies::Estate;
use proptest::prelude::*;
use std::process::Command;

#[test]
fn can_says_yes_or_no_and_which_rule_decides() {
    let estate = Estate::example();
    let can = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        estate.policy(&[&["can"], words.as_slice()].concat())
    };
    let yes = can("prod/synapse read kvv2/data/synapse/db").ok().stdout;
    assert_eq!(
        yes,
        "yes: prod/synapse may read kvv2/data/synapse/db\n  \
         by kvv2/data/synapse/* = read (identities/policies/kv-read.hcl:6)\n"
    );
    can("prod/synapse read /v1/kvv2/data/synapse").ok();
    can("prod/synapse update kvv2/data/synapse --ops").ok();
    for (question, why) in [
        (
            "prod/synapse update kvv2/data/synapse",
            "the deciding rule does not grant update: kvv2/data/synapse = read",
        ),
        ("prod/synapse read kvv2/data/caddy", "no rule matches this path"),
        ("prod/synapse read test-kvv2/data/synapse", "no rule matches this path"),
        ("prod/synapse sudo kvv2/data/synapse", "does not grant sudo"),
    ] {
        let no = can(question).fails(3, why);
        assert!(no.stdout.starts_with("no: prod/synapse may not "), "{no:?}");
    }
    can("prod/vault-server read x").fails(2, "declares no way to log in");
    can("prod/caddy read x --ops").fails(2, "declares no ops policies");
    can("prod/caddi read x").fails(2, "did you mean prod/caddy?");
    can("prod/caddy reed x").fails(2, "expected one of create, delete, list");
    can("prod/caddy deny x").fails(2, "got \"deny\"");
    let json = can("prod/synapse read kvv2/data/synapse/db --json").ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&value["version"], &value["allowed"]), (&1.into(), &true.into()));
    assert_eq!(
        (&value["rule"]["line"], &value["rule"]["pattern"]),
        (&6.into(), &"kvv2/data/synapse/*".into())
    );
}

#[test]
fn denial_sudo_and_the_dialect_count() {
    let estate = Estate::planted(
        "path \"kvv2/metadata/*\" { capabilities = [\"list\"] }\n\
         path \"kvv2/metadata/caddy/*\" { capabilities = [\"deny\"] }\n\
         path \"sys/audit\" { capabilities = [\"read\"] }\n",
    );
    let can = |capability, path| estate.policy(&["can", "prod/caddy", capability, path]);
    can("read", "kvv2/metadata/caddy/x").fails(3, "the deciding rule denies it: kvv2/metadata/caddy/* = deny (identities/policies/planted.hcl:2)");
    can("read", "sys/audit").fails(3, "the path needs sudo as well");
    // LIST kvv2/metadata/caddy/: the order of the two servers differs.
    can("list", "kvv2/metadata/caddy/").fails(3, "denies it");
    estate.0.edit(
        "ca/prod/environment.toml",
        "[mounts]",
        "[server]\ndialect = \"vault\"\n\n[mounts]",
    );
    can("list", "kvv2/metadata/caddy/").ok();
    can("scan", "kvv2/metadata/caddy/").fails(3, "");
}

#[test]
fn who_can_says_all_or_which_part_or_nobody() {
    let estate = Estate::planted(
        "path \"kvv2/data/shared/*\" { capabilities = [\"read\"] }\n\
         path \"kvv2/data/shared/a/*\" { capabilities = [\"deny\"] }\n",
    );
    let who = |words: &str| -> Run {
        let words: Vec<&str> = words.split(' ').collect();
        estate.policy(&[&["who-can"], words.as_slice()].concat())
    };
    let table = who("read kvv2/data/synapse/* --env prod").ok().stdout;
    assert_eq!(
        table,
        "POLICY        OF THE SET  BY RULE\nprod/synapse  all         kv-read.hcl:6\n"
    );
    let part = who("read kvv2/data/shared/*").ok().stdout;
    assert!(
        part.contains("kvv2/data/shared/* without kvv2/data/shared/a/*  planted.hcl:1"),
        "{part}"
    );
    assert_eq!(who("delete kvv2/*").ok().stdout, "nobody may delete kvv2/*\n");
    let both = who("update +/issue/+").ok().stdout;
    assert!(both.contains("prod/caddy") && both.contains("test-pki/issue/coturn"), "{both}");
    assert!(both.lines().all(|line| line.len() <= 80), "{both}");
    let json = who("read kvv2/data/shared/+ --json").ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["who"][0]["identity"], "prod/caddy");
    assert_eq!((&value["who"][0]["all"], &value["who"][0]["line"]), (&true.into(), &1.into()));
}

#[test]
fn show_has_all_rights_with_their_sources_and_what_is_certified() {
    let estate = Estate::example();
    let shown = estate.policy(&["show", "prod/coturn"]).ok().stdout;
    assert!(shown.starts_with("policy coturn (cert)\n"), "{shown}");
    for line in [
        "  kvv2/data/coturn/*      read          kv-read.hcl:6",
        "has certified by pki/roles/coturn, for 3d at most:",
        "  coturn.prod.example.internal",
        "  spiffe://prod.example.internal/app/coturn",
    ] {
        assert!(shown.contains(line), "{line:?} in {shown}");
    }
    let json = estate.policy(&["show", "prod/synapse", "--json"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["policies"].as_array().unwrap().len(), 2);
    assert_eq!(value["policies"][1]["logins"], serde_json::json!(["jwt"]));
    assert_eq!(value["issues"], serde_json::Value::Null);
}

fn git(estate: &Estate, arguments: &[&str]) {
    let mut command = Command::new(common::tool("git", "git"));
    command.arg("-C").arg(estate.0.root());
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.internal"]);
    output(command.args(arguments));
}

fn committed() -> Estate {
    let estate = Estate::example();
    git(&estate, &["init", "-q"]);
    git(&estate, &["add", "-A"]);
    git(&estate, &["commit", "-qm", "before"]);
    estate
}

#[test]
fn diff_says_who_gains_and_who_loses_what() {
    let estate = committed();
    let unchanged = estate.policy(&["diff", "HEAD", "--exit-code"]).ok();
    assert!(
        unchanged.stdout.is_empty() && unchanged.stderr.contains("nobody gains"),
        "{unchanged:?}"
    );
    estate.0.edit("identities/policies/snapshot.hcl", "\"read\"", "\"read\", \"update\"");
    estate.0.edit("identities/prod/coturn/identity.toml", "\"kv-read\", ", "");
    estate.0.edit("identities/prod/synapse/identity.toml", "\"cert\", \"jwt\"", "\"cert\"");
    estate.0.edit("identities/test/synapse/identity.toml", "example/synapse", "example/other");
    estate.0.edit("ca/prod/environment.toml", "[identity]", "[tokens]\nttl = \"2h\"\n\n[identity]");
    std::fs::remove_dir_all(estate.0.path("identities/test/caddy")).unwrap();
    let run = estate.policy(&["diff", "HEAD", "--exit-code"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert_eq!(
        run.stdout,
        "prod has tokens.ttl 2h, before 1h\n\
         prod/coturn loses read on kvv2/data/coturn (identities/policies/kv-read.hcl:2)\n\
         prod/coturn loses read on kvv2/data/coturn/* (identities/policies/kv-read.hcl:6)\n\
         prod/operator gains update on sys/storage/raft/snapshot (identities/policies/snapshot.hcl:2)\n\
         prod/synapse can no longer log in by jwt as example/synapse\n\
         test/caddy is no longer declared\n\
         test/caddy can no longer log in by cert as caddy\n\
         test/caddy loses read on auth/token/lookup-self (identities/policies/self-renew.hcl:3)\n\
         test/caddy loses update on auth/token/renew-self (identities/policies/self-renew.hcl:7)\n\
         test/caddy loses update on auth/token/revoke-self (identities/policies/self-renew.hcl:11)\n\
         test/caddy loses update on test-pki/issue/caddy (identities/policies/pki-issue.hcl:3)\n\
         test/operator gains update on sys/storage/raft/snapshot (identities/policies/snapshot.hcl:2)\n\
         test/synapse logs in by jwt as example/other, before as example/synapse\n"
    );
    let json = estate.policy(&["diff", "HEAD", "--json"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["changes"].as_array().unwrap().len(), 13);
}

#[test]
fn another_workspace_is_as_good_as_a_revision_and_options_are_no_revisions() {
    let (estate, other) = (committed(), Estate::example());
    other.0.edit("identities/policies/kv-read.hcl", "{name}/*", "{name}/+");
    let dir = other.0.root().display().to_string();
    let run = estate.policy(&["diff", "--with", &dir]).ok();
    assert!(
        run.stdout.contains(
            "prod/synapse gains read on kvv2/data/synapse/* without kvv2/data/synapse/+ "
        ),
        "{run:?}"
    );
    for revision in ["--output=/tmp/x", "-x", "HEAD --all", ""] {
        estate.policy(&["diff", "--", revision]).fails(2, "expected one such as HEAD~1");
    }
    estate.policy(&["diff", "nothing"]).fails(2, "git knows no revision \"nothing\"");
    estate.policy(&["diff"]).fails(2, "");
    other.policy(&["diff", "HEAD"]).fails(1, "git rev-parse failed");
}

#[test]
fn the_same_rights_written_in_another_way_are_no_change() {
    let estate = committed();
    estate.0.write(
        "identities/policies/kv-read.hcl",
        "# the same\npath \"{mounts.kv2}/data/{name}/+/*\" { capabilities = [\"deny\"] }\n\
         path \"{mounts.kv2}/data/{name}\" { capabilities = [\"read\"] }\n\
         path \"{mounts.kv2}/data/{name}/*\" {\n  policy = \"\"\n  capabilities = [\"read\", \"read\"]\n}\n",
    );
    let run = estate.policy(&["diff", "HEAD", "--exit-code"]).ok();
    assert!(run.stdout.is_empty(), "{run:?}");
}

/// Rules of a template that mean something in the example estate.
fn rules() -> impl Strategy<Value = Vec<(String, Vec<&'static str>)>> {
    let path = prop::sample::select(vec![
        "kvv2/data/*",
        "kvv2/data/caddy",
        "kvv2/data/caddy/*",
        "kvv2/+/caddy/db",
        "kvv2/data/+",
        "kvv2/+/+",
        "kvv2/metadata/",
        "kvv2/metadata/*",
        "pki/issue/+",
        "pki/*",
        "+/issue/caddy",
        "kvv2/data/c*",
    ]);
    let words = prop::sample::subsequence(vec!["read", "list", "update", "deny"], 0..3);
    prop::collection::vec((path.prop_map(str::to_owned), words), 1..6)
}

fn text(rules: &[(String, Vec<&str>)], gap: &str) -> String {
    let rule = |(path, words): &(String, Vec<&str>)| {
        let words = words.iter().map(|word| format!("\"{word}\",")).collect::<String>();
        format!("path{gap} \"{path}\" {{{gap}capabilities ={gap} [{words}]{gap}}}{gap}\n")
    };
    rules.iter().map(rule).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn can_and_who_can_agree_and_a_reformatted_policy_is_no_change(rules in rules(), listing: bool) {
        let (estate, other) = (Estate::planted(&text(&rules, "")), Estate::planted(""));
        let reversed: Vec<_> = rules.iter().rev().cloned().collect();
        other.0.write("identities/policies/planted.hcl", &text(&reversed, "  "));
        let dir = other.0.root().display().to_string();
        let diff = estate.policy(&["diff", "--with", &dir, "--exit-code"]);
        prop_assert_eq!(diff.code, 0, "{:?}", diff);
        let capability = if listing { "list" } else { "read" };
        for path in ["kvv2/data/caddy", "kvv2/metadata/caddy/", "kvv2/data/caddy/db", "pki/issue/caddy", "kvv2/data/x/y"] {
            let can = estate.policy(&["can", "prod/caddy", capability, path]).code == 0;
            let who = estate.policy(&["who-can", capability, path, "--env", "prod"]).ok().stdout;
            prop_assert_eq!(can, who.contains("prod/caddy "), "{} {}: {}", capability, path, who);
        }
    }
}
