//! Who verifies what, when a root has a successor and both are linked (RFC 9810 section 4.4).
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;
mod roots;

use ca::{NOW, RNG, key, rules};
use roots::{Key, ONCE, Pair, Tree, rsa};
use rootward::journal::History;
use rootward::model::{key::Algorithm, rule::Rule};
use rootward::pki::{
    chain,
    crl::{self, Crl, Revoked},
    encode::{self, CrlDraft},
    inspect::Certificate,
    issue::assemble,
    issuer::Issuer,
    link,
    profile::{LinkKind, Serial},
};
use time::{Duration, OffsetDateTime};

const GNUTLS_TRUSTS: &str = "Chain verification output: Verified. The certificate is trusted.";
const GNUTLS_REVOKED: &str = "The certificate chain is revoked.";

#[track_caller]
fn accepted(openssl: &str, gnutls: &str) {
    assert!(openssl.ends_with(": OK\n"), "{openssl}");
    assert!(gnutls.contains(GNUTLS_TRUSTS), "{gnutls}");
}

#[test]
fn every_chain_is_verified_by_who_trusts_either_root_or_both() {
    let (p384, ed25519) = (|| key(Algorithm::P384), || key(Algorithm::Ed25519));
    for (old, new) in [(p384(), p384()), (p384(), ed25519()), (rsa(), p384())] {
        let pair = Pair::new(old, new);
        for (tree, trusted) in pair.trees().iter().flat_map(|tree| pair.trusts().map(|t| (tree, t)))
        {
            let ca = &tree.ca.certificate;
            let between = [ca, &pair.new_with_old, &pair.old_with_new];
            accepted(
                &pair.openssl(&tree.leaf, &between, &trusted, &[]),
                &pair.gnutls(&tree.leaf, &between, &trusted, &[]),
            );
            for root in &trusted {
                chain::accepts_through(&root.anchor, &between, &tree.leaf, NOW).unwrap();
            }
            // It is the link that does it.
            if trusted.iter().all(|root| root.object != tree.root.object) {
                let refused = pair.openssl(&tree.leaf, &[ca], &trusted, &[]);
                assert!(refused.contains("unable to get local issuer certificate"), "{refused}");
                let refused = pair.gnutls(&tree.leaf, &[ca], &trusted, &[]);
                assert!(refused.contains("The certificate issuer is unknown"), "{refused}");
                let anchor = &trusted[0].anchor;
                let refused = chain::accepts_through(anchor, &[ca], &tree.leaf, NOW);
                assert_eq!(rules(refused), [Rule::ChainRejected]);
            }
        }
    }
}

/// The CRL of `issuer`, its first, on the path of all CRLs.
fn first_crl(issuer: &Issuer, key: &Key) -> Crl {
    let history = History::default();
    let next_update = NOW + Duration::days(30);
    let plan = crl::Plan::next(None, issuer, next_update, &history, NOW).unwrap();
    crl::issue(&plan, issuer, None, &history, key).unwrap()
}

#[test]
fn every_chain_is_verified_with_the_crls_of_its_issuers() {
    let pair = Pair::p384();
    let crls: Vec<Crl> = pair
        .trees()
        .into_iter()
        .flat_map(|tree| [first_crl(&tree.root, &tree.key), first_crl(&tree.ca, &tree.ca_key)])
        .collect();
    let all: Vec<&Crl> = crls.iter().collect();
    for (tree, trusted) in pair.trees().iter().flat_map(|tree| pair.trusts().map(|t| (tree, t))) {
        let between = [&[&tree.ca.certificate][..], &pair.links()].concat();
        let openssl = |crls: &[&Crl]| pair.openssl(&tree.leaf, &between, &trusted, crls);
        accepted(&openssl(&all), &pair.gnutls(&tree.leaf, &between, &trusted, &all));
        // The CRL of the root that signed the intermediate is asked for, whoever is trusted.
        let without: Vec<&Crl> =
            all.iter().filter(|crl| crl.issuer != tree.root.name().subject).copied().collect();
        let refused = openssl(&without);
        assert!(refused.contains("unable to get certificate CRL"), "{refused}");
    }
}

/// Encodes and signs whatever it is told.
fn crl_of(issuer: &Issuer, key: &Key, revoked: &[&Certificate], at: OffsetDateTime) -> Crl {
    let entry = |certificate: &&Certificate| Revoked {
        serial: certificate.facts.serial.clone(),
        date: at,
        reason: None,
    };
    let revoked: Vec<Revoked> = revoked.iter().map(entry).collect();
    let next_update = at + Duration::days(30);
    let draft = CrlDraft { number: 1, this_update: at, next_update, revoked: &revoked };
    let tbs = encode::crl(&draft, &issuer.name()).unwrap();
    Crl::parse("made", assemble(&tbs, key).unwrap()).unwrap()
}

/// Why each generation of the root has its own name.
#[test]
fn with_one_name_for_both_roots_a_revocation_is_overlooked() {
    let sound = Pair::p384();
    let judged = |pair: &Pair| {
        let (old, new) = (&pair.old, &pair.new);
        let yesterday = NOW - Duration::days(1);
        let revokes = crl_of(&old.root, &old.key, &[&old.ca.certificate], yesterday);
        let empty = crl_of(&new.root, &new.key, &[], NOW);
        let leaves = crl_of(&old.ca, &old.ca_key, &[], NOW);
        let between = [&old.ca.certificate, &pair.old_with_new];
        let openssl = pair.openssl(&old.leaf, &between, &[&new.root], &[&empty, &leaves]);
        let gnutls = pair.gnutls(&old.leaf, &between, &[&new.root], &[&revokes, &empty, &leaves]);
        (openssl, gnutls)
    };
    let (openssl, gnutls) = judged(&sound);
    assert!(openssl.contains("unable to get certificate CRL"), "{openssl}");
    assert!(gnutls.contains(GNUTLS_REVOKED), "{gnutls}");

    let old = Tree::new(1, "Root", key(Algorithm::P384), ONCE);
    let new = Tree::new(2, "Root", key(Algorithm::P384), NOW);
    let sign = |kind, root: &Tree, signer: &Tree| {
        let serial = Serial::random(&*RNG).unwrap();
        let draft = link::draft(kind, &root.root.certificate, &signer.root.certificate, serial);
        ca::sign(&draft, Some(&signer.root.certificate), &signer.key)
    };
    let new_with_old = sign(LinkKind::NewWithOld, &new, &old);
    let old_with_new = sign(LinkKind::OldWithNew, &old, &new);
    let one_name = Pair { old, new, new_with_old, old_with_new, dir: sound.dir };
    let (openssl, gnutls) = judged(&one_name);
    accepted(&openssl, &gnutls);

    let (old, new) = (&one_name.old.root, &one_name.new.root);
    let refused = link::lint(old, new, &History::default(), NOW, &*RNG);
    assert_eq!(rules(refused), [Rule::LinkPair]);
}
