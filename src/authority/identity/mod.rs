//! Identities: one certificate each, many at a time.

pub mod add;
mod beside;
pub mod grants;
mod make;
mod plan;
pub mod remove;
mod report;

pub use plan::{Task, declared, ended, load, load_all, load_those, plan};
pub use report::{Report, State};

use crate::authority::{Estate, Keys, crl, trust::Trust};
use crate::custody::Signer;
use crate::error::{Error, Kind, Result};
use crate::journal::{History, Record};
use crate::model::{
    environment::ISSUER,
    name::{Name, ObjectRef},
};
use crate::pki::{issuer::Issuer, pem};
use crate::store::Output;
use make::{Made, make};
use plan::Work;
use rayon::prelude::*;

/// A task that was carried out.
enum Done {
    Made(ObjectRef, Box<Made>),
    Nothing(ObjectRef, State),
}

impl Done {
    /// What to report of a task that needs nothing done.
    fn idle(task: Task) -> Self {
        match task.work {
            Work::None(state) => Done::Nothing(task.object, state),
            Work::MakeKey | Work::Sign(_) => Done::Nothing(task.object, State::WaitsForRequest),
        }
    }
}

/// Who is to get a certificate, where it is due: all of one environment.
pub struct Asked<'a> {
    pub environment: &'a Name,
    pub names: &'a [Name],
    /// A request for the single name there is.
    pub csr: Option<&'a [u8]>,
    /// Each by its name, and not all that there are: what is passed over is refused.
    pub by_name: bool,
    /// Although what is there has more than a third of its life left.
    pub anew: bool,
}

/// Issues what is due among those that are asked for, in one act.
///
/// `progress` is called once for each identity.
/// One identity that is refused does not stop the others.
///
/// # Errors
/// What stops all: no intermediate, a wrong passphrase, a full disk.
pub fn issue<'c>(
    estate: &mut Estate<'c>,
    asked: &Asked,
    keys: &mut Keys<'_, 'c>,
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<Report>> {
    estate.check_clock()?;
    let issuer = estate.issuer(&issuer_of(asked.environment)?)?;
    let mut tasks = plan(estate, asked, &issuer)?;
    if asked.by_name {
        tasks =
            tasks.into_iter().map(|task| task.and_then(|task| task.asked(asked.anew))).collect();
    }
    if !tasks.iter().flatten().any(Task::is_work) {
        let idle = tasks.into_iter().map(|task| task.map(Done::idle)).collect();
        return finish(estate, idle, Vec::new());
    }
    let key = keys.signer(estate, &issuer)?;
    carry_out(estate, &issuer, key, tasks, progress)
}

/// What [`plan`] found to be done, with the issuer's key at hand: everything but the passphrase.
///
/// # Errors
/// As for [`issue()`].
pub fn carry_out(
    estate: &mut Estate,
    issuer: &Issuer,
    key: &dyn Signer,
    tasks: Vec<Result<Task, Report>>,
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<Report>> {
    let mut extra = Vec::new();
    if estate.crl(&issuer.object)?.is_none() {
        // A new CA says at once that it has revoked nothing: some verifiers insist on a CRL.
        let next_update = crl::next_update(estate, &issuer.object)?;
        let (output, record, _) = crl::issue_next(estate, issuer, None, next_update, key)?;
        extra.push((output, record));
    }
    let made = {
        let reader: &Estate = estate;
        let history = reader.history();
        let above = Trust::of(reader)?.above(reader, &issuer.object);
        let above = above.map(|ders| pem::certificates(ders.iter().map(Vec::as_slice)));
        let above = above.unwrap_or_else(|| Ok(issuer.pem.clone()))?;
        tasks
            .into_par_iter()
            .with_min_len(8)
            .map(|task| {
                let made = task.and_then(|task| work(reader, issuer, &above, key, &history, task));
                progress();
                made
            })
            .collect()
    };
    finish(estate, made, extra)
}

/// Commits what was made and turns everything into reports, in order.
fn finish(
    estate: &mut Estate,
    done: Vec<Result<Done, Report>>,
    extra: Vec<(Output, Record)>,
) -> Result<Vec<Report>> {
    let (mut outputs, mut records): (Vec<Output>, Vec<Record>) = extra.into_iter().unzip();
    let mut reports = Vec::with_capacity(done.len());
    for entry in done {
        reports.push(match entry {
            Ok(Done::Made(object, made)) => {
                outputs.extend(made.outputs);
                records.push(made.record);
                Report { object, result: Ok(State::Issued { not_after: made.not_after }) }
            }
            Ok(Done::Nothing(object, state)) => Report { object, result: Ok(state) },
            Err(report) => {
                if let Err(error) = &report.result
                    && error.kind == Kind::Refused
                {
                    records.push(Record::refused(&report.object, &error.findings));
                }
                report
            }
        });
    }
    if !records.is_empty() {
        estate.commit(outputs, records)?;
    }
    Ok(reports)
}

fn issuer_of(environment: &Name) -> Result<ObjectRef> {
    let name = ISSUER.parse().map_err(Error::usage)?;
    Ok(ObjectRef::member(environment, &name))
}

fn work(
    estate: &Estate,
    issuer: &Issuer,
    above: &str,
    signer: &dyn Signer,
    history: &History,
    task: Task,
) -> Result<Done, Report> {
    let request = match &task.work {
        Work::None(_) => return Ok(Done::idle(task)),
        Work::MakeKey => None,
        Work::Sign(request) => Some(&**request),
    };
    match make(estate, issuer, above, signer, history, &task, request) {
        Ok(made) => Ok(Done::Made(task.object, Box::new(made))),
        Err(error) => Err(Report { object: task.object, result: Err(error) }),
    }
}
