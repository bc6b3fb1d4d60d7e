//! Which server it may be: one that the environment's own intermediate has certified, and never
//! one of another environment of the workspace.

use super::tls::provider;
use crate::authority::{Estate, ca::ca_dir};
use crate::error::{Error, Explain, Result};
use crate::model::{
    environment::ISSUER,
    key::PublicKey,
    name::{Name, ObjectRef},
};
use crate::pki::{inspect::Certificate, pem};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use std::{fmt, sync::Arc};

/// Verifies servers of one environment.
#[derive(Debug)]
pub struct Trust {
    /// Whose servers.
    pub environment: Name,
    verifier: Arc<WebPkiServerVerifier>,
    /// The keys of other environments' intermediates: no CA that was given makes up for these.
    foreign: Vec<(Name, PublicKey)>,
}

impl Trust {
    /// The environment's identity intermediates in force are the anchors, not the root that all
    /// environments share; or the certificates of the PEM file `ca` alone. What the intermediates
    /// have revoked is refused.
    ///
    /// # Errors
    /// Failed, when no intermediate is in force; NOT-AS-RECORDED.
    pub fn of(estate: &Estate, environment: &Name, ca: Option<(&str, &[u8])>) -> Result<Self> {
        let mut own = Own::default();
        let mut foreign = Vec::new();
        for declared in &estate.environments {
            let other = &declared.environment;
            for name in other.declared.intermediates.keys() {
                let object = ObjectRef::member(&other.name, name);
                if other.name == *environment && name.as_str() == ISSUER {
                    own.add(estate, &object)?;
                } else if other.name != *environment {
                    let keys = certificates(estate, &object)?.into_iter();
                    foreign.extend(keys.map(|(_, ca)| (other.name.clone(), ca.facts.key)));
                }
            }
        }
        if let Some((file, pem)) = ca {
            own.anchors = pem::read_certificates(file, pem)?;
        }
        if own.anchors.is_empty() {
            let issuer = format!("{environment}/{ISSUER}");
            let message = format!("{issuer} has no certificate in force: no server is trusted yet");
            return Err(Error::failed(message).hint(format!(
                "rootward intermediate request {issuer}; or name the server's CA: --cacert FILE"
            )));
        }
        let verifier = own.verifier()?;
        Ok(Self { environment: environment.clone(), verifier, foreign })
    }

    /// The other environment whose intermediate has signed this certificate.
    fn foreigner(&self, certificate: &CertificateDer) -> Option<&Name> {
        let certificate = Certificate::parse("the server's", certificate.to_vec()).ok()?;
        let signed = |(_, key): &&(Name, PublicKey)| certificate.is_signed_by(key);
        self.foreign.iter().find(signed).map(|(environment, _)| environment)
    }
}

/// What is taken from the environment itself.
#[derive(Default)]
struct Own {
    anchors: Vec<Vec<u8>>,
    crls: Vec<CertificateRevocationListDer<'static>>,
}

impl Own {
    fn add(&mut self, estate: &Estate, object: &ObjectRef) -> Result<()> {
        let history = estate.history();
        for (object, certificate) in certificates(estate, object)? {
            let record = history.certificate(&object);
            if record.is_some_and(|record| history.is_live(record, estate.context.now())) {
                self.anchors.push(certificate.der);
                self.crls.extend(estate.crl(&object)?.map(|crl| crl.der.into()));
            }
        }
        Ok(())
    }

    fn verifier(self) -> Result<Arc<WebPkiServerVerifier>> {
        let mut store = RootCertStore::empty();
        for anchor in self.anchors {
            store.add(anchor.into()).context("a certificate cannot be trusted")?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
            .with_crls(self.crls)
            .only_check_end_entity_revocation()
            .allow_unknown_revocation_status();
        verifier.build().context("the CRL cannot be used")
    }
}

/// Every generation that has a certificate.
pub(super) fn certificates(
    estate: &Estate,
    object: &ObjectRef,
) -> Result<Vec<(ObjectRef, Certificate)>> {
    let generations = estate.history().certified_generations(&object.scope).into_iter();
    let objects = generations.map(|generation| object.clone().at(generation));
    objects
        .map(|object| {
            let certificate = estate.recorded_certificate(&object, &ca_dir(&object))?;
            Ok((object, certificate))
        })
        .collect()
}

/// The server is another environment's.
#[derive(Debug)]
pub(super) struct Foreign(pub Name);

impl std::error::Error for Foreign {}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a server of {}", self.0)
    }
}

impl ServerCertVerifier for Trust {
    /// Before the client has shown its own certificate, let alone a token.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(environment) = self.foreigner(end_entity) {
            let foreign = OtherError(Arc::new(Foreign(environment.clone())));
            return Err(CertificateError::Other(foreign).into());
        }
        let verifier = &self.verifier;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
