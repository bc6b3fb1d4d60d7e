//! What is derived from the roots in force: trust bundles, chains, the links themselves.

use super::check::{self, Problems};
use crate::authority::ca::ca_dir;
use crate::authority::estate::Declared;
use crate::authority::trust::Trust;
use crate::authority::{Estate, link};
use crate::error::Result;
use crate::journal::Record;
use crate::model::name::ObjectRef;
use crate::pki::{inspect::Certificate, issuer::Issuer, link as pki_link, pem, profile::Serial};
use crate::store::{file, layout};
use std::collections::HashMap;

/// What the files of an environment are to be.
pub struct Derived {
    trust: Trust,
    /// Of each intermediate: what its leaves' chains have after the leaf.
    above: HashMap<String, Vec<Vec<u8>>>,
}

impl Derived {
    /// `None` when a root is not as recorded: that is a problem of its own.
    pub fn of(estate: &Estate, issuers: &HashMap<String, Issuer>) -> Option<Self> {
        let trust = Trust::of(estate).ok()?;
        let objects = issuers.values().map(|issuer| &issuer.object);
        let above =
            objects.filter_map(|object| Some((object.to_string(), trust.above(estate, object)?)));
        let above = above.collect();
        Some(Self { trust, above })
    }

    /// `trust.pem` is exactly the roots in force; it may wait for the first intermediate.
    pub fn bundle(&self, estate: &Estate, declared: &Declared, problems: &mut Problems) {
        let path = layout::trust(&declared.environment.name);
        let expected = self.trust.bundle(estate, declared);
        let there = estate.workspace.read_if_any(&path, file::SMALL).ok().flatten();
        let there = there.map(|bytes| pem::read_certificates(&path, &bytes).unwrap_or_default());
        let names = declared.environment.declared.intermediates.keys();
        let history = estate.history();
        let mut scopes =
            names.map(|name| ObjectRef::member(&declared.environment.name, name).scope);
        let is_used = scopes.any(|scope| history.active_generation(&scope).is_some());
        let is_wrong = match there {
            None => is_used,
            Some(there) => !self.trust.agrees(&there, &expected),
        };
        if is_wrong {
            problems.push(format!("{path} is not exactly the roots in force"));
        }
    }

    /// `chain.pem` of an intermediate.
    pub fn chain(
        &self,
        estate: &Estate,
        object: &ObjectRef,
        certificate: &Certificate,
    ) -> Result<Option<String>> {
        let Some(expected) = self.trust.chain(estate, object) else {
            check::chain(estate, object, certificate)?;
            return Ok(None);
        };
        let path = format!("{}/chain.pem", ca_dir(object));
        let there = pem::read_certificates(&path, &estate.workspace.read(&path)?)?;
        let is_right = self.trust.agrees(&there, &expected);
        Ok((!is_right).then(|| format!("{path} is not the certificate and its root or links")))
    }

    /// Is that the chain of a leaf of this intermediate?
    pub fn is_leaf_chain(&self, there: &[Vec<u8>], leaf: &Vec<u8>, issuer: &ObjectRef) -> bool {
        let Some(above) = self.above.get(&issuer.to_string()) else { return true };
        self.trust.agrees(there, [leaf].into_iter().chain(above))
    }
}

/// Every link between two roots: as recorded, as the rules want it, signed.
pub fn links(
    estate: &Estate,
    records: &[&Record],
    issuers: &HashMap<String, Issuer>,
    problems: &mut Problems,
) -> Result<usize> {
    for record in records {
        let (root, issuer) = link::ends(record)?;
        let name = ObjectRef::clone(&root);
        let there = link::recorded(estate, record);
        let there = there.and_then(|der| Certificate::parse(&link::path(&root, &issuer), der));
        let Some(certificate) = problems.keep(&name, there) else { continue };
        let (of, by) = (issuers.get(&root.to_string()), issuers.get(&issuer.to_string()));
        let Some((of, by)) = of.zip(by) else { continue };
        let serial = Serial::read(&certificate.facts.serial);
        let kind = link::kind(&root, &issuer);
        let draft = pki_link::draft(kind, &of.certificate, &by.certificate, serial);
        problems.lint(&name, &certificate, &draft, Some(by), record.act);
    }
    Ok(records.len())
}
