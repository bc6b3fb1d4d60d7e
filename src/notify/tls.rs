//! Whom to trust: the CAs of the operating system, or those of one file.

use crate::error::{Error, Explain, Result};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::sync::Arc;

/// TLS 1.2 and 1.3 by rustls with ring. `ca` is PEM.
///
/// # Errors
/// Failed: no CA at all.
pub(super) fn config(ca: Option<&[u8]>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?;
    Ok(builder.with_root_certificates(anchors(ca)?).with_no_client_auth())
}

fn anchors(ca: Option<&[u8]>) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                store.add(certificate.context("the CA's file")?).context("the CA's file")?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        }
    }
    match store.is_empty() {
        false => Ok(store),
        true => Err(Error::failed("there is no CA to trust")
            .hint("apt-get install ca-certificates, or name the CA's certificate: ca = \"FILE\"")),
    }
}
