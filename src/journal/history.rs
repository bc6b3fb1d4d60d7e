//! What the journal knows: which serials, keys and names were ever used, and what is current.

use super::chain::instant;
use super::record::{Act, Record};
use crate::model::{
    name::{ObjectRef, Scope},
    rule::{Finding, Rule},
};
use std::collections::{BTreeMap, HashMap, HashSet};
use time::OffsetDateTime;

/// An index over the records of a verified journal.
#[derive(Debug, Default)]
pub struct History<'a> {
    serials: HashMap<&'a str, &'a Record>,
    keys: HashMap<&'a str, &'a Record>,
    /// (environment, common name) and (environment, URI) of leaves; ("", CN) of CAs.
    names: HashMap<(&'a str, &'a str), &'a Record>,
    /// The last certificate of each object (without generation), and of each CA generation.
    current: BTreeMap<&'a str, &'a Record>,
    /// The last CRL of each issuer generation.
    crls: BTreeMap<&'a str, &'a Record>,
    /// The last request of each intermediate generation.
    requests: BTreeMap<&'a str, &'a Record>,
    /// The generation of each CA that was made to sign last: (scope, object).
    activated: HashMap<&'a str, &'a Record>,
    /// In order.
    revoked: Vec<&'a Record>,
    /// The first revocation of each serial number.
    revocations: HashMap<&'a str, &'a Record>,
    /// CA generations whose children are to be replaced.
    tainted: HashSet<&'a str>,
    /// In order.
    links: Vec<&'a Record>,
    /// The root that is to be made by the next ceremony.
    prepared: Option<&'a Record>,
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

fn scope(object: &str) -> &str {
    object.split_once('@').map_or(object, |(scope, _)| scope)
}

/// Leaves share a name space with the leaves of their environment, CAs with all CAs.
fn name_space(record: &Record) -> &str {
    match record.act {
        Act::IdentityIssue => record.object.split_once('/').map_or("", |(env, _)| env),
        _ => "",
    }
}

impl<'a> History<'a> {
    /// Indexes the records of a verified journal, in their order.
    pub fn of(records: &'a [Record]) -> Self {
        let mut history = Self::default();
        records.iter().for_each(|record| history.add(record));
        history
    }

    fn add(&mut self, record: &'a Record) {
        if let (Some(serial), true) = (&record.serial, record.act != Act::Revoke) {
            self.serials.insert(serial, record);
        }
        // A key that was signed for and not released has been seen all the same.
        let seen = matches!(record.act, Act::IntermediateRequest | Act::Abandoned);
        if let (Some(key), true) = (&record.key, record.act.is_certificate() || seen) {
            self.keys.entry(key).or_insert(record);
        }
        if record.act.is_certificate() {
            let space = name_space(record);
            for name in [&record.cn, &record.uri].into_iter().flatten() {
                self.names.insert((space, name), record);
            }
            self.current.insert(&record.object, record);
        }
        match record.act {
            Act::CrlIssue => {
                self.crls.insert(record.issuer.as_deref().unwrap_or(&record.object), record);
            }
            Act::IntermediateRequest => {
                self.requests.insert(&record.object, record);
            }
            Act::RotateActivate => {
                self.activated.insert(scope(&record.object), record);
            }
            // An identity of the same name, declared again, begins anew.
            Act::IdentityRemove => {
                self.current.remove(record.object.as_str());
            }
            Act::RotatePrepare => self.prepared = Some(record),
            Act::RotateTaint => {
                self.tainted.insert(&record.object);
            }
            Act::RootLink => self.links.push(record),
            Act::Revoke => {
                self.revoked.push(record);
                let serial = record.serial.as_deref().unwrap_or_default();
                self.revocations.entry(serial).or_insert(record);
            }
            _ => {}
        }
    }

    /// What of the candidate was used before, by another object.
    pub fn collisions(&self, candidate: &Candidate) -> Vec<Finding> {
        let object = candidate.object.to_string();
        let mut findings = Vec::new();
        if let Some(record) = self.serials.get(candidate.serial) {
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
        for name in [Some(candidate.cn), candidate.uri].into_iter().flatten() {
            if let Some(record) = self.names.get(&(space, name))
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
        self.keys.get(key).copied().filter(|record| record.object != object.to_string())
    }

    /// The last certificate of an object: `root@g1`, `prod/vault@g1`, `prod/synapse`.
    pub fn certificate(&self, object: &ObjectRef) -> Option<&'a Record> {
        self.current.get(object.to_string().as_str()).copied()
    }

    /// Is a certificate that this identity was ever issued neither expired nor revoked?
    pub fn live_leaf(&self, object: &ObjectRef, at: OffsetDateTime) -> Option<&'a Record> {
        let object = object.to_string();
        let is_its = |record: &&&Record| {
            record.act == Act::IdentityIssue && record.object == object && self.is_live(record, at)
        };
        self.serials
            .values()
            .copied()
            .filter(|record| is_its(&record))
            .max_by_key(|record| record.seq)
    }

    /// The last certificate of every object and CA generation, in order of names.
    pub fn certificates(&self) -> impl Iterator<Item = &'a Record> + '_ {
        self.current.values().copied()
    }

    /// The record of a serial number, whoever's issuer gave it.
    pub fn by_serial(&self, serial: &str) -> Option<&'a Record> {
        self.serials.get(serial).copied()
    }

    /// The last CRL of a CA generation.
    pub fn crl(&self, issuer: &ObjectRef) -> Option<&'a Record> {
        self.crls.get(issuer.to_string().as_str()).copied()
    }

    /// The last request of an intermediate's generation.
    pub fn request(&self, object: &ObjectRef) -> Option<&'a Record> {
        self.requests.get(object.to_string().as_str()).copied()
    }

    /// The generations of a CA that have a certificate, oldest first.
    pub fn certified_generations(&self, of: &Scope) -> Vec<u32> {
        let certified = |generation: &u32| {
            let object = ObjectRef { scope: of.clone(), generation: Some(*generation) };
            self.certificate(&object).is_some()
        };
        (1..=self.generation(of)).filter(certified).collect()
    }

    /// The generation of a CA that signs: the one that was activated last, else the first that has
    /// a certificate.
    pub fn active_generation(&self, of: &Scope) -> Option<u32> {
        let activated = self.activated.get(of.to_string().as_str());
        let activated = activated.and_then(|record| record.object.parse::<ObjectRef>().ok());
        let activated = activated.and_then(|object| object.generation);
        activated.or_else(|| self.certified_generations(of).first().copied())
    }

    /// What is to be on the CRLs of this CA generation, in the order in which it was revoked.
    pub fn revocations(&self, issuer: &ObjectRef) -> impl Iterator<Item = &'a Record> + '_ {
        let issuer = issuer.to_string();
        let of = move |record: &&Record| record.issuer.as_deref() == Some(&issuer);
        self.revoked.iter().copied().filter(move |record| of(record))
    }

    /// The revocation of the certificate of this record.
    pub fn revocation(&self, of: &Record) -> Option<&'a Record> {
        self.revocations.get(of.serial.as_deref()?).copied()
    }

    /// Is the certificate of this record neither expired nor revoked at that moment?
    pub fn is_live(&self, record: &Record, at: OffsetDateTime) -> bool {
        let end = record.not_after.as_deref().and_then(instant);
        self.revocation(record).is_none() && end.is_some_and(|end| at <= end)
    }

    /// Is what this CA generation has signed to be replaced?
    pub fn is_tainted(&self, object: &ObjectRef) -> bool {
        self.tainted.contains(object.to_string().as_str())
    }

    /// The revocation as compromised of a certificate for this key (SHA-256 of its SPKI).
    fn compromise(&self, key: &str) -> Option<&'a Record> {
        const COMPROMISES: [&str; 2] = ["keyCompromise", "cACompromise"];
        let is_of = |record: &&&Record| {
            let certificate = record.serial.as_deref().and_then(|serial| self.by_serial(serial));
            record.reason.as_deref().is_some_and(|reason| COMPROMISES.contains(&reason))
                && certificate.and_then(|certificate| certificate.key.as_deref()) == Some(key)
        };
        self.revoked.iter().find(is_of).copied()
    }

    /// # Errors
    /// KEY-COMPROMISED, for a key (SHA-256 of its SPKI) of which a certificate was revoked so.
    pub fn check_compromise(&self, key: &str) -> Result<(), Finding> {
        let Some(revoked) = self.compromise(key) else { return Ok(()) };
        let message = format!("the key was that of {}, revoked {}", revoked.object, revoked.time);
        Err(Rule::KeyCompromised.found(message))
    }

    /// The links between roots, in the order in which they were made.
    pub fn links(&self) -> &[&'a Record] {
        &self.links
    }

    /// The root that the next ceremony is to make.
    pub fn prepared_root(&self) -> Option<ObjectRef> {
        let object = self.prepared?.object.parse().ok()?;
        self.certificate(&object).is_none().then_some(object)
    }

    /// Every certificate that a CA generation has issued, links among them, in no order.
    pub fn issued_by(&self, issuer: &ObjectRef) -> impl Iterator<Item = &'a Record> + '_ {
        let issuer = issuer.to_string();
        let is_released = |act: Act| act.is_certificate() || act == Act::RootLink;
        self.serials.values().copied().filter(move |record| {
            is_released(record.act) && record.issuer.as_deref() == Some(&issuer)
        })
    }

    /// What a CA generation has issued and is in use: the last certificate of each object, neither
    /// expired nor revoked.
    pub fn dependents(&self, issuer: &ObjectRef, at: OffsetDateTime) -> Vec<&'a Record> {
        let issuer = issuer.to_string();
        let current = self.certificates();
        let under = current.filter(|record| record.issuer.as_deref() == Some(&issuer));
        under.filter(|record| self.is_live(record, at)).collect()
    }

    /// The newest generation of a CA that was requested or certified; 0 when there is none.
    pub fn generation(&self, of: &Scope) -> u32 {
        let of = of.to_string();
        let generations = self.current.keys().chain(self.requests.keys());
        let numbers = generations
            .filter(|object| scope(object) == of)
            .filter_map(|object| object.parse::<ObjectRef>().ok()?.generation);
        numbers.max().unwrap_or(0)
    }
}
