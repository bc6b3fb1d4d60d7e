//! A mail server.

use super::{Secret, failure, mail};
use crate::error::{Error, Explain, Result};
use crate::model::address::Host;
use crate::model::reminders::{Mail, Message, Security};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{Error as SmtpError, extension::ClientId};
use lettre::{SmtpTransport, Transport};
use std::time::Duration;
use time::OffsetDateTime;

/// Where to, and as whom.
#[derive(Debug)]
pub struct Smtp {
    pub host: Host,
    pub port: u16,
    pub security: Security,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// PEM, in the place of the operating system's CAs.
    pub ca: Option<Vec<u8>>,
    pub mail: Mail,
    /// What we call ourselves.
    pub hello: String,
}

impl Smtp {
    pub(super) fn send(
        &self,
        message: &Message,
        now: OffsetDateTime,
        timeout: Duration,
    ) -> Result<()> {
        let letter = mail::letter(&self.mail, message, now)?;
        let host = match &self.host {
            Host::Name(name) => name.to_string(),
            Host::Ip(address) => address.to_string(),
        };
        let mut transport = SmtpTransport::builder_dangerous(&host)
            .port(self.port)
            .tls(self.tls(host)?)
            .hello_name(ClientId::Domain(self.hello.clone()))
            .timeout(Some(timeout));
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            transport = transport.credentials(credentials);
        }
        let sent = transport.build().send(&letter);
        sent.map(|_| ()).map_err(|error| explain(&error, timeout))
    }

    fn tls(&self, host: String) -> Result<Tls> {
        let parameters = || -> Result<TlsParameters> {
            let mut builder = TlsParameters::builder(host);
            if let Some(pem) = &self.ca {
                let ca = Certificate::from_pem(pem)
                    .map_err(|_| Error::failed("the CA's file has no certificate"))?;
                builder =
                    builder.certificate_store(CertificateStore::None).add_root_certificate(ca);
            }
            builder.build_rustls().context("TLS")
        };
        Ok(match self.security {
            Security::None => Tls::None,
            Security::Starttls => Tls::Required(parameters()?),
            Security::Tls => Tls::Wrapper(parameters()?),
        })
    }
}

/// The server's own words may repeat what it was sent.
fn explain(error: &SmtpError, timeout: Duration) -> Error {
    let Some(code) = error.status().map(|code| u16::from(code).to_string()) else {
        return match error.is_client() || error.is_response() {
            true => {
                Error::failed("the server does not offer what is declared, or answers strangely")
                    .hint("compare security, user and port with the server's")
            }
            false => failure::of(error, timeout),
        };
    };
    let said = match code.as_str() {
        "530" => "wants a user and a password",
        "534" | "535" | "538" => "does not accept the user and the password",
        "550" | "551" | "553" => "does not take mail from this sender, or for a recipient",
        code if code.starts_with('4') => "puts it off",
        _ => "says no",
    };
    Error::failed(format!("the server {said} ({code})"))
}
