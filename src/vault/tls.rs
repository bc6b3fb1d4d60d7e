//! TLS 1.2 and 1.3 by rustls with ring; and how to hear what a server says when it hangs up.

use super::connection::Connection;
use crate::error::{Explain, Result};
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// ring: named wherever a provider is wanted, so that no default is ever looked for.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Trusts whom the connection trusts, and nobody else; the client's certificate is shown to a
/// server that asks.
///
/// # Errors
/// Failed, should rustls not have its own protocol versions.
pub(super) fn config(connection: &Connection) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .dangerous() // rustls's word for a verifier of one's own: ours asks webpki
        .with_custom_certificate_verifier(connection.trust.clone());
    Ok(match &connection.certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) => {
            let resolver = SingleCertAndKey::from(certificate.certified());
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
    })
}

/// For an alert that follows the handshake at once, if at all.
const LISTEN: Duration = Duration::from_secs(1);

/// Why the server hangs up on us. In TLS 1.3 it judges the client's certificate when the client
/// takes the handshake for done; an alert that meets a request on its way may be lost with the
/// connection. Here nothing is sent, so it is read.
pub(super) fn parting_words(connection: &Connection, server: &SocketAddr) -> Option<rustls::Error> {
    let config = Arc::new(config(connection).ok()?);
    let name = ServerName::try_from(connection.called()).ok()?;
    let mut socket = TcpStream::connect_timeout(server, connection.timeouts.connect).ok()?;
    socket.set_read_timeout(Some(LISTEN)).ok()?;
    let mut tls = ClientConnection::new(config, name).ok()?;
    let mut one = [0];
    let error = rustls::Stream::new(&mut tls, &mut socket).read(&mut one).err()?;
    error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
}
