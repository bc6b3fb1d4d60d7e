//! What is brought back from a ceremony, for `verify` and `import`: a response, and the plan that it
//! answers.

use super::{read_plan, witnesses};
use crate::ceremony::plan::Reviewed;
use crate::ceremony::response::{LIMIT, Response};
use crate::error::{Error, Result};
use crate::store::{file, layout};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct BroughtArgs {
    /// The response
    #[arg(value_name = "RESPONSE")]
    pub response: PathBuf,
    /// The plan; otherwise the one of that number in this workspace
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    pub witnesses: witnesses::Args,
}

impl BroughtArgs {
    /// The response, and its file's name for messages.
    pub fn read(&self) -> Result<(String, Response)> {
        let name = file::shown(&self.response);
        let response = Response::parse(&name, &file::read(&self.response, LIMIT)?)?;
        Ok((name, response))
    }

    /// The plan that was named, else the one that is filed in the workspace, if it is.
    pub fn plan(&self, response: &Response, dir: &Path) -> Result<Option<Reviewed>> {
        let here = || dir.join(layout::ceremony(response.number, layout::PLAN));
        let path = self.plan.clone().unwrap_or_else(here);
        let is_there = self.plan.is_some() || file::exists(&path);
        is_there.then(|| read_plan(&path)).transpose()
    }
}

/// What to say when there is none.
pub fn no_plan(name: &str, response: &Response) -> Error {
    let plan = layout::ceremony(response.number, layout::PLAN);
    Error::failed(format!("{plan} is not here, so {name} has no plan"))
        .hint("name the plan with --plan FILE")
}
