//! When no answer comes: what it was, in words, and what to type next.

use super::connection::Connection;
use super::trust::Foreign;
use crate::error::{Error, cause};
use crate::model::{rule::Rule, text::clean};
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use std::error::Error as StdError;
use std::io::ErrorKind;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// TLS said no, on our side or on theirs.
    Tls(rustls::Error),
    /// Nobody listens there.
    ConnectionRefused,
    /// The connection ended before the answer did.
    Cut,
    /// No connection within the time for one.
    Unreachable,
    /// No answer within the time for a request.
    TimedOut,
    /// More than [`super::client::MOST`] bytes.
    TooLarge,
    /// Whatever else, in its own words.
    Other(String),
}

impl Failure {
    /// Looks for the cause that decides in a chain of causes.
    pub fn of(error: &(dyn StdError + 'static), timed_out: bool) -> Self {
        if let Some(tls) = cause::<rustls::Error>(error) {
            return Self::Tls(tls.clone());
        }
        if timed_out {
            return Self::TimedOut;
        }
        match cause::<std::io::Error>(error).map(std::io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => Self::ConnectionRefused,
            Some(
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof,
            ) => Self::Cut,
            Some(_) => Self::Other(innermost(error)),
            // hyper's own: closed before the message was complete, and the like.
            None => Self::Cut,
        }
    }

    /// The error that people see.
    pub fn explain(self, connection: &Connection) -> Error {
        let address = &connection.address;
        let failed = |message: String| Error::failed(format!("{address}: {message}"));
        match self {
            Self::Tls(error) => tls(&error, connection),
            Self::ConnectionRefused => failed("connection refused: nothing listens there".into())
                .hint(format!(
                    "start the server of {}, or name another: --address URL",
                    connection.trust.environment
                )),
            Self::Cut => failed("the server closed the connection without an answer".into())
                .hint("look at the server's log, then type the command again"),
            Self::Unreachable => {
                let limit = connection.timeouts.connect.as_secs();
                failed(format!("no connection within {limit}s"))
                    .hint("look at the route and the firewalls between here and there")
            }
            Self::TimedOut => {
                let limit = connection.timeouts.request.as_secs();
                failed(format!("no answer within {limit}s"))
                    .hint(format!("wait longer: --timeout {}", limit.max(1) * 4))
            }
            Self::TooLarge => failed(format!(
                "the answer is larger than {} MiB, which is refused",
                super::client::MOST >> 20
            )),
            Self::Other(message) => failed(clean(&message)),
        }
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

fn tls(error: &rustls::Error, connection: &Connection) -> Error {
    match error {
        rustls::Error::InvalidCertificate(error) => their_certificate(error, connection),
        rustls::Error::AlertReceived(alert) => our_certificate(*alert, connection),
        // What a server without TLS says is no TLS record.
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Error::failed(format!("{}: the server there does not speak TLS", connection.address))
                .hint("name the TLS listener: --address https://HOST:PORT")
        }
        other => {
            Error::failed(format!("{}: TLS: {}", connection.address, clean(&other.to_string())))
        }
    }
}

/// What is wrong with the server's certificate.
fn their_certificate(error: &CertificateError, connection: &Connection) -> Error {
    let (address, environment) = (&connection.address, &connection.trust.environment);
    let failed = |message: String| Error::failed(format!("{address}: {message}"));
    match error {
        CertificateError::Other(other) => other_fault(&*other.0, connection),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => failed(format!(
            "the server's certificate is not of {environment}: another CA has issued it"
        ))
        .hint("if this is the server, name the CA of its listener: --cacert FILE"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().filter_map(|name| dns_name(name)).collect();
            let called = connection.called();
            let error = failed(format!(
                "the server's certificate is not for {called}, but for {}",
                if names.is_empty() { "no name".into() } else { clean(&names.join(", ")) }
            ));
            match names.first() {
                Some(name) => error.hint(format!("--tls-server-name {}", clean(name))),
                None => error,
            }
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => failed(
            "the server's certificate has expired".into(),
        )
        .hint(format!("rootward identity issue --env {environment}, then load it in the server")),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            failed("the server's certificate is not valid yet".into())
                .hint("compare the clocks of this machine and of the server: date -u")
        }
        CertificateError::Revoked => {
            failed("the server's certificate is revoked".into()).hint("rootward status")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            failed("the server's certificate is not one for servers".into())
                .hint(format!("load that of a listener: identities/{environment}/NAME/chain.pem"))
        }
        other => failed(format!("the server's certificate: {}", clean(&other.to_string()))),
    }
}

/// What rustls has no words for: ours, and webpki's.
fn other_fault(error: &(dyn StdError + 'static), connection: &Connection) -> Error {
    let (address, environment) = (&connection.address, &connection.trust.environment);
    if let Some(Foreign(other)) = error.downcast_ref::<Foreign>() {
        let message = format!("{address} is a server of {other}, expected one of {environment}");
        return Rule::WrongEnvironment.found(message).into();
    }
    match error.downcast_ref::<webpki::Error>() {
        Some(webpki::Error::CaUsedAsEndEntity) => Error::failed(format!(
            "{address}: the server's certificate is that of a CA, expected one of {environment}'s listener"
        ))
        .hint("a self-signed one needs basicConstraints=CA:FALSE, and --cacert FILE"),
        _ => Error::failed(format!("{address}: {}", clean(&error.to_string()))),
    }
}

/// rustls writes a presented name as `DnsName("vault.example")`.
fn dns_name(presented: &str) -> Option<&str> {
    presented.strip_prefix("DnsName(\"")?.strip_suffix("\")")
}

/// What the server finds wrong with the client's certificate.
fn our_certificate(alert: AlertDescription, connection: &Connection) -> Error {
    let (address, environment) = (&connection.address, &connection.trust.environment);
    let failed = |message: String| Error::failed(format!("{address}: {message}"));
    let issue = format!("rootward identity issue --env {environment}");
    let Some(certificate) = &connection.certificate else {
        return match alert {
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::HandshakeFailure => {
                failed("the server asks for a client certificate, got none".into()).hint(format!(
                    "--client-cert identities/{environment}/NAME/chain.pem \
                     --client-key identities/{environment}/NAME/key.pem"
                ))
            }
            other => failed(format!("the server ended TLS: {other:?}")),
        };
    };
    let shown = format!("the client certificate {} (CN={})", certificate.file, certificate.name);
    match alert {
        AlertDescription::CertificateExpired => {
            failed(format!("{shown} has expired, says the server")).hint(issue)
        }
        AlertDescription::CertificateRevoked => {
            failed(format!("{shown} is revoked, says the server")).hint(issue)
        }
        AlertDescription::UnknownCA | AlertDescription::BadCertificate => {
            failed(format!("the server does not accept {shown}: it trusts another CA"))
                .hint(format!("show one that {environment}/identity has issued: {issue}"))
        }
        other => failed(format!("the server does not accept {shown}: {other:?}")),
    }
}
