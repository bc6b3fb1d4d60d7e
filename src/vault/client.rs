//! With `notify/http.rs` the only caller of reqwest: one server, asked over TLS with keep-alive.

use super::answer::{Meaning, Reply};
use super::connection::Connection;
use super::failure::Failure;
use super::patience::Patience;
use super::request::{Request, Verb};
use super::route;
use super::tls;
use crate::error::{Error, Explain, Result};
use crate::model::text::clean;
use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Url, redirect};
use serde_json::Value;
use std::fmt;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// No answer of a server is larger; more is refused, not read.
pub(super) const MOST: u64 = 64 << 20;

/// A server that was found to be the one that is meant. Shared by threads; connections are kept.
pub struct Client {
    http: Http,
    base: Url,
    servers: Vec<SocketAddr>,
    connection: Connection,
    /// It has answered: a refused connection is a restart, not a wrong address.
    is_known: AtomicBool,
    requests: AtomicU64,
}

impl Client {
    /// Finds the server's addresses; connects to none of them yet. No proxy is used, whatever the
    /// environment says: the server of an environment is where its address says.
    ///
    /// # Errors
    /// Failed: the host has no address.
    pub fn new(connection: &Connection) -> Result<Self> {
        let servers = route::addresses(&connection.address)?;
        let name = connection.called();
        let http = Http::builder()
            .tls_backend_preconfigured(tls::config(connection)?)
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(connection.timeouts.connect)
            .timeout(connection.timeouts.request)
            .resolve_to_addrs(&name, &servers)
            .user_agent(concat!("rootward/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make an HTTPS client")?;
        let host = match &connection.server_name {
            Some(name) => name.to_string(),
            None => connection.address.host.to_string(),
        };
        let base = Url::parse(&format!("https://{host}:{}/v1/", connection.address.port));
        Ok(Self {
            http,
            base: base.context("the address")?,
            servers,
            connection: connection.clone(),
            is_known: AtomicBool::new(false),
            requests: AtomicU64::new(0),
        })
    }

    /// What is at the path: the `data` of the answer, or all of it where it has none. `None` when
    /// nothing is there.
    ///
    /// # Errors
    /// Failed, as all requests: the server cannot be reached, is sealed, or says no.
    /// WRONG-ENVIRONMENT.
    pub fn read(&self, path: &str) -> Result<Option<Value>> {
        self.ask(&Request::new(Verb::Read, path))
    }

    /// The names below the path, `{"keys": [...]}`; `None` when there are none.
    ///
    /// # Errors
    /// As for [`Client::read`].
    pub fn list(&self, path: &str) -> Result<Option<Value>> {
        self.ask(&Request { query: &[("list", "true")], ..Request::new(Verb::List, path) })
    }

    /// Does what the path does with this body: issue, generate, log in, write. It is not sent again
    /// when nobody knows whether it was carried out; for what may be, there is [`Client::put`].
    ///
    /// # Errors
    /// As for [`Client::read`].
    pub fn write(&self, path: &str, body: &Value) -> Result<Value> {
        self.tell(Verb::Write, path, Some(body))
    }

    /// The same to the server, and sent again where that is safe.
    ///
    /// # Errors
    /// As for [`Client::read`].
    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.tell(Verb::Put, path, Some(body))
    }

    /// Merges the body into what is at the path (RFC 7396).
    ///
    /// # Errors
    /// As for [`Client::read`].
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.tell(Verb::Patch, path, Some(body))
    }

    /// Removes what is at the path; that nothing is there is no error.
    ///
    /// # Errors
    /// As for [`Client::read`].
    pub fn delete(&self, path: &str) -> Result<()> {
        self.ask(&Request::new(Verb::Delete, path)).map(|_| ())
    }

    /// What it was made for.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn tell(&self, verb: Verb, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = Request { body, ..Request::new(verb, path) };
        Ok(self.ask(&request)?.unwrap_or_default())
    }

    /// Until there is an answer, or no patience left.
    pub(super) fn ask(&self, request: &Request) -> Result<Option<Value>> {
        let url = self.url(request)?;
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut patience = Patience::new(self.connection.seed.wrapping_add(number));
        loop {
            let (error, after, most) = match self.once(request, url.clone()) {
                Ok(reply) => match reply.meaning(request, &self.connection) {
                    Meaning::Body(body) => return Ok(Some(data(body))),
                    Meaning::Absent => return Ok(None),
                    Meaning::No(error) => return Err(error),
                    Meaning::Later { error, after, most } => (error, after, most),
                },
                Err(failure) => {
                    let most = self.tries(&failure, request);
                    (failure.explain(&self.connection), None, most)
                }
            };
            match patience.pause(after, most) {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(error),
            }
        }
    }

    /// A server that was there a moment ago may be starting again. A connection that was cut may
    /// have carried the request, which is then not repeated unless that makes no difference.
    fn tries(&self, failure: &Failure, request: &Request) -> u32 {
        let is_known = self.is_known.load(Ordering::Relaxed);
        match failure {
            Failure::ConnectionRefused if is_known => u32::MAX,
            Failure::Cut if !request.verb.is_idempotent() => 1,
            Failure::Cut if is_known => u32::MAX,
            Failure::Cut => 3,
            _ => 1,
        }
    }

    fn once(&self, request: &Request, url: Url) -> Result<Reply, Failure> {
        let sent = self.prepared(request, url).send();
        let response = sent.map_err(|error| self.failure(&error))?;
        self.is_known.store(true, Ordering::Relaxed);
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = text(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
        Ok(Reply {
            status: response.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            location: text(LOCATION).map(str::to_owned),
            content_type: text(CONTENT_TYPE).unwrap_or_default().to_owned(),
            body: self.body(response)?,
        })
    }

    fn prepared(&self, request: &Request, url: Url) -> RequestBuilder {
        let method = match request.verb {
            // LIST as a method of HTTP does not pass every proxy; ?list=true is the same.
            Verb::Read | Verb::List => Method::GET,
            Verb::Write => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let mut prepared = self.http.request(method, url).header("X-Vault-Request", "true");
        if let (Some(token), false) = (&self.connection.token, request.anonymous)
            && let Ok(mut value) = HeaderValue::from_str(token.reveal())
        {
            value.set_sensitive(true);
            prepared = prepared.header("X-Vault-Token", value);
        }
        if let (Some(namespace), false) = (&self.connection.namespace, request.anonymous) {
            prepared = prepared.header("X-Vault-Namespace", namespace);
        }
        match (request.body, request.verb) {
            (None, _) => prepared,
            (Some(body), Verb::Patch) => {
                prepared.header(CONTENT_TYPE, "application/merge-patch+json").body(body.to_string())
            }
            (Some(body), _) => prepared.json(body),
        }
    }

    /// At most [`MOST`] bytes, whatever length is announced.
    fn body(&self, response: Response) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if response.content_length().is_some_and(|length| length > MOST) {
            return Err(Failure::TooLarge);
        }
        let mut body = Zeroizing::new(Vec::new());
        match response.take(MOST + 1).read_to_end(&mut body) {
            Err(error) => Err(Failure::of(&error, error.kind() == std::io::ErrorKind::TimedOut)),
            Ok(length) if length as u64 > MOST => Err(Failure::TooLarge),
            Ok(_) => Ok(body),
        }
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let failure = match Failure::of(error, error.is_timeout()) {
            Failure::TimedOut if error.is_connect() => Failure::Unreachable,
            failure => failure,
        };
        // A server that has answered before has let us in.
        let is_new = !self.is_known.load(Ordering::Relaxed) && matches!(failure, Failure::Cut);
        let first = self.servers.first().filter(|_| is_new);
        match first.and_then(|server| tls::parting_words(&self.connection, server)) {
            Some(words) => Failure::Tls(words),
            None => failure,
        }
    }

    /// # Errors
    /// Usage: a path that leads out of itself, or that is none.
    fn url(&self, request: &Request) -> Result<Url> {
        let path = request.path.trim_matches('/');
        let is_step = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
        if path.split('/').any(is_step) || path.chars().any(|c| c.is_control() || c == '%') {
            let got = clean(request.path);
            return Err(Error::usage(format!("got {got:?}, expected a path of the server's API")));
        }
        let mut url = self.base.clone();
        url.set_path(&format!("/v1/{path}"));
        if !request.query.is_empty() {
            let pairs = request.query.iter().map(|(key, value)| format!("{key}={value}"));
            url.set_query(Some(&pairs.collect::<Vec<_>>().join("&")));
        }
        Ok(url)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.base)
    }
}

/// `data`, where there is some.
fn data(mut body: Value) -> Value {
    match body.get_mut("data").map(Value::take) {
        None | Some(Value::Null) => body,
        Some(data) => data,
    }
}
