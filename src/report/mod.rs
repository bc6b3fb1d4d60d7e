//! The report: one HTML page that shows an estate at a moment, for people who would rather look than
//! read. It has no scripts, loads nothing, and no secret is in it: it is made from declarations, the
//! journal and the filed plans, and no key is opened for it.

mod ceremonies;
mod due;
mod identities;
mod keeping;
mod page;
mod timeline;
mod todo;
mod trust;
mod words;

use crate::authority::{Estate, identity};
use crate::ceremony::plan::{self, Reviewed};
use crate::error::Result;
use crate::journal::History;
use crate::model::{cadence::Stage, environment::Environment, identity::Identity};
use crate::rotation::{
    Row,
    ceremonies::{Ceremony, ceremonies as upcoming},
    open, rows,
};
use time::OffsetDateTime;

/// A page, and what it says in short.
pub struct Report {
    /// The whole file.
    pub html: String,
    /// How urgent the most urgent thing is.
    pub stage: Stage,
    /// How many things it shows: generations of CAs, CRLs, identities.
    pub objects: usize,
    /// The identities among them.
    pub identities: usize,
    /// The commands that it names, most urgent first.
    pub commands: Vec<String>,
}

/// What every part of the page is made from.
struct View<'a> {
    estate: &'a Estate<'a>,
    history: History<'a>,
    at: OffsetDateTime,
    rows: Vec<Row>,
    environments: Vec<Declared<'a>>,
    /// The plan that waits for its ceremony.
    open: Option<Reviewed>,
    is_medium: bool,
}

/// An environment and who is declared in it.
struct Declared<'a> {
    environment: &'a Environment,
    identities: Vec<Identity>,
}

/// The estate at that moment, if nothing is done until then.
///
/// # Errors
/// What is wrong with the first declaration or plan that is not sound.
pub fn make(estate: &Estate, at: OffsetDateTime) -> Result<Report> {
    let is_medium = estate.is_medium()?;
    let mut environments = Vec::with_capacity(estate.environments.len());
    for declared in &estate.environments {
        // There are no identities on a medium.
        let identities = if is_medium { Vec::new() } else { identity::load_all(estate, declared)? };
        environments.push(Declared { environment: &declared.environment, identities });
    }
    let rows = rows(estate, at)?;
    let (history, open) = (estate.history(), plan::open(estate)?);
    let view = View { estate, history, at, rows, environments, open, is_medium };
    let todo = todo::of(&view.rows, at);
    Ok(Report {
        html: page::render(&view, &todo),
        stage: view.worst(),
        objects: view.rows.len(),
        identities: view.environments.iter().map(|it| it.identities.len()).sum(),
        commands: todo.into_iter().map(|it| it.command).collect(),
    })
}

impl View<'_> {
    /// The next one, if any will ever be needed.
    fn ceremony(&self) -> Option<Ceremony<'_>> {
        upcoming(&open(&self.rows), self.at).into_iter().next()
    }

    fn worst(&self) -> Stage {
        self.rows.iter().map(|row| row.stage(self.at)).max().unwrap_or_default()
    }
}
