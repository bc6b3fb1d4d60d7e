//! The certificates that a listener shows, beside those that were issued to it.

use super::Judged;
use crate::authority::Estate;
use crate::error::Result;
use crate::journal::{History, Record};
use crate::model::{
    kind::Kind,
    moment::day,
    name::{Name, ObjectRef},
    text::clean,
};
use crate::pki::{inspect::Certificate, pem};
use crate::store::{file, layout};
use crate::vault::trust::certificates;
use rustls_pki_types::CertificateDer;

/// What the workspace has issued.
pub struct Known<'e> {
    estate: &'e Estate<'e>,
    history: History<'e>,
    /// The intermediates of all environments, each generation.
    cas: Vec<(ObjectRef, Certificate)>,
}

impl<'e> Known<'e> {
    /// # Errors
    /// NOT-AS-RECORDED, and what else is wrong with the certificate of a CA.
    pub fn of(estate: &'e Estate<'e>) -> Result<Self> {
        let mut cas = Vec::new();
        for declared in &estate.environments {
            let environment = &declared.environment;
            for name in environment.declared.intermediates.keys() {
                cas.extend(certificates(estate, &ObjectRef::member(&environment.name, name))?);
            }
        }
        Ok(Self { estate, history: estate.history(), cas })
    }

    /// That of its last certificate.
    pub fn kind(&self, object: &ObjectRef) -> Option<Kind> {
        Kind::of_uri(self.history.certificate(object)?.uri.as_deref())
    }

    /// Whose certificate has this serial number.
    pub fn owner(&self, serial: &str) -> Option<&'e str> {
        self.history.by_serial(serial).map(|record| record.object.as_str())
    }

    /// Is this chain the one that was issued last to that listener, or to any of the environment?
    pub fn judge(
        &self,
        environment: &Name,
        listener: Option<&ObjectRef>,
        chain: &[CertificateDer],
    ) -> Judged {
        let leaf = chain.first().map(|leaf| Certificate::parse("its certificate", leaf.to_vec()));
        let leaf = match leaf {
            Some(Ok(leaf)) => leaf,
            Some(Err(error)) => return Judged::differs(clean(&error.messages().join(": "))),
            None => return Judged::differs("shows no certificate"),
        };
        let fingerprint = leaf.fingerprint();
        let record = self.history.by_serial(&leaf.facts.serial);
        match record.filter(|record| record.fingerprint.as_deref() == Some(&fingerprint)) {
            None => self.stranger(environment, &leaf),
            Some(record) => {
                let judged = self.recorded(environment, listener, &leaf, record);
                let judged = judged.or_else(|| self.chain(record, chain));
                judged.unwrap_or_else(|| {
                    Judged::as_issued(format!("as issued, until {}", day(leaf.facts.not_after)))
                })
            }
        }
    }

    /// One that the journal does not know.
    fn stranger(&self, environment: &Name, leaf: &Certificate) -> Judged {
        let signer = self.cas.iter().find(|(_, ca)| leaf.is_signed_by(&ca.facts.key));
        match signer {
            None => Judged::differs("shows a certificate that another CA has issued"),
            Some((ca, _)) if ca.scope.environment() != Some(environment) => {
                Judged::differs(format!("shows a certificate of another environment, by {ca}"))
            }
            Some((ca, _)) => Judged::differs(format!(
                "shows a certificate that {ca} has signed and the journal does not know: serial \
                 number {}",
                leaf.facts.serial
            ))
            .hint("find out who had the key of the intermediate: rootward journal verify"),
        }
    }

    /// What is wrong with showing it, or with showing it there.
    fn recorded(
        &self,
        environment: &Name,
        listener: Option<&ObjectRef>,
        leaf: &Certificate,
        record: &Record,
    ) -> Option<Judged> {
        let object: ObjectRef = record.object.parse().ok()?;
        if object.scope.environment() != Some(environment) {
            let text = format!("shows a certificate of another environment, {object}'s");
            return Some(
                Judged::differs(text).hint("look at the address, and at the server's files"),
            );
        }
        if listener.is_some_and(|listener| *listener != object)
            || !leaf
                .facts
                .extended_key_usage
                .iter()
                .any(|oid| oid == crate::pki::inspect::SERVER_AUTH)
        {
            let text = format!("shows the certificate of {object}");
            return Some(Judged::differs(text).hint(load(listener.unwrap_or(&object))));
        }
        if let Some(revocation) = self.history.revocation(record) {
            let reason = revocation.reason.as_deref().unwrap_or("unspecified");
            let of: String = revocation.time.chars().take(10).collect();
            let text = format!("shows a certificate that was revoked on {of}, {reason}");
            return Some(Judged::differs(text).hint(load(&object)));
        }
        let last = self.history.certificate(&object)?;
        let end = day(leaf.facts.not_after);
        if last.serial != record.serial {
            let [old, new] =
                [record, last].map(|record| record.time.chars().take(10).collect::<String>());
            let text =
                format!("shows an older certificate, of {old} until {end}; the last is of {new}");
            return Some(Judged::differs(text).hint(load(&object)));
        }
        (self.estate.context.now() > leaf.facts.not_after).then(|| {
            Judged::differs(format!("shows a certificate that expired on {end}"))
                .hint(format!("rootward identity issue {object}"))
        })
    }

    /// What is wrong with the certificates behind it.
    fn chain(&self, record: &Record, chain: &[CertificateDer]) -> Option<Judged> {
        let issuer: ObjectRef = record.issuer.as_deref()?.parse().ok()?;
        let object: ObjectRef = record.object.parse().ok()?;
        let (_, ca) = self.cas.iter().find(|(ca, _)| *ca == issuer)?;
        let differs = |text: String| Some(Judged::differs(text).hint(load(&object)));
        let sent = chain.get(1..).unwrap_or_default();
        if sent.is_empty() {
            return differs(format!("shows its certificate alone, without that of {issuer}"));
        }
        if !sent.iter().any(|sent| sent.as_ref() == ca.der.as_slice()) {
            return differs(format!("shows a chain without the certificate of {issuer}"));
        }
        // What is not there, or cannot be read, is verify's matter.
        let whole = self.issued_chain(&object)?;
        let is_whole = chain.iter().map(AsRef::as_ref).eq(whole.iter().map(Vec::as_slice));
        if is_whole { None } else { differs("shows another chain than was issued".into()) }
    }

    fn issued_chain(&self, object: &ObjectRef) -> Option<Vec<Vec<u8>>> {
        let path = chain_file(object)?;
        let bytes = self.estate.workspace.read_if_any(&path, file::SMALL).ok()??;
        pem::read_certificates(&path, &bytes).ok()
    }
}

fn chain_file(object: &ObjectRef) -> Option<String> {
    let crate::model::name::Scope::Member { environment, name } = &object.scope else {
        return None;
    };
    Some(format!("{}/chain.pem", layout::identity(environment, name)))
}

fn load(object: &ObjectRef) -> String {
    let file = chain_file(object).unwrap_or_default();
    format!("bring {file} with its key to the server, and have it load them: a SIGHUP")
}
