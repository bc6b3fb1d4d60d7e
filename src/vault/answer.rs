//! Status and body of an answer become data, an error with a name, or a reason to ask again.

use super::connection::Connection;
use super::request::{Request, Verb};
use crate::error::Error;
use crate::model::text::clean;
use serde_json::Value;
use std::time::Duration;
use zeroize::Zeroizing;

/// An answer as it came.
pub(super) struct Reply {
    pub status: u16,
    /// Retry-After, in seconds (RFC 9110, 10.2.3); a date is not waited for.
    pub retry_after: Option<Duration>,
    /// Of a redirection.
    pub location: Option<String>,
    pub content_type: String,
    /// May be a secret.
    pub body: Zeroizing<Vec<u8>>,
}

/// What it means.
pub(super) enum Meaning {
    /// The body; `Null` where there is none.
    Body(Value),
    /// 404: there is nothing of that name.
    Absent,
    /// Asking again will not help.
    No(Error),
    /// It may be well soon: ask again, at most `most` times in all, then this is the error.
    Later { error: Error, after: Option<Duration>, most: u32 },
}

/// Errors of the server itself are often there to stay.
const FEW: u32 = 3;
const MANY: u32 = 12;

impl Reply {
    /// What it means as an answer to this request.
    pub fn meaning(self, request: &Request, connection: &Connection) -> Meaning {
        let to = To { request, connection };
        if (300..400).contains(&self.status) {
            return Meaning::No(to.elsewhere(self.location.as_deref()));
        }
        let body = match serde_json::from_slice::<Value>(&self.body) {
            Ok(body @ Value::Object(_)) => body,
            _ if self.status == 204 => return Meaning::Body(Value::Null),
            _ => return self.foreign(&to),
        };
        let said = errors(&body);
        let later = |error, most| Meaning::Later { error, after: self.retry_after, most };
        match self.status {
            200..300 => Meaning::Body(body),
            404 if matches!(request.verb, Verb::Read | Verb::List | Verb::Delete) => {
                Meaning::Absent
            }
            403 => Meaning::No(to.forbidden(&said)),
            501 => Meaning::No(to.not_initialised()),
            503 if said.contains("sealed") => Meaning::No(to.sealed()),
            429 => later(to.error("429, too many requests", &said), MANY),
            503 => later(to.error("503", &said), MANY),
            502 | 504 if request.verb.is_idempotent() => {
                later(to.error(&self.status.to_string(), &said), MANY)
            }
            500 if request.verb.is_idempotent() => later(to.error("500", &said), FEW),
            status => Meaning::No(to.error(&status.to_string(), &said)),
        }
    }

    /// Not an answer of Vault's: a proxy's page, a sign-in form, another program.
    fn foreign(self, to: &To) -> Meaning {
        let text = String::from_utf8_lossy(&self.body);
        let what = match title(&text) {
            Some(title) => format!("a page titled \"{title}\""),
            None if self.body.is_empty() => "an empty answer".into(),
            None if self.content_type.is_empty() => "something else".into(),
            None => clean(&self.content_type),
        };
        let error = Error::failed(format!(
            "{} at {}: {}, {what}, expected JSON of Vault or OpenBao",
            to.request, to.connection.address, self.status
        ))
        .hint("something stands between, such as a proxy: name the server itself, --address URL");
        let again = match self.status {
            429 | 503 => true,
            500 | 502 | 504 => to.request.verb.is_idempotent(),
            _ => false,
        };
        match again {
            true => Meaning::Later { error, after: self.retry_after, most: MANY },
            false => Meaning::No(error),
        }
    }
}

/// For messages: what was asked, and whom.
struct To<'a> {
    request: &'a Request<'a>,
    connection: &'a Connection,
}

impl To<'_> {
    fn error(&self, status: &str, said: &str) -> Error {
        let said = said.strip_prefix("1 error occurred: ").unwrap_or(said);
        let said = if said.is_empty() { String::new() } else { format!(", {said}") };
        Error::failed(format!("{} at {}: {status}{said}", self.request, self.connection.address))
    }

    fn server(&self, is: &str) -> Error {
        let environment = &self.connection.trust.environment;
        Error::failed(format!("the server of {environment} at {} {is}", self.connection.address))
    }

    fn sealed(&self) -> Error {
        sealed(self.connection)
    }

    fn not_initialised(&self) -> Error {
        not_initialised(self.connection)
    }

    /// An ACL's refusal is counted, "1 error occurred: permission denied". Without a count there was
    /// no ACL to ask: OpenBao's "permission denied", Vault's "... invalid token".
    fn forbidden(&self, said: &str) -> Error {
        if said == "permission denied" || said.contains("invalid token") {
            return self.server("does not know the token").hint(
                "log in again, bao login or vault login: it has expired, or is another server's",
            );
        }
        let Request { verb, path, .. } = self.request;
        self.error("403", said).hint(format!(
            "a policy of the token must say: path \"{}\" {{ capabilities = [{}] }}",
            clean(path),
            verb.capabilities()
        ))
    }

    /// A standby that cannot forward sends to the leader. The token goes only where a person said,
    /// so that is for a person to say.
    fn elsewhere(&self, location: Option<&str>) -> Error {
        let location = clean(location.unwrap_or("nowhere"));
        let error = self.server(&format!("sends elsewhere, to {location}, which is not followed"));
        let rest = location.strip_prefix("https://");
        match rest.and_then(|rest| rest.split('/').next()) {
            Some(host) => error.hint(format!("--address https://{host}")),
            None => error,
        }
    }
}

/// 503, or health.
pub(super) fn sealed(connection: &Connection) -> Error {
    let (environment, address) = (&connection.trust.environment, &connection.address);
    Error::failed(format!("the server of {environment} at {address} is sealed"))
        .hint("unseal it: bao operator unseal, or vault operator unseal")
}

/// 501, or health.
pub(super) fn not_initialised(connection: &Connection) -> Error {
    let (environment, address) = (&connection.trust.environment, &connection.address);
    Error::failed(format!("the server of {environment} at {address} is not initialised"))
        .hint("initialise it: bao operator init, or vault operator init")
}

/// `errors` of the body, in one line of bounded length.
fn errors(body: &Value) -> String {
    let errors = body["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words: Vec<&str> = errors.flat_map(str::split_whitespace).filter(|w| *w != "*").collect();
    clean(&words.join(" ")).chars().take(LONGEST).collect()
}

const LONGEST: usize = 300;

/// What a page calls itself.
fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let title = page.get(start..end)?.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(clean(&title).chars().take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_is_called_by_its_title() {
        let page = "<html><head><TITLE >\n 502 Bad\x1b[31m  Gateway</Title></head>";
        assert_eq!(title(page).as_deref(), Some("502 Bad\\u{1b}[31m Gateway"));
        for none in ["", "<title", "<title>x", "x</title>", "{}"] {
            assert_eq!(title(none), None, "{none}");
        }
    }

    #[test]
    fn errors_are_one_line() {
        let body = json!({"errors": ["1 error occurred:\n\t* permission denied\n\n"]});
        assert_eq!(errors(&body), "1 error occurred: permission denied");
        assert_eq!(errors(&json!({"errors": ["a\u{202e}b", 7, "c"]})), "a\\u{202e}b c");
        assert_eq!(errors(&json!({"errors": "text"})), "");
        assert_eq!(errors(&json!({"errors": ["x".repeat(1000)]})).len(), LONGEST);
    }
}
