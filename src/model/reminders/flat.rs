//! A `[[channel]]` as it is written: one table with the keys of all types, so that a key that nobody
//! knows is told from one that belongs to another type.

use super::{Channel, Http, Mail, Security, Shape, Smtp, Url, Way, check_url, is_loopback};
use crate::model::{address::Host, cadence::Stage, name::Name, net::DnsName};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flat {
    #[serde(rename = "type")]
    kind: Kind,
    name: Option<Name>,
    #[serde(default, deserialize_with = "stage")]
    min: Option<Stage>,
    timeout: Option<u64>,
    program: Option<PathBuf>,
    from: Option<String>,
    to: Option<Vec<String>>,
    host: Option<String>,
    port: Option<u16>,
    security: Option<Security>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    url: Option<String>,
    url_file: Option<PathBuf>,
    topic_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    header: Option<String>,
    ca: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Stdout,
    Sendmail,
    Smtp,
    Webhook,
    Ntfy,
    Slack,
    Ping,
}

const TIMEOUT: u64 = 10;
const LONGEST: u64 = 300;

impl TryFrom<Flat> for Channel {
    type Error = String;

    fn try_from(mut flat: Flat) -> Result<Self, String> {
        let kind = flat.kind;
        let way = flat.way()?;
        if kind == Kind::Ping && flat.min.is_some() {
            return Err("`min` is not for a ping, which says how the job itself goes".into());
        }
        if let Some(key) = flat.left() {
            let word = kind.word();
            return Err(format!("`{key}` is not a key of a channel of the type \"{word}\""));
        }
        let timeout = flat.timeout.unwrap_or(TIMEOUT);
        if !(1..=LONGEST).contains(&timeout) {
            return Err(format!("`timeout`: got {timeout}, expected 1 to {LONGEST} seconds"));
        }
        let name = match flat.name {
            Some(name) => name,
            None => kind.word().parse()?,
        };
        let timeout = Duration::from_secs(timeout);
        Ok(Channel { name, min: flat.min.unwrap_or(Stage::Notice), timeout, way })
    }
}

impl Flat {
    /// Takes the keys of its type.
    fn way(&mut self) -> Result<Way, String> {
        Ok(match self.kind {
            Kind::Stdout => Way::Stdout,
            Kind::Sendmail => Way::Sendmail { program: self.program()?, mail: self.mail()? },
            Kind::Smtp => Way::Smtp(self.smtp()?),
            Kind::Webhook => Way::Http(self.http(Shape::Webhook)?),
            Kind::Ntfy => {
                let topic = need(self.topic_file.take(), "topic_file")?;
                Way::Http(self.http(Shape::Ntfy { topic })?)
            }
            Kind::Slack => Way::Http(self.http(Shape::Slack)?),
            Kind::Ping => Way::Http(self.http(Shape::Ping)?),
        })
    }

    fn program(&mut self) -> Result<PathBuf, String> {
        let program = self.program.take().unwrap_or_else(|| "/usr/sbin/sendmail".into());
        match program.is_absolute() {
            true => Ok(program),
            false => Err(format!("`program`: got {program:?}, expected an absolute path")),
        }
    }

    fn mail(&mut self) -> Result<Mail, String> {
        let from = need(self.from.take(), "from")?;
        let to = need(self.to.take(), "to")?;
        if to.is_empty() {
            return Err("`to`: got nobody, expected at least one address".into());
        }
        for address in to.iter().chain([&from]) {
            check_address(address)?;
        }
        Ok(Mail { from, to })
    }

    fn smtp(&mut self) -> Result<Smtp, String> {
        let text = need(self.host.take(), "host")?;
        let host = match text.parse() {
            Ok(address) => Host::Ip(address),
            Err(_) => Host::Name(text.parse::<DnsName>()?),
        };
        let security = self.security.take().unwrap_or(Security::Starttls);
        if security == Security::None && !is_loopback(&text) {
            return Err(format!(
                "`security`: got none with the host {text:?}, expected starttls or tls to other machines"
            ));
        }
        let port = self.port.take().unwrap_or(match security {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        });
        let login = match (self.user.take(), self.password_file.take()) {
            (None, None) => None,
            (Some(user), Some(file)) => Some((user, file)),
            (Some(_), None) => return Err("`user` is given without a `password_file`".into()),
            (None, Some(_)) => return Err("`password_file` is given without a `user`".into()),
        };
        Ok(Smtp { host, port, security, login, ca: self.ca.take(), mail: self.mail()? })
    }

    fn http(&mut self, shape: Shape) -> Result<Http, String> {
        let url = match (self.url.take(), self.url_file.take()) {
            (Some(url), None) => {
                check_url(&url).map_err(|expected| format!("`url`: {expected}"))?;
                Url::Written(url)
            }
            (None, Some(file)) => Url::File(file),
            (None, None) => return Err("missing key `url` or `url_file`".into()),
            (Some(_), Some(_)) => return Err("got `url` and `url_file`, expected one".into()),
        };
        // Whoever knows these URLs may write there.
        if matches!((&shape, &url), (Shape::Slack | Shape::Ping, Url::Written(_))) {
            return Err("got `url`, expected `url_file`: this URL is a secret".into());
        }
        let has_token = matches!(shape, Shape::Webhook | Shape::Ntfy { .. });
        let token = match self.token_file.take_if(|_| has_token) {
            Some(file) => Some((file, self.header.take_if(|_| shape == Shape::Webhook))),
            None => None,
        };
        Ok(Http { shape, url, token, ca: self.ca.take() })
    }

    /// A key that nothing has taken.
    fn left(&self) -> Option<&'static str> {
        let keys = [
            ("program", self.program.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
            ("host", self.host.is_some()),
            ("port", self.port.is_some()),
            ("security", self.security.is_some()),
            ("user", self.user.is_some()),
            ("password_file", self.password_file.is_some()),
            ("url", self.url.is_some()),
            ("url_file", self.url_file.is_some()),
            ("topic_file", self.topic_file.is_some()),
            ("token_file", self.token_file.is_some()),
            ("header", self.header.is_some()),
            ("ca", self.ca.is_some()),
        ];
        keys.into_iter().find(|(_, is_left)| *is_left).map(|(key, _)| key)
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Stdout => "stdout",
            Kind::Sendmail => "sendmail",
            Kind::Smtp => "smtp",
            Kind::Webhook => "webhook",
            Kind::Ntfy => "ntfy",
            Kind::Slack => "slack",
            Kind::Ping => "ping",
        }
    }
}

fn need<T>(value: Option<T>, key: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("missing key `{key}`"))
}

/// Plain enough for a header; a mail server judges the rest (RFC 5321, 4.1.2).
fn check_address(address: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_address = address.split_once('@').is_some_and(|(local, domain)| {
        let part = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
        part(local) && local.chars().all(plain) && part(domain) && domain.parse::<DnsName>().is_ok()
    });
    match is_address && address.len() <= 254 {
        true => Ok(()),
        false => Err(format!("got the address {address:?}, expected NAME@DOMAIN")),
    }
}

fn stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Stage>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}
