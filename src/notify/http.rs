//! HTTP servers: webhooks, ntfy, Slack and its like, and pings that watch over the job itself. With
//! `vault/client.rs` the only caller of reqwest.

use super::{Secret, failure, tls};
use crate::error::{Error, Explain, Result};
use crate::model::cadence::Stage;
use crate::model::reminders::{Message, check_url};
use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url, redirect};
use serde_json::json;
use std::time::Duration;
use zeroize::Zeroizing;

/// Where to, and what is expected there.
#[derive(Debug)]
pub struct Http {
    pub shape: Shape,
    pub url: Secret,
    pub token: Option<Token>,
    /// PEM, in the place of the operating system's CAs.
    pub ca: Option<Vec<u8>>,
}

/// What the server expects.
#[derive(Debug)]
pub enum Shape {
    Webhook,
    Ntfy { topic: Secret },
    Slack,
    Ping,
}

/// In `Authorization: Bearer`, or alone in a header of another name.
#[derive(Debug)]
pub struct Token {
    pub header: Option<String>,
    pub secret: Secret,
}

/// ntfy makes an attachment of what is longer (4,096 bytes).
const NTFY: usize = 4000;

impl Http {
    pub(super) fn send(&self, message: &Message, timeout: Duration) -> Result<()> {
        match &self.shape {
            Shape::Webhook => {
                let body = message.document.to_string();
                self.post(self.url(&[])?, JSON, body, timeout, |request| request)
            }
            Shape::Slack => {
                let text = format!("*{}*\n```\n{}```", message.subject, message.text);
                let body = json!({ "text": escape(&text) }).to_string();
                self.post(self.url(&[])?, JSON, body, timeout, |request| request)
            }
            Shape::Ntfy { topic } => {
                let url = self.url(&[name_of(topic)?])?;
                let body = cut(&message.text, NTFY);
                let (priority, tags) = urgency(message.stage);
                self.post(url, TEXT, body, timeout, |request| {
                    request
                        .header("Title", &message.subject)
                        .header("Priority", priority)
                        .header("Tags", tags)
                })
            }
            Shape::Ping => Ok(()),
        }
    }

    /// That the job has begun (`start`), is done (nothing), or went wrong (`fail`).
    ///
    /// # Errors
    /// As for [`super::Channel::send`].
    pub fn ping(&self, word: Option<&str>, report: String, timeout: Duration) -> Result<()> {
        let steps: Vec<&str> = word.into_iter().collect();
        self.post(self.url(&steps)?, TEXT, report, timeout, |request| request)
    }

    /// With these steps at the end of its path.
    fn url(&self, steps: &[&str]) -> Result<Url> {
        check_url(self.url.reveal())
            .map_err(|expected| Error::failed(format!("the URL: {expected}")))?;
        let not_one = || Error::failed("the URL is none, expected https://HOST/...");
        let mut url = Url::parse(self.url.reveal()).map_err(|_| not_one())?;
        url.path_segments_mut().map_err(|()| not_one())?.pop_if_empty().extend(steps);
        Ok(url)
    }

    /// Proxies of the environment are not used, and redirections not followed: nobody but the
    /// server that is declared is to see this. Of the answer only the status is read.
    fn post(
        &self,
        url: Url,
        content: &'static str,
        body: String,
        timeout: Duration,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<()> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::config(self.ca.as_deref())?)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(timeout)
            .user_agent(concat!("rootward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::failed("cannot make an HTTPS client"))?;
        let mut request = with(client.post(url).header(CONTENT_TYPE, content).body(body));
        if let Some(token) = &self.token {
            let (name, value) = token.header()?;
            request = request.header(name, value);
        }
        match request.send() {
            Ok(response) => judge(response.status()),
            Err(error) if error.is_timeout() => Err(failure::late(timeout)),
            Err(error) => Err(failure::of(&error, timeout)),
        }
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

impl Token {
    fn header(&self) -> Result<(HeaderName, HeaderValue)> {
        let (name, value) = match &self.header {
            None => ("authorization", Zeroizing::new(format!("Bearer {}", self.secret.reveal()))),
            Some(name) => (name.as_str(), Zeroizing::new(self.secret.reveal().to_owned())),
        };
        let name = HeaderName::from_bytes(name.as_bytes()).context("the name of the header")?;
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| Error::failed("the token cannot be in a header"))?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

fn judge(status: StatusCode) -> Result<()> {
    let code = status.as_u16();
    match code {
        200..=299 => Ok(()),
        300..=399 => Err(Error::failed(format!(
            "the server answered {code}: it is elsewhere, and redirections are not followed"
        ))),
        401 | 403 => {
            Err(Error::failed(format!("the server answered {code}: it wants another token")))
        }
        404 | 410 => Err(Error::failed(format!("the server answered {code}: nothing is there"))),
        429 => Err(Error::failed("the server answered 429: it was asked too often")),
        _ => Err(Error::failed(format!("the server answered {code}"))),
    }
}

/// ntfy's names of topics.
fn name_of(topic: &Secret) -> Result<&str> {
    let name = topic.reveal();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match (1..=64).contains(&name.len()) && name.chars().all(plain) {
        true => Ok(name),
        false => {
            Err(Error::failed("the topic is none, expected letters, digits, - and _, at most 64"))
        }
    }
}

/// Priority from 1 to 5, and tags that are shown as pictures.
fn urgency(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Quiet | Stage::Notice => ("3", "key"),
        Stage::Warning => ("4", "warning"),
        _ => ("5", "rotating_light"),
    }
}

/// Slack's three characters with a meaning.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most that many bytes, in whole lines.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if out.len() + line.len() + 4 > most {
            break;
        }
        out.push_str(line);
    }
    out + "...\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_end_with_a_line() {
        assert_eq!(cut("a\nb\n", 4), "a\nb\n");
        assert_eq!(cut("äää\nbbb\nccc\n", 12), "äää\n...\n");
        assert_eq!(escape("<a & b>"), "&lt;a &amp; b&gt;");
    }

    #[test]
    fn a_step_is_put_before_the_query_and_nothing_secret_is_shown() {
        let url = Secret::from("https://ping.example.internal/0123/?rid=7");
        let http = Http { shape: Shape::Ping, url, token: None, ca: None };
        let made = http.url(&["start"]).unwrap();
        assert_eq!(made.as_str(), "https://ping.example.internal/0123/start?rid=7");
        assert!(!format!("{http:?}").contains("0123"));
        for bad in ["https://a b/0123", "http://a.example/0123", "https:///0123", "0123"] {
            let http = Http { shape: Shape::Ping, url: bad.into(), token: None, ca: None };
            let error = http.url(&[]).unwrap_err().messages().join(": ");
            assert!(!error.contains("0123"), "{error}");
        }
    }
}
