//! Shares of a sealing secret: every quorum recovers it, nothing less does, and so do others' tools.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;

use ca::{RNG, rules};
use common::{cargo_tool, output, suite, tool};
use proptest::prelude::*;
use rootward::custody::{
    Signer, sealed,
    shares::{Gathering, Progress, Secret, SetId, Share, Threshold, split},
    soft::{self, SoftKey},
};
use rootward::error::Result;
use rootward::model::{key::Algorithm, rule::Rule, text::hex};
use std::process::Command;
use std::sync::LazyLock;
use std::{fs, io::Write, path::Path};

/// What `seedtool --in hex --out sskr --sskr-format btw --groups 3-of-5` printed for the bytes 100
/// to 131.
fn seedtools() -> Vec<Share> {
    let text = fs::read_to_string(suite("seedtool-shares.txt")).unwrap();
    text.lines().map(|line| Share::parse(line).unwrap()).collect()
}

fn threshold(needed: u8, of: u8) -> Threshold {
    Threshold::new(needed, of).unwrap()
}

fn copy(share: &Share) -> Share {
    Share::parse(&share.words()).unwrap()
}

fn gather<'a>(threshold: Threshold, shares: impl IntoIterator<Item = &'a Share>) -> Result<Secret> {
    let mut gathering = Gathering::new(None, threshold);
    for share in shares {
        gathering.add(copy(share))?;
    }
    gathering.finish()
}

/// Three of five, made once.
static SET: LazyLock<(Secret, Vec<Share>)> = LazyLock::new(|| {
    let secret = Secret::random(&*RNG).unwrap();
    let shares = split(&secret, threshold(3, 5), &*RNG).unwrap();
    (secret, shares)
});

#[test]
fn every_quorum_recovers_and_nothing_less_does() {
    for of in 2..=6 {
        for needed in 2..=of {
            let secret = Secret::random(&*RNG).unwrap();
            let threshold = threshold(needed, of);
            let shares = split(&secret, threshold, &*RNG).unwrap();
            assert_eq!(shares.len(), usize::from(of));
            for subset in 0..1_u32 << of {
                let brought = (0..usize::from(of)).filter(|i| subset >> i & 1 == 1);
                let got = gather(threshold, brought.map(|i| &shares[i]));
                if subset.count_ones() < u32::from(needed) {
                    assert_eq!(rules(got), [Rule::SharesTooFew], "{threshold} {subset:b}");
                } else {
                    assert_eq!(got.unwrap().as_bytes(), secret.as_bytes(), "{threshold}");
                }
            }
        }
    }
}

#[test]
fn the_largest_sets_recover_from_either_end() {
    for needed in [2, 15, 16] {
        let (secret, threshold) = (Secret::random(&*RNG).unwrap(), threshold(needed, 16));
        let shares = split(&secret, threshold, &*RNG).unwrap();
        let numbers: Vec<u8> = shares.iter().map(Share::number).collect();
        assert_eq!(numbers, (1..=16).collect::<Vec<u8>>());
        let last = shares.iter().rev().take(needed.into());
        assert_eq!(gather(threshold, last).unwrap().as_bytes(), secret.as_bytes());
    }
}

#[test]
fn progress_says_how_many_are_missing() {
    let (secret, shares) = &*SET;
    let mut gathering = Gathering::new(Some(shares[0].set()), threshold(3, 5));
    assert_eq!(gathering.progress(), Progress { given: 0, missing: 3 });
    for (index, missing) in [(4, 2), (0, 1), (2, 0), (1, 0)] {
        assert_eq!(gathering.add(copy(&shares[index])).unwrap().missing, missing);
    }
    assert_eq!(gathering.progress(), Progress { given: 4, missing: 0 });
    assert_eq!(gathering.finish().unwrap().passphrase(), secret.passphrase());
}

#[test]
fn a_share_is_46_words_with_its_set_and_number() {
    let (_, shares) = &*SET;
    for (index, share) in shares.iter().enumerate() {
        let words = share.words();
        assert!(words.starts_with("tuna next keep hard data "), "{}", *words);
        assert_eq!(words.split(' ').count(), 46);
        let again = Share::parse(&words).unwrap();
        assert_eq!(again.set(), shares[0].set());
        assert_eq!((usize::from(again.number()), again.needed()), (index + 1, 3));
    }
    let set = shares[0].set();
    assert_eq!(set.to_string().parse(), Ok(set));
    for text in ["", "12", "+123", "12345", "ABCD", "12g4"] {
        assert!(text.parse::<SetId>().unwrap_err().contains("expected four digits"), "{text}");
    }
}

#[test]
fn debug_output_has_no_secret() {
    let (secret, shares) = &*SET;
    let mut gathering = Gathering::new(None, threshold(3, 5));
    gathering.add(copy(&shares[0])).unwrap();
    let set = shares[0].set();
    assert_eq!(format!("{secret:?} {:?}", shares[0]), format!("Secret(..) Share({set}, 1)"));
    assert!(format!("{gathering:?}").contains(&format!("shares: [Share({set}, 1)]")));
}

#[test]
fn a_mistyped_share_is_refused_and_its_words_are_not_recorded() {
    let words = SET.1[0].words().replace("tuna", "tune");
    let error = Share::parse(&words).unwrap_err();
    assert_eq!(error.findings[0].rule, Rule::ShareMistyped);
    assert_eq!(error.findings[0].detail, "word 1 is not on the list of bytewords");
    assert_eq!(error.hint.unwrap(), "word 1 is \"tune\": did you mean \"tuna\"?");

    let words = SET.1[0].words();
    let (short, _) = words.rsplit_once(' ').unwrap();
    for text in [short, &format!("{} able", *words), &words.repeat(2)] {
        assert_eq!(rules(Share::parse(text)), [Rule::ShareMistyped], "{text}");
    }
}

#[test]
fn a_foreign_share_is_refused() {
    let shares = &SET.1;
    let others = seedtools();
    let mut gathering = Gathering::new(Some(shares[0].set()), threshold(3, 5));
    let error = gathering.add(copy(&others[0])).unwrap_err();
    let (got, expected) = (others[0].set(), shares[0].set());
    let detail = format!("got a share of the set {got}, expected one of {expected}");
    assert_eq!(error.findings[0].detail, detail);

    // Without a known set the first share decides.
    assert_eq!(rules(gather(threshold(3, 5), [&shares[0], &others[1]])), [Rule::ShareForeign]);
    // Another threshold; a number that the set does not have.
    assert_eq!(rules(gather(threshold(2, 5), [&shares[0]])), [Rule::ShareForeign]);
    assert_eq!(rules(gather(threshold(3, 4), [&shares[4]])), [Rule::ShareForeign]);
}

#[test]
fn words_of_something_else_are_foreign() {
    for text in [
        // a seed, a share of 16 bytes, a share of the second of two groups: all from seedtool
        "taxi work belt cash echo acid soap lung pool very nail list dark gear dark zero each twin \
         lava lamb",
        "tuna next keep gyro acid yawn able acid able leaf idle mild legs play ugly atom liar slot \
         scar film redo tent poem wasp maze calm scar need toil",
        "tuna next keep gyro gear runs body brag able foxy webs free fish inky memo figs easy inch \
         fair exam kiwi view solo gear eyes ruin tuna gala iris",
    ] {
        assert_eq!(rules(Share::parse(text)), [Rule::ShareForeign], "{text}");
    }
}

#[test]
fn a_repeated_share_is_refused_and_the_gathering_goes_on() {
    let (secret, shares) = &*SET;
    let mut gathering = Gathering::new(None, threshold(3, 5));
    gathering.add(copy(&shares[0])).unwrap();
    gathering.add(copy(&shares[1])).unwrap();
    assert_eq!(rules(gathering.add(copy(&shares[0]))), [Rule::ShareRepeated]);
    assert_eq!(gathering.progress(), Progress { given: 2, missing: 1 });
    gathering.add(copy(&shares[2])).unwrap();
    assert_eq!(gathering.finish().unwrap().as_bytes(), secret.as_bytes());
}

#[test]
fn one_share_too_few_is_refused() {
    let error = gather(threshold(3, 5), &SET.1[..2]).unwrap_err();
    assert_eq!(error.messages(), ["SHARES-TOO-FEW: got 2, expected 3 different ones of one set"]);
    assert!(error.hint.is_some());
}

/// Two sets of one secret have nothing in common but the secret.
#[test]
fn a_new_set_replaces_the_old_one_under_the_same_secret() {
    let (secret, old) = &*SET;
    let new = split(secret, threshold(2, 3), &*RNG).unwrap();
    assert_eq!(gather(threshold(2, 3), &new[1..]).unwrap().passphrase(), secret.passphrase());
    assert_eq!(rules(gather(threshold(2, 3), [&new[0], &old[1]])), [Rule::ShareForeign]);
}

proptest! {
    #[test]
    fn what_is_printed_is_read(number in 0..5_usize, upper: bool, breaks in 1..46_usize) {
        let share = &SET.1[number];
        let words = share.words();
        let lines: Vec<String> = words
            .split(' ')
            .enumerate()
            .map(|(i, word)| match i % breaks { 0 => format!("\n{}. {word}", i + 1), _ => format!(" {word}") })
            .collect();
        let text = if upper { lines.concat().to_uppercase() } else { lines.concat() };
        prop_assert_eq!(&*Share::parse(&text).unwrap().words(), &*words);
    }

    /// A CRC-32 finds every change within 32 bits (BCR-2020-012): a word is eight, two are sixteen.
    #[test]
    fn a_mistype_is_always_found(share in 0..5_usize, at in 0..46_usize, other in 0..46_usize) {
        let words = SET.1[share].words();
        let mut typed: Vec<&str> = words.split(' ').collect();
        let all: Vec<&str> = words.split(' ').collect();
        if typed[at] != all[other] {
            typed[at] = all[other];
            prop_assert_eq!(rules(Share::parse(&typed.join(" "))), [Rule::ShareMistyped]);
        }
        let mut swapped = all.clone();
        swapped.swap(at, (at + 1) % 46);
        if swapped != all && at < 45 {
            prop_assert_eq!(rules(Share::parse(&swapped.join(" "))), [Rule::ShareMistyped]);
        }
        let mut missing = all.clone();
        missing.remove(at);
        prop_assert_eq!(rules(Share::parse(&missing.join(" "))), [Rule::ShareMistyped]);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        prop_assert!(Share::parse(&text).is_err());
    }
}

/// All 256 words at one place of a share: one is right.
#[test]
fn no_word_but_the_right_one_is_accepted() {
    let list = fs::read_to_string(repo().join("scripts/recover-shares.py")).unwrap();
    let list: Vec<&str> = list
        .split("WORDS = \"\"\"")
        .nth(1)
        .unwrap()
        .split("\"\"\"")
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(list.len(), 256);
    let words = SET.1[0].words();
    for at in 0..46 {
        let accepted = list.iter().filter(|word| {
            let mut typed: Vec<&str> = words.split(' ').collect();
            typed[at] = word;
            Share::parse(&typed.join(" ")).is_ok()
        });
        assert_eq!(accepted.count(), 1, "word {}", at + 1);
    }
}

// Without rootward.

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn shares_made_by_seedtool_are_read() {
    let shares = seedtools();
    let expected: Vec<u8> = (100..132).collect();
    let secret = gather(threshold(3, 5), &shares[2..]).unwrap();
    assert_eq!(secret.as_bytes()[..], expected);
    assert_eq!(*secret.passphrase(), hex(&expected));
    assert_eq!(gather(threshold(3, 5), &shares).unwrap().as_bytes()[..], expected);
}

/// A directory with `ca/root/g1/key.pem`, sealed with the secret of [`SET`], and `shares.txt`.
fn sealed_root(shares: &[Share]) -> (tempfile::TempDir, SoftKey<'static>) {
    let dir = tempfile::tempdir().unwrap();
    let pkcs8 = soft::generate(Algorithm::P384, &*RNG).unwrap();
    let pem = sealed::seal(&pkcs8, SET.0.passphrase().as_bytes(), &*RNG).unwrap();
    fs::create_dir_all(dir.path().join("ca/root/g1")).unwrap();
    fs::write(dir.path().join("ca/root/g1/key.pem"), &*pem).unwrap();
    std::os::unix::fs::symlink(repo().join("scripts"), dir.path().join("scripts")).unwrap();
    let mut file = fs::File::create(dir.path().join("shares.txt")).unwrap();
    for share in shares {
        writeln!(file, "{}", *share.words()).unwrap();
    }
    (dir, SoftKey::open(&pkcs8, &*RNG).unwrap())
}

/// The commands of README, "Recovering the root key without rootward".
fn documented() -> Vec<String> {
    let readme = fs::read_to_string(repo().join("README.md")).unwrap();
    let section = readme.split("### Recovering the root key without rootward").nth(1).unwrap();
    let section = section.split("\n#").next().unwrap();
    let block = section.split("```shell\n").nth(1).unwrap().split("```").next().unwrap();
    block.replace("\\\n", " ").lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_documented_commands_open_the_root_key_with_combined_shares() {
    let seedtool = cargo_tool("seedtool", "seedtool-cli@0.4.0");
    tool("python3", "python3");
    tool("openssl", "openssl");
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", seedtool.parent().unwrap().display());
    let quorum = [copy(&SET.1[4]), copy(&SET.1[0]), copy(&SET.1[2])];
    let (dir, key) = sealed_root(&quorum);
    let commands = documented();
    assert!(commands.iter().any(|command| command.contains("recover-shares.py")), "{commands:?}");
    assert!(commands.iter().any(|command| command.contains("seedtool")), "{commands:?}");
    for command in commands {
        let command =
            command.replace("-noout -text", "-pubout -outform DER | od -An -v -tx1 | tr -d ' \\n'");
        let mut shell = Command::new("bash");
        shell.args(["-o", "pipefail", "-c", &command]).current_dir(dir.path()).env("PATH", &path);
        assert_eq!(output(&mut shell).trim(), hex(&key.public().spki), "{command}");
    }
}

#[test]
fn the_script_for_recovery_refuses_what_is_not_enough() {
    let recover = |shares: &[Share]| {
        let (dir, _) = sealed_root(shares);
        let mut python = Command::new(tool("python3", "python3"));
        let run = python.args(["scripts/recover-shares.py", "shares.txt"]).current_dir(dir.path());
        let run = run.output().unwrap();
        (
            run.status.success(),
            String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap(),
        )
    };
    let (set, other) = (&SET.1, &seedtools());
    let passphrase = format!("{}\n", *SET.0.passphrase());
    assert_eq!(recover(&[copy(&set[1]), copy(&set[3]), copy(&set[4])]), (true, passphrase));
    for (shares, message) in [
        (vec![copy(&set[0]), copy(&set[1])], "error: 2 different shares, 3 are needed"),
        (vec![copy(&set[0]), copy(&set[1]), copy(&set[0])], "error: 2 different shares"),
        (vec![copy(&set[0]), copy(&set[1]), copy(&other[2])], "error: the shares are not of one"),
        (vec![], "error: no shares"),
    ] {
        let (success, said) = recover(&shares);
        assert!(!success && said.contains(message), "{said}");
    }
}
