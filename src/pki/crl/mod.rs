//! CRLs: each continues the one before it.

mod next;

pub use next::{Plan, issue, lint};

use super::inspect::sha256;
use crate::error::{Error, Result};
use crate::journal::{Record, chain::instant};
use crate::model::{
    key::PublicKey,
    text::{hex, unhex},
};
use std::fmt;
use time::OffsetDateTime;
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
}

impl Reason {
    /// The reasons that one may give.
    pub const ALL: [Reason; 6] = [
        Reason::KeyCompromise,
        Reason::CaCompromise,
        Reason::AffiliationChanged,
        Reason::Superseded,
        Reason::CessationOfOperation,
        Reason::PrivilegeWithdrawn,
    ];
}

impl std::str::FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Reason::ALL.into_iter().find(|reason| reason.to_string() == text).ok_or_else(|| {
            let words: Vec<String> = Reason::ALL.iter().map(ToString::to_string).collect();
            format!("got {text:?}, expected one of {}", words.join(", "))
        })
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
    /// The entry that a line of the journal asks for.
    ///
    /// # Errors
    /// Failed, when the line is no revocation.
    pub fn of(record: &Record) -> Result<Self> {
        let wrong = || Error::failed(format!("entry {} is no revocation", record.seq));
        let reason = record.reason.as_deref().map(|word| word.parse::<Reason>());
        Ok(Self {
            serial: record.serial.clone().ok_or_else(wrong)?,
            date: instant(&record.time).ok_or_else(wrong)?,
            reason: reason.transpose().map_err(Error::failed)?,
        })
    }

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
