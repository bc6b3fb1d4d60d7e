//! The CAs of a workspace as they are on the disk, compared with what the journal recorded.

use super::Estate;
use crate::error::{Error, Result};
use crate::model::{
    name::{ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{crl::Crl, inspect::Certificate, issuer::Issuer, pem};
use crate::store::{file, layout};

impl Estate<'_> {
    /// The generation of the root or an intermediate that signs.
    pub fn active_generation(&self, of: &Scope) -> Option<u32> {
        self.history().active_generation(of)
    }

    /// The generation that was asked for, else the one that signs.
    pub fn in_force(&self, asked: &ObjectRef) -> ObjectRef {
        let generation = asked.generation.or_else(|| self.active_generation(&asked.scope));
        ObjectRef { scope: asked.scope.clone(), generation }
    }

    /// The generations of a CA whose certificate is neither expired nor revoked, oldest first.
    pub fn live_generations(&self, ca: &ObjectRef) -> Vec<ObjectRef> {
        let (history, now) = (self.history(), self.context.now());
        let is_live = |object: &ObjectRef| {
            history.certificate(object).is_some_and(|record| history.is_live(record, now))
        };
        let generations = history.certified_generations(&ca.scope).into_iter();
        generations.map(|generation| ca.clone().at(generation)).filter(is_live).collect()
    }

    /// Loads a CA that is to sign, comparing it with its record.
    ///
    /// # Errors
    /// Failed, when it does not exist yet; NOT-AS-RECORDED.
    pub fn issuer(&self, asked: &ObjectRef) -> Result<Issuer> {
        let object = self.in_force(asked);
        let history = self.history();
        let record = object.generation.and_then(|_| history.certificate(&object));
        let record = record.ok_or_else(|| self.missing(asked))?;
        let certificate = self.recorded_certificate(&object, &ca_dir(&object))?;
        let parent = record.issuer.as_ref().and_then(|issuer| issuer.parse().ok());
        let crl = parent.and_then(|parent| self.crl(&parent).transpose()).transpose()?;
        // Revoked is what the journal says so of, even before it is on a CRL.
        let named = crl.is_some_and(|crl| crl.names(&certificate.facts.serial));
        let revoked = named || history.revocation(record).is_some();
        Issuer::new(object, certificate, revoked)
    }

    /// The command that is to be typed first.
    fn missing(&self, asked: &ObjectRef) -> Error {
        let scope = &asked.scope;
        let hint = match scope {
            Scope::Root => "rootward root create".to_owned(),
            Scope::Member { .. } if self.history().generation(scope) > 0 => {
                self.by_root(format!("rootward intermediate sign {scope}"))
            }
            Scope::Member { .. } => format!("rootward intermediate request {scope}"),
        };
        Error::failed(format!("{asked} has no certificate yet")).hint(hint)
    }

    /// The certificate of an object as its file says and as the journal confirms.
    pub fn recorded_certificate(&self, object: &ObjectRef, dir: &str) -> Result<Certificate> {
        let path = format!("{dir}/cert.pem");
        let bytes = self.workspace.read(&path)?;
        let certificate = Certificate::parse(&path, pem::read_one(&path, "CERTIFICATE", &bytes)?)?;
        let history = self.history();
        let recorded = history.certificate(object).and_then(|record| record.fingerprint.as_deref());
        if recorded != Some(certificate.fingerprint().as_str()) {
            let message = format!("{path} is not the certificate that the journal recorded");
            return Err(Rule::NotAsRecorded.found(message).into());
        }
        Ok(certificate)
    }

    /// The current CRL of a CA generation, checked against its record; `None` when there is none.
    ///
    /// # Errors
    /// CRL-NUMBER for an older one, NOT-AS-RECORDED for any other.
    pub fn crl(&self, issuer: &ObjectRef) -> Result<Option<Crl>> {
        let path = format!("{}/crl.pem", ca_dir(issuer));
        let history = self.history();
        let record = history.crl(issuer);
        let recorded = record.and_then(|record| record.fingerprint.as_deref());
        let Some(bytes) = self.workspace.read_if_any(&path, file::LARGE)? else {
            return match recorded {
                None => Ok(None),
                Some(_) => Err(Error::failed(format!("{path} is missing, the journal has one"))
                    .hint("restore it from the newest copy of the workspace")),
            };
        };
        let crl = Crl::parse(&path, pem::read_one(&path, "X509 CRL", &bytes)?)?;
        if recorded != Some(crl.fingerprint().as_str()) {
            let last = record.and_then(|record| record.number).unwrap_or_default();
            let finding = if crl.number < last {
                let number = crl.number;
                Rule::CrlNumber.found(format!("{path} has number {number}, the journal {last}"))
            } else {
                let message = format!("{path} is not the CRL that the journal recorded");
                Rule::NotAsRecorded.found(message)
            };
            return Err(finding.into());
        }
        Ok(Some(crl))
    }
}

/// The directory of one generation of a CA.
pub fn ca_dir(object: &ObjectRef) -> String {
    let generation = object.generation.unwrap_or(1);
    match &object.scope {
        Scope::Root => layout::root(generation),
        Scope::Member { environment, name } => layout::intermediate(environment, name, generation),
    }
}
