//! Performance data: what monitoring systems draw and judge by themselves.

use super::{Level, Verdict};
use crate::model::{cadence::Stage, name::Name};
use crate::rotation::{Kind, Row};
use std::collections::BTreeMap;

impl Verdict<'_> {
    /// `'label'=value[UOM];warn;crit;min;max`, in one line: counts by stage, then the seconds until
    /// each CA and CRL, the first identity of each environment and the next ceremony have to be
    /// replaced or held. One for each identity would be too many.
    #[must_use]
    pub fn performance(&self) -> String {
        let mut data: Vec<String> = self.counts().into_iter().map(|it| self.count(it)).collect();
        if let Some(differences) = self.differences {
            data.push(format!("'files not as recorded'={};;0;0;", differences.len()));
        }
        let mut identities: BTreeMap<&Name, &Row> = BTreeMap::new();
        let dated = self.open.iter().filter(|row| row.deadlines().is_some());
        for row in dated {
            match (&row.environment, row.kind) {
                (Some(environment), Kind::Identity) => {
                    let first = identities.entry(environment).or_insert(row);
                    if row.rotate_by() < first.rotate_by() {
                        *first = row;
                    }
                }
                _ => data.extend(self.left(&row.object, row)),
            }
        }
        let first = |(environment, row): (&Name, &Row)| {
            self.left(&format!("{environment} identities"), row)
        };
        data.extend(identities.into_iter().filter_map(first));
        if let Some(ceremony) = &self.ceremony {
            data.push(format!("'ceremony'={}s;;;;", (ceremony.by - self.at).whole_seconds()));
        }
        data.join(" ")
    }

    /// None of these stages is fine; of those before them any number is.
    fn count(&self, (stage, count): (Stage, usize)) -> String {
        let limits = match self.thresholds.level(stage) {
            Level::Ok => ";",
            Level::Warning => "0;",
            Level::Critical => ";0",
        };
        format!("'{}'={count};{limits};0;", stage.word())
    }

    /// The time until it is to be replaced, and how little of that is too little.
    fn left(&self, label: &str, row: &Row) -> Option<String> {
        let deadlines = row.deadlines()?;
        let seconds = (deadlines.rotate_by - self.at).whole_seconds();
        let limit = |stage: Stage| {
            let begins = deadlines.stages.iter().find(|(known, _)| *known >= stage);
            let span = begins.map(|(_, from)| (deadlines.rotate_by - *from).whole_seconds());
            span.map(|span| format!("{span}:")).unwrap_or_default()
        };
        let (warning, critical) = (limit(self.thresholds.warning), limit(self.thresholds.critical));
        Some(format!("'{label}'={seconds}s;{warning};{critical};;"))
    }
}
