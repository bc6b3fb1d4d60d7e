//! What waits for the root key, as a plan.

use super::{Content, Continuation, Plan, Reviewed, Step, Waiver};
use crate::authority::ca::ca_dir;
use crate::authority::{Estate, crl, intermediate, link, root};
use crate::error::{Error, Result};
use crate::journal::Act;
use crate::model::{
    declaration,
    key::Algorithm,
    name::{ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{inspect::sha256, subject::Subject};
use crate::store::{file, layout};
use time::OffsetDateTime;

/// Who holds the ceremony, and until when the plan may wait.
pub struct Terms {
    pub operator: String,
    pub witnesses: Vec<String>,
    pub expires: OffsetDateTime,
    pub waivers: Vec<Waiver>,
    /// Is it for another machine, which needs the journal since the last ceremony?
    pub travels: bool,
}

/// Something that needs the root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This generation of the root.
    Root(ObjectRef),
    /// The key of a root, certified by another root.
    Link { root: ObjectRef, issuer: ObjectRef },
    /// A certificate for the request that was filed.
    Intermediate(ObjectRef),
    /// The next CRL of this generation of the root.
    Crl(ObjectRef),
}

/// A root and both of its links with the one that it is to follow.
pub fn successor(new: &ObjectRef, old: &ObjectRef) -> [Wanted; 3] {
    let link = |root: &ObjectRef, issuer: &ObjectRef| {
        let (root, issuer) = (root.clone(), issuer.clone());
        Wanted::Link { root, issuer }
    };
    [Wanted::Root(new.clone()), link(new, old), link(old, new)]
}

/// Everything that waits for the root key: a root that is not there, requests, CRLs that are due or
/// that lack a revocation. `every_crl`: those that are not yet due, too.
///
/// # Errors
/// NOT-AS-RECORDED and the like: what the plan would rest on is not sound.
pub fn wanted(estate: &Estate, every_crl: bool) -> Result<Vec<Wanted>> {
    let history = estate.history();
    let mut wanted = Vec::new();
    let roots = history.certified_generations(&Scope::Root);
    if roots.is_empty() {
        wanted.push(Wanted::Root(ObjectRef::root(1)));
    }
    let active = history.active_generation(&Scope::Root).map(ObjectRef::root);
    if let (Some(new), Some(old)) = (history.prepared_root(), active) {
        wanted.extend(successor(&new, &old));
    }
    for declared in &estate.environments {
        for name in declared.environment.declared.intermediates.keys() {
            let scope = ObjectRef::member(&declared.environment.name, name);
            for generation in 1..=history.generation(&scope.scope) {
                let object = scope.clone().at(generation);
                if history.certificate(&object).is_none() && history.request(&object).is_some() {
                    wanted.push(Wanted::Intermediate(object));
                }
            }
        }
    }
    let is_needed = |root: &ObjectRef| crl::is_needed(&history, root, estate.context.now());
    for object in roots.into_iter().map(ObjectRef::root).filter(is_needed) {
        if every_crl
            || crl::current(estate, &object)?.is_none_or(|_| crl::lacks(&estate.history(), &object))
        {
            wanted.push(Wanted::Crl(object));
        }
    }
    Ok(wanted)
}

/// The plan for what is wanted, with the dates that its signatures will have.
///
/// # Errors
/// Failed, when nothing is wanted; the rules for requests.
pub fn make(estate: &Estate, wanted: &[Wanted], terms: Terms) -> Result<Reviewed> {
    if wanted.is_empty() {
        return Err(Error::failed("nothing waits for the root key, so there is nothing to plan")
            .hint("the next CRL of the root all the same: rootward ceremony plan --crl"));
    }
    let steps = wanted.iter().map(|wanted| step(estate, wanted)).collect::<Result<_>>()?;
    let requests = wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Intermediate(object) => Some(format!("{}/request.csr", ca_dir(object))),
        Wanted::Root(_) | Wanted::Link { .. } | Wanted::Crl(_) => None,
    });
    let declarations = estate.environments.iter();
    let declarations = declarations.map(|known| layout::environment(&known.environment.name));
    let declarations = [layout::ROOT.to_owned()].into_iter().chain(declarations);
    let root = estate.active_generation(&Scope::Root).map(ObjectRef::root);
    let history = estate.history();
    let root = root.and_then(|root| history.certificate(&root)?.fingerprint.clone());
    Reviewed::of(Plan {
        version: declaration::Version,
        number: number(estate),
        created: estate.context.now().replace_nanosecond(0)?,
        expires: terms.expires.replace_nanosecond(0)?,
        operator: terms.operator,
        witnesses: terms.witnesses,
        root,
        journal: continuation(estate, terms.travels)?,
        steps,
        waivers: terms.waivers,
        declarations: declarations.map(|path| content(estate, path)).collect::<Result<_>>()?,
        requests: requests.map(|path| content(estate, path)).collect::<Result<_>>()?,
    })
}

/// The plan that waits for its ceremony, or for the response.
///
/// # Errors
/// As for [`Reviewed::parse`].
pub fn open(estate: &Estate) -> Result<Option<Reviewed>> {
    let path = layout::ceremony(number(estate), layout::PLAN);
    let bytes = estate.workspace.read_if_any(&path, super::LIMIT)?;
    bytes.map(|bytes| Reviewed::parse(&path, &bytes)).transpose()
}

/// # Errors
/// PLAN-OPEN, while a plan waits for its ceremony.
pub fn none_is_open(estate: &Estate) -> Result<()> {
    let path = layout::ceremony(number(estate), layout::PLAN);
    if !estate.workspace.exists(&path) {
        return Ok(());
    }
    Err(Rule::PlanOpen.found(format!("{path} waits for its ceremony")).into())
}

/// The number of the next ceremony.
pub fn number(estate: &Estate) -> u64 {
    let held = estate.journal.records.iter().filter(|record| record.act == Act::Ceremony);
    1 + held.filter_map(|record| record.number).max().unwrap_or(0)
}

fn continuation(estate: &Estate, travels: bool) -> Result<Continuation> {
    let (entries, head) = (estate.journal.len(), estate.journal.hash().to_owned());
    if !travels {
        return Ok(Continuation { entries, head, since: entries, lines: String::new() });
    }
    let held = estate.journal.records.iter().rev().find(|record| record.act == Act::Ceremony);
    let since = held.map_or(0, |record| record.seq);
    let lines = estate.lines_after(since)?;
    Ok(Continuation { entries, head, since, lines })
}

fn content(estate: &Estate, path: String) -> Result<Content> {
    let bytes = estate.workspace.read_if_any(&path, file::SMALL)?;
    let bytes = bytes.ok_or_else(|| Error::failed(format!("{path} is missing")))?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Error::failed(format!("{path} is not text")))?.to_owned();
    Ok(Content { sha256: sha256(text.as_bytes()), path, text })
}

fn step(estate: &Estate, wanted: &Wanted) -> Result<Step> {
    match wanted.clone() {
        Wanted::Root(object) => {
            let (not_after, crl_next_update) = root::ends(estate)?;
            let generation = object.generation.unwrap_or(1);
            Ok(Step::RootCreate {
                subject: Subject::of_root(&estate.root, generation).to_string(),
                algorithm: Algorithm::from(estate.root.key.algorithm).to_string(),
                object,
                not_after,
                crl_next_update,
            })
        }
        Wanted::Link { root, issuer } => Ok(Step::RootLink {
            subject: Subject::of_root(&estate.root, root.generation.unwrap_or(1)).to_string(),
            algorithm: root_algorithm(estate, &root)?,
            not_after: link::end(estate, &root, &issuer)?,
            object: root,
            issuer,
        }),
        Wanted::Intermediate(object) => {
            let target = intermediate::Target::find(estate, &object)?;
            let request = target.filed_request(estate)?;
            let request =
                request.ok_or_else(|| Error::failed(format!("{object} waits for its request")))?;
            target.check_request(estate, &request)?;
            let issuer = estate.in_force(&ObjectRef::newest_root());
            Ok(Step::IntermediateSign {
                issuer: issuer.clone().at(issuer.generation.unwrap_or(1)),
                subject: target.subject(estate)?.to_string(),
                algorithm: request.key.algorithm.to_string(),
                request: request.digest(),
                not_after: intermediate::end(estate, &object)?,
                object,
            })
        }
        Wanted::Crl(object) => {
            let plan = crl::planned(estate, &object)?;
            Ok(Step::CrlIssue {
                number: plan.number,
                next_update: plan.next_update,
                revoked: plan.revoked.iter().map(|entry| entry.serial.clone()).collect(),
                object,
            })
        }
    }
}

/// Of a root that is there, else as declared.
fn root_algorithm(estate: &Estate, root: &ObjectRef) -> Result<String> {
    let algorithm = match estate.history().certificate(root) {
        Some(_) => estate.recorded_certificate(root, &ca_dir(root))?.facts.key.algorithm,
        None => estate.root.key.algorithm.into(),
    };
    Ok(algorithm.to_string())
}
