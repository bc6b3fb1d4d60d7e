//! The table of rules itself: every rule has a text that can be read, and a test that provokes it.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::Site;
use rootward::model::rule::RULES;
use std::path::Path;

/// The text of all tests but this one.
fn tests() -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.ends_with("rules_table.rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn every_rule_is_provoked_by_a_test() {
    let tests = tests();
    for text in RULES {
        let (id, variant) = (format!("\"{}\"", text.id), format!("Rule::{:?}", text.rule));
        assert!(tests.contains(&id) || tests.contains(&variant), "no test names {}", text.id);
    }
}

#[test]
fn every_text_is_a_sentence_without_capital_and_full_stop() {
    const NAMES: [&str; 5] = ["RFC ", "CA/B ", "SHA-1", "Vault", "ENV/"];
    for text in RULES {
        for sentence in [text.refuses, text.why, text.fix] {
            let begins = sentence.starts_with(|c: char| c.is_lowercase())
                || NAMES.iter().any(|name| sentence.starts_with(name));
            let ends = !sentence.ends_with(['.', ' ']) && !sentence.contains("  ");
            assert!(begins && ends, "{}: {sentence:?}", text.id);
        }
        let plain = |c: char| c.is_ascii_uppercase() || c == '-' || c.is_ascii_digit();
        assert!(text.id.chars().all(plain), "{}", text.id);
        assert_eq!(RULES.iter().filter(|other| other.id == text.id).count(), 1, "{}", text.id);
    }
}

#[test]
fn explain_prints_every_rule_and_finds_the_nearest() {
    let site = Site::empty();
    for text in RULES {
        let shown = site.run(&["explain", &text.id.to_lowercase()]).ok().stdout;
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let all = words(&shown);
        for part in [text.id, text.refuses, text.why, text.fix] {
            let part = words(part);
            assert!(all.windows(part.len()).any(|window| window == part), "{shown}");
        }
    }
    site.run(&["explain", "OUTLIVES-ISUER"]).fails(2, "hint: rootward explain OUTLIVES-ISSUER");
    site.run(&["explain", "zzz\u{202e}"]).fails(2, "hint: rootward explain");
    let all = site.run(&["explain"]).ok().stdout;
    assert!(RULES.iter().all(|text| all.contains(text.id)));
}
