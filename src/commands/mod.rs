//! One verb per file or function: take the arguments, call an act, print. Only here are the
//! clock, the environment and the process looked at.

pub mod calendar;
pub mod ceremony;
pub mod check;
pub mod crl;
pub mod custodian;
pub mod custody;
pub mod docs;
pub mod explain;
pub mod forecast;
pub mod identity;
pub mod init;
pub mod intermediate;
pub mod journal;
pub mod metrics;
mod openssl;
pub mod policy;
pub mod remind;
pub mod report;
pub mod revoke;
pub mod root;
pub mod rotate;
pub mod status;
pub mod unlock;
pub mod usage;
#[cfg(feature = "vault")]
pub mod vault;
pub mod verify;

use crate::authority::Estate;
use crate::ceremony::plan;
use crate::context::{Context, Rng};
use crate::error::Result;
use crate::host::user::of_uid;
use crate::journal::Origin;
use crate::model::{
    name::{Name, ObjectRef, Scope},
    rule::Rule,
    text::clean,
};
use crate::store::{Output, file, layout, workspace};
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

pub use crate::model::moment::{day, left, moment};

/// What every verb gets.
pub struct Session<'a> {
    /// Where it prints and asks.
    pub ui: &'a Ui,
    /// The clock, the names of the writer, randomness.
    pub context: Context<'a>,
    /// `-C`, or the working directory.
    pub start: PathBuf,
    /// `--yes`: what is asked for is meant.
    pub yes: bool,
}

impl<'a> Session<'a> {
    /// `start` is `-C`, or nothing for the working directory.
    pub fn new(ui: &'a Ui, rng: &'a Rng, start: Option<&Path>) -> Self {
        let start = start.unwrap_or(Path::new(".")).to_owned();
        Self { ui, context: Context { origin: origin(), rng }, start, yes: false }
    }

    /// With the answer to questions that are not about secrets.
    #[must_use]
    pub fn agreed(self, yes: bool) -> Self {
        Self { yes, ..self }
    }
}

impl Session<'_> {
    /// The workspace's directory.
    pub fn dir(&self) -> Result<PathBuf> {
        workspace::find(&self.start)
    }

    /// For looking.
    pub fn read(&self) -> Result<Estate<'_>> {
        let estate = Estate::read(&self.dir()?, &self.context)?;
        if estate.workspace.is_interrupted() {
            self.ui.warn("an earlier run was interrupted; the next command that writes tidies up");
        }
        Ok(estate)
    }

    /// For changing.
    ///
    /// # Errors
    /// PLAN-OPEN, while a plan waits for its ceremony; ON-THE-MEDIUM.
    pub fn change(&self) -> Result<Estate<'_>> {
        let estate = self.change_in_any_case()?;
        plan::none_is_open(&estate)?;
        Ok(estate)
    }

    /// For changing, also while a plan waits: what has to do with the plan itself.
    ///
    /// # Errors
    /// ON-THE-MEDIUM.
    pub fn change_in_any_case(&self) -> Result<Estate<'_>> {
        self.change_seeing(Vec::new())
    }

    /// The same, seen as if these files were there.
    pub fn change_seeing(&self, files: Vec<Output>) -> Result<Estate<'_>> {
        let estate = self.change_anywhere(files)?;
        if !estate.is_medium()? {
            return Ok(estate);
        }
        let message = format!("{} says role = \"offline\": this is a medium", layout::SITE);
        Err(Rule::OnTheMedium.found(message).into())
    }

    /// For changing how a key is held, on a medium too: its journal is left alone.
    ///
    /// # Errors
    /// PLAN-OPEN, as for [`Session::change`].
    pub fn change_custody(&self) -> Result<Estate<'_>> {
        let estate = self.change_anywhere(Vec::new())?;
        if !estate.is_medium()? {
            plan::none_is_open(&estate)?;
        }
        Ok(estate)
    }

    fn change_anywhere(&self, files: Vec<Output>) -> Result<Estate<'_>> {
        let (estate, recovered) = Estate::change_with(&self.dir()?, &self.context, files)?;
        if let Some(recovered) = recovered {
            self.ui.warn(&recovered);
        }
        Ok(estate)
    }
}

/// Reads a small file that the command line names.
pub fn read_named(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    file::read(path, file::SMALL)
}

/// clap's value parser for what is in an environment: an intermediate or an identity.
pub fn member(text: &str) -> Result<ObjectRef, String> {
    let expected = "expected ENV/NAME such as prod/identity";
    match text.parse() {
        Ok(ObjectRef { scope: Scope::Root, .. }) => Err(format!("got {text:?}, {expected}")),
        Err(_) if !text.contains('/') => Err(format!("got {text:?}, {expected}")),
        other => other,
    }
}

/// clap's value parser for an environment.
pub fn environment(text: &str) -> Result<Name, String> {
    text.parse()
}

/// NO_COLOR, set to anything that is not empty (no-color.org).
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the clock is read here and nowhere else")]
fn origin() -> Origin {
    let host = rustix::system::uname();
    let host = clean(&host.nodename().to_string_lossy());
    Origin { host, user: user(), now: OffsetDateTime::now_utc() }
}

/// The name of the real user.
fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    of_uid(uid).map_or_else(|| format!("uid {uid}"), |user| user.name)
}

/// `--at DATE`: a day (its first moment) or an RFC 3339 time.
pub fn at(text: &str) -> Result<OffsetDateTime, String> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    crate::journal::chain::instant(&full)
        .ok_or_else(|| format!("got {text:?}, expected a date such as 2027-03-31"))
}
