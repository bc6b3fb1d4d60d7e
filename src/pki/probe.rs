//! Name-constraint probes: before a real intermediate is signed, a copy of it with throw-away
//! keys must let an in-scope leaf through and stop an out-of-scope one, in rustls-webpki.

use super::chain::{self, Anchor};
use super::encode;
use super::inspect::Certificate;
use super::issue::assemble;
use super::issuer::Issuer;
use super::profile::{Draft, Profile};
use super::subject::Subject;
use crate::context::Rng;
use crate::custody::{
    Signer,
    soft::{SoftKey, generate},
};
use crate::error::{Error, Result, none_of};
use crate::model::{
    key::Algorithm,
    net::{Cidr, DnsName},
    rule::{Finding, Rule},
    span::Span,
};
use std::net::IpAddr;

/// Names that are nobody's (RFC 6761); the first that the environment does not contain is used.
const ELSEWHERE: [&str; 3] = ["rootward.invalid", "rootward.test", "rootward.example"];

/// # Errors
/// NAME-PROBE, naming each probe that went the wrong way.
pub fn names(draft: &Draft, issuer: &Issuer, rng: &Rng) -> Result<()> {
    let Profile::Intermediate { dns, ip } = &draft.profile else { return Ok(()) };
    // An RSA root stays RSA in the certificate; only its stand-in is made with another key.
    let algorithm = match issuer.certificate.facts.key.algorithm {
        Algorithm::Rsa => Algorithm::P384,
        other => other,
    };
    let (root_key, ca_key) = (throw_away(algorithm, rng)?, throw_away(Algorithm::P256, rng)?);
    let leaf_key = throw_away(Algorithm::P256, rng)?;
    let root = Draft {
        profile: Profile::Root,
        key: root_key.public().clone(),
        not_after: issuer.certificate.facts.not_after,
        ..draft.clone()
    };
    let root = sign(&root, None, &root_key)?;
    let anchor = Anchor::new(&root)?;
    let ca =
        sign(&Draft { key: ca_key.public().clone(), ..draft.clone() }, Some(&root), &root_key)?;

    let probe = |dns: Option<&DnsName>, ip: Option<IpAddr>| -> Result<bool> {
        let leaf = Draft {
            profile: Profile::Listener {
                dns: dns.cloned().into_iter().collect(),
                ip: ip.into_iter().collect(),
            },
            subject: Subject { country: None, organization: None, common_name: "probe".into() },
            key: leaf_key.public().clone(),
            lifetime: Span::days(1),
            ..draft.clone()
        };
        let leaf = sign(&leaf, Some(&ca), &ca_key)?;
        Ok(chain::accepts_through(&anchor, &[&ca], &leaf, draft.not_before).is_ok())
    };
    let mut findings = Vec::new();
    let mut expect = |accepted: bool, wanted: bool, name: String| {
        if accepted != wanted {
            findings.push(wrong_way(&name, wanted));
        }
    };
    for name in dns {
        expect(probe(Some(name), None)?, true, name.to_string());
        let sibling: DnsName = format!("x{name}").parse().unwrap_or_else(|_| name.clone());
        let inside = dns.iter().any(|domain| sibling.is_within(domain));
        expect(probe(Some(&sibling), None)?, inside, sibling.to_string());
    }
    for name in ELSEWHERE {
        let name: DnsName = name.parse().map_err(Error::failed)?;
        if !dns.iter().any(|domain| name.is_within(domain)) {
            expect(probe(Some(&name), None)?, false, name.to_string());
            break;
        }
    }
    for range in ip {
        expect(probe(None, Some(range.address))?, true, range.address.to_string());
    }
    if let Some(address) = outside(ip) {
        expect(probe(None, Some(address))?, false, address.to_string());
    }
    none_of(findings)
}

fn wrong_way(name: &str, wanted: bool) -> Finding {
    let (was, expected) = if wanted { ("refused", "accepted") } else { ("accepted", "refused") };
    Rule::NameProbe.found(format!("a leaf for {name} was {was}, expected {expected}"))
}

/// An address that no range permits (TEST-NET-1, RFC 5737, unless it is declared).
fn outside(ranges: &[Cidr]) -> Option<IpAddr> {
    let candidates: [IpAddr; 3] = [
        IpAddr::from([192, 0, 2, 1]),
        IpAddr::from([203, 0, 113, 1]),
        IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
    ];
    candidates.into_iter().find(|ip| !ranges.iter().any(|range| range.contains(*ip)))
}

fn throw_away(algorithm: Algorithm, rng: &Rng) -> Result<SoftKey<'_>> {
    SoftKey::open(&generate(algorithm, rng)?, rng)
}

/// Encodes and signs without the rules: these certificates never leave this function's caller.
fn sign(draft: &Draft, issuer: Option<&Certificate>, signer: &dyn Signer) -> Result<Certificate> {
    let name = issuer.map(|issuer| encode::IssuerName {
        subject: issuer.facts.subject.clone(),
        key_id: issuer.facts.subject_key_id.clone().unwrap_or_default(),
        algorithm: issuer.facts.key.algorithm,
    });
    Certificate::parse("probe", assemble(&encode::certificate(draft, name.as_ref())?, signer)?)
}
