//! What the paper says, in the order in which it is needed.

mod after;
mod before;
mod custodians;
mod exceptions;
mod front;
mod room;
mod run;

use super::sheet::{Block, Section, Sheet};
use crate::ceremony::plan::{Reviewed, show};
use crate::error::Result;
use crate::model::{
    root::{Custody, Root},
    threshold::Threshold,
};

/// A plan, and what the paper has to know of it.
struct Case<'p> {
    reviewed: &'p Reviewed,
    /// The digest as 24 words.
    words: Vec<String>,
    /// What will exist afterwards, a paragraph for each step.
    products: Vec<show::Paragraph>,
    /// As declared.
    root: Option<Root>,
    /// Is a root key made?
    creates: bool,
    /// Is one unlocked that is there?
    opens: bool,
}

/// The whole paper for a plan.
///
/// # Errors
/// Usage, when a declaration in the plan is not sound.
pub fn sheet(reviewed: &Reviewed) -> Result<Sheet> {
    let case = Case::of(reviewed)?;
    let mut parts = [
        room::section(&case),
        run::run(&case),
        run::made(&case),
        after::closing(&case),
        after::witnesses(&case),
        after::online(&case),
    ];
    number(&mut parts);
    let mut sections = vec![front::section(&case), before::afterwards(&case)];
    sections.extend(front::waivers(&case));
    sections.extend([front::times(&parts), before::preparation(&case)]);
    sections.extend(parts);
    sections.push(exceptions::signatures(&case));
    sections.extend((1..=exceptions::COPIES).map(exceptions::sheet));
    let number = reviewed.plan.number;
    Ok(Sheet {
        title: format!("Ceremony {number}"),
        foot: format!("Ceremony {number}, plan {}", groups(&reviewed.digest[..16]).join(" ")),
        sections,
    })
}

/// Through the whole paper.
fn number(sections: &mut [Section]) {
    let steps = sections.iter_mut().flat_map(Section::steps);
    steps.enumerate().for_each(|(index, step)| step.number = index + 1);
}

impl<'p> Case<'p> {
    fn of(reviewed: &'p Reviewed) -> Result<Self> {
        Ok(Self {
            reviewed,
            words: reviewed.words()?,
            products: show::steps(&reviewed.plan)?,
            root: show::root(&reviewed.plan)?,
            creates: reviewed.plan.steps.iter().any(|step| step.act() == "root.create"),
            opens: reviewed.plan.root.is_some(),
        })
    }

    fn custody(&self) -> Custody {
        self.root.as_ref().map(|root| root.key.custody).unwrap_or_default()
    }

    /// With custody in shares, and only then.
    fn shares(&self) -> Option<Threshold> {
        self.root.as_ref()?.shares
    }

    fn witnesses(&self) -> &[String] {
        &self.reviewed.plan.witnesses
    }
}

/// The plan's, in two lines.
fn digest(case: &Case) -> Block {
    Block::Hex(groups(&case.reviewed.digest).chunks(8).map(<[_]>::to_vec).collect())
}

/// A digest in groups of four digits.
fn groups(digest: &str) -> Vec<String> {
    let digits: Vec<char> = digest.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect()).collect()
}
