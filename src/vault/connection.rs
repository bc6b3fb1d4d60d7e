//! What a client needs, parsed and found sound before anything is sent.

use super::trust::Trust;
use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::{address::Address, net::DnsName, text::clean};
use crate::pki::{inspect::Certificate, pem};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Everything of a connection but the socket.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What is connected to.
    pub address: Address,
    /// The name that the server's certificate must have, and that the server is called by; the
    /// host of the address where it is not set.
    pub server_name: Option<DnsName>,
    /// Which server it may be.
    pub trust: Arc<Trust>,
    /// Shown to a server that asks for one.
    pub certificate: Option<ClientCertificate>,
    /// `None`: only what needs no token can be asked.
    pub token: Option<Token>,
    /// See [`namespace`].
    pub namespace: Option<String>,
    pub timeouts: Timeouts,
    /// Random: spreads the retries of programs that failed together.
    pub seed: u64,
}

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// For one request, its answer included.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(30) }
    }
}

/// Of a client: wiped with its last owner, and never shown.
#[derive(Clone)]
pub struct Token(Arc<Zeroizing<String>>);

impl Token {
    /// A line feed at its end is not part of it.
    ///
    /// # Errors
    /// Usage: empty, or with spaces or control characters. `source` says where it was found.
    pub fn parse(source: &str, bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim_end_matches(['\r', '\n']);
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
            let message = format!("{source} has no token: expected one line without spaces");
            return Err(Error::usage(message));
        }
        Ok(Self(Arc::new(Zeroizing::new(text.to_owned()))))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The namespace that paths are relative to, without slashes around it.
///
/// # Errors
/// Usage: anything that is no path.
pub fn namespace(text: &str) -> Result<String> {
    let path = text.trim_matches('/');
    if path.is_empty() || !path.chars().all(|c| c.is_ascii_graphic()) {
        let got = clean(text);
        return Err(Error::usage(format!("got the namespace {got:?}, expected a path")));
    }
    Ok(path.to_owned())
}

/// A certificate with its key and the certificates above it.
#[derive(Clone)]
pub struct ClientCertificate {
    /// Its file, for messages.
    pub file: String,
    /// The subject's common name.
    pub name: String,
    key: Arc<CertifiedKey>,
}

impl ClientCertificate {
    /// `chain` is PEM, the client's own certificate first; `key` is PEM, not sealed.
    ///
    /// # Errors
    /// Usage: not PEM, a sealed key, a key that is not the certificate's. Failed: a certificate
    /// that has expired, or is not valid yet, at `now`.
    pub fn parse(chain: (&str, &[u8]), key: (&str, &[u8]), now: OffsetDateTime) -> Result<Self> {
        let ((file, chain), (key_file, key)) = (chain, key);
        let ders = pem::read_certificates(file, chain)?;
        let first = ders.first().cloned().unwrap_or_default();
        let facts = Certificate::parse(file, first)?.facts;
        let name = clean(facts.cn());
        if !(facts.not_before..=facts.not_after).contains(&now) {
            let (verb, date) = match now > facts.not_after {
                true => ("expired", facts.not_after),
                false => ("is not valid before", facts.not_before),
            };
            let on = if now > facts.not_after { " on" } else { "" };
            let message =
                format!("the client certificate {file} (CN={name}) {verb}{on} {}", timestamp(date));
            return Err(Error::failed(message));
        }
        let key = private_key(key_file, key)?;
        let chain = ders.into_iter().map(CertificateDer::from).collect();
        let key = CertifiedKey::from_der(chain, key, &super::tls::provider());
        let key = key.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                Error::usage(format!("{key_file} is not the key of the certificate {file}"))
                    .hint("--client-cert and --client-key belong together, such as chain.pem and key.pem of one identity")
            }
            other => Error::usage(format!("{key_file}: {}", clean(&other.to_string()))),
        })?;
        Ok(Self { file: file.to_owned(), name, key: Arc::new(key) })
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        self.key.clone()
    }
}

fn private_key(file: &str, bytes: &[u8]) -> Result<PrivateKeyDer<'static>> {
    const SEALED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    if bytes.windows(SEALED.len()).any(|window| window == SEALED) {
        let message = format!("{file} is sealed, expected the key of a client, unsealed");
        return Err(Error::usage(message)
            .hint("CAs have sealed keys; a client shows the certificate of an identity"));
    }
    PrivateKeyDer::from_pem_slice(bytes)
        .map_err(|_| Error::usage(format!("{file} has no BEGIN PRIVATE KEY, expected one")))
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({})", self.file)
    }
}
