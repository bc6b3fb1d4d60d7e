//! Errors: a kind (which decides the exit code), a chain of causes, and one hint.
//!
//! Every fallible function of the project returns [`Result`]. A message is lower case, without a
//! full stop, names what was got and what was expected; the hint is the next command to type.

use crate::model::rule::Finding;
use std::fmt::Display;

/// What went wrong, as far as the exit code is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// I/O, a server, a wrong passphrase, a bug: exit 1.
    Failed,
    /// The command line or a declaration cannot be understood: exit 2.
    Usage,
    /// A rule said no: exit 3.
    Refused,
}

impl Kind {
    /// The documented exit code (README, "Exit codes").
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Refused => 3,
        }
    }
}

/// An error with its kind, its causes and at most one hint.
#[derive(Debug)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// Non-empty only when `kind` is [`Kind::Refused`].
    pub findings: Vec<Finding>,
    /// The command to type next, or a piece of advice.
    pub hint: Option<String>,
    source: anyhow::Error,
}

/// What every fallible function of the project returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// I/O, a passphrase, a bug.
    pub fn failed(message: impl Display) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// What people typed or declared cannot be understood.
    pub fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    fn new(kind: Kind, message: impl Display) -> Self {
        let source = anyhow::anyhow!("{message}");
        Self { kind, findings: Vec::new(), hint: None, source }
    }

    /// A refusal by name; every finding is shown, the first one is the message.
    pub fn refused(findings: Vec<Finding>) -> Self {
        let message = findings.first().map(Finding::to_string).unwrap_or_default();
        Self { kind: Kind::Refused, findings, hint: None, source: anyhow::anyhow!(message) }
    }

    /// Replaces the hint unless one nearer to the cause is already there.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint.get_or_insert_with(|| hint.to_string());
        self
    }

    /// Puts what was being done in front of the cause.
    #[must_use]
    pub fn context(mut self, context: impl Display) -> Self {
        self.source = self.source.context(context.to_string());
        self
    }

    /// The messages, outermost first.
    pub fn messages(&self) -> Vec<String> {
        self.source.chain().map(ToString::to_string).collect()
    }

    /// Is this the I/O error `kind`?
    pub fn is_io(&self, kind: std::io::ErrorKind) -> bool {
        self.source
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|error| error.kind() == kind)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self { kind: Kind::Failed, findings: Vec::new(), hint: None, source: error.into() }
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        Self::refused(vec![finding])
    }
}

/// `Ok` when nothing was found, else a refusal with all findings.
pub fn none_of(findings: Vec<Finding>) -> Result<()> {
    if findings.is_empty() { Ok(()) } else { Err(Error::refused(findings)) }
}

/// `.context()` and `.hint()` on results, as in anyhow.
pub trait Explain<T> {
    /// Puts what was being done in front of the cause.
    fn context(self, context: impl Display) -> Result<T>;
    /// Adds the hint unless one nearer to the cause is there.
    fn hint(self, hint: impl Display) -> Result<T>;
}

impl<T, E: Into<Error>> Explain<T> for std::result::Result<T, E> {
    fn context(self, context: impl Display) -> Result<T> {
        self.map_err(|error| error.into().context(context))
    }

    fn hint(self, hint: impl Display) -> Result<T> {
        self.map_err(|error| error.into().hint(hint))
    }
}

/// The outermost error of that type. An `io::Error` is not the source of what it wraps.
#[cfg(any(feature = "notify", feature = "vault"))]
pub fn cause<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    if let Some(found) = error.downcast_ref::<T>() {
        return Some(found);
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let inner = inner.map(|inner| inner as &(dyn std::error::Error + 'static));
    cause(inner.or_else(|| error.source())?)
}
