//! The next CRL of an issuer: planned, judged, signed, read back.

use super::{Crl, Reason, Revoked};
use crate::custody::Signer;
use crate::error::{Result, none_of};
use crate::journal::{Act, History, chain::timestamp};
use crate::model::{
    name::Scope,
    rule::{Finding, Rule},
};
use crate::pki::encode::{self, CrlDraft};
use crate::pki::issue::{assemble, signature_is_valid};
use crate::pki::issuer::{Issuer, check_signer};
use crate::pki::lint;
use std::collections::HashSet;
use time::{Duration, OffsetDateTime};

/// What the next CRL of an issuer is to say.
pub struct Plan {
    pub number: u64,
    pub this_update: OffsetDateTime,
    pub next_update: OffsetDateTime,
    pub revoked: Vec<Revoked>,
}

impl Plan {
    /// The successor of `previous`: the next number and the same entries, but for those whose
    /// certificates expired before the last CRL (RFC 5280 section 3.3), and what was revoked since.
    pub fn next(
        previous: Option<&Crl>,
        issuer: &Issuer,
        next_update: OffsetDateTime,
        history: &History,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let kept = |entry: &Revoked| !expired_before(history, entry, previous);
        let entries = previous.iter().flat_map(|crl| &crl.revoked);
        let mut revoked: Vec<Revoked> = entries.filter(|entry| kept(entry)).cloned().collect();
        let mut there: HashSet<String> = revoked.iter().map(|entry| entry.serial.clone()).collect();
        for record in history.revocations(&issuer.object) {
            let entry = Revoked::of(record)?;
            if kept(&entry) && there.insert(entry.serial.clone()) {
                revoked.push(entry);
            }
        }
        Ok(Self {
            number: previous.map_or(1, |crl| crl.number + 1),
            this_update: now.replace_nanosecond(0)?,
            next_update,
            revoked,
        })
    }
}

fn expired_before(history: &History, entry: &Revoked, previous: Option<&Crl>) -> bool {
    let record = history.by_serial(&entry.serial);
    let not_after = record.and_then(|record| record.not_after.as_deref());
    match (not_after, previous) {
        (Some(not_after), Some(previous)) => *not_after < *timestamp(previous.this_update),
        _ => false,
    }
}

/// Judges a plan against its issuer, the CRL before it and the history.
pub fn lint(
    plan: &Plan,
    issuer: &Issuer,
    previous: Option<&Crl>,
    history: &History,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let parent = &issuer.certificate.facts;
    let last = previous.map_or(0, |crl| crl.number);
    if plan.number <= last {
        let message = format!("got number {}, expected more than {last}", plan.number);
        findings.push(Rule::CrlNumber.found(message));
    }
    let mut dates = |why: String| findings.push(Rule::CrlDates.found(why));
    let (this, next) = (plan.this_update, plan.next_update);
    if this > next {
        dates(format!("next update {} is before {}", timestamp(next), timestamp(this)));
    }
    if this < parent.not_before {
        dates(format!("it begins {}, before its issuer", timestamp(this)));
    }
    if next > parent.not_after {
        let (next, end) = (timestamp(next), timestamp(parent.not_after));
        dates(format!("next update {next}, at most {end} (its issuer)"));
    }
    if next - this >= Duration::days(365) {
        dates(format!("it lasts until {}, expected at most 365 days", timestamp(next)));
    }
    for entry in &plan.revoked {
        entry_findings(entry, plan, issuer, history, &mut findings);
    }
    let kept: HashSet<&str> = plan.revoked.iter().map(|entry| entry.serial.as_str()).collect();
    for entry in previous.iter().flat_map(|crl| &crl.revoked) {
        if !kept.contains(entry.serial.as_str()) && !expired_before(history, entry, previous) {
            let message = format!("serial {} is on the last CRL and not on this one", entry.serial);
            findings.push(Rule::CrlShrinks.found(message));
        }
    }
    findings
}

fn entry_findings(
    entry: &Revoked,
    plan: &Plan,
    issuer: &Issuer,
    history: &History,
    findings: &mut Vec<Finding>,
) {
    let serial = &entry.serial;
    let object = issuer.object.to_string();
    let record = history.by_serial(serial);
    if record.and_then(|record| record.issuer.as_deref()) != Some(object.as_str()) {
        let message = format!("serial {serial} was not issued by {object}");
        findings.push(Rule::CrlScope.found(message));
    }
    let is_leaf = record.is_some_and(|record| record.act == Act::IdentityIssue);
    if is_leaf && issuer.object.scope == Scope::Root {
        let message = format!("serial {serial} is no CA certificate");
        findings.push(Rule::CrlScope.found(message));
    }
    let is_unfit = match entry.reason {
        Some(Reason::Other(_)) => true,
        Some(Reason::CaCompromise) => is_leaf,
        _ => false,
    };
    if let Some(reason) = entry.reason.filter(|_| is_unfit) {
        findings.push(Rule::CrlReason.found(format!("serial {serial} has reason {reason}")));
    }
    if entry.date > plan.this_update {
        let (date, this) = (timestamp(entry.date), timestamp(plan.this_update));
        let message = format!("serial {serial} is revoked {date}, the CRL is of {this}");
        findings.push(Rule::CrlRevocationDate.found(message));
    }
}

/// Lints, signs, parses again and verifies the next CRL.
///
/// # Errors
/// A refusal with every rule that objects; ISSUER-KEY; SIGNATURE-INVALID.
pub fn issue(
    plan: &Plan,
    issuer: &Issuer,
    previous: Option<&Crl>,
    history: &History,
    signer: &dyn Signer,
) -> Result<Crl> {
    let mut findings = lint::fitness(issuer, false, plan.this_update);
    findings.extend(lint(plan, issuer, previous, history));
    none_of(findings)?;
    check_signer(issuer, signer)?;
    let draft = CrlDraft {
        number: plan.number,
        this_update: plan.this_update,
        next_update: plan.next_update,
        revoked: &plan.revoked,
    };
    let tbs = encode::crl(&draft, &issuer.name())?;
    let crl = Crl::parse("the CRL just made", assemble(&tbs, signer)?)?;
    signature_is_valid(crl.is_signed_by(signer.public()))?;
    let facts = &issuer.certificate.facts;
    if crl.issuer != facts.subject || crl.authority_key_id != facts.subject_key_id {
        let message = format!("the CRL does not name {} as its issuer", issuer.object);
        return Err(Rule::IssuerName.found(message).into());
    }
    Ok(crl)
}
