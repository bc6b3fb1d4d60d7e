//! CRLs: each continues the one before it.

use super::encode::{self, CrlDraft};
use super::inspect::sha256;
use super::issue::{Issuer, assemble, check_signer, signature_is_valid};
use super::lint;
use crate::custody::Signer;
use crate::error::{Error, Result};
use crate::journal::{Act, History, chain::timestamp};
use crate::model::{
    key::PublicKey,
    name::Scope,
    rule::{Finding, Rule, none_of},
    span::Span,
    text::{hex, unhex},
};
use std::fmt;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{
    CertificateRevocationList, FromDer, ParsedExtension, SubjectPublicKeyInfo,
};

/// One entry of a CRL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Lower-case hexadecimal.
    pub serial: String,
    /// When it was revoked.
    pub date: OffsetDateTime,
    /// Unspecified is expressed by none (RFC 5280 section 5.3.1).
    pub reason: Option<Reason>,
}

/// The reasons that rootward gives (RFC 5280 section 5.3.1). `unspecified` is said by saying
/// nothing; `certificateHold` and `removeFromCRL` are not final and not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
    /// Read from a CRL made elsewhere; never written.
    Other(u8),
}

impl Reason {
    fn from_code(code: u8) -> Self {
        match code {
            1 => Reason::KeyCompromise,
            2 => Reason::CaCompromise,
            3 => Reason::AffiliationChanged,
            4 => Reason::Superseded,
            5 => Reason::CessationOfOperation,
            9 => Reason::PrivilegeWithdrawn,
            other => Reason::Other(other),
        }
    }

    /// As rcgen writes it; the lint refuses [`Reason::Other`] before anything is signed.
    pub fn encoded(self) -> rcgen::RevocationReason {
        match self {
            Reason::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
            Reason::CaCompromise => rcgen::RevocationReason::CaCompromise,
            Reason::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
            Reason::Superseded => rcgen::RevocationReason::Superseded,
            Reason::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
            Reason::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
            Reason::Other(_) => rcgen::RevocationReason::CertificateHold,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::KeyCompromise => "keyCompromise",
            Reason::CaCompromise => "cACompromise",
            Reason::AffiliationChanged => "affiliationChanged",
            Reason::Superseded => "superseded",
            Reason::CessationOfOperation => "cessationOfOperation",
            Reason::PrivilegeWithdrawn => "privilegeWithdrawn",
            Reason::Other(code) => return write!(f, "code {code}"),
        })
    }
}

impl Revoked {
    /// The serial number's octets.
    ///
    /// # Errors
    /// Failed, when it is not hexadecimal.
    pub fn serial_bytes(&self) -> Result<Vec<u8>> {
        unhex(&self.serial)
            .ok_or_else(|| Error::failed(format!("got serial {:?}, expected hex", self.serial)))
    }
}

/// A CRL that was parsed.
#[derive(Clone, Debug)]
pub struct Crl {
    /// The whole CRL.
    pub der: Vec<u8>,
    /// DER of the issuer's name.
    pub issuer: Vec<u8>,
    /// The issuer's key identifier (RFC 5280 section 5.2.1).
    pub authority_key_id: Option<Vec<u8>>,
    /// Greater than that of every CRL before (RFC 5280 section 5.2.3).
    pub number: u64,
    /// When it was issued.
    pub this_update: OffsetDateTime,
    /// When the next one is there at the latest.
    pub next_update: OffsetDateTime,
    /// In the order of the CRL.
    pub revoked: Vec<Revoked>,
}

impl Crl {
    /// # Errors
    /// Failed, in words: not one DER CRL of version 2 with a number and a next update.
    pub fn parse(file: &str, der: Vec<u8>) -> Result<Self> {
        let wrong = |why: &str| Error::failed(format!("{file}: {why}"));
        let (rest, parsed) = CertificateRevocationList::from_der(&der)
            .map_err(|error| wrong(&format!("not a CRL: {error}")))?;
        if !rest.is_empty() {
            return Err(wrong("bytes after the CRL"));
        }
        let number = parsed.crl_number().and_then(|number| u64::try_from(number.clone()).ok());
        let next_update = parsed.next_update().map(|time| time.to_datetime());
        let authority_key_id =
            parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    id.key_identifier.as_ref().map(|id| id.0.to_vec())
                }
                _ => None,
            });
        let revoked = parsed.iter_revoked_certificates().map(|entry| Revoked {
            serial: hex(entry.raw_serial()),
            date: entry.revocation_date.to_datetime(),
            reason: entry.reason_code().map(|(_, code)| Reason::from_code(code.0)),
        });
        Ok(Self {
            issuer: parsed.issuer().as_raw().to_vec(),
            authority_key_id,
            number: number.ok_or_else(|| wrong("no CRL number"))?,
            this_update: parsed.last_update().to_datetime(),
            next_update: next_update.ok_or_else(|| wrong("no next update"))?,
            revoked: revoked.collect(),
            der,
        })
    }

    /// Does it have an entry for this serial number, in lower-case hexadecimal?
    pub fn names(&self, serial: &str) -> bool {
        self.revoked.iter().any(|entry| entry.serial == serial)
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> String {
        sha256(&self.der)
    }

    /// Does its signature verify with this key?
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let Ok((_, parsed)) = CertificateRevocationList::from_der(&self.der) else { return false };
        let Ok((_, spki)) = SubjectPublicKeyInfo::from_der(&issuer.spki) else { return false };
        parsed.verify_signature(&spki).is_ok()
    }
}

/// What the next CRL of an issuer is to say.
pub struct Plan {
    pub number: u64,
    pub this_update: OffsetDateTime,
    pub next_update: OffsetDateTime,
    pub revoked: Vec<Revoked>,
}

impl Plan {
    /// The successor of `previous`: the next number and the same entries, but for those whose
    /// certificates expired before the last CRL (RFC 5280 section 3.3).
    pub fn next(
        previous: Option<&Crl>,
        cadence: Span,
        history: &History,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let this_update = now.replace_nanosecond(0)?;
        let next_update = cadence
            .not_after(this_update)
            .ok_or_else(|| Error::failed("the next update is past the year 9999"))?;
        let kept = |entry: &&Revoked| !expired_before(history, entry, previous);
        let entries = previous.iter().flat_map(|crl| &crl.revoked);
        Ok(Self {
            number: previous.map_or(1, |crl| crl.number + 1),
            this_update,
            next_update,
            revoked: entries.filter(kept).cloned().collect(),
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
    for entry in previous.iter().flat_map(|crl| &crl.revoked) {
        let kept = plan.revoked.iter().any(|kept| kept.serial == entry.serial);
        if !kept && !expired_before(history, entry, previous) {
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
    if let Some(reason @ Reason::Other(_)) = entry.reason {
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
