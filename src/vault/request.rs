//! What is asked of a server, in the words of its API.

use serde_json::Value;
use std::fmt;

/// One request. `path` is what follows `/v1/`, without a query.
pub(super) struct Request<'a> {
    pub verb: Verb,
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<&'a Value>,
    /// Without token and namespace: for what anybody may ask.
    pub anonymous: bool,
}

/// What is to be done at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Read,
    List,
    Write,
    Put,
    Patch,
    Delete,
}

impl<'a> Request<'a> {
    /// With the token, and nothing but the path.
    pub fn new(verb: Verb, path: &'a str) -> Self {
        Self { verb, path, query: &[], body: None, anonymous: false }
    }
}

impl Verb {
    /// As people write it: `LIST` is a word of Vault's.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Read => "GET",
            Verb::List => "LIST",
            Verb::Write => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    /// May it be sent again when nobody knows whether it was carried out (RFC 9110, 9.2.2)? A merge
    /// patch that is applied twice has the same result.
    pub fn is_idempotent(self) -> bool {
        self != Verb::Write
    }

    /// The capabilities of an ACL that it takes.
    pub fn capabilities(self) -> &'static str {
        match self {
            Verb::Read => "\"read\"",
            Verb::List => "\"list\"",
            Verb::Write | Verb::Put => "\"create\", \"update\"",
            Verb::Patch => "\"patch\"",
            Verb::Delete => "\"delete\"",
        }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.word(), self.path)
    }
}
