//! The parts that the large numbers are made of, by criterion.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own samples")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ring::rand::SystemRandom;
use rootward::custody::{Signer, soft};
use rootward::journal::{Act, History, Journal, Origin, Record};
use rootward::model::key::Algorithm;
use rootward::model::name::ObjectRef;
use rootward::pki::profile::{Draft, Profile};
use rootward::pki::request::Request;
use rootward::pki::subject::Subject;
use rootward::pki::{issue, issuer::Issuer};
use std::hint::black_box;
use time::OffsetDateTime;

fn subject(common_name: &str) -> Subject {
    Subject { country: None, organization: None, common_name: common_name.into() }
}

fn requests(c: &mut Criterion) {
    for name in ["ec384", "rsa4096"] {
        let file = format!("{}/tests/suites/openbao-csr/{name}.csr", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(file).unwrap();
        c.bench_function(&format!("take in a request, {name}"), |b| {
            b.iter(|| Request::parse(black_box(&bytes)).unwrap());
        });
    }
}

fn leaves(c: &mut Criterion) {
    let rng = SystemRandom::new();
    let now = OffsetDateTime::now_utc();
    let open = |pkcs8: &[u8]| soft::SoftKey::open(pkcs8, &rng).unwrap();
    let ca_key = open(&soft::generate(Algorithm::P256, &rng).unwrap());
    let history = History::default();
    let span = |text: &str| text.parse().unwrap();
    let public = ca_key.public().clone();
    let root = ObjectRef::root(1);
    let draft = Draft::new(Profile::Root, subject("root"), public, span("3y"), now, &rng).unwrap();
    let linted = issue::lint(&root, &draft, None, &history, now).unwrap();
    let issuer = Issuer::new(root, linted.sign(None, &ca_key).unwrap(), false).unwrap();
    let object: ObjectRef = "prod/app".parse().unwrap();
    let draft = || {
        let key = open(&soft::generate(Algorithm::P256, &rng).unwrap());
        let profile = Profile::Client {
            dns: vec!["app.prod.example.internal".parse().unwrap()],
            uri: "spiffe://prod.example.internal/app/app".into(),
        };
        let key = key.public().clone();
        Draft::new(profile, subject("app"), key, span("30d"), now, &rng).unwrap()
    };
    c.bench_function("encode and lint a leaf", |b| {
        let draft = draft();
        b.iter(|| issue::lint(&object, &draft, Some(&issuer), &history, now).unwrap());
    });
    c.bench_function("sign and verify a leaf", |b| {
        let draft = draft();
        let lint = || issue::lint(&object, &draft, Some(&issuer), &history, now).unwrap();
        let sign = |linted: issue::Linted| linted.sign(Some(&issuer), &ca_key).unwrap();
        b.iter_batched(lint, sign, BatchSize::SmallInput);
    });
}

fn journals(c: &mut Criterion) {
    let now = OffsetDateTime::now_utc();
    let origin = Origin { host: "bench".into(), user: "bench".into(), now };
    let mut journal = Journal::parse("", None).unwrap();
    for index in 0..1000 {
        let object: ObjectRef = format!("prod/app-{index}").parse().unwrap();
        let hash = Some("0123456789abcdef".repeat(4));
        let record = Record {
            serial: Some(format!("01{index:032x}")),
            fingerprint: hash.clone(),
            key: hash.clone(),
            declaration: hash,
            cn: Some(format!("app-{index}")),
            not_before: Some("2026-11-22T00:00:00Z".into()),
            not_after: Some("2026-12-22T00:00:00Z".into()),
            ..Record::new(Act::IdentityIssue, &object)
        };
        journal.append(&origin, record).unwrap();
    }
    let (text, head) = (journal.lines.clone(), journal.head());
    c.bench_function("verify a journal of 1,000 entries", |b| {
        b.iter(|| Journal::parse(black_box(&text), Some(head.as_bytes())).unwrap());
    });
    c.bench_function("index 1,000 entries", |b| b.iter(|| History::of(&journal.records)));
}

criterion_group!(parts, requests, leaves, journals);
criterion_main!(parts);
