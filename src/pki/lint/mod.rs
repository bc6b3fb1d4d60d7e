//! The rules for what is about to be signed, judged on the to-be-signed bytes themselves.

mod extensions;
mod issuer;
mod link;

use extensions::{extensions, names};
pub use issuer::fitness;
use issuer::{own, under};

use super::inspect::Facts;
use super::issuer::Issuer;
use super::profile::{Draft, Profile};
use crate::journal::chain::timestamp;
use crate::model::rule::{Finding, Rule};
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
        Some(issuer) => under(facts, &draft.profile, issuer, &mut findings),
        None => own(facts, &mut findings),
    }
    if let Profile::Link(link) = &draft.profile {
        link::dates(facts, link, &mut findings);
        link::pair(facts, link, issuer, &mut findings);
    }
    findings
}

/// Was the certificate made about now? (Only asked when signing.) A link begins with its root, and
/// is made while it is valid.
pub fn begins_now(facts: &Facts, profile: &Profile, now: OffsetDateTime) -> Option<Finding> {
    if let Profile::Link(_) = profile {
        return link::in_force(facts, now);
    }
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
