//! Long journals, and what is known of them while they grow.

use super::lines::BATCH;
use super::{Act, History, Journal, Origin, Record};
use crate::model::name::ObjectRef;
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

fn origin() -> Origin {
    Origin { host: "host".into(), user: "user".into(), now: NOW }
}

fn object(text: &str) -> ObjectRef {
    text.parse().unwrap()
}

fn append(journal: &mut Journal, record: Record) {
    journal.append(&origin(), record).unwrap();
}

/// The certificate number `serial` of an object, signed by `issuer`, for so many days.
fn certificate(act: Act, of: &str, issuer: &str, serial: u32, days: i64) -> Record {
    Record {
        issuer: Some(issuer.into()),
        serial: Some(format!("{serial:04x}")),
        key: Some(format!("key {serial}")),
        cn: Some(of.into()),
        not_before: Some(super::chain::timestamp(NOW)),
        not_after: Some(super::chain::timestamp(NOW + Duration::days(days))),
        ..Record::new(act, &object(of))
    }
}

fn leaf(of: &str, serial: u32, days: i64) -> Record {
    certificate(Act::IdentityIssue, of, "prod/identity@g1", serial, days)
}

fn revoke(of: &str, serial: u32, reason: &str) -> Record {
    Record {
        issuer: Some("prod/identity@g1".into()),
        serial: Some(format!("{serial:04x}")),
        reason: Some(reason.into()),
        ..Record::new(Act::Revoke, &object(of))
    }
}

fn of(records: impl IntoIterator<Item = Record>) -> Journal {
    let mut journal = Journal::parse("", None).unwrap();
    records.into_iter().for_each(|record| append(&mut journal, record));
    journal
}

/// More than one batch, and each of them for more than one thread.
fn long() -> (String, String) {
    let lines = 2 * BATCH + 100;
    let journal =
        of((1..=lines as u32).map(|serial| leaf(&format!("prod/app-{serial}"), serial, 30)));
    (journal.lines.clone(), journal.head())
}

#[test]
fn of_a_long_journal_the_first_bad_line_is_named() {
    let (text, head) = long();
    let journal = Journal::parse(&text, Some(head.as_bytes())).unwrap();
    let seqs = journal.records.iter().map(|record| record.seq);
    assert!(seqs.eq(1..=2 * BATCH as u64 + 100), "in their order");
    assert_eq!(journal.head(), head);

    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let error = |lines: &[String]| {
        let parsed = Journal::parse(&lines.concat(), Some(head.as_bytes()));
        parsed.map(|_| ()).unwrap_err().messages().join(": ")
    };
    let with = |changes: &[(usize, &str)]| {
        let mut lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        for (number, line) in changes {
            lines[number - 1] = (*line).to_owned();
        }
        error(&lines)
    };
    for number in [1, 2, BATCH / 2, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 100] {
        let changed = lines[number - 1].replace("\"host\":\"host\"", "\"host\":\"ghost\"");
        let later = (number + 1).min(lines.len());
        let found = with(&[(later, "{}\n"), (lines.len(), "{}\n"), (number, changed.as_str())]);
        let here = format!("ca/journal.jsonl:{number}: the line was changed");
        assert!(found.contains(&here), "{number}: {found}");
    }
    // A good line in a wrong place, before a bad one of the same batch.
    let found = with(&[(10, lines[10]), (11, "{}\n")]);
    assert!(found.contains("ca/journal.jsonl:10: got entry 11, expected 10"), "{found}");
    let cut = error(&[text.trim_end().to_owned()]);
    assert!(cut.contains(&format!("jsonl:{}: the line has no end", lines.len())), "{cut}");
}

/// Everything that can be asked, in words.
fn known(history: &History) -> String {
    let objects = ["root@g1", "prod/identity@g1", "prod/web", "prod/gone"].map(object);
    let seq = |record: Option<&Record>| record.map(|record| record.seq);
    let seqs = |records: Vec<&Record>| records.iter().map(|it| it.seq).collect::<Vec<_>>();
    let of_each = objects.iter().map(|it| {
        let leaf = seq(history.live_leaf(it, NOW));
        (seq(history.certificate(it)), leaf, history.generation(&it.scope))
    });
    let issuer = object("prod/identity@g1");
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        of_each.collect::<Vec<_>>(),
        seqs(history.certificates().collect()),
        seqs(history.issued_by(&issuer).collect()),
        seqs(history.revocations(&issuer).collect()),
        seqs(history.dependents(&issuer, NOW)),
        [1, 2, 3, 4, 5].map(|it| seq(history.by_serial(&format!("{it:04x}")))),
        [1, 2, 3, 4, 5].map(|it| seq(history.compromise(&format!("key {it}")))),
        seq(history.key_of_another("key 3", &object("prod/web"))),
    )
}

#[test]
fn what_is_known_grows_with_the_journal() {
    let gone = Record::new(Act::IdentityRemove, &object("prod/gone"));
    let records = [
        certificate(Act::RootCreate, "root@g1", "root@g1", 1, 3650),
        certificate(Act::IntermediateSign, "prod/identity@g1", "root@g1", 2, 365),
        leaf("prod/gone", 3, 30),
        leaf("prod/web", 4, 30),
        revoke("prod/web", 4, "keyCompromise"),
        leaf("prod/web", 5, 30),
        revoke("prod/gone", 3, "superseded"),
        gone,
    ];
    let mut journal = of([]);
    let empty = known(&journal.history());
    for record in records {
        append(&mut journal, record);
        let anew = known(&History::of(&journal.records));
        assert_eq!(known(&journal.history()), anew);
        assert_ne!(anew, empty);
    }
    let history = journal.history();
    let certificate = |of: &str| history.certificate(&object(of)).map(|record| record.seq);
    assert_eq!(["prod/web", "prod/gone"].map(certificate), [Some(6), None]);
    let dependents = history.dependents(&object("prod/identity@g1"), NOW);
    assert_eq!(dependents.iter().map(|it| it.object.as_str()).collect::<Vec<_>>(), ["prod/web"]);
    assert_eq!(history.compromise("key 4").map(|record| record.seq), Some(5));
    assert!(history.compromise("key 3").is_none(), "superseded is no compromise");
    assert!(history.live_leaf(&object("prod/gone"), NOW).is_none());
    assert_eq!(history.generation(&object("prod/identity").scope), 1);
}

#[test]
fn which_generation_signs() {
    let sign = |generation: u32| {
        let of = format!("prod/identity@g{generation}");
        certificate(Act::IntermediateSign, &of, "root@g1", generation, 365)
    };
    let request = Record::new(Act::IntermediateRequest, &object("prod/identity@g1"));
    let activate = Record::new(Act::RotateActivate, &object("prod/identity@g2"));
    let scope = object("prod/identity").scope;
    let mut journal = of([]);
    let mut known = Vec::new();
    for record in [request, sign(1), sign(2), activate, sign(3)] {
        append(&mut journal, record);
        let history = journal.history();
        let certified = history.certified_generations(&scope);
        known.push((history.generation(&scope), certified, history.active_generation(&scope)));
    }
    assert_eq!(
        known,
        [
            (1, vec![], None),
            (1, vec![1], Some(1)),
            (2, vec![1, 2], Some(1)),
            (2, vec![1, 2], Some(2)),
            (3, vec![1, 2, 3], Some(2)),
        ]
    );
}

#[test]
fn the_last_of_several_live_leaves_counts() {
    let journal = of([leaf("prod/web", 1, 90), leaf("prod/web", 2, 1), leaf("prod/app", 3, 90)]);
    let at = |days| {
        let found = journal.history().live_leaf(&object("prod/web"), NOW + Duration::days(days));
        found.map(|record| record.seq)
    };
    assert_eq!([at(0), at(1), at(2), at(90), at(91)], [Some(2), Some(2), Some(1), Some(1), None]);
}

#[test]
fn who_changes_records_is_not_answered_from_before() {
    let mut journal = of([leaf("prod/web", 1, 30)]);
    assert!(journal.history().by_serial("0001").is_some());
    journal.records_mut()[0].serial = Some("0002".into());
    assert!(journal.history().by_serial("0001").is_none());
    assert!(journal.history().by_serial("0002").is_some());
}

#[test]
fn a_record_begins_and_ends() {
    let record = leaf("prod/web", 1, 30);
    assert_eq!(record.begins(), Some(NOW));
    assert_eq!(record.ends(), Some(NOW + Duration::days(30)));
    let offset = Record { not_after: Some("2026-11-22T12:00:00+01:00".into()), ..record };
    assert_eq!(offset.ends(), Some(NOW + Duration::hours(1)));
    let none = Record::new(Act::Ceremony, &object("root"));
    assert_eq!((none.begins(), none.ends()), (None, None));
    let broken = Record { not_before: Some("yesterday".into()), ..offset };
    assert_eq!(broken.begins(), None);
}
