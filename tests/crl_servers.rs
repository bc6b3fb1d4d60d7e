//! A revoked identity is turned away by the servers that load the CRL, and no other is.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod servers;

use common::{PASSPHRASE, Site};
use ring::rand::SystemRandom;
use rootward::custody::{sealed, soft::SoftKey};
use rootward::journal::{History, Journal};
use rootward::pki::{
    crl::{self, Crl, Plan, Reason, Revoked},
    inspect::Certificate,
    issuer::Issuer,
    pem,
};
use serde_json::json;
use servers::{CRL, INTERMEDIATE, Nginx, OpenBao, ROOT_CRL};
use std::fs;
use time::OffsetDateTime;

/// prod/hello and prod/other, and the certificate that both servers show.
fn site() -> Site {
    let site = Site::prepared();
    fs::create_dir(site.path("identities/prod/other")).unwrap();
    let declaration = site.read("identities/prod/hello/identity.toml");
    site.write("identities/prod/other/identity.toml", &declaration);
    site.keyed(&["identity", "issue", "prod/other", "prod/vault-server"]).ok();
    site
}

/// Puts one identity on the next CRL of its intermediate.
fn revoke(site: &Site, identity: &str) {
    let certificate = |path: &str| {
        let der = pem::read_certificates(path, site.read(path).as_bytes()).unwrap().remove(0);
        Certificate::parse(path, der).unwrap()
    };
    let head = site.read("ca/journal.head");
    let journal = Journal::parse(&site.read("ca/journal.jsonl"), Some(head.as_bytes())).unwrap();
    let history = History::of(&journal.records);
    let object = "prod/identity@g1".parse().unwrap();
    let issuer = Issuer::new(object, certificate(INTERMEDIATE), false).unwrap();
    let previous = pem::read_one(CRL, "X509 CRL", site.read(CRL).as_bytes()).unwrap();
    let previous = Crl::parse(CRL, previous).unwrap();
    let now = OffsetDateTime::now_utc();
    let until = now + time::Duration::days(30);
    let mut plan = Plan::next(Some(&previous), &issuer, until, &history, now).unwrap();
    let serial = certificate(&format!("identities/{identity}/cert.pem")).facts.serial;
    let date = plan.this_update;
    plan.revoked.push(Revoked { serial, date, reason: Some(Reason::KeyCompromise) });
    let path = "ca/prod/identity/g1/key.pem";
    let key = sealed::open(path, site.read(path).as_bytes(), PASSPHRASE.as_bytes()).unwrap();
    let rng = SystemRandom::new();
    let key = SoftKey::open(key.as_bytes(), &rng).unwrap();
    let crl = crl::issue(&plan, &issuer, Some(&previous), &history, &key).unwrap();
    site.write(CRL, &pem::encode("X509 CRL", &crl.der).unwrap());
}

#[test]
fn openbao_lets_a_revoked_identity_log_in_no_more() {
    let site = site();
    let bao = OpenBao::start(&site);
    bao.role(&site, "hello");
    bao.role(&site, "other");
    // The empty CRL shuts nobody out.
    bao.load_crl("prod-identity", &site.read(CRL));
    let before = bao.login("hello").unwrap();
    bao.login("other").unwrap();

    revoke(&site, "prod/hello");
    bao.login("hello").unwrap();
    bao.load_crl("prod-identity", &site.read(CRL));
    let (status, said) = bao.login("hello").unwrap_err();
    assert_eq!(status, 400, "{said}");
    assert!(said.contains("no chain matching all constraints"), "{said}");
    bao.login("other").unwrap();
    // What the README warns of: a CRL ends no session, but this does.
    assert!(bao.serves(&before));
    let entity = format!("identity/entity/id/{}", before.entity);
    bao.api("POST", &entity, &json!({"disabled": true}));
    assert!(!bao.serves(&before));
}

#[test]
fn nginx_turns_a_revoked_identity_away() {
    let site = site();
    let crls = || site.read(CRL) + &site.read(ROOT_CRL);
    let nginx = Nginx::start(&site, &crls());
    assert_eq!(nginx.visit("prod/hello"), (200, "CN=hello".into()), "{}", nginx.log());
    assert_eq!(nginx.visit("prod/other").0, 200);

    revoke(&site, "prod/hello");
    nginx.load_crls(&crls(), |nginx| nginx.visit("prod/hello").0 == 400);
    assert!(nginx.log().contains("certificate revoked"), "{}", nginx.log());
    assert_eq!(nginx.visit("prod/other"), (200, "CN=other".into()), "{}", nginx.log());
}

/// It wants the CRL of every issuer in the chain, the root's too.
#[test]
fn nginx_without_the_root_s_crl_turns_everybody_away() {
    let site = site();
    let nginx = Nginx::start(&site, &site.read(CRL));
    assert_eq!(nginx.visit("prod/other").0, 400);
    assert!(nginx.log().contains("unable to get certificate CRL"), "{}", nginx.log());
}

/// It trusts the root, which other environments share: the `map` of the README keeps them out.
#[test]
fn nginx_lets_no_other_environment_in() {
    let site = site();
    site.keyed(&["intermediate", "request", "test/identity"]).ok();
    site.keyed(&["intermediate", "sign", "test/identity"]).ok();
    fs::create_dir_all(site.path("identities/test/hello")).unwrap();
    let declaration = site.read("identities/prod/hello/identity.toml");
    site.write("identities/test/hello/identity.toml", &declaration);
    site.keyed(&["identity", "issue", "test/hello"]).ok();
    let crls = [CRL, "ca/test/identity/g1/crl.pem", ROOT_CRL].map(|path| site.read(path));
    let nginx = Nginx::start(&site, &crls.concat());
    assert_eq!(nginx.visit("prod/hello").0, 200, "{}", nginx.log());
    assert_eq!(nginx.visit("test/hello").0, 403, "{}", nginx.log());
}
