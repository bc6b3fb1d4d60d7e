//! `rootward policy eval`

use crate::commands::Session;
use crate::error::{Kind, Result};
use crate::policy::{Acl, Dialect, Identity, Operation, Policy, Request, Terms};
use serde_json::{Map, Value, json};
use std::io::{BufRead, Read};
use std::process::ExitCode;
use time::Duration;

/// Answer questions about policies, one JSON object a line
///
/// Reads standard input line by line, without a workspace or a server:
///
///   {"policies": [HCL, ...], "path": PATH}
///     is answered {"capabilities": [...]}, as sys/capabilities answers;
///   {"policy": HCL}
///     is answered {"valid": true}, or {"valid": false, "error": "..."}.
///
/// A question about a path may have
///   "identity", for templates: {"entity": {"id", "name", "metadata", "aliases":
///     {ACCESSOR: NAME}}, "groups": [{"id", "name", "metadata"}]};
///   "operation", and with it "parameters" and "wrap_ttl_s": then the answer has
///     "allowed" and "sudo" (is it granted where it is needed?), too.
/// "dialect" is "openbao" or "vault". Other keys are not looked at.
///
/// A line that is no question, or one that the server would refuse, is answered
/// {"error": "..."}; the next one is read, and the exit code is 2 at the end.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  $ rootward policy eval <queries.jsonl
  $ rootward policy eval --dialect vault <queries.jsonl"
)]
pub struct EvalArgs {
    /// Whose rules decide when a line does not say it: openbao or vault
    #[arg(long, value_name = "SERVER", default_value = "openbao", hide_default_value = true)]
    dialect: Dialect,
}

/// One question may be as long as that.
const LONGEST: u64 = 16 << 20;
/// So much is answered at once when there is more to read.
const BATCH: usize = 64 << 10;

/// One question.
#[derive(serde::Deserialize)]
struct Question {
    policy: Option<String>,
    policies: Option<Vec<String>>,
    path: Option<String>,
    kind: Option<String>,
    dialect: Option<String>,
    #[serde(default)]
    identity: Identity,
    operation: Option<String>,
    parameters: Option<Map<String, Value>>,
    wrap_ttl_s: Option<f64>,
}

/// Answers while it reads.
pub fn run(args: &EvalArgs, session: &Session) -> Result<ExitCode> {
    let terms = Terms { dialect: args.dialect, now: session.context.now() };
    let mut input = std::io::BufReader::with_capacity(BATCH, std::io::stdin().lock());
    let (mut line, mut answers, mut failed) = (Vec::new(), String::new(), false);
    while next_line(&mut input, &mut line)? {
        let answer = match answer(&line, terms) {
            Ok(Some(answer)) => answer,
            Ok(None) => continue,
            Err(message) => {
                failed = true;
                json!({ "error": message })
            }
        };
        answers.push_str(&answer.to_string());
        answers.push('\n');
        // Whoever waits for an answer before the next question gets it.
        let more = input.buffer().contains(&b'\n');
        if !more || answers.len() >= BATCH {
            session.ui.raw(&std::mem::take(&mut answers))?;
        }
    }
    session.ui.raw(&answers)?;
    Ok(if failed { Kind::Usage.exit_code().into() } else { ExitCode::SUCCESS })
}

/// False at the end. Of a line that is too long, the beginning, which is no JSON.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    let read = input.by_ref().take(LONGEST).read_until(b'\n', line)?;
    if read as u64 == LONGEST && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

/// None for an empty line.
fn answer(line: &[u8], terms: Terms) -> Result<Option<Value>, String> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    if line.len() as u64 == LONGEST {
        return Err(format!("got a line of more than {} MiB", LONGEST >> 20));
    }
    let question: Question = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let dialect = question.dialect.as_deref().map(str::parse).transpose()?;
    let terms = Terms { dialect: dialect.unwrap_or(terms.dialect), ..terms };
    match (&question.policy, &question.policies) {
        (Some(text), None) => Ok(Some(validity(text, terms))),
        (None, Some(policies)) => Ok(Some(access(policies, &question, terms)?)),
        _ => Err("expected either \"policy\", or \"policies\" and \"path\"".to_owned()),
    }
}

fn validity(text: &str, terms: Terms) -> Value {
    match Policy::parse("", text, terms) {
        Ok(_) => json!({ "valid": true }),
        Err(invalid) => json!({ "valid": false, "error": invalid.to_string() }),
    }
}

fn access(texts: &[String], question: &Question, terms: Terms) -> Result<Value, String> {
    let path = question.path.as_deref().unwrap_or_default();
    if path.is_empty() {
        return Err("expected a \"path\" that is not empty".to_owned());
    }
    let mut policies = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let source = format!("policy {}", index + 1);
        policies.push(Policy::parse(&source, text, terms).map_err(|invalid| invalid.to_string())?);
    }
    let resolve = |policy| Policy::resolve(policy, &question.identity, terms.dialect);
    let resolved: Result<Vec<_>, _> = policies.iter().map(resolve).collect();
    let resolved = resolved.map_err(|invalid| invalid.to_string())?;
    let acl = Acl::of(resolved.iter().map(AsRef::as_ref), terms.dialect);
    if question.kind.as_deref() == Some("mount_visible") {
        return Ok(json!({ "visible": acl.sees_mount(path) }));
    }
    let mut answer = json!({ "capabilities": acl.capabilities(path).words() });
    if let Some(operation) = &question.operation {
        let operation: Operation = operation.parse()?;
        let wrap_ttl = question.wrap_ttl_s.map(Duration::saturating_seconds_f64);
        let parameters = question.parameters.as_ref();
        let decision = acl.decide(&Request { path, operation, parameters, wrap_ttl });
        answer["allowed"] = decision.allowed.into();
        answer["sudo"] = decision.sudo.into();
    }
    Ok(answer)
}
