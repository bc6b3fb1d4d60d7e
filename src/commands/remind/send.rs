//! From what is declared of a channel to the channel itself: secrets are read here.

use crate::commands::{Session, read_named, unlock::warn_if_open};
use crate::error::{Error, Explain, Result};
use crate::model::net::DnsName;
use crate::model::reminders::{self as declared, Message, Url, Way};
use crate::notify::{self, Channel, Secret, Shape, Token};
use crate::store::file;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

/// What one channel is to do.
pub(super) struct Letter<'a> {
    pub channel: &'a declared::Channel,
    pub what: What,
    /// Told how it went.
    pub done: Box<dyn FnMut(Result<()>) + 'a>,
}

/// A reminder; or a word about the job with a report.
pub(super) enum What {
    Reminder(Message),
    Ping(Option<&'static str>, String),
}

/// All at once. A channel whose secrets cannot be read fails alone.
pub(super) fn all(session: &Session, base: &Path, letters: Vec<Letter>) {
    let now = session.context.now();
    let work = letters.into_iter().map(|letter| {
        let timeout = letter.channel.timeout;
        let ready = ready(session, base, letter.channel);
        let what = letter.what;
        let act = Box::new(move || act(&ready?, what, now, timeout));
        notify::Work { timeout, act, done: letter.done }
    });
    notify::in_parallel(work.collect());
}

fn act(channel: &Channel, what: What, now: OffsetDateTime, timeout: Duration) -> Result<()> {
    match (what, channel) {
        (What::Reminder(message), channel) => channel.send(&message, now, timeout),
        (What::Ping(word, report), Channel::Http(http)) => http.ping(word, report, timeout),
        (What::Ping(..), _) => Err(Error::failed("it is no ping")),
    }
}

fn ready(session: &Session, base: &Path, channel: &declared::Channel) -> Result<Channel> {
    let file = |path: &PathBuf| base.join(path);
    let secret = |path: &PathBuf| -> Result<Secret> {
        let path = file(path);
        let bytes = read_named(&path)?;
        warn_if_open(session, &path);
        Secret::parse(&file::shown(&path), &bytes)
    };
    let ca = |path: &Option<PathBuf>| {
        let pem = path.as_ref().map(|path| read_named(&file(path))).transpose();
        pem.map(|pem| pem.map(|pem| pem.to_vec())).context("ca")
    };
    Ok(match &channel.way {
        Way::Stdout => return Err(Error::failed("standard output is no channel")),
        Way::Sendmail { program, mail } => {
            Channel::Sendmail { program: program.clone(), mail: mail.clone() }
        }
        Way::Smtp(smtp) => {
            let login = smtp.login.as_ref().map(|(user, password)| {
                Ok::<_, Error>((user.clone(), secret(password).context("password_file")?))
            });
            Channel::Smtp(notify::Smtp {
                host: smtp.host.clone(),
                port: smtp.port,
                security: smtp.security,
                login: login.transpose()?,
                ca: ca(&smtp.ca)?,
                mail: smtp.mail.clone(),
                hello: hello(&session.context.origin.host),
            })
        }
        Way::Http(http) => {
            let shape = match &http.shape {
                declared::Shape::Webhook => Shape::Webhook,
                declared::Shape::Slack => Shape::Slack,
                declared::Shape::Ping => Shape::Ping,
                declared::Shape::Ntfy { topic } => {
                    Shape::Ntfy { topic: secret(topic).context("topic_file")? }
                }
            };
            let url = match &http.url {
                Url::Written(url) => Secret::from(url.as_str()),
                Url::File(path) => secret(path).context("url_file")?,
            };
            let token = http.token.as_ref().map(|(path, header)| {
                let secret = secret(path).context("token_file")?;
                Ok::<_, Error>(Token { header: header.clone(), secret })
            });
            let (token, ca) = (token.transpose()?, ca(&http.ca)?);
            Channel::Http(notify::Http { shape, url, token, ca })
        }
    })
}

/// What we call ourselves to a mail server (RFC 5321, 4.1.1.1).
fn hello(host: &str) -> String {
    let name: Result<DnsName, String> = host.parse();
    name.map_or_else(|_| "localhost".to_owned(), |name| name.to_string())
}
