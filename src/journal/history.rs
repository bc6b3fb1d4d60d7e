//! What the journal knows: which serials, keys and names were ever used, and what is current.

use super::index::{Ca, Index, Issuer, One, Used};
use super::record::{Act, Record};
use crate::model::{
    name::{ObjectRef, Scope},
    rule::{Finding, Rule},
};
use std::sync::Arc;
use time::OffsetDateTime;

/// An index over the records of a verified journal. Each answer costs what it gives, however long
/// the journal is.
#[derive(Clone, Debug, Default)]
pub struct History<'a> {
    records: &'a [Record],
    index: Arc<Index>,
}

/// What is about to be signed, for [`History::collisions`].
pub struct Candidate<'c> {
    /// Whose certificate it is to be.
    pub object: &'c ObjectRef,
    /// Lower-case hexadecimal.
    pub serial: &'c str,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub key: &'c str,
    /// The subject's common name.
    pub cn: &'c str,
    /// The SPIFFE URI, of a client certificate.
    pub uri: Option<&'c str>,
}

impl<'a> History<'a> {
    /// Indexes the records of a verified journal, in their order.
    pub fn of(records: &'a [Record]) -> Self {
        Self::with(records, Arc::new(Index::of(records)))
    }

    /// With the index of these very records.
    pub(super) fn with(records: &'a [Record], index: Arc<Index>) -> Self {
        Self { records, index }
    }

    fn used(&self) -> &Used {
        self.index.used(self.records)
    }

    fn at(&self, place: Option<&usize>) -> Option<&'a Record> {
        self.records.get(*place?)
    }

    fn all(&self, places: &[usize]) -> impl DoubleEndedIterator<Item = &'a Record> {
        let records = self.records;
        places.iter().filter_map(|at| records.get(*at))
    }

    /// What of the candidate was used before, by another object.
    pub fn collisions(&self, candidate: &Candidate) -> Vec<Finding> {
        let object = candidate.object.to_string();
        let mut findings = Vec::new();
        if let Some(record) = self.by_serial(candidate.serial) {
            let message = format!("serial {} is that of {}", candidate.serial, record.object);
            findings.push(Rule::SerialReused.found(message));
        }
        if let Some(record) = self.key_of_another(candidate.key, candidate.object) {
            let message = format!(
                "the key of {object} was certified or requested for {} on {}",
                record.object, record.time
            );
            findings.push(Rule::KeyReused.found(message));
        }
        let space = match &candidate.object.scope {
            Scope::Member { environment, .. } if candidate.object.generation.is_none() => {
                environment.as_str()
            }
            _ => "",
        };
        let names = self.used().names.get(space);
        for name in [Some(candidate.cn), candidate.uri].into_iter().flatten() {
            if let Some(record) = self.at(names.and_then(|names| names.get(name)))
                && record.object != object
            {
                let message = format!("{name:?} is the name of {} already", record.object);
                findings.push(Rule::SubjectTaken.found(message));
            }
        }
        findings
    }

    /// The record of another object that this key (SHA-256 of its SPKI) belongs to.
    pub fn key_of_another(&self, key: &str, object: &ObjectRef) -> Option<&'a Record> {
        self.at(self.used().keys.get(key)).filter(|record| record.object != object.to_string())
    }

    /// The last certificate of an object: `root@g1`, `prod/vault@g1`, `prod/synapse`. An identity
    /// that was taken away and is declared again begins anew.
    pub fn certificate(&self, object: &ObjectRef) -> Option<&'a Record> {
        self.current(&object.to_string())
    }

    /// The same by the object's text, as [`Record::object`] has it.
    pub fn current(&self, object: &str) -> Option<&'a Record> {
        let last = self.at(self.index.objects.get(object)?.last())?;
        last.act.is_certificate().then_some(last)
    }

    /// The last certificate that this identity was issued and that is neither expired nor revoked.
    pub fn live_leaf(&self, object: &ObjectRef, at: OffsetDateTime) -> Option<&'a Record> {
        let issued = self.all(self.index.objects.get(object.to_string().as_str())?).rev();
        let mut leaves = issued.filter(|record| record.act == Act::IdentityIssue);
        leaves.find(|record| self.is_live(record, at))
    }

    /// The last certificate of every object and CA generation, in order of names.
    pub fn certificates(&self) -> impl Iterator<Item = &'a Record> {
        let mut objects: Vec<&str> = self.index.objects.keys().map(AsRef::as_ref).collect();
        objects.sort_unstable();
        objects.into_iter().filter_map(|object| self.current(object))
    }

    /// The record of a serial number, whoever's issuer gave it.
    pub fn by_serial(&self, serial: &str) -> Option<&'a Record> {
        self.at(self.used().serials.get(serial))
    }

    /// The last CRL of a CA generation.
    pub fn crl(&self, issuer: &ObjectRef) -> Option<&'a Record> {
        self.last(&self.index.crls, issuer)
    }

    /// The last request of an intermediate's generation.
    pub fn request(&self, object: &ObjectRef) -> Option<&'a Record> {
        self.last(&self.index.requests, object)
    }

    fn last(&self, of: &One, object: &ObjectRef) -> Option<&'a Record> {
        self.at(of.get(object.to_string().as_str()))
    }

    fn ca(&self, of: &Scope) -> Option<&Ca> {
        self.index.cas.get(of.to_string().as_str())
    }

    /// The generations of a CA that have a certificate, oldest first.
    pub fn certified_generations(&self, of: &Scope) -> Vec<u32> {
        self.ca(of).into_iter().flat_map(|ca| ca.certified.iter().copied()).collect()
    }

    /// The generation of a CA that signs: the one that was activated last, else the first that has
    /// a certificate.
    pub fn active_generation(&self, of: &Scope) -> Option<u32> {
        let ca = self.ca(of)?;
        ca.activated.or_else(|| ca.certified.first().copied())
    }

    /// The newest generation of a CA that was requested or certified; 0 when there is none.
    pub fn generation(&self, of: &Scope) -> u32 {
        self.ca(of).map_or(0, |ca| ca.newest)
    }

    /// What is to be on the CRLs of this CA generation, in the order in which it was revoked.
    pub fn revocations(&self, issuer: &ObjectRef) -> impl Iterator<Item = &'a Record> {
        self.all(self.issuer(issuer).map_or(&[], |issuer| &issuer.revoked))
    }

    /// The revocation of the certificate of this record.
    pub fn revocation(&self, of: &Record) -> Option<&'a Record> {
        self.at(self.index.revocations.get(of.serial.as_deref()?))
    }

    /// Is the certificate of this record neither expired nor revoked at that moment?
    pub fn is_live(&self, record: &Record, at: OffsetDateTime) -> bool {
        self.revocation(record).is_none() && record.ends().is_some_and(|end| at <= end)
    }

    /// Is what this CA generation has signed to be replaced?
    pub fn is_tainted(&self, object: &ObjectRef) -> bool {
        self.index.tainted.contains(object.to_string().as_str())
    }

    /// Is what this CA generation (by its text) has issued to be replaced, since it is tainted or
    /// revoked?
    pub fn is_distrusted(&self, issuer: &str) -> bool {
        let is_revoked = |record: &Record| self.revocation(record).is_some();
        // Asked of every identity, and mostly nothing was ever revoked.
        self.index.tainted.contains(issuer)
            || !self.index.revocations.is_empty() && self.current(issuer).is_some_and(is_revoked)
    }

    /// The revocation as compromised of a certificate for this key (SHA-256 of its SPKI).
    pub(super) fn compromise(&self, key: &str) -> Option<&'a Record> {
        self.at(self.used().compromised.get(key))
    }

    /// # Errors
    /// KEY-COMPROMISED, for a key (SHA-256 of its SPKI) of which a certificate was revoked so.
    pub fn check_compromise(&self, key: &str) -> Result<(), Finding> {
        let Some(revoked) = self.compromise(key) else { return Ok(()) };
        let message = format!("the key was that of {}, revoked {}", revoked.object, revoked.time);
        Err(Rule::KeyCompromised.found(message))
    }

    /// The links between roots, in the order in which they were made.
    pub fn links(&self) -> Vec<&'a Record> {
        self.all(&self.index.links).collect()
    }

    /// The root that the next ceremony is to make.
    pub fn prepared_root(&self) -> Option<ObjectRef> {
        let object = self.at(self.index.prepared.as_ref())?.object.parse().ok()?;
        self.certificate(&object).is_none().then_some(object)
    }

    /// Every certificate that a CA generation has issued, links among them, oldest first.
    pub fn issued_by(&self, issuer: &ObjectRef) -> impl Iterator<Item = &'a Record> {
        self.all(self.issuer(issuer).map_or(&[], |issuer| &issuer.signed))
    }

    fn issuer(&self, issuer: &ObjectRef) -> Option<&Issuer> {
        self.index.issuers.get(issuer.to_string().as_str())
    }

    /// What a CA generation has issued and is in use: the last certificate of each object, neither
    /// expired nor revoked, in order of names.
    pub fn dependents(&self, issuer: &ObjectRef, at: OffsetDateTime) -> Vec<&'a Record> {
        let is_current = |record: &&Record| {
            self.current(&record.object).is_some_and(|current| current.seq == record.seq)
        };
        let in_use = self.issued_by(issuer).filter(is_current);
        let mut in_use: Vec<_> = in_use.filter(|record| self.is_live(record, at)).collect();
        in_use.sort_by(|one, other| one.object.cmp(&other.object));
        in_use
    }
}
