//! Where in the journal things stand: positions of records, by what is asked for. It borrows
//! nothing, so that a journal keeps it beside its records and continues it.

use super::record::{Act, Record};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

/// The position of one record by a text.
pub type One = HashMap<Box<str>, usize>;

/// Of a journal's records, in their order.
#[derive(Debug, Default)]
pub struct Index {
    /// The certificates of each object (without generation) and of each CA generation; and where an
    /// identity was taken away.
    pub objects: HashMap<Box<str>, Vec<usize>>,
    /// The last CRL of each issuer generation.
    pub crls: One,
    /// The last request of each intermediate generation.
    pub requests: One,
    /// The generations of each CA.
    pub cas: HashMap<Box<str>, Ca>,
    /// What each CA generation has signed, and what of that was revoked.
    pub issuers: HashMap<Box<str>, Issuer>,
    /// The first revocation of each serial number.
    pub revocations: One,
    /// CA generations whose children are to be replaced.
    pub tainted: HashSet<Box<str>>,
    /// Between roots.
    pub links: Vec<usize>,
    /// The root that is to be made by the next ceremony.
    pub prepared: Option<usize>,
    /// Only asked for where something is about to be signed.
    used: OnceLock<Used>,
}

/// A CA, all of whose generations are known by their numbers.
#[derive(Debug, Default)]
pub struct Ca {
    /// The newest that was requested or certified.
    pub newest: u32,
    /// Those that have a certificate.
    pub certified: BTreeSet<u32>,
    /// The one that was made to sign last.
    pub activated: Option<u32>,
}

/// One generation of a CA.
#[derive(Debug, Default)]
pub struct Issuer {
    /// Certificates and links.
    pub signed: Vec<usize>,
    /// Revocations.
    pub revoked: Vec<usize>,
}

/// What was ever used, and by whom.
#[derive(Debug, Default)]
pub struct Used {
    /// The last record of each serial number that is no revocation.
    pub serials: One,
    /// The first of each key.
    pub keys: One,
    /// The first revocation as compromised of each key.
    pub compromised: One,
    /// The last of each common name and URI: of leaves by environment, of CAs under "".
    pub names: HashMap<Box<str>, One>,
}

impl Index {
    /// Of records in their order.
    pub fn of(records: &[Record]) -> Self {
        let objects = HashMap::with_capacity(records.len());
        let mut index = Self { objects, ..Self::default() };
        records.iter().enumerate().for_each(|(at, record)| index.place(at, record));
        index
    }

    /// Continues with the last record.
    pub fn add(&mut self, records: &[Record]) {
        let Some((record, before)) = records.split_last() else { return };
        self.place(before.len(), record);
        if let Some(used) = self.used.get_mut() {
            used.place(records, before.len(), record);
        }
    }

    /// What was used, of the same records.
    pub fn used(&self, records: &[Record]) -> &Used {
        self.used.get_or_init(|| {
            let mut used = Used::default();
            let all = records.iter().enumerate();
            all.for_each(|(at, record)| used.place(records, at, record));
            used
        })
    }

    fn place(&mut self, at: usize, record: &Record) {
        let object = || record.object.as_str().into();
        if record.act.is_certificate() || record.act == Act::IdentityRemove {
            match self.objects.get_mut(record.object.as_str()) {
                Some(places) => places.push(at),
                None => {
                    self.objects.insert(object(), vec![at]);
                }
            }
        }
        self.generation(record);
        if let Some(issuer) = &record.issuer {
            let is_signed = record.act.is_certificate() || record.act == Act::RootLink;
            if is_signed {
                self.issuer(issuer, |issuer| issuer.signed.push(at));
            } else if record.act == Act::Revoke {
                self.issuer(issuer, |issuer| issuer.revoked.push(at));
            }
        }
        match record.act {
            Act::CrlIssue => {
                self.crls.insert(record.issuer.as_deref().map_or_else(object, Into::into), at);
            }
            Act::IntermediateRequest => {
                self.requests.insert(object(), at);
            }
            Act::RotatePrepare => self.prepared = Some(at),
            Act::RotateTaint => {
                self.tainted.insert(object());
            }
            Act::RootLink => self.links.push(at),
            Act::Revoke => {
                let serial = record.serial.as_deref().unwrap_or_default();
                self.revocations.entry(serial.into()).or_insert(at);
            }
            _ => {}
        }
    }

    /// Mostly it is there, and its name need not be copied.
    fn issuer(&mut self, name: &str, change: impl FnOnce(&mut Issuer)) {
        match self.issuers.get_mut(name) {
            Some(issuer) => change(issuer),
            None => change(self.issuers.entry(name.into()).or_default()),
        }
    }

    /// Leaves have none.
    fn generation(&mut self, record: &Record) {
        if record.act == Act::IdentityIssue {
            return;
        }
        let Some((scope, generation)) = record.object.split_once("@g") else { return };
        let Ok(generation) = generation.parse::<u32>() else { return };
        let ca = self.cas.entry(scope.into()).or_default();
        match record.act {
            Act::RotateActivate => ca.activated = Some(generation),
            Act::IntermediateRequest => ca.newest = ca.newest.max(generation),
            act if act.is_certificate() => {
                ca.newest = ca.newest.max(generation);
                ca.certified.insert(generation);
            }
            _ => {}
        }
    }
}

impl Used {
    fn place(&mut self, records: &[Record], at: usize, record: &Record) {
        const COMPROMISES: [&str; 2] = ["keyCompromise", "cACompromise"];
        let is_certificate = record.act.is_certificate();
        if record.act == Act::Revoke {
            let is_compromise =
                record.reason.as_deref().is_some_and(|reason| COMPROMISES.contains(&reason));
            let certificate = record.serial.as_deref().filter(|_| is_compromise);
            let certificate =
                certificate.and_then(|serial| records.get(*self.serials.get(serial)?));
            if let Some(key) = certificate.and_then(|certificate| certificate.key.as_deref()) {
                self.compromised.entry(key.into()).or_insert(at);
            }
        } else if let Some(serial) = &record.serial {
            self.serials.insert(serial.as_str().into(), at);
        }
        // A key that was signed for and not released has been seen all the same.
        let is_seen = matches!(record.act, Act::IntermediateRequest | Act::Abandoned);
        if let (Some(key), true) = (&record.key, is_certificate || is_seen) {
            self.keys.entry(key.as_str().into()).or_insert(at);
        }
        if is_certificate {
            let names = self.names.entry(name_space(record).into()).or_default();
            for name in [&record.cn, &record.uri].into_iter().flatten() {
                names.insert(name.as_str().into(), at);
            }
        }
    }
}

/// Leaves share a name space with the leaves of their environment, CAs with all CAs.
fn name_space(record: &Record) -> &str {
    match record.act {
        Act::IdentityIssue => record.object.split_once('/').map_or("", |(env, _)| env),
        _ => "",
    }
}
