//! A part of a message: what the next ceremony is for, or what one environment needs.

use super::item::{Item, urgency, when};
use super::text::{WIDTH, count};
use crate::model::{cadence::Stage, moment::day, text::wrap};
use crate::rotation::{Kind, Row};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A part of a message.
pub(super) struct Block<'a> {
    /// `ceremony`, or the name of an environment.
    title: String,
    /// What is new; at least one.
    fresh: Vec<&'a Row>,
    /// What was told before and is on the same table.
    standing: Vec<&'a Row>,
}

impl<'a> Block<'a> {
    /// The ceremony and the environments that have something new, the most urgent first.
    pub fn of(fresh: &[&'a Row], due: &[&'a Row], at: OffsetDateTime) -> Vec<Self> {
        let is_new = |row: &&Row| fresh.iter().any(|other| other.object == row.object);
        let mut blocks: BTreeMap<(bool, String), Self> = BTreeMap::new();
        for row in fresh {
            let title = match (row.needs_root(), &row.environment) {
                (true, _) => "ceremony".to_owned(),
                (false, Some(environment)) => environment.to_string(),
                (false, None) => "root".to_owned(),
            };
            let block = blocks.entry((!row.needs_root(), title.clone()));
            block
                .or_insert_with(|| Self { title, fresh: vec![], standing: vec![] })
                .fresh
                .push(row);
        }
        let mut blocks: Vec<Self> = blocks.into_values().collect();
        if let Some(ceremony) = blocks.iter_mut().find(|block| block.is_ceremony()) {
            let table = due.iter().copied().filter(|row| row.needs_root() && !is_new(row));
            ceremony.standing = table.collect();
        }
        blocks.sort_by_cached_key(|block| std::cmp::Reverse(block.stage(at)));
        blocks
    }

    fn is_ceremony(&self) -> bool {
        self.fresh.first().is_some_and(|row| row.needs_root())
    }

    fn stage(&self, at: OffsetDateTime) -> Stage {
        self.fresh.iter().map(|row| row.stage(at)).max().unwrap_or_default()
    }

    fn all(&self) -> impl Iterator<Item = &&Row> {
        self.fresh.iter().chain(&self.standing)
    }

    /// By when all of it is to be done.
    fn by(&self) -> Option<OffsetDateTime> {
        self.all().filter_map(|row| row.rotate_by()).min()
    }

    /// `ceremony by 2029-05-03: 2 intermediates, 1 CRL`
    pub fn headline(&self, at: OffsetDateTime) -> String {
        let when = match self.by() {
            Some(by) if by > at => format!(" by {}", day(by)),
            Some(by) => format!(" overdue since {}", day(by)),
            None => String::new(),
        };
        format!("{}{when}: {}", self.title, counts(&self.fresh))
    }

    /// Title, items, commands. `ceremony`: the command that plans one, where the root key is
    /// elsewhere.
    pub fn lines(&self, ceremony: Option<&str>, at: OffsetDateTime) -> Vec<String> {
        let by = self.by().map(|by| format!(" {}", when("by", "overdue since", by, at)));
        let mut lines = vec![self.title.to_uppercase() + &by.unwrap_or_default()];
        let items = Item::of(&self.fresh, at);
        for item in &items {
            lines.extend(hanging("- ", &item.sentence(at)));
        }
        if !self.standing.is_empty() {
            let mut standing = self.standing.clone();
            standing.sort_by_cached_key(|row| urgency(row, at));
            let names: Vec<&str> = standing.iter().map(|row| row.object.as_str()).collect();
            lines.extend(hanging(
                "- ",
                &format!("told before, on its table too: {}", names.join(", ")),
            ));
        }
        lines
            .extend(self.commands(&items, ceremony).iter().map(|command| format!("  $ {command}")));
        lines
    }

    /// Each once; all identities of an environment by one command.
    fn commands(&self, items: &[Item], ceremony: Option<&str>) -> Vec<String> {
        let mut commands: Vec<String> = items.iter().flat_map(Item::commands).collect();
        let issues = |row: &&&Row| {
            row.kind == Kind::Identity && !row.waits_for_request() && row.next.is_some()
        };
        let identities: Vec<&&Row> = self.fresh.iter().filter(issues).collect();
        if let (true, Some(environment)) =
            (identities.len() > 1, self.fresh.first().and_then(|row| row.environment.as_ref()))
        {
            let is_one =
                |command: &String| identities.iter().any(|row| row.next.as_ref() == Some(command));
            let first = commands.iter().position(is_one);
            commands.retain(|command| !is_one(command));
            let all = format!("rootward identity issue --env {environment}");
            commands.insert(first.unwrap_or_default().min(commands.len()), all);
        }
        // What leads to a ceremony comes before it.
        if let Some(ceremony) = ceremony.filter(|_| self.is_ceremony()) {
            commands.retain(|command| command != ceremony);
            commands.push(ceremony.to_owned());
        }
        let mut once: Vec<String> = Vec::with_capacity(commands.len());
        for command in commands {
            if !once.contains(&command) {
                once.push(command);
            }
        }
        once
    }
}

/// `2 intermediates, 1 CRL`
fn counts(rows: &[&Row]) -> String {
    let word = |kind| match kind {
        Kind::Root => "root",
        Kind::Intermediate => "intermediate",
        Kind::Crl => "CRL",
        Kind::Identity => "identity",
    };
    let kinds = [Kind::Root, Kind::Intermediate, Kind::Crl, Kind::Identity];
    let counted = kinds.into_iter().filter_map(|kind| {
        let of = rows.iter().filter(|row| row.kind == kind).count();
        (of > 0).then(|| count(of, word(kind)))
    });
    counted.collect::<Vec<_>>().join(", ")
}

/// Wrapped, later lines below the first one's text.
fn hanging(label: &str, text: &str) -> Vec<String> {
    let lines = wrap(text, WIDTH - label.len()).into_iter().enumerate();
    let indent = " ".repeat(label.len());
    lines
        .map(|(index, line)| format!("{}{line}", if index == 0 { label } else { &indent }))
        .collect()
}
