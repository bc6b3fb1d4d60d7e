//! The plan: everything that a root key is asked to do, readable, strict, without a secret. Its
//! SHA-256 is what people compare at every later step.

mod make;
pub mod people;
pub mod show;
mod stamp;

pub use make::{Terms, Wanted, make, none_is_open, number, open, successor, wanted};

use crate::error::{Error, Explain, Result, none_of};
use crate::journal::{Act, chain::timestamp};
use crate::model::{declaration, name::ObjectRef, rule::Rule, words};
use crate::pki::inspect::sha256;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `plan.toml`, version 1. Scalars come first, as TOML wants it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    version: declaration::Version,
    /// The ceremonies of a workspace are counted from 1.
    pub number: u64,
    /// When it was made: no signature is older.
    #[serde(with = "stamp")]
    pub created: OffsetDateTime,
    /// After that it has to be made again.
    #[serde(with = "stamp")]
    pub expires: OffsetDateTime,
    /// Who types.
    pub operator: String,
    /// Who watches, and signs the transcript afterwards.
    pub witnesses: Vec<String>,
    /// SHA-256 of the certificate of the root in force; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// What it continues from.
    pub journal: Continuation,
    /// What is to be done, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// Rules of the guard that are not to stop it.
    #[serde(default, rename = "waiver", skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    /// The declarations that everything is derived from.
    #[serde(rename = "declaration")]
    pub declarations: Vec<Content>,
    /// The requests that are to be signed.
    #[serde(default, rename = "request", skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Content>,
}

/// The journal of the side that plans: its head, and what came since the last ceremony.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// The number of the last entry.
    pub entries: u64,
    /// Its hash.
    pub head: String,
    /// How many entries the lines below continue.
    pub since: u64,
    /// The entries after those, as they are in the journal.
    pub lines: String,
}

/// A file, by name, digest and content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Relative to the workspace.
    pub path: String,
    /// Of the bytes.
    pub sha256: String,
    /// The whole file.
    pub text: String,
}

/// A rule that is not to stop this ceremony.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Its id.
    pub rule: String,
    /// Why that is in order.
    pub reason: String,
    /// Until when.
    #[serde(with = "stamp")]
    pub until: OffsetDateTime,
}

impl std::fmt::Display for Waiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} until {}: {}", self.rule, timestamp(self.until), self.reason)
    }
}

/// One act of a root key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", deny_unknown_fields)]
pub enum Step {
    /// A root: its key, its certificate, its first CRL.
    #[serde(rename = "root.create")]
    RootCreate {
        object: ObjectRef,
        subject: String,
        algorithm: String,
        #[serde(with = "stamp")]
        not_after: OffsetDateTime,
        #[serde(with = "stamp")]
        crl_next_update: OffsetDateTime,
    },
    /// A root's key certified by another root (RFC 9810 section 4.4).
    #[serde(rename = "root.link")]
    RootLink {
        /// The root that it stands for.
        object: ObjectRef,
        issuer: ObjectRef,
        subject: String,
        algorithm: String,
        #[serde(with = "stamp")]
        not_after: OffsetDateTime,
    },
    /// A signature under the request of an intermediate.
    #[serde(rename = "intermediate.sign")]
    IntermediateSign {
        object: ObjectRef,
        issuer: ObjectRef,
        subject: String,
        algorithm: String,
        /// SHA-256 of the DER of the request.
        request: String,
        #[serde(with = "stamp")]
        not_after: OffsetDateTime,
    },
    /// The next CRL of a root.
    #[serde(rename = "crl.issue")]
    CrlIssue {
        object: ObjectRef,
        number: u64,
        #[serde(with = "stamp")]
        next_update: OffsetDateTime,
        /// Every serial that it names.
        revoked: Vec<String>,
    },
}

impl Step {
    /// The lines of the journal that record it: act and object.
    pub fn records(&self) -> Vec<(Act, &ObjectRef)> {
        match self {
            Step::RootCreate { object, .. } => {
                vec![(Act::RootCreate, object), (Act::CrlIssue, object)]
            }
            Step::RootLink { object, .. } => vec![(Act::RootLink, object)],
            Step::IntermediateSign { object, .. } => vec![(Act::IntermediateSign, object)],
            Step::CrlIssue { object, .. } => vec![(Act::CrlIssue, object)],
        }
    }

    /// What it is about.
    pub fn object(&self) -> &ObjectRef {
        match self {
            Step::RootCreate { object, .. }
            | Step::RootLink { object, .. }
            | Step::IntermediateSign { object, .. }
            | Step::CrlIssue { object, .. } => object,
        }
    }

    /// As it stands in the plan.
    pub fn act(&self) -> &'static str {
        match self {
            Step::RootCreate { .. } => "root.create",
            Step::RootLink { .. } => "root.link",
            Step::IntermediateSign { .. } => "intermediate.sign",
            Step::CrlIssue { .. } => "crl.issue",
        }
    }
}

/// A plan and the bytes that were reviewed.
pub struct Reviewed {
    pub plan: Plan,
    /// The file as it is.
    pub text: String,
    /// Its SHA-256.
    pub digest: String,
}

/// The most that is read of a plan: it carries the journal since the last ceremony.
pub const LIMIT: u64 = 64 << 20;

/// How many words of the digest are typed to confirm.
pub const CONFIRMING_WORDS: usize = 3;

const HEADER: &str = "\
# A plan for a ceremony of rootward: everything that the root key is asked to do.
# In plain words: rootward ceremony plan --show FILE
";

impl Reviewed {
    /// # Errors
    /// Usage with file:line:column; PLAN-DIFFERS, when a file in it is not what its digest says.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let plan: Plan = declaration::parse(file, bytes).hint("bring the plan once more")?;
        people::witnesses(&plan.operator, &plan.witnesses)?;
        let contents = plan.declarations.iter().chain(&plan.requests);
        let differs = contents.filter(|content| sha256(content.text.as_bytes()) != content.sha256);
        let found = differs.map(|content| {
            Rule::PlanDiffers.found(format!("{} is not what its digest says", content.path))
        });
        none_of(found.collect())?;
        if plan.steps.is_empty() {
            return Err(Error::usage(format!("{file}: got no step, expected one at least")));
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        Ok(Self { plan, digest: sha256(bytes), text })
    }

    /// The file that is to be reviewed.
    pub fn of(plan: Plan) -> Result<Self> {
        let text = format!("{HEADER}\n{}", toml::to_string_pretty(&plan)?);
        Ok(Self { digest: sha256(text.as_bytes()), plan, text })
    }

    /// The digest as 24 words.
    pub fn words(&self) -> Result<Vec<String>> {
        words::of_hex(&self.digest)
    }

    /// Is this what the person read from the paper: the first words of the digest?
    ///
    /// # Errors
    /// PLAN-CHANGED.
    pub fn confirm(&self, typed: &str) -> Result<()> {
        let typed: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
        let words = self.words()?;
        if typed.len() >= CONFIRMING_WORDS && words.starts_with(&typed) {
            return Ok(());
        }
        let message = format!(
            "got the words {:?}, expected the first {CONFIRMING_WORDS} of this plan's digest",
            crate::model::text::clean(&typed.join(" "))
        );
        Err(Rule::PlanChanged.found(message).into())
    }
}
