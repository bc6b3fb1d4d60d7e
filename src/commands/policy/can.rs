//! `rootward policy can`

use super::{answered, capability, holder_of};
use crate::authority::rights::{Part, Rights, Scope};
use crate::commands::{Session, member};
use crate::error::{Error, Result};
use crate::model::name::{self, ObjectRef};
use crate::policy::{Acl, Capability, Decision, Operation, Reason, Request, protected};
use crate::ui::Tone;
use serde_json::json;
use std::process::ExitCode;

/// Ask whether an identity may do something, and by which rule
///
/// The answer is the server's, from the declarations alone. The exit code is 0 for yes and 3 for
/// no. PATH is one path, without v1/; for a set of paths ask who-can.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward policy can prod/hello read kvv2/data/hello/db
  $ rootward policy can prod/hello list kvv2/metadata/ || echo no")]
pub struct CanArgs {
    /// Whose rights, such as prod/hello
    #[arg(value_name = "ENV/NAME", value_parser = member)]
    identity: ObjectRef,
    /// create, read, update, patch, delete, list, scan or sudo
    #[arg(value_parser = capability)]
    capability: Capability,
    /// What the request would be for
    path: String,
    /// With the policy of whoever provisions it, ENV/NAME-ops
    #[arg(long)]
    ops: bool,
}

/// Yes or no, and why.
pub fn run(args: &CanArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let name::Scope::Member { environment, name } = &args.identity.scope else {
        return Err(Error::usage("expected ENV/NAME"));
    };
    let scope = Scope { environment: Some(environment), identity: Some(name) };
    let rights = Rights::of(&estate, scope)?.sound()?;
    let holder = holder_of(&rights, if args.ops { Part::Ops } else { Part::Runtime })?;
    let acl = holder.acl();
    let path = args.path.trim_start_matches('/');
    let path = path.strip_prefix("v1/").unwrap_or(path);
    let answer = Answer::of(&acl, args.capability, path);
    if session.ui.json {
        let origin = answer.decision.origin();
        session.ui.json(&json!({
            "version": 1,
            "identity": holder.object(),
            "policy": holder.policy(),
            "capability": args.capability.word(),
            "path": path,
            "allowed": answer.allowed,
            "needs_sudo": answer.needs_sudo,
            "why": answer.why,
            "rule": origin.map(|origin| json!({
                "pattern": origin.rule.pattern.text(),
                "file": origin.policy.source,
                "line": origin.rule.line,
                "capabilities": answer.decision.grant.map(|grant| grant.capabilities.words()),
            })),
        }))?;
        return Ok(answered(answer.allowed));
    }
    let (word, tone) = if answer.allowed { ("yes", Tone::Good) } else { ("no", Tone::Bad) };
    let verb = if answer.allowed { "may" } else { "may not" };
    let line = format!("{word}: {holder} {verb} {} {path}", args.capability);
    session.ui.data_line(&line, tone)?;
    session.ui.data_line(&format!("  {}", answer.why), Tone::Plain)?;
    if path.contains(['*', '+']) {
        session.ui.hint(&format!(
            "'*' and '+' are letters of a path here; for a set: rootward policy who-can {} '{path}'",
            args.capability
        ));
    }
    Ok(answered(answer.allowed))
}

/// A decision in words.
struct Answer<'a> {
    decision: Decision<'a>,
    allowed: bool,
    needs_sudo: bool,
    why: String,
}

impl<'a> Answer<'a> {
    fn of(acl: &'a Acl<'a>, capability: Capability, path: &str) -> Self {
        let decision = acl.decide(&Request::new(operation(capability), path));
        let needs_sudo = protected(path);
        let granted = match capability {
            Capability::Sudo => decision.sudo,
            _ => decision.allowed,
        };
        let allowed = granted && (!needs_sudo || decision.sudo);
        let why = why(&decision, capability, granted, needs_sudo && !decision.sudo);
        Self { decision, allowed, needs_sudo, why }
    }
}

/// What a request that needs it does; any, for those that are no operation of their own.
fn operation(capability: Capability) -> Operation {
    match capability {
        Capability::Create => Operation::Create,
        Capability::Update => Operation::Update,
        Capability::Patch => Operation::Patch,
        Capability::Delete => Operation::Delete,
        Capability::List => Operation::List,
        Capability::Scan => Operation::Scan,
        _ => Operation::Read,
    }
}

/// One sentence.
fn why(decision: &Decision, capability: Capability, granted: bool, lacks_sudo: bool) -> String {
    let Some(grant) = decision.grant else { return "no rule matches this path".to_owned() };
    let origin = grant.origin(Some(capability));
    let words = grant.capabilities.words().join(", ");
    let rule =
        format!("{} = {words} ({}:{})", grant.pattern, origin.policy.source, origin.rule.line);
    match &decision.reason {
        _ if granted && lacks_sudo => {
            format!("the path needs sudo as well, which the deciding rule does not grant: {rule}")
        }
        _ if granted => format!("by {rule}"),
        Some(Reason::Deny) => format!("the deciding rule denies it: {rule}"),
        Some(Reason::Wrapping) => format!("the response has to be wrapped: {rule}"),
        Some(Reason::Required(name)) => format!("the parameter {name} is required: {rule}"),
        Some(Reason::Parameter(name)) => format!("the parameter {name} is not allowed: {rule}"),
        Some(Reason::Pagination) => format!("the listing has to be in smaller pages: {rule}"),
        _ => format!("the deciding rule does not grant {capability}: {rule}"),
    }
}
