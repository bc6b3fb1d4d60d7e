//! `rootward ceremony verify`

use super::{made_json, read_plan, show_made};
use crate::authority::Estate;
use crate::ceremony::response::{LIMIT, Response};
use crate::ceremony::{import, medium, verify};
use crate::commands::Session;
use crate::error::{Error, Result, none_of};
use crate::journal::{Journal, chain::instant};
use crate::store::file;
use crate::witness::{self, AllowedSigners, Principal};
use std::path::{Path, PathBuf};

/// Check a response against its plan: every line, every signature
///
/// The transcript and the root's signature under it, the witnesses' signatures, each certificate
/// and CRL by two implementations, and that the journal goes on. Changes nothing. Works before the
/// import and years after it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony verify response.toml
  $ rootward ceremony verify response.toml --witnesses allowed_signers")]
pub struct CheckArgs {
    /// The response
    #[arg(value_name = "RESPONSE")]
    response: PathBuf,
    /// The plan; otherwise the one of that number in this workspace
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The witnesses' public keys, as ssh-keygen's allowed_signers file; every witness of the plan
    /// must have signed
    #[arg(long, value_name = "FILE")]
    witnesses: Option<PathBuf>,
    /// A witness's signature under the transcript; otherwise every transcript.txt*.sig beside the
    /// response
    #[arg(long, value_name = "FILE", requires = "witnesses")]
    signature: Vec<PathBuf>,
}

/// The namespace of the witnesses' signatures.
pub const NAMESPACE: &str = "rootward-transcript";

pub fn run(args: &CheckArgs, session: &Session) -> Result<()> {
    let name = file::shown(&args.response);
    let response = Response::parse(&name, &file::read(&args.response, LIMIT)?)?;
    let plan = match &args.plan {
        Some(path) => path.clone(),
        None => session.dir()?.join(import::plan_path(&response)),
    };
    if !file::exists(&plan) {
        let message = format!("{} is not here, so {name} has no plan", file::shown(&plan));
        return Err(Error::failed(message).hint("name the plan with --plan FILE"));
    }
    let plan = read_plan(&plan)?;
    // As it was declared then.
    let estate = Estate::read_with(&session.dir()?, &session.context, medium::files(&plan.plan)?)?;
    let verified = verify::verify(&estate, &plan, &name, &response)?;
    let witnesses = match &args.witnesses {
        Some(allowed) => signatures(args, allowed, &response)?,
        None => Vec::new(),
    };
    if args.witnesses.is_some() {
        none_of(witness::missing(&plan.plan.witnesses, &witnesses))?;
    }
    let ui = session.ui;
    if ui.json {
        let witnesses: Vec<String> = witnesses.iter().map(ToString::to_string).collect();
        return ui.json(&serde_json::json!({ "version": 1, "number": response.number,
            "plan": plan.digest, "signed_by": verified.signed_by.to_string(),
            "witnesses": witnesses, "made": made_json(&verified.made) }));
    }
    show_made(ui, &verified.made);
    ui.status(&format!("the transcript is signed by {}", verified.signed_by));
    witnesses.iter().for_each(|one| ui.status(&format!("and by the witness {one}")));
    if args.witnesses.is_none() && !plan.plan.witnesses.is_empty() {
        let names = plan.plan.witnesses.join(", ");
        ui.warn(&format!("the signatures of {names} were not checked"));
        ui.hint("add: --witnesses ALLOWED_SIGNERS");
    }
    ui.status(&format!("ceremony {}: all is well", response.number));
    Ok(())
}

/// Who signed the transcript.
fn signatures(args: &CheckArgs, allowed: &Path, response: &Response) -> Result<Vec<Principal>> {
    let allowed_name = file::shown(allowed);
    let allowed = AllowedSigners::parse(&allowed_name, &file::read(allowed, file::SMALL)?)?;
    let records = Journal::segment("", response.since, &response.follows, &response.lines)?;
    let held = records.last().and_then(|record| instant(&record.time));
    let held = held.ok_or_else(|| Error::failed("the response has no time"))?;
    let mut found = Vec::new();
    for path in files(args)? {
        let bytes = file::read(&path, file::SMALL)?;
        let transcript = response.transcript.as_bytes();
        let principal = witness::verify(transcript, &bytes, &allowed, NAMESPACE, held);
        found.push(principal.map_err(|error| error.context(file::shown(&path)))?);
    }
    Ok(found)
}

fn files(args: &CheckArgs) -> Result<Vec<PathBuf>> {
    if !args.signature.is_empty() {
        return Ok(args.signature.clone());
    }
    let dir = args.response.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    let entries = file::entries(dir)?.into_iter().map(|entry| entry.name);
    let is_ours = |name: &String| name.starts_with("transcript.txt") && name.ends_with(".sig");
    Ok(entries.filter(is_ours).map(|name| dir.join(name)).collect())
}
