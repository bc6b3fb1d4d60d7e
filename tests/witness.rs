//! Witness signatures, made by the real ssh-keygen and by nobody. What is accepted here
//! `ssh-keygen -Y verify` accepts, and what it refuses is refused here.

#[path = "common/ssh.rs"]
mod ssh;

use rootward::model::rule::Rule;
use rootward::witness::{AllowedSigners, Principal, missing};
use ssh::{AT, KINDS, NAMESPACE, SIGNATURES, SSH, Ssh, TRANSCRIPT, rules, verify_at};
use time::Duration;

/// Both verdicts, which must agree; ours.
#[track_caller]
fn judged(message: &[u8], signature: &[u8], signers: &str, name: &str) -> Vec<Rule> {
    let ours = verify_at(message, signature, signers, AT);
    let theirs = SSH.verify(message, signature, signers, name, NAMESPACE, AT);
    assert_eq!(ours.is_ok(), theirs, "ssh-keygen says {theirs}: {ours:?}\n{signers}");
    assert!(ours.as_ref().map_or(true, |principal| principal.is(name)), "{ours:?}");
    rules(ours)
}

#[test]
fn every_kind_of_key_signs_with_both_hashes() {
    for (name, _) in KINDS {
        let signers = SSH.line(name, "");
        for hash in ["sha256", "sha512"] {
            let signature = SSH.sign(name, NAMESPACE, hash, TRANSCRIPT);
            assert_eq!(judged(TRANSCRIPT, &signature, &signers, name), [], "{name} {hash}");
        }
        let principal =
            verify_at(TRANSCRIPT, &SSH.sign(name, NAMESPACE, "sha512", TRANSCRIPT), &signers, AT)
                .unwrap();
        assert_eq!(principal.fingerprint(), SSH.fingerprint(name));
        assert_eq!(principal.to_string(), name);
    }
}

#[test]
fn other_bytes_another_namespace_another_key_are_refused() {
    for ((name, _), signature) in KINDS.iter().zip(SIGNATURES.iter()) {
        let signers = SSH.line(name, "");
        let changed = TRANSCRIPT.iter().map(|byte| byte ^ 1).collect::<Vec<_>>();
        for message in [&changed[..], &TRANSCRIPT[1..], b""] {
            assert_eq!(judged(message, signature, &signers, name), [Rule::WitnessSignature]);
        }
        let elsewhere = SSH.sign(name, "file", "sha512", TRANSCRIPT);
        assert_eq!(judged(TRANSCRIPT, &elsewhere, &signers, name), [Rule::WitnessSignature]);
        let others: String = KINDS
            .iter()
            .filter(|(other, _)| other != name)
            .map(|(other, _)| SSH.line(other, ""))
            .collect();
        assert_eq!(judged(TRANSCRIPT, signature, &others, "p256"), [Rule::WitnessUnknown]);
        assert_eq!(judged(TRANSCRIPT, signature, "# nobody\n\n", name), [Rule::WitnessUnknown]);
    }
}

#[test]
fn keys_are_limited_by_namespace_and_time() {
    let of = |options: &str| {
        judged(TRANSCRIPT, &SIGNATURES[0], &SSH.line("ed25519", options), "ed25519")
    };
    for options in [
        "namespaces=\"rootward-transcript\"",
        "NameSpaces=\"file,rootward-*\"",
        "valid-after=\"20261122Z\",valid-before=\"20261122100000Z\"",
        "valid-after=\"202611221000Z\"",
        "valid-before=\"20261122100000Z\",namespaces=\"*\"",
    ] {
        assert_eq!(of(options), [], "{options}");
    }
    for options in [
        "namespaces=\"file\"",
        "namespaces=\"*,!rootward-transcript\"",
        "valid-before=\"20261122Z\"",
        "valid-before=\"20261122095959Z\"",
        "valid-after=\"20261122100001Z\"",
        "valid-after=\"20000101Z\",valid-before=\"20010101Z\"",
    ] {
        assert_eq!(of(options), [Rule::WitnessUnknown], "{options}");
    }
    // A second is a second, whatever its fractions.
    let signers = SSH.line("ed25519", "valid-before=\"20261122100000Z\"");
    let at = |time| rules(verify_at(TRANSCRIPT, &SIGNATURES[0], &signers, time));
    assert_eq!(at(AT + Duration::milliseconds(999)), []);
    assert_eq!(at(AT + Duration::SECOND), [Rule::WitnessUnknown]);
}

#[test]
fn principals_are_patterns_and_may_have_several_keys() {
    let key = |name: &str| SSH.public(name);
    let signers = format!(
        "# witnesses\n\n  alice@example.com,*@home.example {}\nalice@example.com\t{} comment\r\n\
         ?ob@example.com,!rob@example.com namespaces=\"*\" {}\n",
        key("ed25519"),
        key("p256"),
        key("p384")
    );
    let who = |index: usize, name: &str| {
        let verdict = verify_at(TRANSCRIPT, &SIGNATURES[index], &signers, AT).unwrap();
        let theirs = SSH.verify(TRANSCRIPT, &SIGNATURES[index], &signers, name, NAMESPACE, AT);
        assert_eq!(verdict.is(name), theirs, "{index} {name}");
        theirs
    };
    assert!(who(0, "alice@example.com") && who(0, "x@home.example") && !who(0, "bob@example.com"));
    assert!(who(1, "alice@example.com") && !who(1, "x@home.example"));
    assert!(who(2, "bob@example.com") && !who(2, "rob@example.com") && !who(2, "bOb@example.com"));
}

#[test]
fn a_witness_who_has_not_signed_is_missing() {
    let signers: String = [("alice", "ed25519"), ("alice", "p256"), ("bob", "p384"), ("*", "rsa")]
        .iter()
        .map(|(name, key)| format!("{name} {}\n", SSH.public(key)))
        .collect();
    let found = |indices: &[usize]| -> Vec<Principal> {
        let of = |&index: &usize| verify_at(TRANSCRIPT, &SIGNATURES[index], &signers, AT).unwrap();
        indices.iter().map(of).collect()
    };
    let absent = |expected: &[&str], indices: &[usize]| -> Vec<String> {
        let missing = missing(expected, &found(indices));
        assert!(missing.iter().all(|finding| finding.rule == Rule::WitnessMissing));
        missing.into_iter().map(|finding| finding.detail).collect()
    };
    let says = |name: &str| format!("no signature of {name}, expected one of each witness");
    let none: [&str; 0] = [];
    assert_eq!(absent(&none, &[]), none);
    assert_eq!(absent(&["alice", "bob"], &[0, 2]), none);
    assert_eq!(absent(&["alice", "bob"], &[]), [says("alice"), says("bob")]);
    // Two keys of one person are one witness where two are expected.
    assert_eq!(absent(&["alice", "bob"], &[0, 1]), [says("bob")]);
    // A key that may be anybody is somebody once, and gives way.
    assert_eq!(absent(&["alice", "bob"], &[3, 3]), [says("bob")]);
    assert_eq!(absent(&["alice", "carol"], &[3, 0]), none);
    assert_eq!(absent(&["alice", "carol"], &[0, 3]), none);
    assert_eq!(absent(&["alice", "bob", "carol"], &[3, 0, 2]), none);
}

#[test]
fn a_line_that_is_not_understood_is_refused_with_its_number() {
    let key = SSH.public("ed25519");
    let fails = |line: &str, why: &str| {
        let text = format!("# a comment\n{}{line}\n", SSH.line("p256", ""));
        let error = AllowedSigners::parse("signers", text.as_bytes()).err().unwrap();
        let said = error.messages().join(": ");
        assert!(said.starts_with("signers:3: ") && said.contains(why), "{line}: {said}");
        assert_eq!(error.kind.exit_code(), 2);
    };
    fails("alice", "expected a key");
    fails("alice ssh-ed25519", "expected a key");
    fails("alice ssh-ed25519 AAAA!", "expected base64");
    fails("alice ssh-ed25519 AAAA", "not a public key");
    fails(&format!("alice {}", key.replacen("ed25519", "rsa", 1)), "before a key of ssh-ed25519");
    fails(&format!("alice cert-authority {key}"), "cert-authority is not supported");
    fails(&format!("alice CERT-AUTHORITY,namespaces=\"x\" {key}"), "cert-authority");
    fails(&format!("alice namespace=\"x\" {key}"), "did you mean namespaces");
    fails(&format!("alice namespaces=x {key}"), "expected a value in quotes");
    fails(&format!("alice namespaces=\"x {key}"), "expected");
    fails(&format!("alice namespaces=\"x\",namespaces=\"y\" {key}"), "twice");
    fails(&format!("alice namespaces=\"x\", {key}"), "comma at the end");
    fails(&format!("alice valid-before=\"20261122\" {key}"), "expected YYYYMMDDZ");
    fails(&format!("alice valid-before=\"20261322Z\" {key}"), "expected YYYYMMDDZ");
    fails(&format!("alice valid-before=\"2026112210Z\" {key}"), "expected YYYYMMDDZ");
    fails(
        &format!("alice valid-after=\"20261122Z\",valid-before=\"20261122Z\" {key}"),
        "not later than valid-after",
    );
    fails(&format!("\"alice\" {key}"), "without quotes");
    fails(&format!("alice,,bob {key}"), "expected patterns");
    fails(&format!("al\u{202e}ice {key}"), "expected patterns");
    for (kind, bits, why) in [
        ("rsa", "1024", "got RSA of 1024 bits, expected 2048 to 8192"),
        ("ecdsa", "521", "got a key of \"ecdsa-sha2-nistp521\", expected ssh-ed25519"),
    ] {
        let other = Ssh::new(&[("other", &["-t", kind, "-b", bits])]);
        fails(&format!("alice {}", other.public("other")), why);
    }
    let binary = [b"# a\n\n".as_slice(), b"\xff\xfe"].concat();
    let error = AllowedSigners::parse("signers", &binary).err().unwrap();
    assert!(error.messages()[0].starts_with("signers:3: got bytes"), "{error:?}");
}

#[test]
fn sha1_is_no_signature() {
    // ssh-keygen itself does not sign by SHA-1: a valid signature with the name changed.
    let text = String::from_utf8(SIGNATURES[3].clone()).unwrap();
    let mut blob = ssh::unarmored(&text);
    let at = blob.windows(12).position(|window| window == b"rsa-sha2-512").unwrap();
    blob.splice(at - 4..at + 12, [&[0, 0, 0, 7], b"ssh-rsa".as_slice()].concat());
    let length = blob.len() - (at - 4);
    blob[at - 8..at - 4].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    let signers = SSH.line("rsa", "");
    assert_eq!(judged(TRANSCRIPT, &ssh::armored(&blob), &signers, "rsa"), [Rule::WitnessSignature]);
}

/// What a security key would answer, computed: no such key is here, but ssh-keygen judges it too.
#[test]
fn a_security_key_must_have_been_touched() {
    let token = ssh::Token::new();
    let signers = format!("alice {}\n", token.public());
    let signature = token.sign(NAMESPACE, TRANSCRIPT, 1);
    assert_eq!(judged(TRANSCRIPT, &signature, &signers, "alice"), []);
    assert_eq!(judged(b"other", &signature, &signers, "alice"), [Rule::WitnessSignature]);
    // As sshd demands it, unless a key is allowed with no-touch-required.
    let untouched = token.sign(NAMESPACE, TRANSCRIPT, 0);
    let verdict = verify_at(TRANSCRIPT, &untouched, &signers, AT);
    assert_eq!(rules(verdict), [Rule::WitnessSignature]);
}

#[test]
fn ten_megabytes_are_signed_as_well() {
    let message: Vec<u8> = (0..10_000_000u32).map(|i| (i % 251) as u8).collect();
    let signature = SSH.sign("ed25519", NAMESPACE, "sha512", &message);
    let signers = SSH.line("ed25519", "");
    assert_eq!(judged(&message, &signature, &signers, "ed25519"), []);
    assert_eq!(
        judged(&message[..9_999_999], &signature, &signers, "ed25519"),
        [Rule::WitnessSignature]
    );
    // As a signature or as a list it is garbage, said at once.
    assert_eq!(rules(verify_at(TRANSCRIPT, &message, &signers, AT)), [Rule::WitnessSignature]);
    assert!(AllowedSigners::parse("signers", &message).is_err());
}

#[test]
fn a_truncated_signature_is_refused() {
    for ((name, _), signature) in KINDS.iter().zip(SIGNATURES.iter()) {
        let signers = SSH.line(name, "");
        // Without its last line feed it is whole.
        for length in (0..signature.len() - 1).step_by(7).chain([signature.len() - 2]) {
            let verdict = judged(TRANSCRIPT, &signature[..length], &signers, name);
            assert_eq!(verdict, [Rule::WitnessSignature], "{name} {length}");
        }
    }
}

#[test]
fn garbage_is_no_signature() {
    let whole = &SIGNATURES[0];
    let twice = [whole.as_slice(), whole].concat();
    let before = [b"hello\n".as_slice(), whole].concat();
    let other = String::from_utf8(whole.clone()).unwrap().replace("SSH SIGNATURE", "CERTIFICATE");
    let trailing = ssh::armored(
        &[ssh::unarmored(&String::from_utf8(whole.clone()).unwrap()), vec![0]].concat(),
    );
    let signers = SSH.line("ed25519", "");
    let garbage: [&[u8]; 7] =
        [b"", b"\n", b"\xff\x00", TRANSCRIPT, &before, other.as_bytes(), &trailing];
    for bytes in garbage {
        assert_eq!(judged(TRANSCRIPT, bytes, &signers, "ed25519"), [Rule::WitnessSignature]);
    }
    // ssh-keygen reads the first alone.
    assert_eq!(rules(verify_at(TRANSCRIPT, &twice, &signers, AT)), [Rule::WitnessSignature]);
}
