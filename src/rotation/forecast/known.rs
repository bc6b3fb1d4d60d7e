//! What the journal knows of one CA, read once for however many simulations.

use super::window::Life;
use crate::authority::{cadence::Ca, crl, rotate};
use crate::journal::{History, Record, chain::instant};
use crate::model::{environment::KeyHome, name::ObjectRef};
use crate::rotation::ca::is_under_tainted;
use time::OffsetDateTime;

/// A CA and its generations.
#[derive(Clone, Debug)]
pub struct Known {
    /// Those with a certificate that somebody may still ask CRLs of, and the one that signs.
    pub generations: Vec<Generation>,
    /// The one that signs.
    pub active: Option<u32>,
    /// The one on its way.
    pub successor: Option<Successor>,
    /// The newest that was ever requested or made.
    pub newest: u32,
    /// Was the one that signs issued by a CA that is tainted or revoked?
    pub is_under_tainted: bool,
}

/// What is to follow the one that signs.
#[derive(Clone, Copy, Debug)]
pub enum Successor {
    /// It waits for the root.
    Requested(u32),
    /// It has its certificate.
    Certified(u32),
}

/// One generation with a certificate.
#[derive(Clone, Debug)]
pub struct Generation {
    pub number: u32,
    pub life: Life,
    pub is_revoked: bool,
    /// Its last CRL.
    pub crl: Option<Life>,
    /// Does that CRL lack a revocation?
    pub lacks: bool,
    /// When the last of what it has issued ends.
    pub issued_until: Option<OffsetDateTime>,
}

impl Known {
    /// As the journal has it.
    pub fn of(history: &History, ca: &Ca, from: OffsetDateTime) -> Self {
        let at = |number| ObjectRef { scope: ca.scope.clone(), generation: Some(number) };
        let certified = history.certified_generations(&ca.scope);
        let active = history.active_generation(&ca.scope);
        let successor = rotate::successor(history, &ca.scope).and_then(|object| {
            let number = object.generation?;
            Some(match history.certificate(&object) {
                Some(_) => Successor::Certified(number),
                None => Successor::Requested(number),
            })
        });
        let is_signing = |number: u32| Some(number) == active;
        let generations = certified.iter().filter_map(|number| {
            let generation = generation(history, ca, &at(*number), *number)?;
            let lives = generation.life.end >= from && !generation.is_revoked;
            (is_signing(*number) || lives).then_some(generation)
        });
        let issuer = active.and_then(|active| history.certificate(&at(active))?.issuer.as_deref());
        Self {
            generations: generations.collect(),
            active,
            successor,
            newest: history.generation(&ca.scope),
            is_under_tainted: is_under_tainted(history, issuer),
        }
    }

    /// What is known of that generation.
    pub fn generation(&self, number: u32) -> Option<&Generation> {
        self.generations.iter().find(|generation| generation.number == number)
    }
}

fn generation(history: &History, ca: &Ca, object: &ObjectRef, number: u32) -> Option<Generation> {
    let record = history.certificate(object)?;
    // Times of the journal are all UTC, to the second: in the order of their text.
    let issued = history.issued_by(object).filter_map(|record| record.not_after.as_deref()).max();
    let issues_crls = ca.key == KeyHome::Local;
    Some(Generation {
        number,
        life: life(record)?,
        is_revoked: history.revocation(record).is_some(),
        crl: history.crl(object).and_then(life).filter(|_| issues_crls),
        lacks: issues_crls && crl::lacks(history, object),
        issued_until: issued.and_then(instant),
    })
}

/// The validity that a line of the journal has.
pub fn life(record: &Record) -> Option<Life> {
    Some(Life { begin: record.begins()?, end: record.ends()? })
}
