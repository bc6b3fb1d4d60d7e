//! CRLs: each continues the one before it, says only what its issuer may say, and is verified.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;

use ca::{NOW, ROOT_KEY, Signs, object, rules};
use common::Site;
use rootward::journal::{Act, History, Record};
use rootward::model::rule::Rule;
use rootward::pki::{
    crl::{self, Crl, Plan, Reason, Revoked},
    inspect::Certificate,
    issuer::Issuer,
};
use time::Duration;

const CRL: [&str; 3] = ["root", "crl", "--now"];

#[test]
fn an_older_crl_is_not_continued() {
    let site = Site::prepared();
    let first = site.read("ca/root/g1/crl.pem");
    site.keyed(&CRL).ok();
    let second = site.read("ca/root/g1/crl.pem");
    site.write("ca/root/g1/crl.pem", &first);
    site.refuses("CRL-NUMBER", |site| site.keyed(&CRL));
    // It could name the issuer as revoked: nothing is issued under an older one.
    site.refuses("CRL-NUMBER", |site| site.keyed(&["identity", "issue", "prod/vault-server"]));
    let said = site.run(&["verify"]);
    assert!(said.code == 1 && said.stdout.contains("root@g1: CRL-NUMBER: "), "{said:?}");
    site.write("ca/root/g1/crl.pem", &second);
    site.run(&["verify"]).ok();
    site.keyed(&CRL).ok();
}

#[test]
fn another_crl_is_not_continued() {
    let site = Site::prepared();
    let other = site.read("ca/prod/identity/g1/crl.pem");
    site.write("ca/root/g1/crl.pem", &other);
    site.refuses("NOT-AS-RECORDED", |site| site.keyed(&CRL));
    let said = site.run(&["verify"]);
    assert!(said.code == 1 && said.stdout.contains("ca/root/g1/crl.pem"), "{said:?}");
    std::fs::remove_file(site.path("ca/root/g1/crl.pem")).unwrap();
    site.fails(1, "ca/root/g1/crl.pem is missing", |site| site.keyed(&CRL));
    site.run(&["verify"]).fails(1, "1 problem");
}

#[test]
fn an_issuer_past_its_end_issues_no_crl() {
    let site = Site::prepared();
    let run = site.refuses("CRL-DATES", |site| site.keyed_at("+21y", &CRL));
    assert!(run.stderr.contains("ISSUER-UNFIT: "), "{}", run.stderr);
}

/// prod/identity@g1 was issued by root@g1, prod/app by prod/identity@g1.
fn records() -> [Record; 2] {
    let of = |act, name: &str, serial: &str, issuer: &str| Record {
        serial: Some(serial.into()),
        issuer: Some(issuer.into()),
        not_after: Some("2029-11-20T10:00:00Z".into()),
        ..Record::new(act, &object(name))
    };
    [
        of(Act::IntermediateSign, "prod/identity@g1", "01aa", "root@g1"),
        of(Act::IdentityIssue, "prod/app", "01bb", "prod/identity@g1"),
    ]
}

fn revoked(serial: &str) -> Revoked {
    Revoked { serial: serial.into(), date: NOW, reason: Some(Reason::KeyCompromise) }
}

fn plan(revoked: Vec<Revoked>) -> Plan {
    let next_update = NOW + Duration::days(30);
    Plan { number: 2, this_update: NOW, next_update, revoked }
}

/// A CRL of the root with that number and these entries, a day old.
fn previous(root: &Issuer, number: u64, revoked: Vec<Revoked>) -> Crl {
    let records = records();
    let history = History::of(&records);
    crl::issue(&Plan { number, ..plan(revoked) }, root, None, &history, &*ROOT_KEY).unwrap()
}

fn linted(plan: &Plan, issuer: &Issuer, previous: Option<&Crl>) -> Vec<Rule> {
    let records = records();
    let found = crl::lint(plan, issuer, previous, &History::of(&records));
    found.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn numbers_rise_and_dates_lie_inside_the_issuer_s() {
    let root = ca::root();
    let of = |change: fn(&mut Plan)| {
        let mut plan = plan(Vec::new());
        change(&mut plan);
        linted(&plan, &root, Some(&previous(&root, 1, Vec::new())))
    };
    assert_eq!(of(|_| {}), []);
    assert_eq!(of(|plan| plan.number = 0), [Rule::CrlNumber]);
    assert_eq!(of(|plan| plan.number = 1), [Rule::CrlNumber]);
    let dates = |change| assert_eq!(of(change), [Rule::CrlDates]);
    dates(|plan| plan.next_update = NOW - Duration::SECOND);
    dates(|plan| plan.this_update = NOW - Duration::DAY);
    dates(|plan| plan.next_update = NOW + Duration::days(365));
    assert_eq!(of(|plan| plan.next_update = NOW + Duration::days(365) - Duration::SECOND), []);
    let end = root.certificate.facts.not_after;
    let late = |next| Plan { this_update: end - Duration::DAY, next_update: next, ..plan(vec![]) };
    assert_eq!(linted(&late(end), &root, None), []);
    assert_eq!(linted(&late(end + Duration::SECOND), &root, None), [Rule::CrlDates]);
}

#[test]
fn entries_are_the_issuer_s_own_with_a_final_reason() {
    let root = ca::root();
    let of = |entry: Revoked| linted(&plan(vec![entry]), &root, None);
    assert_eq!(of(revoked("01aa")), []);
    assert_eq!(of(Revoked { reason: None, ..revoked("01aa") }), []);
    assert_eq!(of(revoked("01cc")), [Rule::CrlScope]);
    assert_eq!(of(revoked("01bb")), [Rule::CrlScope, Rule::CrlScope]);
    for code in [0, 6, 8] {
        let reason = Some(Reason::Other(code));
        assert_eq!(of(Revoked { reason, ..revoked("01aa") }), [Rule::CrlReason]);
    }
    let late = Revoked { date: NOW + Duration::SECOND, ..revoked("01aa") };
    assert_eq!(of(late), [Rule::CrlRevocationDate]);
    assert_eq!(linted(&plan(vec![revoked("01bb")]), &ca::issuer(), None), []);
}

#[test]
fn a_revocation_is_not_taken_back_until_the_certificate_has_expired() {
    let root = ca::root();
    let last = previous(&root, 1, vec![revoked("01aa")]);
    assert_eq!(linted(&plan(Vec::new()), &root, Some(&last)), [Rule::CrlShrinks]);
    let records = records();
    let history = History::of(&records);
    let next = |last: &Crl, now| {
        let until = now + Duration::days(30);
        Plan::next(Some(last), &root, until, &history, now).unwrap().revoked.len()
    };
    // The last CRL that names it is the one after its expiry (RFC 5280 section 3.3).
    let expired = NOW + Duration::days(365 * 4);
    assert_eq!(next(&last, expired), 1);
    assert_eq!(next(&Crl { this_update: expired, ..last }, expired + Duration::DAY), 0);
}

#[test]
fn a_crl_that_does_not_verify_or_names_another_issuer_is_not_released() {
    let (root, records) = (ca::root(), records());
    let history = History::of(&records);
    let issue = |issuer: &Issuer, signer: &dyn rootward::custody::Signer| {
        rules(crl::issue(&plan(Vec::new()), issuer, None, &history, signer))
    };
    assert_eq!(issue(&root, &*ROOT_KEY), []);
    assert_eq!(issue(&root, &Signs::wrongly(&ROOT_KEY)), [Rule::SignatureInvalid]);
    assert_eq!(issue(&root, &*ca::ISSUER_KEY), [Rule::IssuerKey]);
    let revoked = Issuer { revoked: true, ..ca::issuer() };
    assert_eq!(issue(&revoked, &*ca::ISSUER_KEY), [Rule::IssuerUnfit]);
    let mut facts = root.certificate.facts.clone();
    facts.subject_key_id = None;
    let certificate = Certificate { facts, ..root.certificate };
    let nameless = Issuer { certificate, ..ca::root() };
    assert_eq!(issue(&nameless, &*ROOT_KEY), [Rule::IssuerName]);
}
