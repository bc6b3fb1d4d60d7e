//! What the paper says, in the order in which it is needed.

mod after;
mod before;
mod custodians;
mod exceptions;
mod front;
mod room;

use super::sheet::{Section, Sheet};
use crate::ceremony::plan::{Reviewed, show};
use crate::error::Result;
use crate::model::{root::Custody, threshold::Threshold};

/// A plan, and what the paper has to know of it.
struct Case<'p> {
    reviewed: &'p Reviewed,
    /// The digest as 24 words.
    words: Vec<String>,
    /// What will exist afterwards, a paragraph for each step.
    products: Vec<show::Paragraph>,
    custody: Custody,
    /// With custody in shares.
    shares: Option<Threshold>,
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
        room::together(&case),
        room::run(&case),
        room::made(&case),
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
        let root = show::root(&reviewed.plan)?;
        let custody = root.as_ref().map(|root| root.key.custody).unwrap_or_default();
        Ok(Self {
            reviewed,
            words: reviewed.words()?,
            products: show::steps(&reviewed.plan)?,
            custody,
            shares: root.and_then(|root| root.shares),
            creates: reviewed.plan.steps.iter().any(|step| step.act() == "root.create"),
            opens: reviewed.plan.root.is_some(),
        })
    }

    fn witnesses(&self) -> &[String] {
        &self.reviewed.plan.witnesses
    }
}

/// A digest in groups of four digits.
fn groups(digest: &str) -> Vec<String> {
    let digits: Vec<char> = digest.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect()).collect()
}
