//! The rules for what is about to be signed, judged on the to-be-signed bytes themselves.

use super::encode::signature_oid;
use super::inspect::{Facts, Names};
use super::issue::Issuer;
use super::profile::{self, CERT_AND_CRL_SIGN, Draft, Profile};
use crate::journal::chain::timestamp;
use crate::model::{
    net::DnsName,
    rule::{Finding, Rule},
    text::hex,
};
use time::{Duration, OffsetDateTime};

/// How much a certificate may say beyond its profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extras {
    /// Ours: exactly the profile.
    None,
    /// Signed elsewhere: further extensions that are not critical (CRL and AIA addresses,
    /// policies) do no harm.
    NotCritical,
}

/// All findings of a certificate, signed or not, against the draft it was to be.
pub fn certificate(
    facts: &Facts,
    draft: &Draft,
    issuer: Option<&Issuer>,
    extras: Extras,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    serial(facts, draft, extras, &mut findings);
    validity(facts, draft, &mut findings);
    subject(facts, draft, &mut findings);
    extensions(facts, draft, extras, &mut findings);
    names(facts, draft, &mut findings);
    match issuer {
        Some(issuer) => under(facts, issuer, &mut findings),
        None => own(facts, &mut findings),
    }
    findings
}

/// Was the certificate made about now? (Only asked when signing.)
pub fn begins_now(facts: &Facts, now: OffsetDateTime) -> Option<Finding> {
    let off = (facts.not_before - now).abs() > Duration::days(1);
    off.then(|| {
        Rule::ValidityBounds.found(format!(
            "it begins {}, expected within a day of {}",
            timestamp(facts.not_before),
            timestamp(now)
        ))
    })
}

fn serial(facts: &Facts, draft: &Draft, extras: Extras, findings: &mut Vec<Finding>) {
    let (form, expected) = match extras {
        Extras::None => {
            let form = facts.serial.len() == 34 && facts.serial.starts_with("01");
            (form && facts.serial == draft.serial.hex(), "01 and 128 random bits")
        }
        // CA/B BR 7.1: at least 64 bits; RFC 5280 section 4.1.2.2: at most 20 octets.
        Extras::NotCritical => ((16..=40).contains(&facts.serial.len()), "8 to 20 octets"),
    };
    if !form {
        let message = format!("got the serial {}, expected {expected}", facts.serial);
        findings.push(Rule::SerialForm.found(message));
    }
}

fn validity(facts: &Facts, draft: &Draft, findings: &mut Vec<Finding>) {
    let (begin, end) = (facts.not_before, facts.not_after);
    if begin > end {
        let message = format!("it ends {} before it begins {}", timestamp(end), timestamp(begin));
        findings.push(Rule::ValidityBounds.found(message));
    }
    if draft.lifetime.not_after(begin).is_none_or(|latest| end > latest) {
        let message = format!(
            "it lasts from {} to {}, expected at most {}",
            timestamp(begin),
            timestamp(end),
            draft.lifetime
        );
        findings.push(Rule::ValidityBounds.found(message));
    }
}

fn subject(facts: &Facts, draft: &Draft, findings: &mut Vec<Finding>) {
    if facts.attributes != draft.subject.attributes() {
        let got = super::subject::shown(&facts.attributes);
        let message = format!("got the subject {got}, expected {}", draft.subject);
        findings.push(Rule::SubjectForm.found(message));
    }
}

/// Object identifiers of the extensions, with the criticality that RFC 5280 section 4.2.1 asks.
const AUTHORITY_KEY_ID: (&str, bool) = ("2.5.29.35", false);
const SUBJECT_KEY_ID: (&str, bool) = ("2.5.29.14", false);
const KEY_USAGE: (&str, bool) = ("2.5.29.15", true);
const SUBJECT_ALT_NAME: (&str, bool) = ("2.5.29.17", false);
const BASIC_CONSTRAINTS: (&str, bool) = ("2.5.29.19", true);
const NAME_CONSTRAINTS: (&str, bool) = ("2.5.29.30", true);
const EXTENDED_KEY_USAGE: (&str, bool) = ("2.5.29.37", false);

fn expected_extensions(profile: &Profile) -> Vec<(&'static str, bool)> {
    let mut expected = vec![SUBJECT_KEY_ID, KEY_USAGE, BASIC_CONSTRAINTS];
    match profile {
        Profile::Root => {}
        Profile::Intermediate { .. } => {
            expected.extend([AUTHORITY_KEY_ID, NAME_CONSTRAINTS, EXTENDED_KEY_USAGE]);
        }
        Profile::Client { .. } | Profile::Listener { .. } => {
            expected.extend([AUTHORITY_KEY_ID, SUBJECT_ALT_NAME, EXTENDED_KEY_USAGE]);
        }
    }
    expected
}

fn extensions(facts: &Facts, draft: &Draft, extras: Extras, findings: &mut Vec<Finding>) {
    let mut found = |message: String| findings.push(Rule::Profile.found(message));
    let mut rest: Vec<(&str, bool)> =
        facts.extensions.iter().map(|(oid, critical)| (oid.as_str(), *critical)).collect();
    for expected in expected_extensions(&draft.profile) {
        match rest.iter().position(|got| *got == expected) {
            Some(at) => {
                rest.remove(at);
            }
            // A foreign CA need not narrow the key usage of an intermediate any further.
            None if extras == Extras::NotCritical && expected == EXTENDED_KEY_USAGE => {}
            None => found(format!(
                "got no {}{}",
                if expected.1 { "critical " } else { "" },
                extension_name(expected.0)
            )),
        }
    }
    for (oid, critical) in rest {
        if critical || extras == Extras::None {
            found(format!("got an unexpected {}", extension_name(oid)));
        }
    }
    let profile = &draft.profile;
    if (facts.is_ca, facts.path_length) != (profile.is_ca(), profile.path_length()) {
        found(format!(
            "got {}, expected {}",
            basic(facts.is_ca, facts.path_length),
            basic(profile.is_ca(), profile.path_length())
        ));
    }
    if facts.key_usage != Some(profile.key_usage()) {
        let expected = if profile.is_ca() { "keyCertSign, cRLSign" } else { "digitalSignature" };
        found(format!("got another keyUsage than {expected}"));
    }
    let usages = &facts.extended_key_usage;
    if *usages != profile.extended_key_usage() && !(usages.is_empty() && extras != Extras::None) {
        let expected = profile.extended_key_usage().join(", ");
        found(format!("got extendedKeyUsage {:?}, expected {expected:?}", usages.join(", ")));
    }
    if facts.subject_key_id.as_ref().is_some_and(Vec::is_empty) {
        found("got an empty subjectKeyIdentifier".into());
    }
    if facts.key != draft.key {
        findings.push(Rule::SpkiChanged.found("the public key is not the one of the request"));
    }
}

fn basic(is_ca: bool, path_length: Option<u32>) -> String {
    let length = path_length.map(|length| format!(" with path length {length}"));
    let ca = if is_ca { "CA:TRUE" } else { "CA:FALSE" };
    format!("{ca}{}", length.unwrap_or_default())
}

/// The name of RFC 5280 section 4.2.1.
fn extension_name(oid: &str) -> &str {
    match oid {
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.37" => "extendedKeyUsage",
        other => other,
    }
}

fn names(facts: &Facts, draft: &Draft, findings: &mut Vec<Finding>) {
    let texts = |names: &[DnsName]| names.iter().map(ToString::to_string).collect();
    let mut wanted = Names::default();
    let (mut permitted, mut excluded) = (Names::default(), Names::default());
    match &draft.profile {
        Profile::Root => {}
        Profile::Intermediate { dns, ip } => {
            permitted = Names { dns: texts(dns), ranges: ip.clone(), ..Names::default() };
            excluded.ranges = profile::excluded(ip);
        }
        Profile::Client { dns, uri } => {
            wanted = Names { dns: texts(dns), uri: vec![uri.clone()], ..Names::default() };
        }
        Profile::Listener { dns, ip } => {
            wanted = Names { dns: texts(dns), ip: ip.clone(), ..Names::default() };
        }
    }
    if facts.names != wanted {
        findings.push(Rule::Profile.found("the alternative names are not the declared ones"));
    }
    if (&facts.permitted, &facts.excluded) != (&permitted, &excluded) {
        let message = "the name constraints are not those of the environment";
        findings.push(Rule::NameConstraints.found(message));
    }
}

/// A root signs itself.
fn own(facts: &Facts, findings: &mut Vec<Finding>) {
    if facts.issuer != facts.subject {
        findings.push(Rule::IssuerName.found("a root's issuer is not its subject"));
    }
    if facts.signature_algorithm != signature_oid(facts.key.algorithm) {
        let message = format!("got signature algorithm {}", facts.signature_algorithm);
        findings.push(Rule::SignatureAlgorithm.found(message));
    }
}

/// A certificate and the issuer that is to sign it.
fn under(facts: &Facts, issuer: &Issuer, findings: &mut Vec<Finding>) {
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
    if facts.not_before < parent.not_before {
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
