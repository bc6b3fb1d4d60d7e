//! One line of the journal.

use super::moment::instant;
use crate::model::{name::ObjectRef, rule::Finding};
use serde::{Deserialize, Serialize};
use std::fmt;
use time::OffsetDateTime;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Act {
    /// A root key and its certificate were made.
    #[serde(rename = "root.create")]
    RootCreate,
    /// A request was made or filed.
    #[serde(rename = "intermediate.request")]
    IntermediateRequest,
    /// The root signed an intermediate.
    #[serde(rename = "intermediate.sign")]
    IntermediateSign,
    /// A chain that was signed elsewhere was filed.
    #[serde(rename = "intermediate.import")]
    IntermediateImport,
    /// A root signed the key of another (RFC 9810 section 4.4).
    #[serde(rename = "root.link")]
    RootLink,
    /// An intermediate signed a leaf.
    #[serde(rename = "identity.issue")]
    IdentityIssue,
    /// A declaration was taken away, with what is current of the identity.
    #[serde(rename = "identity.remove")]
    IdentityRemove,
    /// A CA signed its next CRL.
    #[serde(rename = "crl.issue")]
    CrlIssue,
    /// A certificate is to be on its issuer's CRL from the next one on.
    #[serde(rename = "revoke")]
    Revoke,
    /// The next root is to be made by the next ceremony.
    #[serde(rename = "rotate.prepare")]
    RotatePrepare,
    /// From here on this generation of a CA signs.
    #[serde(rename = "rotate.activate")]
    RotateActivate,
    /// What this generation of a CA has signed is to be replaced.
    #[serde(rename = "rotate.taint")]
    RotateTaint,
    /// The shares of a sealing secret, or its passphrase, were replaced.
    #[serde(rename = "custody.seal")]
    CustodySeal,
    /// A ceremony is complete: the lines since the one before it are its own.
    #[serde(rename = "ceremony")]
    Ceremony,
    /// A rule said no at signing.
    #[serde(rename = "refused")]
    Refused,
    /// Signed, interrupted before it was released, and removed.
    #[serde(rename = "abandoned")]
    Abandoned,
}

impl Act {
    /// Every act there is.
    pub const ALL: [Act; 16] = [
        Act::RootCreate,
        Act::RootLink,
        Act::IntermediateRequest,
        Act::IntermediateSign,
        Act::IntermediateImport,
        Act::IdentityIssue,
        Act::IdentityRemove,
        Act::CrlIssue,
        Act::Revoke,
        Act::RotatePrepare,
        Act::RotateActivate,
        Act::RotateTaint,
        Act::CustodySeal,
        Act::Ceremony,
        Act::Refused,
        Act::Abandoned,
    ];

    /// As it stands in the journal.
    pub fn word(self) -> &'static str {
        match self {
            Act::RootCreate => "root.create",
            Act::RootLink => "root.link",
            Act::IntermediateRequest => "intermediate.request",
            Act::IntermediateSign => "intermediate.sign",
            Act::IntermediateImport => "intermediate.import",
            Act::IdentityIssue => "identity.issue",
            Act::IdentityRemove => "identity.remove",
            Act::CrlIssue => "crl.issue",
            Act::Revoke => "revoke",
            Act::RotatePrepare => "rotate.prepare",
            Act::RotateActivate => "rotate.activate",
            Act::RotateTaint => "rotate.taint",
            Act::CustodySeal => "custody.seal",
            Act::Ceremony => "ceremony",
            Act::Refused => "refused",
            Act::Abandoned => "abandoned",
        }
    }

    /// Does a line of this act stand beside the steps of a plan? It may come between two plans.
    pub fn is_aside(self) -> bool {
        matches!(self, Act::Abandoned | Act::Refused | Act::CustodySeal)
    }

    /// Does a line of this act stand for a certificate in force?
    pub fn is_certificate(self) -> bool {
        use Act::{IdentityIssue, IntermediateImport, IntermediateSign, RootCreate};
        matches!(self, RootCreate | IntermediateSign | IntermediateImport | IdentityIssue)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Act::ALL.into_iter().find(|act| act.word() == text).ok_or_else(|| {
            let words: Vec<&str> = Act::ALL.iter().map(|act| act.word()).collect();
            format!("got {text:?}, expected one of {}", words.join(", "))
        })
    }
}

/// A line. The order of the fields is their order on the line; `hash` comes last and covers all
/// bytes before it. Fingerprints, keys and hashes are SHA-256 in lower-case hexadecimal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// 1 on the first line, then one more each.
    pub seq: u64,
    /// RFC 3339, UTC, to the second.
    pub time: String,
    /// The machine's name.
    pub host: String,
    /// The real user's name.
    pub user: String,
    /// What was done.
    pub act: Act,
    /// As [`ObjectRef`] writes it.
    pub object: String,
    /// Of a certificate: which CA signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Of a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Of the DER of the certificate or CRL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Of the DER of the SubjectPublicKeyInfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Of a certificate: its common name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cn: Option<String>,
    /// Of a client certificate: its SPIFFE URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// notBefore, or thisUpdate of a CRL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// notAfter, or nextUpdate of a CRL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Of a CRL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Of the DER of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Of the bytes of the declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<String>,
    /// Of a root: how its key is held, and by which set of shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custody: Option<String>,
    /// Of a revocation: as RFC 5280 section 5.3.1 writes it; none is unspecified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a ceremony: the bytes of its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Of a ceremony: the lines of its transcript, which the root has signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// Of a ceremony: each with its rule, its reason and its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<String>,
    /// Of a refusal: what was found, each with its rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusal: Vec<String>,
    /// The hash of the line before; 64 zeros on the first.
    pub prev: String,
    /// Absent only while the line is being made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

impl Record {
    /// A line about `object`; what the chain needs is filled in by [`super::Journal::append`].
    pub fn new(act: Act, object: &ObjectRef) -> Self {
        Self {
            seq: 0,
            time: String::new(),
            host: String::new(),
            user: String::new(),
            act,
            object: object.to_string(),
            issuer: None,
            serial: None,
            fingerprint: None,
            key: None,
            cn: None,
            uri: None,
            not_before: None,
            not_after: None,
            number: None,
            request: None,
            declaration: None,
            custody: None,
            reason: None,
            plan: None,
            transcript: None,
            waivers: Vec::new(),
            refusal: Vec::new(),
            prev: String::new(),
            hash: String::new(),
        }
    }

    /// notBefore of the certificate, or thisUpdate of the CRL.
    pub fn begins(&self) -> Option<OffsetDateTime> {
        self.not_before.as_deref().and_then(instant)
    }

    /// notAfter of the certificate, or nextUpdate of the CRL.
    pub fn ends(&self) -> Option<OffsetDateTime> {
        self.not_after.as_deref().and_then(instant)
    }

    /// The line of a refusal.
    pub fn refused(object: &ObjectRef, findings: &[Finding]) -> Self {
        let refusal = findings.iter().map(ToString::to_string).collect();
        Self { refusal, ..Self::new(Act::Refused, object) }
    }
}
