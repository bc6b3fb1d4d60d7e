//! Chains that were signed elsewhere: the same rules, judged on finished certificates.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;

use ca::{P256, RNG, ROOT_KEY, sign};
use common::{Run, Site, assert_plain};
use rootward::custody::{Signer, soft::SoftKey};
use rootward::model::key::PublicKey;
use rootward::pki::{
    inspect::Certificate,
    issue, pem,
    profile::{Draft, Profile, Serial},
};
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime};

const CN: &str = "Prod Vault CA";

/// The foreign root is as old as a day: a certificate may begin before now, but not before it.
static ROOT: LazyLock<Certificate> = LazyLock::new(|| {
    let mut root = draft(Profile::Root, "Foreign Root", ROOT_KEY.public(), "20y");
    root.not_before -= Duration::DAY;
    root.not_after -= Duration::DAY;
    sign(&root, None, &*ROOT_KEY)
});

fn draft(profile: Profile, cn: &str, key: &PublicKey, lifetime: &str) -> Draft {
    let now = OffsetDateTime::now_utc();
    let lifetime = lifetime.parse().unwrap();
    Draft::new(profile, ca::subject(cn), key.clone(), lifetime, now, &*RNG).unwrap()
}

/// What a good CA elsewhere would sign for our request.
fn good() -> Draft {
    draft(ca::intermediate(), CN, P256.public(), "3y")
}

/// A workspace that waits for the certificate of a request with this name and key.
fn waiting(cn: &str, key: &SoftKey<'static>) -> Site {
    let site = Site::prepared();
    let request = issue::request(&ca::subject(cn), key).unwrap();
    let file = site.beside("vault.csr");
    std::fs::write(&file, pem::encode("CERTIFICATE REQUEST", &request).unwrap()).unwrap();
    let file = file.display().to_string();
    site.run(&["intermediate", "request", "prod/vault", "--csr", &file]).ok();
    site
}

fn import(site: &Site, chain: &[&Certificate]) -> Run {
    let file = site.beside("chain.pem");
    let text = pem::certificates(chain.iter().map(|one| one.der.as_slice())).unwrap();
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    site.run(&["intermediate", "import", "prod/vault", "--chain", &file])
}

fn under_root(draft: &Draft) -> Certificate {
    sign(draft, Some(&ROOT), &*ROOT_KEY)
}

#[test]
fn a_good_chain_is_filed_once() {
    let site = waiting(CN, &P256);
    let made = under_root(&good());
    import(&site, &[&made, &ROOT]).ok();
    let before = site.snapshot();
    import(&site, &[&made, &ROOT]).ok();
    assert_eq!(site.snapshot(), before);
    site.declines("CONTRADICTION", |site| import(site, &[&under_root(&good()), &ROOT]));
    site.run(&["verify"]).ok();
}

/// One change to the draft, and the rule that sees it.
#[test]
fn what_another_ca_signed_differently_is_refused_by_name() {
    type Change = fn(&mut Draft);
    let changes: [(&str, Change); 8] = [
        ("PROFILE", |draft| draft.profile = Profile::Root),
        ("NAME-CONSTRAINTS", |draft| {
            let dns = vec!["test.example.internal".parse().unwrap()];
            draft.profile = Profile::Intermediate { dns, ip: Vec::new() };
        }),
        ("VALIDITY-BOUNDS", |draft| draft.not_after += Duration::days(365)),
        ("VALIDITY-BOUNDS", |draft| {
            draft.not_before += Duration::days(30);
            draft.not_after = draft.not_before + Duration::days(300);
        }),
        ("BEFORE-ISSUER", |draft| draft.not_before -= Duration::days(3)),
        ("OUTLIVES-ISSUER", |draft| draft.not_after += Duration::days(365 * 20)),
        ("SERIAL-FORM", |draft| {
            draft.serial = Serial([0; 17]);
            draft.serial.0[16] = 5;
        }),
        ("SUBJECT-FORM", |draft| draft.subject.common_name = "Another CA".into()),
    ];
    let site = waiting(CN, &P256);
    for (rule, change) in changes {
        let mut draft = good();
        change(&mut draft);
        let made = under_root(&draft);
        assert_plain(&site.refuses(rule, |site| import(site, &[&made, &ROOT])));
    }
    let stranger = ca::key(rootward::model::key::Algorithm::P256);
    let other = under_root(&Draft { key: stranger.public().clone(), ..good() });
    site.refuses("SPKI-CHANGED", |site| import(site, &[&other, &ROOT]));
    site.run(&["verify"]).ok();
}

#[test]
fn a_chain_is_in_order_and_ends_in_a_root() {
    let site = waiting(CN, &P256);
    let (made, stranger) = (under_root(&good()), ca::key(rootward::model::key::Algorithm::P384));
    let forged = sign(&good(), Some(&ROOT), &stranger);
    let leaf = under_root(&draft(ca::client("x"), "x", ca::ISSUER_KEY.public(), "1y"));
    let below = sign(&good(), Some(&leaf), &*ca::ISSUER_KEY);
    for chain in [
        &[&made][..],
        &[&*ROOT],
        &[&*ROOT, &made],
        &[&made, &made],
        &[&made, &ROOT, &made],
        &[&forged, &ROOT],
        &[&below, &leaf, &ROOT],
    ] {
        assert_plain(&site.refuses("CHAIN-REJECTED", |site| import(site, chain)));
    }
    import(&site, &[&made, &ROOT]).ok();
}

#[test]
fn a_ca_is_not_its_own_issuer_and_takes_nobody_s_name() {
    let site = waiting(CN, &ROOT_KEY);
    let own = under_root(&Draft { key: ROOT_KEY.public().clone(), ..good() });
    site.refuses("KEY-IS-ISSUER-KEY", |site| import(site, &[&own, &ROOT]));
    let taken = "prod identity CA g1";
    let site = waiting(taken, &P256);
    let mut draft = good();
    draft.subject.common_name = taken.into();
    let made = under_root(&draft);
    site.refuses("SUBJECT-TAKEN", |site| import(site, &[&made, &ROOT]));
}

#[test]
fn without_a_request_there_is_nothing_to_compare_with() {
    let site = Site::prepared();
    let made = under_root(&good());
    site.fails(1, "prod/vault has no request", |site| import(site, &[&made, &ROOT]));
}
