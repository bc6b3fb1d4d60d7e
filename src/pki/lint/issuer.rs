//! A certificate and the issuer that is to sign it.

use crate::journal::chain::timestamp;
use crate::model::{
    net::DnsName,
    rule::{Finding, Rule},
    text::hex,
};
use crate::pki::encode::signature_oid;
use crate::pki::inspect::Facts;
use crate::pki::issuer::Issuer;
use crate::pki::profile::{CERT_AND_CRL_SIGN, LinkKind, Profile};
use time::OffsetDateTime;

/// A root signs itself.
pub fn own(facts: &Facts, findings: &mut Vec<Finding>) {
    if facts.issuer != facts.subject {
        findings.push(Rule::IssuerName.found("a root's issuer is not its subject"));
    }
    if facts.signature_algorithm != signature_oid(facts.key.algorithm) {
        let message = format!("got signature algorithm {}", facts.signature_algorithm);
        findings.push(Rule::SignatureAlgorithm.found(message));
    }
}

/// A certificate and the issuer that is to sign it.
pub fn under(facts: &Facts, profile: &Profile, issuer: &Issuer, findings: &mut Vec<Finding>) {
    let parent = &issuer.certificate.facts;
    let name = &issuer.object;
    if facts.issuer != parent.subject {
        let message = format!("the issuer field is not the subject of {name}, byte for byte");
        findings.push(Rule::IssuerName.found(message));
    }
    if facts.signature_algorithm != signature_oid(parent.key.algorithm) {
        let message = format!("got signature algorithm {}", facts.signature_algorithm);
        findings.push(Rule::SignatureAlgorithm.found(message));
    }
    if facts.not_after > parent.not_after {
        findings.push(Rule::OutlivesIssuer.found(format!(
            "got {}, at most {} ({name})",
            timestamp(facts.not_after),
            timestamp(parent.not_after)
        )));
    }
    // "Old with new" is as old as the old root (RFC 9810 section 4.4.1): LINK-DATES.
    let is_old_root = matches!(profile, Profile::Link(link) if link.kind == LinkKind::OldWithNew);
    if facts.not_before < parent.not_before && !is_old_root {
        findings.push(Rule::BeforeIssuer.found(format!(
            "got {}, at least {} ({name})",
            timestamp(facts.not_before),
            timestamp(parent.not_before)
        )));
    }
    if facts.key.spki == parent.key.spki {
        findings.push(Rule::KeyIsIssuerKey.found(format!("the key is that of {name}")));
    }
    if facts.authority_key_id != parent.subject_key_id {
        let id = facts.authority_key_id.as_deref().map_or_else(|| "none".into(), hex);
        let message = format!("got authorityKeyIdentifier {id}, not that of {name}");
        findings.push(Rule::Profile.found(message));
    }
    within(facts, parent, findings);
}

/// The names of a leaf inside the constraints of its issuer.
fn within(facts: &Facts, parent: &Facts, findings: &mut Vec<Finding>) {
    let mut outside = |name: String| {
        findings.push(Rule::NameConstraints.found(format!("{name} is outside of its issuer's")));
    };
    let subtrees: Vec<DnsName> =
        parent.permitted.dns.iter().filter_map(|d| d.parse().ok()).collect();
    for name in &facts.names.dns {
        let inside = |name: DnsName| subtrees.iter().any(|domain| name.is_within(domain));
        if !subtrees.is_empty() && !name.parse().is_ok_and(inside) {
            outside(name.clone());
        }
    }
    let unconstrained = parent.permitted.is_empty() && parent.excluded.is_empty();
    for address in &facts.names.ip {
        let permitted = parent.permitted.ranges.iter().any(|range| range.contains(*address));
        if !permitted && !unconstrained {
            outside(address.to_string());
        }
    }
}

/// Is the issuer fit to sign at that moment?
pub fn fitness(issuer: &Issuer, subject_is_ca: bool, now: OffsetDateTime) -> Vec<Finding> {
    let facts = &issuer.certificate.facts;
    let mut findings = Vec::new();
    let mut unfit = |why: String| {
        findings.push(Rule::IssuerUnfit.found(format!("{} {why}", issuer.object)));
    };
    if !facts.is_ca {
        unfit("is no CA".into());
    }
    if facts.key_usage.is_none_or(|usage| usage & CERT_AND_CRL_SIGN != CERT_AND_CRL_SIGN) {
        unfit("may not sign certificates and CRLs".into());
    }
    if subject_is_ca && facts.path_length == Some(0) {
        unfit("has path length 0 and may sign no CA".into());
    }
    if now > facts.not_after {
        unfit(format!("expired on {}", timestamp(facts.not_after)));
    }
    if now.replace_nanosecond(0).unwrap_or(now) < facts.not_before {
        unfit(format!("is not valid before {}", timestamp(facts.not_before)));
    }
    if issuer.revoked {
        unfit("is revoked".into());
    }
    findings
}
