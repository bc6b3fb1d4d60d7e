//! A plan in plain words: what will exist afterwards that does not exist now.

use super::{Content, Plan, Reviewed, Step};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::model::{
    environment::Environment,
    name::{ObjectRef, Scope},
    root::Root,
};
use crate::store::layout;
use std::fmt;
use time::OffsetDateTime;

/// A title and its lines.
pub struct Paragraph {
    pub title: String,
    pub lines: Vec<Line>,
}

/// What is said about what. A line that continues the one before has no label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub label: &'static str,
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:9} {}", self.label, self.text)
    }
}

fn line(label: &'static str, text: impl Into<String>) -> Line {
    Line { label, text: text.into() }
}

/// The first has the label.
fn list(label: &'static str, texts: impl IntoIterator<Item = String>) -> Vec<Line> {
    let labels = [label].into_iter().chain(std::iter::repeat(""));
    labels.zip(texts).map(|(label, text)| line(label, text)).collect()
}

/// One paragraph for each step, in order.
///
/// # Errors
/// Usage, when a declaration in the plan is not sound.
pub fn steps(plan: &Plan) -> Result<Vec<Paragraph>> {
    plan.steps.iter().map(|step| paragraph(plan, step)).collect()
}

fn paragraph(plan: &Plan, step: &Step) -> Result<Paragraph> {
    let until = |time| format!("until {}", second(time));
    let (title, lines) = match step {
        Step::RootCreate { object, subject, algorithm, not_after, crl_next_update } => (
            format!("a new root, {object}: key, certificate and first CRL"),
            vec![
                line("subject", subject),
                line("key", format!("{algorithm}, {}", custody(plan)?)),
                line("valid", until(*not_after)),
                line("CRL", until(*crl_next_update)),
            ],
        ),
        Step::RootLink { object, issuer, subject, algorithm, not_after } => (
            format!("a link: the key of {object}, certified by {issuer}"),
            vec![
                line("subject", subject),
                line("key", algorithm),
                line("valid", until(*not_after)),
                line("for", format!("whoever trusts {issuer} and not yet, or no longer, {object}")),
            ],
        ),
        Step::IntermediateSign { object, issuer, subject, algorithm, request, not_after } => {
            let mut lines = vec![
                line("subject", subject),
                line("key", format!("{algorithm}, of the request whose SHA-256 is")),
                line("", request),
                line("valid", until(*not_after)),
                line("may sign", "no CA, and only certificates for these names and addresses:"),
            ];
            lines.extend(limits(plan, object)?.into_iter().map(|limit| line("", limit)));
            (format!("a certificate for {object}, signed by {issuer}"), lines)
        }
        Step::CrlIssue { object, number, next_update, revoked } => {
            let mut lines = vec![line("valid", until(*next_update))];
            lines.extend(match revoked.is_empty() {
                true => vec![line("revokes", "nothing")],
                false => list("revokes", revoked.iter().map(|serial| format!("serial {serial}"))),
            });
            (format!("CRL {number} of {object}"), lines)
        }
    };
    Ok(Paragraph { title, lines })
}

/// To the second: `2026-11-22 10:00:00 UTC`
fn second(time: OffsetDateTime) -> String {
    timestamp(time).replace('T', " ").replace('Z', " UTC")
}

/// How the root key is held, as the declaration in the plan says.
///
/// # Errors
/// Usage, when it is not sound.
pub fn root(plan: &Plan) -> Result<Option<Root>> {
    let declared = declaration(plan, layout::ROOT);
    declared.map(|content| Root::parse(layout::ROOT, content.text.as_bytes())).transpose()
}

fn custody(plan: &Plan) -> Result<String> {
    Ok(match root(plan)? {
        Some(Root { shares: Some(shares), key, .. }) => format!("{} ({shares})", key.custody),
        Some(root) => root.key.custody.to_string(),
        None => "held as declared".into(),
    })
}

fn declaration<'p>(plan: &'p Plan, path: &str) -> Option<&'p Content> {
    plan.declarations.iter().find(|content| content.path == path)
}

/// The names and addresses that an intermediate may certify.
fn limits(plan: &Plan, object: &ObjectRef) -> Result<Vec<String>> {
    let Scope::Member { environment: name, .. } = &object.scope else { return Ok(Vec::new()) };
    let path = layout::environment(name);
    let Some(content) = declaration(plan, &path) else {
        return Ok(vec!["what is declared".into()]);
    };
    let environment = Environment::parse(name.clone(), &path, content.text.as_bytes())?;
    let dns = environment.declared.dns.iter().map(ToString::to_string);
    let ip = environment.declared.ip.iter().map(ToString::to_string);
    Ok(dns.chain(ip).collect())
}

/// Who, when, and from where on.
pub fn terms(reviewed: &Reviewed) -> Vec<Line> {
    let plan = &reviewed.plan;
    let mut lines = vec![
        line("ceremony", plan.number.to_string()),
        line("made", second(plan.created)),
        line("expires", second(plan.expires)),
        line("operator", &plan.operator),
    ];
    lines.extend(match plan.witnesses.is_empty() {
        true => vec![line("witnesses", "none")],
        false => list("witnesses", plan.witnesses.iter().cloned()),
    });
    let journal = &plan.journal;
    lines.extend(match journal.entries {
        0 => vec![line("journal", "begins here")],
        entries => vec![
            line("journal", format!("continues entry {entries}, whose hash is")),
            line("", &journal.head),
        ],
    });
    lines.extend(plan.root.iter().map(|root| line("root", root)));
    lines.extend(list("waived", plan.waivers.iter().map(ToString::to_string)));
    lines
}
