//! `--witnesses` and `--signature`: what `verify` and `import` are told of the witnesses.

use crate::ceremony::plan::Plan;
use crate::ceremony::response::Response;
use crate::ceremony::witnessed::{self, Brought, Witnessed};
use crate::error::Result;
use crate::store::{file, layout};
use crate::ui::Ui;
use std::path::{Path, PathBuf};

/// Whose signatures are checked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The witnesses' public keys, as ssh-keygen's allowed_signers file; every witness of the plan
    /// must have signed
    #[arg(long, value_name = "ALLOWED_SIGNERS")]
    witnesses: Option<PathBuf>,
    /// A witness's signature under the transcript; otherwise every transcript.txt*.sig beside the
    /// response
    #[arg(long, value_name = "FILE", requires = "witnesses")]
    signature: Vec<PathBuf>,
}

impl Args {
    /// Were the keys named?
    pub fn is_given(&self) -> bool {
        self.witnesses.is_some()
    }

    /// Who signed the transcript; `None` when nobody's keys are named. `or`: the keys that are taken
    /// then, when there are any.
    ///
    /// # Errors
    /// As for [`witnessed::check`].
    pub fn check(
        &self,
        plan: &Plan,
        (file, response): (&Path, &Response),
        or: Option<PathBuf>,
    ) -> Result<Option<Witnessed>> {
        let Some(allowed) = self.witnesses.clone().or(or) else { return Ok(None) };
        let allowed = read(&allowed)?;
        let signatures = match self.signature.as_slice() {
            [] => beside(file)?,
            named => named.to_vec(),
        };
        let signatures = signatures.iter().map(|path| read(path)).collect::<Result<_>>()?;
        witnessed::check(plan, response, allowed, signatures).map(Some)
    }
}

fn read(path: &Path) -> Result<Brought> {
    Ok(Brought { name: file::shown(path), bytes: file::read(path, file::SMALL)?.to_vec() })
}

fn beside(response: &Path) -> Result<Vec<PathBuf>> {
    let dir = dir_of(response);
    let entries = file::entries(dir)?.into_iter().map(|entry| entry.name);
    let is_ours = |name: &String| name.starts_with(layout::TRANSCRIPT) && name.ends_with(".sig");
    Ok(entries.filter(is_ours).map(|name| dir.join(name)).collect())
}

fn dir_of(path: &Path) -> &Path {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.unwrap_or(Path::new("."))
}

/// The keys that were filed with this response, when it is the one in this workspace: what lies
/// beside a response that was brought may be anybody's.
pub fn filed(workspace: &Path, file: &Path, response: &Response) -> Result<Option<PathBuf>> {
    let keys = workspace.join(layout::ceremony(response.number, layout::ALLOWED_SIGNERS));
    let is_there = keys.parent().is_some_and(file::exists) && file::exists(&keys);
    let is_here = is_there && file::canonical(dir_of(file))? == file::canonical(dir_of(&keys))?;
    Ok(is_here.then_some(keys))
}

/// Says who signed, or that nobody was asked; `hint` says how that is done.
pub fn show(ui: &Ui, plan: &Plan, witnessed: Option<&Witnessed>, hint: &str) {
    match witnessed {
        Some(witnessed) => {
            witnessed.by.iter().for_each(|one| ui.status(&format!("and by the witness {one}")));
        }
        None if plan.witnesses.is_empty() => {}
        None => {
            let names = plan.witnesses.join(", ");
            ui.warn(&format!("the signatures of {names} were not checked"));
            ui.hint(hint);
        }
    }
}

/// For programs.
pub fn json(witnessed: Option<&Witnessed>) -> Vec<String> {
    let by = witnessed.map_or(&[][..], |witnessed| &witnessed.by);
    by.iter().map(ToString::to_string).collect()
}
