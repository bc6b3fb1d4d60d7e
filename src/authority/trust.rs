//! What relying parties are given: `trust.pem` of every environment and `chain.pem` of every
//! certificate, derived from the roots in force and the links between them.
//!
//! A root is in force from its certificate on until it is revoked or expires: it is in every
//! `trust.pem` before it signs anything, so that nobody is taken by surprise. A chain carries every
//! link that leads from its own root to another root in force: who trusts any of them verifies it.
//! With three roots in force at once openssl and rustls-webpki still do, whichever they trust;
//! GnuTLS only when it trusts the one at the end of the line.

use super::ca::ca_dir;
use super::{Estate, identity, link};
use crate::authority::estate::Declared;
use crate::error::Result;
use crate::journal::{Act, Record};
use crate::model::name::{Name, ObjectRef, Scope};
use crate::pki::{inspect::sha256, pem};
use crate::store::{Output, file, layout};
use std::collections::{BTreeMap, HashSet};

/// The roots in force, and the links between them.
pub struct Trust {
    roots: Vec<(ObjectRef, Vec<u8>)>,
    links: Vec<Link>,
    /// Roots and links past their end: a file that still has them is not wrong.
    expired: HashSet<Vec<u8>>,
}

struct Link {
    root: ObjectRef,
    issuer: ObjectRef,
    der: Vec<u8>,
}

impl Trust {
    /// As it is now, what is staged included.
    ///
    /// # Errors
    /// NOT-AS-RECORDED, and what hinders reading a root or a link.
    pub fn of(estate: &Estate) -> Result<Self> {
        let history = estate.history();
        let mut trust = Self { roots: Vec::new(), links: Vec::new(), expired: HashSet::new() };
        for object in history.certified_generations(&Scope::Root).into_iter().map(ObjectRef::root) {
            let record = history.certificate(&object);
            let Some(record) = record.filter(|record| history.revocation(record).is_none()) else {
                continue;
            };
            let root = estate.recorded_certificate(&object, &ca_dir(&object))?;
            trust.add(estate, record, root.der, |trust, der| trust.roots.push((object, der)));
        }
        for record in history.links() {
            let (root, issuer) = link::ends(record)?;
            let is_between = trust.is_in_force(&root) && trust.is_in_force(&issuer);
            if is_between && history.revocation(record).is_none() {
                let der = link::recorded(estate, record)?;
                trust.add(estate, record, der, |trust, der| {
                    trust.links.push(Link { root, issuer, der });
                });
            }
        }
        Ok(trust)
    }

    fn add(
        &mut self,
        estate: &Estate,
        record: &Record,
        der: Vec<u8>,
        take: impl FnOnce(&mut Self, Vec<u8>),
    ) {
        let end = record.ends();
        if end.is_some_and(|end| estate.context.now() <= end) {
            take(self, der);
        } else {
            self.expired.insert(der);
        }
    }

    /// Is this root trusted by who loads `trust.pem`?
    pub fn is_in_force(&self, root: &ObjectRef) -> bool {
        self.roots.iter().any(|(object, _)| object == root)
    }

    /// The links by which who trusts another root gets to this one, nearest first.
    fn links(&self, root: &ObjectRef) -> Vec<Vec<u8>> {
        let (mut reached, mut path) = (vec![root], Vec::new());
        let mut next = 0;
        while let Some(from) = reached.get(next).copied() {
            for link in self.links.iter().filter(|link| link.root == *from) {
                if !reached.contains(&&link.issuer) {
                    reached.push(&link.issuer);
                    path.push(link.der.clone());
                }
            }
            next += 1;
        }
        path
    }

    /// What a relying party of the environment trusts: the roots in force, then those of chains
    /// that were signed elsewhere.
    pub fn bundle(&self, estate: &Estate, declared: &Declared) -> Vec<Vec<u8>> {
        let mut roots: Vec<Vec<u8>> = self.roots.iter().map(|(_, der)| der.clone()).collect();
        let history = estate.history();
        let now = estate.context.now();
        for record in cas(estate, declared) {
            if record.act == Act::IntermediateImport && history.is_live(record, now) {
                let root = chain_there(estate, record).and_then(|mut chain| chain.pop());
                roots.extend(root.filter(|root| !roots.contains(root)));
            }
        }
        roots
    }

    /// `chain.pem` of an intermediate, for Vault's set-signed: itself and its root; or, where there
    /// are links, these in the root's place. openssl, given both, may take the root, find that it is
    /// not trusted, and look no further. `None` when its certificate is not here, or its chain came
    /// with it.
    pub fn chain(&self, estate: &Estate, object: &ObjectRef) -> Option<Vec<Vec<u8>>> {
        let history = estate.history();
        let issuer = history.certificate(object)?.issuer.as_deref()?.parse::<ObjectRef>().ok()?;
        let der = |ca: &ObjectRef| Some(estate.recorded_certificate(ca, &ca_dir(ca)).ok()?.der);
        let mut chain = vec![der(object)?];
        chain.extend(self.links(&issuer));
        if chain.len() == 1 {
            chain.push(der(&issuer)?);
        }
        Some(chain)
    }

    /// What a leaf's `chain.pem` has after the leaf: its intermediate and links, no root.
    pub fn above(&self, estate: &Estate, issuer: &ObjectRef) -> Option<Vec<Vec<u8>>> {
        let intermediate = estate.recorded_certificate(issuer, &ca_dir(issuer)).ok()?;
        let mut above = vec![intermediate.der];
        let history = estate.history();
        let root = history.certificate(issuer)?.issuer.as_deref().map(str::parse::<ObjectRef>);
        if let Some(Ok(root)) = root {
            above.extend(self.links(&root));
        }
        Some(above)
    }

    /// Is that what is expected, but for what has expired meanwhile?
    pub fn agrees<'d>(
        &self,
        there: impl IntoIterator<Item = &'d Vec<u8>>,
        expected: impl IntoIterator<Item = &'d Vec<u8>>,
    ) -> bool {
        let is_live = |der: &&Vec<u8>| !self.expired.contains(*der);
        there.into_iter().filter(is_live).eq(expected.into_iter().filter(is_live))
    }
}

/// Every derived file that is to be other than it is. What cannot be derived, since a certificate
/// is not here or is not the recorded one, is left alone: `verify` says so.
///
/// # Errors
/// As for [`Trust::of`].
pub fn derived(estate: &Estate) -> Result<Vec<Output>> {
    let trust = Trust::of(estate)?;
    let mut outputs = Vec::new();
    let mut put = |path: String, text: String| {
        let there = estate.workspace.read_if_any(&path, file::SMALL).ok().flatten();
        if there.is_none_or(|there| there.as_slice() != text.as_bytes()) {
            outputs.push(Output::public(path, text));
        }
    };
    for declared in &estate.environments {
        let environment = &declared.environment.name;
        let roots = trust.bundle(estate, declared);
        if !roots.is_empty() {
            put(layout::trust(environment), text(&roots)?);
        }
        let mut above = BTreeMap::new();
        for record in cas(estate, declared) {
            let Ok(object) = record.object.parse::<ObjectRef>() else { continue };
            if let Some(chain) = trust.chain(estate, &object) {
                put(format!("{}/chain.pem", ca_dir(&object)), text(&chain)?);
            }
            if let Some(ders) = trust.above(estate, &object) {
                above.insert(object.to_string(), text(&ders)?);
            }
        }
        for (path, text) in leaf_chains(estate, environment, &above)? {
            put(path, text);
        }
    }
    Ok(outputs)
}

fn text(ders: &[Vec<u8>]) -> Result<String> {
    pem::certificates(ders.iter().map(Vec::as_slice))
}

/// The chains of all identities of an environment whose certificate is here.
fn leaf_chains(
    estate: &Estate,
    environment: &Name,
    above: &BTreeMap<String, String>,
) -> Result<Vec<(String, String)>> {
    let history = estate.history();
    let chain = |name: &Name| {
        let record = history.certificate(&ObjectRef::member(environment, name))?;
        let above = above.get(record.issuer.as_deref()?)?;
        let dir = layout::identity(environment, name);
        let path = format!("{dir}/cert.pem");
        let leaf = estate.workspace.read(&path).ok()?;
        let der = pem::read_one(&path, "CERTIFICATE", &leaf).ok()?;
        let is_recorded = record.fingerprint.as_deref() == Some(&sha256(&der));
        let leaf = pem::certificate(&der).ok().filter(|_| is_recorded)?;
        Some((format!("{dir}/chain.pem"), format!("{leaf}{above}")))
    };
    let names = identity::declared(estate, environment)?;
    // Without threads, which a sandbox that is entered later would not hold.
    Ok(names.iter().filter_map(chain).collect())
}

/// The certificates of the environment's intermediates, every generation.
fn cas<'e>(estate: &'e Estate, declared: &Declared) -> Vec<&'e Record> {
    let environment = &declared.environment;
    let history = estate.history();
    let names = environment.declared.intermediates.keys();
    let certified = names.flat_map(|name| {
        let object = ObjectRef::member(&environment.name, name);
        let generations = history.certified_generations(&object.scope);
        generations.into_iter().map(move |generation| object.clone().at(generation))
    });
    certified.filter_map(|object| history.certificate(&object)).collect()
}

fn chain_there(estate: &Estate, record: &Record) -> Option<Vec<Vec<u8>>> {
    let path = format!("{}/chain.pem", ca_dir(&record.object.parse().ok()?));
    pem::read_certificates(&path, &estate.workspace.read(&path).ok()?).ok()
}
