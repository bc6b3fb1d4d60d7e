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

/// A paragraph: a title and its lines; a line may be longer than a terminal is wide.
pub struct Paragraph {
    pub title: String,
    pub lines: Vec<String>,
}

/// One paragraph for each step, in order.
///
/// # Errors
/// Usage, when a declaration in the plan is not sound.
pub fn steps(plan: &Plan) -> Result<Vec<Paragraph>> {
    plan.steps.iter().map(|step| paragraph(plan, step)).collect()
}

fn paragraph(plan: &Plan, step: &Step) -> Result<Paragraph> {
    let until = |time| timestamp(time).replace('T', " ").replace('Z', " UTC");
    let (title, lines) = match step {
        Step::RootCreate { object, subject, algorithm, not_after, crl_next_update } => (
            format!("a new root, {object}"),
            vec![
                format!("subject   {subject}"),
                format!("key       {algorithm}, {}", custody(plan)?),
                format!("valid     until {}", until(*not_after)),
                format!("CRL       its first, until {}", until(*crl_next_update)),
            ],
        ),
        Step::RootLink { object, issuer, subject, algorithm, not_after } => (
            format!("a link: the key of {object}, certified by {issuer}"),
            vec![
                format!("subject   {subject}"),
                format!("key       {algorithm}"),
                format!("valid     until {}", until(*not_after)),
                format!("for       those who trust only {issuer}"),
            ],
        ),
        Step::IntermediateSign { object, issuer, subject, algorithm, request, not_after } => (
            format!("a certificate for {object}, signed by {issuer}"),
            vec![
                format!("subject   {subject}"),
                format!("key       {algorithm}, request SHA-256 {request}"),
                format!("valid     until {}", until(*not_after)),
                format!("limits    signs no CA; only {}", limits(plan, object)?),
            ],
        ),
        Step::CrlIssue { object, number, next_update, revoked } => (
            format!("CRL {number} of {object}"),
            [format!("valid     until {}", until(*next_update))]
                .into_iter()
                .chain(match revoked.is_empty() {
                    true => vec!["revokes   nothing".to_owned()],
                    false => revoked.iter().map(|serial| format!("revokes   {serial}")).collect(),
                })
                .collect(),
        ),
    };
    Ok(Paragraph { title, lines })
}

fn custody(plan: &Plan) -> Result<String> {
    let declared = declaration(plan, layout::ROOT);
    let root = declared.map(|content| Root::parse(layout::ROOT, content.text.as_bytes()));
    let custody = root.transpose()?.map(|root| root.key.custody.to_string());
    Ok(custody.unwrap_or_default())
}

fn declaration<'p>(plan: &'p Plan, path: &str) -> Option<&'p Content> {
    plan.declarations.iter().find(|content| content.path == path)
}

/// The names and addresses that an intermediate may certify.
fn limits(plan: &Plan, object: &ObjectRef) -> Result<String> {
    let Scope::Member { environment: name, .. } = &object.scope else { return Ok(String::new()) };
    let path = layout::environment(name);
    let Some(content) = declaration(plan, &path) else { return Ok("what is declared".into()) };
    let environment = Environment::parse(name.clone(), &path, content.text.as_bytes())?;
    let dns = environment.declared.dns.iter().map(ToString::to_string);
    let ip = environment.declared.ip.iter().map(ToString::to_string);
    Ok(dns.chain(ip).collect::<Vec<_>>().join(", "))
}

/// Who, when, and from where on.
pub fn terms(reviewed: &Reviewed) -> Vec<String> {
    let plan = &reviewed.plan;
    let mut lines = vec![
        format!("ceremony  {}", plan.number),
        format!("made      {}", timestamp(plan.created)),
        format!("expires   {}", timestamp(plan.expires)),
        format!("operator  {}", plan.operator),
    ];
    let witnesses = match plan.witnesses.is_empty() {
        true => "none".to_owned(),
        false => plan.witnesses.join(", "),
    };
    lines.push(format!("witnesses {witnesses}"));
    let journal = &plan.journal;
    lines.push(match journal.entries {
        0 => "journal   begins here".to_owned(),
        entries => format!("journal   continues entry {entries}, {}", journal.head),
    });
    if let Some(root) = &plan.root {
        lines.push(format!("root      {root}"));
    }
    lines.extend(plan.waivers.iter().map(|waiver| format!("waived    {waiver}")));
    lines
}
