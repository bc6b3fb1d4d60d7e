//! `ca/reminders.toml`: where reminders go besides standard output. No secret is in it, only the names
//! of files that hold one.

mod flat;

use super::{address::Host, cadence::Stage, declaration, name::Name};
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// All channels; without the file, none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    #[serde(rename = "version")]
    _version: declaration::Version,
    /// In the order of the file.
    #[serde(default, rename = "channel")]
    pub channels: Vec<Channel>,
}

/// `[[channel]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "flat::Flat")]
pub struct Channel {
    /// Unique; its type where it has no name of its own.
    pub name: Name,
    /// What is less urgent is not said there.
    pub min: Stage,
    /// For all of one delivery.
    pub timeout: Duration,
    /// How it is delivered.
    pub way: Way,
}

/// How a reminder is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Standard output, which cron mails.
    Stdout,
    /// A program of this machine that takes mail on its standard input, as sendmail does.
    Sendmail { program: PathBuf, mail: Mail },
    /// A mail server (RFC 5321, RFC 6409).
    Smtp(Smtp),
    /// An HTTP server.
    Http(Http),
}

/// From whom, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    /// At least one.
    pub to: Vec<String>,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    pub host: Host,
    pub port: u16,
    pub security: Security,
    /// A user and the file with the password.
    pub login: Option<(String, PathBuf)>,
    /// The CAs of the server, in the place of the operating system's.
    pub ca: Option<PathBuf>,
    pub mail: Mail,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// It begins in the clear, and TLS is insisted upon (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// In the clear: only on this machine.
    None,
}

/// A request with the reminder in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// What the server expects.
    pub shape: Shape,
    /// Where to.
    pub url: Url,
    /// With a token of that file in that header; `None`: `Authorization: Bearer TOKEN`.
    pub token: Option<(PathBuf, Option<String>)>,
    /// The CAs of the server, in the place of the operating system's.
    pub ca: Option<PathBuf>,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The reminder as JSON.
    Webhook,
    /// Text, with title, priority and tags in headers; the topic is in a file, for whoever knows it
    /// can read and write.
    Ntfy { topic: PathBuf },
    /// `{"text": ...}`, as Slack, Mattermost and others take it.
    Slack,
    /// No reminder: that the job has begun, and how it ended (healthchecks.io and its like). A job
    /// that never begins is noticed there.
    Ping,
}

/// Where to: written down, or in a file when whoever knows it may write there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Url {
    Written(String),
    File(PathBuf),
}

impl Reminders {
    /// # Errors
    /// Usage: what [`declaration::parse`] refuses; two channels of one name.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let all: Self = declaration::parse(file, bytes)?;
        let mut names = BTreeSet::new();
        match all.channels.iter().find(|channel| !names.insert(&channel.name)) {
            None => Ok(all),
            Some(Channel { name, .. }) => {
                let message = format!("{file}: two channels are called {name}, expected one");
                Err(Error::usage(message)
                    .hint("give one of them a name of its own: name = \"...\""))
            }
        }
    }
}

impl Channel {
    /// Does it say reminders? A ping says something of the job alone.
    pub fn is_ping(&self) -> bool {
        matches!(&self.way, Way::Http(http) if http.shape == Shape::Ping)
    }
}

/// A reminder as it is sent: by mail, as JSON, on standard output.
#[derive(Clone, Debug)]
pub struct Message {
    /// One line of ASCII.
    pub subject: String,
    /// Short lines.
    pub text: String,
    /// Of the most urgent thing in it.
    pub stage: Stage,
    /// The same for programs.
    pub document: serde_json::Value,
}

/// `https://HOST...`; without TLS only to this machine.
///
/// # Errors
/// What is expected. The URL is not in it: it may be a secret.
pub fn check_url(url: &str) -> Result<(), String> {
    let expected = "expected https://HOST/..., or http:// to this machine alone";
    let (is_tls, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Err(format!("got something else, {expected}")),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() || authority.contains('@') || !url.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!("got something else, {expected}"));
    }
    if is_tls || is_loopback(host) {
        return Ok(());
    }
    Err(format!("got http:// to another machine, {expected}"))
}

/// Is it this machine?
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests;
