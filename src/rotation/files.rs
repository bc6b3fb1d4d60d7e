//! The certificates and CRLs themselves, or what the journal says of them.

use super::{Kind, Row, State};
use crate::authority::{Estate, ca::ca_dir};
use crate::error::{Error, Result};
use crate::journal::{History, Record};
use crate::model::{
    name::ObjectRef,
    text::{clean, hex, is_hex_of},
};
use crate::pki::{inspect::sha256, pem};
use crate::store::{file, layout};
use rayon::prelude::*;
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate, X509Name};
use zeroize::Zeroizing;

/// A current certificate or CRL, as it was read or as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Below the workspace.
    pub path: String,
    /// notBefore, or thisUpdate of a CRL.
    pub begin: OffsetDateTime,
    /// notAfter, or nextUpdate of a CRL.
    pub end: OffsetDateTime,
    /// Common name of the issuer.
    pub issuer: String,
    /// Which of the two it is.
    pub what: What,
}

/// What a certificate has and a CRL has not, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Its serial number in lower-case hexadecimal, and the common name of its subject.
    Certificate { serial: String, subject: String },
    /// Its number.
    Crl { number: u64 },
}

/// A file that is not what the journal recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// As the row has it.
    pub object: String,
    /// Below the workspace.
    pub path: String,
    /// In words, without the path.
    pub why: String,
}

/// What has a file: the row, its record and its path.
struct Expected<'a> {
    row: &'a Row,
    record: &'a Record,
    path: String,
}

/// As the journal recorded them, one for each row that has a file.
#[must_use]
pub fn recorded(estate: &Estate, rows: &[Row]) -> Vec<Seen> {
    let history = estate.history();
    let each = |row| seen(&history, &expected(&history, row)?);
    rows.par_iter().with_min_len(FEW).filter_map(each).collect()
}

/// Reads them all. What cannot be read, or is not as recorded, is named; what can be read is given
/// as it is.
#[must_use]
pub fn read(estate: &Estate, rows: &[Row]) -> (Vec<Seen>, Vec<Difference>) {
    let history = estate.history();
    let each = |row| Some(look(estate, &history, expected(&history, row)?));
    let looked: Vec<(Option<Seen>, Option<Difference>)> =
        rows.par_iter().with_min_len(FEW).filter_map(each).collect();
    let (seen, differences): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
    (seen.into_iter().flatten().collect(), differences.into_iter().flatten().collect())
}

/// Fewer are not worth another thread.
const FEW: usize = 32;

/// Generations whose time is over may have been put away.
fn expected<'a>(history: &History<'a>, row: &'a Row) -> Option<Expected<'a>> {
    if row.life.is_none() || row.state == State::Ended {
        return None;
    }
    if row.kind == Kind::Identity {
        let (record, path) = (history.current(&row.object)?, layout::certificate(&row.object));
        return Some(Expected { row, record, path });
    }
    let object: ObjectRef = row.object.strip_suffix(" CRL").unwrap_or(&row.object).parse().ok()?;
    let (record, file) = match row.kind {
        Kind::Crl => (history.crl(&object)?, "crl.pem"),
        _ => (history.certificate(&object)?, "cert.pem"),
    };
    Some(Expected { row, record, path: format!("{}/{file}", ca_dir(&object)) })
}

/// What the record says, which the file says too when it has its fingerprint.
fn seen(history: &History, expected: &Expected) -> Option<Seen> {
    let Expected { row, record, path } = expected;
    let life = row.life.as_ref()?;
    // A root has none but itself, a CRL's record is about its issuer.
    let issuer = history.current(record.issuer.as_deref().unwrap_or(&record.object));
    let what = match row.kind {
        Kind::Crl => What::Crl { number: record.number.unwrap_or_default() },
        _ => What::Certificate {
            serial: record.serial.clone().unwrap_or_default(),
            subject: record.cn.clone().unwrap_or_default(),
        },
    };
    let issuer = issuer.and_then(|issuer| issuer.cn.clone()).unwrap_or_default();
    Some(Seen { path: path.clone(), begin: life.begin, end: life.end, issuer, what })
}

fn look(
    estate: &Estate,
    history: &History,
    expected: Expected,
) -> (Option<Seen>, Option<Difference>) {
    let Expected { row, record, path } = &expected;
    let (row, record) = (*row, *record);
    let difference =
        |why: String| Some(Difference { object: row.object.clone(), path: path.clone(), why });
    let parse = |bytes: &[u8]| match row.kind {
        Kind::Crl => crl(path, bytes),
        _ => certificate(path, bytes),
    };
    let bytes = bytes(estate, row.kind, path);
    if bytes.as_ref().is_ok_and(|bytes| is_as_recorded(row.kind, bytes, record)) {
        return (seen(history, &expected), None);
    }
    match bytes.and_then(|bytes| parse(&bytes)) {
        Ok((seen, fingerprint)) => {
            let why = differs(&seen, &fingerprint, record);
            (Some(seen), why.and_then(difference))
        }
        Err(error) if error.is_io(std::io::ErrorKind::NotFound) => {
            (None, difference("is missing".into()))
        }
        Err(error) => {
            let why = clean(&error.messages().join(": "));
            let why = why.strip_prefix(&format!("{path}: ")).unwrap_or(&why).to_owned();
            (None, difference(why))
        }
    }
}

fn bytes(estate: &Estate, kind: Kind, path: &str) -> Result<Zeroizing<Vec<u8>>> {
    if kind != Kind::Crl {
        return estate.workspace.read(path);
    }
    let bytes = estate.workspace.read_if_any(path, file::LARGE)?;
    Ok(bytes.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?)
}

/// Is it the very certificate or CRL that the journal has the fingerprint of? It was parsed when it
/// was recorded, so that there is nothing in it to be read again.
fn is_as_recorded(kind: Kind, bytes: &[u8], record: &Record) -> bool {
    let der = pem::read_public(label(kind), bytes);
    let fingerprint = der.map(|der| digest(&SHA256, &der));
    let recorded = record.fingerprint.as_deref();
    recorded.zip(fingerprint).is_some_and(|(text, found)| is_hex_of(text, found.as_ref()))
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Crl => "X509 CRL",
        _ => "CERTIFICATE",
    }
}

/// How it is not what was recorded, in words.
fn differs(seen: &Seen, fingerprint: &str, record: &Record) -> Option<String> {
    if record.fingerprint.as_deref() != Some(fingerprint) {
        let what = match &seen.what {
            What::Certificate { .. } => "certificate",
            What::Crl { .. } => "CRL",
        };
        return Some(format!("is another {what} than the journal's entry {} recorded", record.seq));
    }
    let is_as_recorded = (record.begins(), record.ends()) == (Some(seen.begin), Some(seen.end));
    (!is_as_recorded).then(|| format!("has other dates than the journal's entry {}", record.seq))
}

fn certificate(path: &str, bytes: &[u8]) -> Result<(Seen, String)> {
    let der = pem::read_one(path, label(Kind::Identity), bytes)?;
    let parsed = X509Certificate::from_der(&der);
    let (rest, parsed) = parsed.map_err(|_| Error::failed(format!("{path}: not a certificate")))?;
    if !rest.is_empty() {
        return Err(Error::failed(format!("{path}: bytes after the certificate")));
    }
    let validity = parsed.validity();
    let seen = Seen {
        path: path.to_owned(),
        begin: validity.not_before.to_datetime(),
        end: validity.not_after.to_datetime(),
        issuer: common_name(parsed.issuer()),
        what: What::Certificate {
            serial: hex(parsed.raw_serial()),
            subject: common_name(parsed.subject()),
        },
    };
    Ok((seen, sha256(&der)))
}

fn crl(path: &str, bytes: &[u8]) -> Result<(Seen, String)> {
    let der = pem::read_one(path, label(Kind::Crl), bytes)?;
    let wrong = |why: &str| Error::failed(format!("{path}: {why}"));
    let parsed = CertificateRevocationList::from_der(&der);
    let (rest, parsed) = parsed.map_err(|_| wrong("not a CRL"))?;
    if !rest.is_empty() {
        return Err(wrong("bytes after the CRL"));
    }
    let number = parsed.crl_number().and_then(|number| u64::try_from(number.clone()).ok());
    let next_update = parsed.next_update().ok_or_else(|| wrong("no next update"))?;
    let seen = Seen {
        path: path.to_owned(),
        begin: parsed.last_update().to_datetime(),
        end: next_update.to_datetime(),
        issuer: common_name(parsed.issuer()),
        what: What::Crl { number: number.ok_or_else(|| wrong("no CRL number"))? },
    };
    Ok((seen, sha256(&der)))
}

fn common_name(name: &X509Name) -> String {
    let first = name.iter_common_name().next().and_then(|name| name.as_str().ok());
    first.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Act;
    use time::{Duration, macros::datetime};

    #[test]
    fn a_file_differs_by_its_fingerprint_or_by_its_dates() {
        let (begin, end) = (datetime!(2026-11-22 10:00:00 UTC), datetime!(2026-12-22 09:59:59 UTC));
        let what = What::Crl { number: 7 };
        let seen = Seen { path: "p".into(), begin, end, issuer: "i".into(), what };
        let record = Record {
            seq: 9,
            fingerprint: Some("f".into()),
            not_before: Some("2026-11-22T10:00:00Z".into()),
            not_after: Some("2026-12-22T09:59:59Z".into()),
            ..Record::new(Act::CrlIssue, &ObjectRef::root(1))
        };
        assert_eq!(differs(&seen, "f", &record), None);
        let other = differs(&seen, "g", &record);
        assert_eq!(other.as_deref(), Some("is another CRL than the journal's entry 9 recorded"));
        for (begin, end) in [(begin + Duration::SECOND, end), (begin, end - Duration::SECOND)] {
            let why = differs(&Seen { begin, end, ..seen.clone() }, "f", &record);
            assert_eq!(why.as_deref(), Some("has other dates than the journal's entry 9"));
        }
    }
}
