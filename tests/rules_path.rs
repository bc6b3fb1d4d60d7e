//! What is refused before and after a signature, provoked on the one issuance path itself.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;

use ca::{NOW, P256, RNG, Signs, draft, issuer, object, root, rules, sound_intermediate};
use common::{output, tool};
use rootward::custody::Signer;
use rootward::journal::{Act, History, Record};
use rootward::model::rule::Rule;
use rootward::pki::{
    encode,
    inspect::{Certificate, Facts, sha256},
    issue,
    issuer::Issuer,
    lint::{self, Extras},
    probe,
    profile::{Profile, Serial},
};
use std::process::Command;
use time::Duration;

/// Of what is linted against itself, changed in one thing.
#[test]
fn a_bad_draft_is_not_signed() {
    let issuer = issuer();
    let leaf = P256.public();
    let of = |change: fn(&mut rootward::pki::profile::Draft)| {
        let mut draft = draft(ca::client("app"), "app", leaf, "30d");
        change(&mut draft);
        rules(issue::lint(&object("prod/app"), &draft, Some(&issuer), &History::default(), NOW))
    };
    assert_eq!(of(|_| {}), []);
    assert_eq!(of(|draft| draft.serial = Serial([2; 17])), [Rule::SerialForm]);
    assert_eq!(of(|draft| draft.serial = Serial([0; 17])), [Rule::SerialForm]);
    assert_eq!(of(|draft| draft.not_after += Duration::SECOND), [Rule::ValidityBounds]);
    let ends_first = of(|draft| draft.not_after = draft.not_before - Duration::SECOND);
    assert_eq!(ends_first, [Rule::ValidityBounds]);
    let (ahead, back) = (Duration::days(2), Duration::days(-2));
    let shifted = |by: Duration| {
        let mut draft = draft(ca::client("app"), "app", leaf, "30d");
        draft.not_before += by;
        draft.not_after += by;
        let issued = History::default();
        rules(issue::lint(&object("prod/app"), &draft, Some(&issuer), &issued, NOW))
    };
    assert_eq!(shifted(ahead), [Rule::ValidityBounds]);
    assert_eq!(shifted(back), [Rule::BeforeIssuer, Rule::ValidityBounds]);
    let other_key = of(|draft| draft.key.bits[20] ^= 1);
    assert!(other_key.contains(&Rule::SpkiChanged), "{other_key:?}");
    let foreign = of(|draft| draft.profile = ca::client_of("app", "app.test.example.internal"));
    assert_eq!(foreign, [Rule::NameConstraints]);
}

#[test]
fn a_certificate_is_its_issuer_s_child_and_no_other() {
    let issuer = issuer();
    let own = issuer.certificate.facts.key.clone();
    let of = |object_name: &str, draft, issuer: &Issuer| {
        rules(issue::lint(&object(object_name), &draft, Some(issuer), &History::default(), NOW))
    };
    let loops = draft(ca::client("app"), "app", &own, "30d");
    assert_eq!(of("prod/app", loops, &issuer), [Rule::KeyIsIssuerKey]);
    // An intermediate has path length 0: it may sign no CA.
    let below = draft(ca::intermediate(), "prod sub CA g1", P256.public(), "30d");
    assert_eq!(of("prod/sub@g1", below, &issuer), [Rule::IssuerUnfit]);
    let app = || draft(ca::client("app"), "app", P256.public(), "30d");
    let revoked = Issuer { revoked: true, ..ca::issuer() };
    assert_eq!(of("prod/app", app(), &revoked), [Rule::IssuerUnfit]);
    let leaf = Certificate::parse("leaf", sign_leaf(&issuer).der).unwrap();
    let leaf = Issuer::new(object("prod/app"), leaf, false).unwrap();
    let found = of("prod/x", draft(ca::client("x"), "x", &own, "1d"), &leaf);
    assert!(found.contains(&Rule::IssuerUnfit), "{found:?}");
}

fn sign_leaf(issuer: &Issuer) -> Certificate {
    let draft = draft(ca::client("app"), "app", P256.public(), "30d");
    let history = History::default();
    let linted = issue::lint(&object("prod/app"), &draft, Some(issuer), &history, NOW).unwrap();
    linted.sign(Some(issuer), &*ca::ISSUER_KEY).unwrap()
}

/// openssl keeps two organizational units, the encoder loses one: the bytes differ.
#[test]
fn an_issuer_with_a_repeated_attribute_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (key, file) = (dir.path().join("key"), dir.path().join("cert.der"));
    output(
        Command::new(tool("openssl", "openssl"))
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args(["-subj", "/OU=one/OU=two/CN=Old Root", "-days", "7000", "-outform", "DER"])
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout"])
            .args([&key, std::path::Path::new("-out"), &file]),
    );
    let certificate = Certificate::parse("old", std::fs::read(file).unwrap()).unwrap();
    let begin = certificate.facts.not_before;
    let issuer = Issuer::new(object("root@g1"), certificate, false).unwrap();
    let mut draft = draft(ca::intermediate(), "prod vault CA g1", P256.public(), "3y");
    (draft.not_before, draft.not_after) = (begin, begin + Duration::days(30));
    let history = History::default();
    let found = issue::lint(&object("prod/vault@g1"), &draft, Some(&issuer), &history, begin);
    assert_eq!(rules(found), [Rule::IssuerName]);
}

/// What was encoded is judged against another draft: the rules do not trust the encoder.
#[test]
fn only_the_profile_is_signed() {
    let issuer = issuer();
    let judged = |made: Profile, cn: &str, wanted: Profile| {
        let made = draft(made, cn, P256.public(), "30d");
        let tbs = encode::certificate(&made, Some(&issuer.name())).unwrap();
        let facts = Facts::parse_tbs(&tbs).unwrap();
        let mut wanted = draft(wanted, "app", P256.public(), "30d");
        wanted.serial = made.serial;
        let found = lint::certificate(&facts, &wanted, Some(&issuer), Extras::None);
        let mut rules: Vec<Rule> = found.into_iter().map(|finding| finding.rule).collect();
        rules.dedup();
        rules
    };
    assert_eq!(judged(ca::client("app"), "app", ca::client("app")), []);
    assert_eq!(judged(ca::listener("app"), "app", ca::client("app")), [Rule::Profile]);
    assert_eq!(judged(ca::client("app"), "other", ca::client("app")), [Rule::SubjectForm]);
    let ca = judged(ca::intermediate(), "app", ca::client("app"));
    assert_eq!(ca, [Rule::Profile, Rule::NameConstraints]);
    assert_eq!(judged(Profile::Root, "app", ca::intermediate())[0], Rule::Profile);
}

#[test]
fn serials_keys_and_names_are_used_once() {
    let issuer = issuer();
    let draft = draft(ca::client("app"), "app", P256.public(), "30d");
    let Profile::Client { uri, .. } = &draft.profile else { unreachable!() };
    let other = Record {
        serial: Some(draft.serial.hex()),
        key: Some(sha256(&draft.key.spki)),
        cn: Some("app".into()),
        uri: Some(uri.clone()),
        ..Record::new(Act::IdentityIssue, &object("prod/other"))
    };
    let under = |record: Record| {
        let records = [record];
        let history = History::of(&records);
        rules(issue::lint(&object("prod/app"), &draft, Some(&issuer), &history, NOW))
    };
    let all = [Rule::SerialReused, Rule::KeyReused, Rule::SubjectTaken, Rule::SubjectTaken];
    assert_eq!(under(other.clone()), all);
    // Signed and never released counts, too; a name of another environment does not.
    let abandoned = Record { act: Act::Abandoned, ..other.clone() };
    assert_eq!(under(abandoned), [Rule::SerialReused, Rule::KeyReused]);
    let elsewhere = Record { object: "test/app".into(), serial: None, key: None, ..other };
    assert_eq!(under(elsewhere), []);
}

#[test]
fn a_signature_that_does_not_verify_is_not_released() {
    let broken = Signs::wrongly(&ca::ROOT_KEY);
    let draft_of_root = draft(Profile::Root, "Root", ca::ROOT_KEY.public(), "20y");
    let lint = |draft, issuer: Option<&Issuer>, name: &str| {
        issue::lint(&object(name), &draft, issuer, &History::default(), NOW).unwrap()
    };
    let linted = lint(draft_of_root, None, "root@g1");
    assert_eq!(rules(linted.sign(None, &broken)), [Rule::SignatureInvalid]);
    let root = root();
    let linted = lint(sound_intermediate(), Some(&root), "prod/identity@g1");
    assert_eq!(rules(linted.sign(Some(&root), &broken)), [Rule::SignatureInvalid]);
    // Of a leaf, the second implementation verifies the signature.
    let issuer = issuer();
    let app =
        || lint(draft(ca::client("app"), "app", P256.public(), "30d"), Some(&issuer), "prod/app");
    let wrong = Signs::wrongly(&ca::ISSUER_KEY);
    assert_eq!(rules(app().sign(Some(&issuer), &wrong)), [Rule::ChainRejected]);
    assert_eq!(rules(app().sign(Some(&issuer), &broken)), [Rule::IssuerKey]);
}

/// Without DNS subtrees a name constraint says nothing about DNS: the probe finds out.
#[test]
fn name_constraints_are_probed() {
    let root = root();
    let probe = |dns: &[&str]| {
        let profile = Profile::Intermediate {
            dns: dns.iter().map(|name| name.parse().unwrap()).collect(),
            ip: vec!["10.0.0.0/8".parse().unwrap()],
        };
        probe::names(&draft(profile, "prod CA", P256.public(), "3y"), &root, &*RNG)
    };
    assert_eq!(rules(probe(&[])), [Rule::NameProbe]);
    for sound in [&["prod.example.internal"][..], &["a.example", "xa.example"], &["invalid"]] {
        probe(sound).unwrap();
    }
}
