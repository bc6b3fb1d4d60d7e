//! What the extensions of a certificate must be: exactly its profile.

use super::Extras;
use crate::model::{
    net::DnsName,
    rule::{Finding, Rule},
};
use crate::pki::inspect::{Facts, Names};
use crate::pki::profile::{self, Draft, Profile};

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
        Profile::Link(_) => expected.push(AUTHORITY_KEY_ID),
        Profile::Intermediate { .. } => {
            expected.extend([AUTHORITY_KEY_ID, NAME_CONSTRAINTS, EXTENDED_KEY_USAGE]);
        }
        Profile::Client { .. } | Profile::Listener { .. } => {
            expected.extend([AUTHORITY_KEY_ID, SUBJECT_ALT_NAME, EXTENDED_KEY_USAGE]);
        }
    }
    expected
}

pub fn extensions(facts: &Facts, draft: &Draft, extras: Extras, findings: &mut Vec<Finding>) {
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

pub fn names(facts: &Facts, draft: &Draft, findings: &mut Vec<Finding>) {
    let texts = |names: &[DnsName]| names.iter().map(ToString::to_string).collect();
    let mut wanted = Names::default();
    let (mut permitted, mut excluded) = (Names::default(), Names::default());
    match &draft.profile {
        Profile::Root | Profile::Link(_) => {}
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
