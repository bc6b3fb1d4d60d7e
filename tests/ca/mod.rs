//! A CA without files: keys, drafts and signers for tests of the issuance path.
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use ring::rand::SystemRandom;
use rootward::custody::{
    Signer,
    soft::{SoftKey, generate},
};
use rootward::error::Result;
use rootward::journal::History;
use rootward::model::{
    key::{Algorithm, PublicKey},
    name::ObjectRef,
    rule::Rule,
};
use rootward::pki::{
    encode,
    inspect::Certificate,
    issue::{self, assemble},
    issuer::Issuer,
    profile::{Draft, Profile},
    subject::Subject,
};
use std::sync::LazyLock;
use time::{OffsetDateTime, macros::datetime};

pub const NOW: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

pub static RNG: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);
pub static ROOT_KEY: LazyLock<SoftKey> = LazyLock::new(|| key(Algorithm::P384));
pub static ISSUER_KEY: LazyLock<SoftKey> = LazyLock::new(|| key(Algorithm::P256));
/// Somebody's.
pub static P256: LazyLock<SoftKey> = LazyLock::new(|| key(Algorithm::P256));

pub fn key(algorithm: Algorithm) -> SoftKey<'static> {
    SoftKey::open(&generate(algorithm, &*RNG).unwrap(), &*RNG).unwrap()
}

pub fn object(text: &str) -> ObjectRef {
    text.parse().unwrap()
}

/// The rules of a refusal; none when there was none.
#[track_caller]
pub fn rules<T>(result: Result<T>) -> Vec<Rule> {
    let error = match result {
        Ok(_) => return Vec::new(),
        Err(error) => error,
    };
    assert!(!error.findings.is_empty(), "not a refusal: {error:?}");
    error.findings.iter().map(|finding| finding.rule).collect()
}

pub fn subject(common_name: &str) -> Subject {
    Subject { country: None, organization: None, common_name: common_name.into() }
}

pub fn draft(profile: Profile, cn: &str, key: &PublicKey, lifetime: &str) -> Draft {
    let lifetime = lifetime.parse().unwrap();
    Draft::new(profile, subject(cn), key.clone(), lifetime, NOW, &*RNG).unwrap()
}

pub fn intermediate() -> Profile {
    Profile::Intermediate {
        dns: vec!["prod.example.internal".parse().unwrap()],
        ip: vec!["10.0.0.0/8".parse().unwrap()],
    }
}

pub fn client(name: &str) -> Profile {
    client_of(name, &format!("{name}.prod.example.internal"))
}

pub fn client_of(name: &str, dns: &str) -> Profile {
    let uri = format!("spiffe://prod.example.internal/app/{name}");
    Profile::Client { dns: vec![dns.parse().unwrap()], uri }
}

pub fn listener(name: &str) -> Profile {
    let dns = format!("{name}.prod.example.internal");
    Profile::Listener { dns: vec![dns.parse().unwrap()], ip: Vec::new() }
}

pub fn sound_intermediate() -> Draft {
    draft(intermediate(), "prod identity CA g1", ISSUER_KEY.public(), "3y")
}

pub fn root() -> Issuer {
    let draft = draft(Profile::Root, "Root", ROOT_KEY.public(), "20y");
    let linted = issue::lint(&object("root@g1"), &draft, None, &History::default(), NOW).unwrap();
    Issuer::new(object("root@g1"), linted.sign(None, &*ROOT_KEY).unwrap(), false).unwrap()
}

/// prod/identity@g1 under [`root`].
pub fn issuer() -> Issuer {
    let (root, object) = (root(), object("prod/identity@g1"));
    let history = History::default();
    let linted = issue::lint(&object, &sound_intermediate(), Some(&root), &history, NOW).unwrap();
    Issuer::new(object, linted.sign(Some(&root), &*ROOT_KEY).unwrap(), false).unwrap()
}

/// Encodes and signs whatever the draft says: what a CA elsewhere may do.
pub fn sign(draft: &Draft, issuer: Option<&Certificate>, signer: &dyn Signer) -> Certificate {
    let name = issuer.map(|issuer| encode::IssuerName {
        subject: issuer.facts.subject.clone(),
        key_id: issuer.facts.subject_key_id.clone().unwrap_or_default(),
        algorithm: issuer.facts.key.algorithm,
    });
    let tbs = encode::certificate(draft, name.as_ref()).unwrap();
    Certificate::parse("made", assemble(&tbs, signer).unwrap()).unwrap()
}

/// A token with a flipped bit: it signs something else than it is given.
pub struct Signs<'a>(&'a SoftKey<'static>);

impl<'a> Signs<'a> {
    pub fn wrongly(key: &'a SoftKey<'static>) -> Self {
        Self(key)
    }
}

impl Signer for Signs<'_> {
    fn public(&self) -> &PublicKey {
        self.0.public()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.0.sign(&[message, b"!"].concat())
    }
}
