//! When a step is carried out.

use crate::vault::plan::{Action, Step};
use crate::vault::resource::Kind;
use std::cmp::Reverse;

/// The order in which steps are carried out; those of one stage in any order, and at once. Nobody
/// can log in before what the login gives is as declared. A role that is there lets in whom it is
/// to let in before the name of that login becomes another entity's: else who logs in as the one
/// would for a moment be the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What logins give and stand on, one kind after the other.
    Ground(Kind),
    /// An alias that is in the way of a declared one goes.
    RoomForAlias,
    /// A role that is there.
    ChangedRole,
    /// An alias.
    Alias,
    /// A role that is not there: its first login finds its entity.
    NewRole,
    /// First the ways in, last what they gave.
    Removal(Reverse<Kind>),
}

impl Stage {
    /// When it is carried out; an alias has two such moments.
    pub fn of(step: &Step) -> Vec<Stage> {
        match (step.action, step.address.kind) {
            (Action::Remove, kind) => vec![Stage::Removal(Reverse(kind))],
            (_, Kind::Alias) => vec![Stage::RoomForAlias, Stage::Alias],
            (Action::Change, kind) if kind.is_login() => vec![Stage::ChangedRole],
            (Action::Create, kind) if kind.is_login() => vec![Stage::NewRole],
            (_, kind) => vec![Stage::Ground(kind)],
        }
    }
}
