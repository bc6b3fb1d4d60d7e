//! What a listener shows to whoever connects. Nobody is trusted here and nothing is said: the
//! handshake shows no certificate of ours, and after it the connection is closed.

use super::failure::Failure;
use super::tls::provider;
use crate::model::text::clean;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, InvalidMessage, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The certificates that the server at the first of these addresses that answers has sent, its own
/// first; it has shown that it holds the key. `limit` is for each connection, and for the handshake.
///
/// # Errors
/// In words: nobody there, no TLS, no proof.
pub(super) fn look(
    servers: &[SocketAddr],
    called: &str,
    limit: Duration,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut refused = "no address is known".to_owned();
    for server in servers {
        match TcpStream::connect_timeout(server, limit) {
            Ok(socket) => return handshake(socket, called, limit),
            Err(error) => refused = unreachable(&error, limit),
        }
    }
    Err(refused)
}

fn unreachable(error: &std::io::Error, limit: Duration) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused: nothing listens there".into(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            format!("no connection within {}s", limit.as_secs())
        }
        _ => clean(&error.to_string()),
    }
}

fn handshake(
    mut socket: TcpStream,
    called: &str,
    limit: Duration,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let looking = Arc::new(Looking::new());
    let name = ServerName::try_from(called.to_owned()).map_err(|error| error.to_string())?;
    let mut tls =
        ClientConnection::new(config(&looking)?, name).map_err(|error| error.to_string())?;
    let until = Instant::now() + limit;
    let mut ended = Ok(());
    while tls.is_handshaking() && ended.is_ok() {
        let left = until.saturating_duration_since(Instant::now());
        ended = step(&mut tls, &mut socket, left);
    }
    // A server that asks for a certificate of ours hangs up after it has shown its own.
    match (looking.shown(), ended) {
        (Some(chain), _) => Ok(chain),
        (None, Err(failure)) => Err(words(failure, limit)),
        (None, Ok(())) => Err("the server shows no certificate".into()),
    }
}

/// One step, within what is left: a server that sends a byte now and then is not waited for.
fn step(tls: &mut ClientConnection, socket: &mut TcpStream, left: Duration) -> Result<(), Failure> {
    let io = |error: std::io::Error| {
        let timed_out = matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
        Failure::of(&error, timed_out)
    };
    if left.is_zero() {
        return Err(Failure::TimedOut);
    }
    socket.set_read_timeout(Some(left)).map_err(io)?;
    socket.set_write_timeout(Some(left)).map_err(io)?;
    while tls.wants_write() {
        tls.write_tls(socket).map_err(io)?;
    }
    if tls.is_handshaking() && tls.read_tls(socket).map_err(io)? == 0 {
        return Err(Failure::Cut);
    }
    tls.process_new_packets().map(|_| ()).map_err(Failure::Tls)
}

fn words(failure: Failure, limit: Duration) -> String {
    match failure {
        Failure::TimedOut => format!("no answer within {}s", limit.as_secs()),
        Failure::Cut => "the server closed the connection in the handshake".into(),
        Failure::Tls(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the server there does not speak TLS".into()
        }
        Failure::Tls(error) => format!("TLS: {}", clean(&error.to_string())),
        Failure::Other(message) => clean(&message),
        other => format!("{other:?}"),
    }
}

fn config(looking: &Arc<Looking>) -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous() // here nobody is trusted, so nothing is said
        .with_custom_certificate_verifier(looking.clone());
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// Takes down what is shown, whoever shows it, once it is proven that the key is there.
#[derive(Debug)]
struct Looking {
    algorithms: WebPkiSupportedAlgorithms,
    chain: Mutex<Vec<CertificateDer<'static>>>,
    proven: Mutex<bool>,
}

impl Looking {
    fn new() -> Self {
        let algorithms = provider().signature_verification_algorithms;
        Self { algorithms, chain: Mutex::default(), proven: Mutex::default() }
    }

    fn shown(&self) -> Option<Vec<CertificateDer<'static>>> {
        let proven = *self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        Some(chain.clone()).filter(|chain| proven && !chain.is_empty())
    }

    fn proof(
        &self,
        verified: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = verified.is_ok();
        verified
    }
}

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = std::iter::once(end_entity).chain(intermediates);
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        *chain = shown.map(|certificate| certificate.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.proof(verify_tls12_signature(message, certificate, signature, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.proof(verify_tls13_signature(message, certificate, signature, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
