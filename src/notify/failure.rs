//! Why something was not delivered, in our own words: what libraries and servers say may have a URL,
//! a topic or a password in it.

use crate::error::{Error, cause};
use crate::model::text::clean;
use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::Duration;

/// It took too long.
pub(super) fn late(timeout: Duration) -> Error {
    Error::failed(format!("no answer within {}s", timeout.as_secs()))
}

/// By the cause that decides, in a chain of causes.
pub(super) fn of(error: &(dyn StdError + 'static), timeout: Duration) -> Error {
    if let Some(tls) = cause::<rustls::Error>(error) {
        return self::tls(tls);
    }
    match cause::<std::io::Error>(error).map(std::io::Error::kind) {
        Some(ErrorKind::TimedOut | ErrorKind::WouldBlock) => late(timeout),
        Some(ErrorKind::ConnectionRefused) => {
            Error::failed("connection refused: nothing listens there")
        }
        Some(
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof,
        )
        | None => Error::failed("the server closed the connection without an answer"),
        Some(ErrorKind::InvalidData) => Error::failed("the server there speaks something else"),
        // A name without an address has no kind of its own.
        Some(_) => Error::failed("no connection: there is no such name, or no way there"),
    }
}

fn tls(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            Error::failed("the server there does not speak TLS")
        }
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            Error::failed("the server's certificate is of a CA that is not trusted")
                .hint("name the CA's certificate: ca = \"FILE\"")
        }
        other => Error::failed(format!("TLS: {}", clean(&other.to_string()))),
    }
}
