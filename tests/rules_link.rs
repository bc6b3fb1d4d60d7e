//! Which links between an old and a new root are refused (RFC 9810 section 4.4).
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;
mod roots;

use ca::{NOW, P256, RNG, key, object, rules};
use roots::{ONCE, Pair, draft, made};
use rootward::custody::Signer;
use rootward::journal::{Act, History, Record};
use rootward::model::{key::Algorithm, rule::Rule};
use rootward::pki::{
    inspect::{Certificate, Facts, sha256},
    issue,
    issuer::Issuer,
    link,
    lint::{self, Extras},
    profile::{Draft, LinkKind, Profile, Serial},
};
use time::{Duration, OffsetDateTime};

/// Which rules refuse a link that was changed in one thing.
fn changed(pair: &Pair, kind: LinkKind, at: OffsetDateTime, change: fn(&mut Draft)) -> Vec<Rule> {
    let (root, signer) = match kind {
        LinkKind::NewWithOld => (&pair.new.root, &pair.old.root),
        LinkKind::OldWithNew => (&pair.old.root, &pair.new.root),
    };
    let serial = Serial::random(&*RNG).unwrap();
    let mut draft = link::draft(kind, &root.certificate, &signer.certificate, serial);
    change(&mut draft);
    rules(issue::lint(&root.object, &draft, Some(signer), &History::default(), at))
}

#[test]
fn links_last_as_long_as_their_roots_and_no_longer() {
    use LinkKind::{NewWithOld, OldWithNew};
    let pair = Pair::p384();
    let (old, new) = (&pair.old.root.certificate.facts, &pair.new.root.certificate.facts);
    let dates = |facts: &Facts| (facts.not_before, facts.not_after);
    assert_eq!(dates(&pair.new_with_old.facts), (new.not_before, old.not_after));
    assert_eq!(dates(&pair.old_with_new.facts), (old.not_before, old.not_after));

    let of = |kind, change| changed(&pair, kind, NOW, change);
    assert_eq!(of(NewWithOld, |_| {}), []);
    assert_eq!(of(NewWithOld, |draft| draft.not_after -= Duration::DAY), []);
    assert_eq!(of(NewWithOld, |draft| draft.not_before -= Duration::SECOND), [Rule::LinkDates]);
    // After the moment of signing, too.
    let late = of(NewWithOld, |draft| draft.not_before += Duration::SECOND);
    assert_eq!(late, [Rule::LinkDates, Rule::LinkDates]);
    let long = of(NewWithOld, |draft| draft.not_after += Duration::SECOND);
    assert_eq!(long, [Rule::OutlivesIssuer]);
    assert_eq!(of(OldWithNew, |_| {}), []);
    for change in [
        (|draft: &mut Draft| draft.not_before += Duration::SECOND) as fn(&mut Draft),
        |draft| draft.not_before -= Duration::SECOND,
        |draft| draft.not_after += Duration::SECOND,
        |draft| draft.not_after -= Duration::SECOND,
    ] {
        assert_eq!(of(OldWithNew, change), [Rule::LinkDates]);
    }
}

#[test]
fn links_are_made_while_both_roots_are_valid() {
    use LinkKind::{NewWithOld, OldWithNew};
    let pair = Pair::p384();
    let at = |kind, at| changed(&pair, kind, at, |_| {});
    // A link may be made later than its root.
    let end = pair.old.root.certificate.facts.not_after;
    assert_eq!((at(NewWithOld, end), at(OldWithNew, end)), (vec![], vec![]));
    let after = end + Duration::SECOND;
    assert_eq!(at(NewWithOld, after), [Rule::LinkDates, Rule::IssuerUnfit]);
    assert_eq!(at(OldWithNew, after), [Rule::LinkDates]);
    let before = NOW - Duration::SECOND;
    assert_eq!(at(NewWithOld, before), [Rule::LinkDates]);
    assert_eq!(at(OldWithNew, before), [Rule::IssuerUnfit]);
}

#[test]
fn the_new_root_ends_after_the_old_one() {
    let history = History::default();
    let root = |cn: &str, name: &str, lifetime: &str, at| {
        let key = key(Algorithm::P256);
        let root = made(name, &draft(Profile::Root, cn, &key, lifetime, at), None, &key);
        Issuer::new(object(name), root, false).unwrap()
    };
    let old = root("Root", "root@g1", "20y", ONCE);
    let short = root("Root g2", "root@g2", "1y", NOW);
    let linked = |old: &Issuer, new: &Issuer| rules(link::lint(old, new, &history, NOW, &*RNG));
    assert_eq!(linked(&old, &short), [Rule::LinkDates]);
    let serial = Serial::random(&*RNG).unwrap();
    let draft = link::draft(LinkKind::OldWithNew, &old.certificate, &short.certificate, serial);
    let refused = rules(issue::lint(&old.object, &draft, Some(&short), &history, NOW));
    assert_eq!(refused, [Rule::OutlivesIssuer]);
    // The wrong way round.
    let new = root("Root g2", "root@g2", "20y", NOW);
    assert_eq!(linked(&old, &new), []);
    assert_eq!(linked(&new, &old), [Rule::BeforeIssuer, Rule::LinkDates]);
}

#[test]
fn a_link_is_the_root_it_stands_for() {
    let pair = Pair::p384();
    let root = &pair.old.root;
    let judged = |certificate: &Certificate, change: fn(&mut Facts), signer: &Issuer| {
        let kind = LinkKind::OldWithNew;
        let mut facts = pair.old_with_new.facts.clone();
        let serial = Serial::read(&facts.serial);
        let draft = link::draft(kind, certificate, &signer.certificate, serial);
        change(&mut facts);
        let found = lint::certificate(&facts, &draft, Some(signer), Extras::None);
        found.into_iter().map(|finding| finding.rule).collect::<Vec<Rule>>()
    };
    let of = |change| judged(&root.certificate, change, &pair.new.root);
    assert_eq!(of(|_| {}), []);
    // Equal as text, not as bytes: another string type.
    let rename = |facts: &mut Facts| {
        let tag = facts.subject.iter().rposition(|byte| *byte == 0x0c).unwrap();
        facts.subject[tag] = 0x13;
    };
    assert_eq!(of(rename), [Rule::LinkPair]);
    assert_eq!(of(|facts| facts.subject_key_id = Some(vec![1; 20])), [Rule::LinkPair]);
    let key = of(|facts| facts.key = P256.public().clone());
    assert_eq!(key, [Rule::SpkiChanged, Rule::LinkPair]);
    assert_eq!(of(|facts| facts.key_usage = Some(1 << 5)), [Rule::Profile, Rule::LinkPair]);
    assert_eq!(of(|facts| facts.path_length = Some(1)), [Rule::Profile, Rule::LinkPair]);
    // A root is self-signed, on either side.
    let mut forged = root.certificate.clone();
    *forged.der.last_mut().unwrap() ^= 1;
    assert_eq!(judged(&forged, |_| {}, &pair.new.root), [Rule::LinkPair]);
    let ca = &pair.new.ca;
    assert!(judged(&root.certificate, |_| {}, ca).contains(&Rule::LinkPair));
    let of_link = Issuer::new(object("root@g2"), pair.new_with_old.clone(), false).unwrap();
    assert!(judged(&root.certificate, |_| {}, &of_link).contains(&Rule::LinkPair));
}

/// The journal knows both roots: their links take neither a name nor a key of another.
#[test]
fn a_link_is_recorded_as_its_root_s() {
    let pair = Pair::p384();
    let record = |root: &Issuer| Record {
        serial: Some(root.certificate.facts.serial.clone()),
        key: Some(sha256(&root.certificate.facts.key.spki)),
        cn: Some(root.certificate.facts.cn().into()),
        ..Record::new(Act::RootCreate, &root.object)
    };
    let (old, new) = (&pair.old.root, &pair.new.root);
    let records = [record(old), record(new)];
    link::lint(old, new, &History::of(&records), NOW, &*RNG).unwrap();
    let other = Record { object: "root@g3".into(), ..record(new) };
    let refused = link::lint(old, new, &History::of(&[record(old), other]), NOW, &*RNG);
    assert_eq!(rules(refused), [Rule::KeyReused, Rule::SubjectTaken]);
}

#[test]
fn each_link_is_signed_by_its_own_root() {
    let pair = Pair::p384();
    let (old, new) = (&pair.old, &pair.new);
    let links = || link::lint(&old.root, &new.root, &History::default(), NOW, &*RNG).unwrap();
    let wrong = links().new_with_old.sign(Some(&old.root), &new.key);
    assert_eq!(rules(wrong), [Rule::IssuerKey]);
    let wrong = links().old_with_new.sign(Some(&new.root), &old.key);
    assert_eq!(rules(wrong), [Rule::IssuerKey]);
}
