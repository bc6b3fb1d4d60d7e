//! The medium: the workspace that holds the root key, brought up to what a plan says.

use super::plan::{self, Plan, Reviewed, Step};
use crate::authority::Estate;
use crate::authority::ca::ca_dir;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::model::{
    name::{Name, ObjectRef, Scope},
    rule::{Finding, Rule},
    site::Role,
};
use crate::store::{Output, file, layout};
use std::path::Path;

/// `ca/site.toml` of a new medium.
const SITE: &str = "\
# What is so on this machine alone; not in Git.
version = 1
role = \"offline\"   # a medium: it holds the root, but not the identities
";

/// A medium, and how far this plan is carried out there.
pub struct Medium<'c> {
    /// With everything that the plan brings staged; nothing of it is written.
    pub estate: Estate<'c>,
    /// What was left half done and is seen to, in words.
    pub recovered: Option<String>,
    /// Was the plan carried out before?
    pub is_done: bool,
}

/// Opens a medium for changing.
///
/// # Errors
/// PLAN-FOREIGN, PLAN-FORKED, PLAN-DIFFERS; usage, for a plan that names other files than its own.
pub fn change<'c>(dir: &Path, plan: &Reviewed, context: &'c Context<'c>) -> Result<Medium<'c>> {
    let (mut estate, recovered) = Estate::change_with(dir, context, brought(dir, &plan.plan)?)?;
    let is_done = bring(&mut estate, plan)?;
    if !is_done {
        is_medium(&estate, plan)?;
    }
    Ok(Medium { estate, recovered, is_done })
}

/// The same for looking, wherever the plan is to be rehearsed.
///
/// # Errors
/// As for [`change`].
pub fn read<'c>(dir: &Path, plan: &Reviewed, context: &'c Context<'c>) -> Result<Medium<'c>> {
    let mut estate = Estate::read_with(dir, context, brought(dir, &plan.plan)?)?;
    let is_done = bring(&mut estate, plan)?;
    Ok(Medium { estate, recovered: None, is_done })
}

/// Brings the staged files and lines of the plan once more, after they were forgotten.
pub fn restage(estate: &mut Estate, plan: &Reviewed) -> Result<()> {
    estate.unstage()?;
    let files = brought(estate.workspace.root(), &plan.plan)?;
    estate.workspace.stage(files);
    bring(estate, plan).map(|_| ())
}

/// What comes onto a medium: the files of the plan, and onto an empty one the note that it is one.
fn brought(dir: &Path, plan: &Plan) -> Result<Vec<Output>> {
    let mut outputs = files(plan)?;
    let is_there = |path| file::exists(&dir.join(path));
    if !is_there(layout::ROOT) && !is_there(layout::SITE) {
        outputs.push(Output::public(layout::SITE, SITE));
    }
    Ok(outputs)
}

/// The files that a plan brings: declarations and requests, and nothing else, whoever wrote it.
///
/// # Errors
/// Usage, when it names others.
pub fn files(plan: &Plan) -> Result<Vec<Output>> {
    let mut outputs = Vec::new();
    for content in &plan.declarations {
        let environment = content.path.strip_prefix("ca/");
        let environment = environment.and_then(|rest| rest.strip_suffix("/environment.toml"));
        let is_environment = environment.is_some_and(|name| name.parse::<Name>().is_ok());
        if !is_environment && content.path != layout::ROOT {
            let message = format!("the plan brings {:?}, expected a declaration", content.path);
            return Err(Error::usage(message));
        }
        outputs.push(Output::public(&content.path, content.text.clone()));
    }
    for content in &plan.requests {
        let is_of = |step: &Step| {
            matches!(step, Step::IntermediateSign { .. })
                && content.path == format!("{}/request.csr", ca_dir(step.object()))
        };
        if !plan.steps.iter().any(is_of) {
            let message = format!("the plan brings {:?}, expected a request to sign", content.path);
            return Err(Error::usage(message));
        }
        outputs.push(Output::public(&content.path, content.text.clone()));
    }
    Ok(outputs)
}

/// Where the plan waits for its response it was made; a ceremony is held there only when the root
/// key is there, too.
fn is_medium(estate: &Estate, plan: &Reviewed) -> Result<()> {
    let waits = estate.workspace.exists(&layout::ceremony(plan.plan.number, layout::PLAN));
    let site = estate.site()?;
    if !waits || site.role == Role::Offline || site.pkcs11.is_some() {
        return Ok(());
    }
    let has_key = |generation| {
        estate.workspace.exists(&format!("{}/key.pem", ca_dir(&ObjectRef::root(generation))))
    };
    if (1..=estate.history().generation(&Scope::Root)).any(has_key) {
        return Ok(());
    }
    let dir = file::shown(estate.workspace.root());
    let message = format!("this ceremony was planned in {dir}, and no root key is there");
    Err(Rule::NotTheMedium.found(message).into())
}

/// Continues the journal with what the plan brings; says whether the plan is carried out already.
fn bring(estate: &mut Estate, plan: &Reviewed) -> Result<bool> {
    same_root(estate, &plan.plan)?;
    let is_done = continues(estate, plan)?;
    if !is_done {
        in_turn(estate, &plan.plan)?;
    }
    requests_as_recorded(estate, &plan.plan)?;
    Ok(is_done)
}

/// The next ceremony after those that were held, so that it writes over none of them.
fn in_turn(estate: &Estate, plan: &Plan) -> Result<(), Finding> {
    let next = plan::number(estate);
    if plan.number == next {
        return Ok(());
    }
    let message = format!("the plan is of ceremony {}, the next one here is {next}", plan.number);
    Err(Rule::PlanForked.found(message))
}

/// A root that is here must be the one that the plan knows.
fn same_root(estate: &Estate, plan: &Plan) -> Result<(), Finding> {
    let roots = estate.history().certified_generations(&Scope::Root);
    let history = estate.history();
    let fingerprints = roots.into_iter().filter_map(|generation| {
        let record = history.certificate(&ObjectRef::root(generation))?;
        record.fingerprint.clone()
    });
    let fingerprints: Vec<String> = fingerprints.collect();
    let fits = match &plan.root {
        Some(planned) => fingerprints.is_empty() || fingerprints.contains(planned),
        // The first ceremony makes the root; carried out, the root is there.
        None => fingerprints.is_empty() || estate.journal.len() > plan.journal.entries,
    };
    if fits {
        return Ok(());
    }
    let short =
        |hash: Option<&String>| hash.and_then(|hash| hash.get(..16)).unwrap_or("none").to_owned();
    let (here, planned) = (short(fingerprints.last()), short(plan.root.as_ref()));
    let message = format!("the root here is {here}…, that of the plan {planned}…");
    Err(Rule::PlanForeign.found(message))
}

fn continues(estate: &mut Estate, plan: &Reviewed) -> Result<bool> {
    let forked = |why: String| Err(Error::from(Rule::PlanForked.found(why)));
    let brought = &plan.plan.journal;
    let here = estate.journal.len();
    if here < brought.since {
        return forked(format!(
            "the journal here has {here} entries, the plan continues from entry {}",
            brought.since
        ));
    }
    let lines: Vec<&str> = brought.lines.split_inclusive('\n').collect();
    if lines.len() as u64 != brought.entries.saturating_sub(brought.since) {
        return forked(format!(
            "the plan brings {} lines of the journal, and says otherwise",
            lines.len()
        ));
    }
    if here < brought.entries {
        let known = usize::try_from(here - brought.since)?;
        let new: String = lines[known..].concat();
        if let Err(error) = estate.journal.fast_forward("the plan's journal", &new) {
            return forked(error.messages().join(": "));
        }
    }
    let at = |entry: u64| {
        let index = usize::try_from(entry.checked_sub(1)?).ok()?;
        estate.journal.records.get(index).map(|record| record.hash.as_str())
    };
    if at(brought.entries).is_some_and(|hash| hash != brought.head) {
        return forked(format!("entry {} here is another than in the plan", brought.entries));
    }
    // What follows can only be this plan's own: an interrupted attempt, or all of it.
    let entries = usize::try_from(brought.entries)?;
    let own = estate.journal.records.get(entries..).unwrap_or_default();
    let is_done = own.iter().any(|record| record.plan.as_deref() == Some(&plan.digest));
    let foreign = own.iter().find(|record| !record.act.is_aside());
    if let (false, Some(record)) = (is_done, foreign) {
        return forked(format!(
            "the journal here went on with entry {} ({} {}), which is not of this plan",
            record.seq, record.act, record.object
        ));
    }
    Ok(is_done)
}

/// A request is what the journal recorded when it was filed.
fn requests_as_recorded(estate: &Estate, plan: &Plan) -> Result<(), Finding> {
    let history = estate.history();
    for step in &plan.steps {
        let Step::IntermediateSign { object, request, .. } = step else { continue };
        let recorded = history.request(object).and_then(|record| record.request.as_deref());
        if recorded != Some(request) {
            let message =
                format!("the request of {object} is not the one that the journal recorded");
            return Err(Rule::PlanDiffers.found(message));
        }
    }
    Ok(())
}
