//! What must hold of any text and any bytes.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::suite;
use proptest::prelude::*;
use rootward::journal::{Act, Journal, Origin, Record};
use rootward::model::{
    declaration,
    name::{Name, ObjectRef},
    net::{Cidr, DnsName},
    rule::Rule,
    span::Span,
    text::{clean, hex, is_plain, unhex},
};
use rootward::pki::{armor, crl::Crl, inspect::Certificate, inspect::Facts, pem, request::Request};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;
use time::{Duration, macros::datetime};

/// Six lines, with text of more than one byte.
static JOURNAL: LazyLock<Journal> = LazyLock::new(|| {
    let mut journal = Journal::parse("", None).unwrap();
    let acts = [Act::RootCreate, Act::CrlIssue, Act::IntermediateSign, Act::IdentityIssue];
    for (index, act) in acts.into_iter().cycle().take(6).enumerate() {
        let now = datetime!(2026-11-22 10:00:00 UTC) + Duration::minutes(index as i64);
        let origin = Origin { host: "größer".into(), user: "\u{202e}root".into(), now };
        let object: ObjectRef = "prod/synapse".parse().unwrap();
        let record = Record { cn: Some("синапс".into()), ..Record::new(act, &object) };
        journal.append(&origin, record).unwrap();
    }
    journal
});

fn parse(bytes: &[u8]) -> Result<Journal, Vec<Rule>> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(vec![Rule::JournalBroken]) };
    Journal::parse(text, Some(JOURNAL.head().as_bytes()))
        .map_err(|error| error.findings.iter().map(|finding| finding.rule).collect())
}

/// Good requests, and hostile ones.
static REQUESTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut files: Vec<_> = ["hostile-csr/files", "openbao-csr"]
        .iter()
        .flat_map(|dir| std::fs::read_dir(suite(dir)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = files.iter().map(|path| std::fs::read(path).unwrap());
    read.filter(|bytes| bytes.len() < 4096).collect()
});

/// What is parsed reads back from what is shown, and is shown in plain characters.
fn round_trips<T: FromStr<Err = String> + Display + PartialEq + std::fmt::Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => {
            let shown = value.to_string();
            assert!(shown.chars().all(is_plain), "{shown:?}");
            assert_eq!(shown.parse::<T>().as_ref(), Ok(&value), "{text:?}");
        }
        Err(message) => assert!(message.contains("expected"), "{message}"),
    }
}

fn all_round_trip(text: &str) {
    round_trips::<Name>(text);
    round_trips::<ObjectRef>(text);
    round_trips::<Span>(text);
    round_trips::<DnsName>(text);
    round_trips::<Cidr>(text);
}

#[test]
fn the_journal_as_it_is_parses() {
    let parsed = parse(JOURNAL.lines.as_bytes()).unwrap();
    assert_eq!((parsed.len(), parsed.head()), (6, JOURNAL.head()));
}

proptest! {
    #[test]
    fn a_changed_byte_of_the_journal_is_found(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = JOURNAL.lines.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert_eq!(parse(&bytes).err(), Some(vec![Rule::JournalBroken]));
    }

    #[test]
    fn a_shorter_or_longer_journal_is_found(at in any::<prop::sample::Index>(), more: Vec<u8>) {
        let bytes = JOURNAL.lines.as_bytes();
        prop_assert!(parse(&bytes[..at.index(bytes.len())]).is_err());
        prop_assume!(!more.is_empty());
        prop_assert!(parse(&[bytes, &more[..]].concat()).is_err());
    }

    #[test]
    fn any_text_is_no_journal_and_no_panic(text in "\\PC{0,80}\n?", head: Vec<u8>) {
        prop_assert!(Journal::parse(&text, Some(&head)).is_err());
    }

    #[test]
    fn names_of_any_text_round_trip(text in "\\PC{0,70}") {
        all_round_trip(&text);
    }

    #[test]
    fn names_nearly_good_round_trip(text in "[a-z0-9A-Z.@/:g_-]{0,24}") {
        all_round_trip(&text);
    }

    #[test]
    fn good_names_round_trip(a in "[a-z][a-z0-9-]{0,9}[a-z]", b in "[a-z][a-z0-9]{1,9}", n in 1..40u32) {
        for text in [&a, &format!("{a}/{b}"), &format!("{a}/{b}@g{n}"), &format!("root@g{n}"),
            &format!("{a}.{b}"), &format!("{n}y"), &format!("0{n}d"), &format!("10.{n}.0.0/16"),
            &format!("fd00:{n}::/32")] {
            all_round_trip(text);
        }
    }

    #[test]
    fn spans_end_where_they_should(count in 1..9000u32, unit in "[dhm]") {
        let span: Span = format!("{count}{unit}").parse().unwrap();
        let now = datetime!(2026-11-22 10:00:00 UTC);
        let end = span.not_after(now).unwrap();
        prop_assert_eq!(end - now + Duration::SECOND, span.approximate());
        prop_assert_eq!(span.before(span.after(now).unwrap()), Some(now));
    }

    #[test]
    fn clean_text_is_plain_and_plain_text_stays(text in any::<String>()) {
        prop_assert!(clean(&text).chars().all(is_plain));
        let plain: String = text.chars().filter(|c| is_plain(*c)).collect();
        prop_assert_eq!(clean(&plain), plain);
    }

    #[test]
    fn hex_round_trips(bytes: Vec<u8>, text in "[0-9a-zA-Z]{0,9}") {
        prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        prop_assert!(unhex(&text).is_none_or(|bytes| hex(&bytes) == text));
    }

    #[test]
    fn any_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let framed = [b"\x30\x82\x01\x20", &bytes[..]].concat();
        for bytes in [&bytes, &framed] {
            let _ = armor::decode(bytes);
            prop_assert!(Request::parse(bytes).is_err());
            prop_assert!(Certificate::parse("f", bytes.clone()).is_err());
            prop_assert!(Crl::parse("f", bytes.clone()).is_err());
            prop_assert!(Facts::parse_tbs(bytes).is_err());
            let _ = pem::read_certificates("f", bytes);
            let _ = pem::read_one("f", "CERTIFICATE", bytes);
            prop_assert!(declaration::parse::<declaration::Version>("f", bytes).is_err());
        }
    }

    #[test]
    fn any_text_in_a_frame_is_refused_without_panic(text in "\\PC{0,200}", label in "[A-Z ]{0,12}") {
        for label in ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", &label] {
            let pem = format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
            prop_assert!(Request::parse(pem.as_bytes()).is_err());
        }
    }

    #[test]
    fn a_changed_request_is_refused_by_name(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte: u8,
        keep in any::<prop::sample::Index>(),
    ) {
        let original = which.get(&REQUESTS);
        let changed = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        };
        let mut tried = vec![changed(original), original[..keep.index(original.len() + 1)].to_vec()];
        if let Ok(der) = armor::decode(original) {
            tried.push(changed(&der));
            tried.push(der[..keep.index(der.len() + 1)].to_vec());
        }
        for bytes in tried {
            if let Err(error) = Request::parse(&bytes) {
                prop_assert!(!error.findings.is_empty(), "no rule: {:?}", error);
            }
        }
    }
}
