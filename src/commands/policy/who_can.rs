//! `rootward policy who-can`

use super::capability;
use crate::authority::rights::{Holder, Rights, Scope};
use crate::commands::Session;
use crate::error::Result;
use crate::model::name::Name;
use crate::policy::{Capability, Extent, Pattern, covers, reach};
use crate::ui::{Tone, lines::count};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Ask who may do something on a path, or on any path of a set
///
/// PATTERN is written as in policies: one path, kvv2/data/shared/*, or with + for one segment. The
/// answer is exact: for each policy whether all of the set, a part or nothing, and by which rule.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward policy who-can read 'kvv2/data/*' --env prod
  $ rootward policy who-can update 'pki/issue/+'")]
pub struct WhoCanArgs {
    /// create, read, update, patch, delete, list, scan or sudo
    #[arg(value_parser = capability)]
    capability: Capability,
    /// A path, or a set of paths
    #[arg(value_parser = pattern)]
    pattern: Pattern,
    /// Only identities of this environment
    #[arg(long = "env", value_name = "ENV", value_parser = crate::commands::environment)]
    environment: Option<Name>,
}

fn pattern(text: &str) -> Result<Pattern, String> {
    let path = text.trim_start_matches('/');
    Pattern::parse(path.strip_prefix("v1/").unwrap_or(path))
}

/// One rule that grants it on a part of what was asked for.
struct Row {
    identity: String,
    policy: String,
    /// On all that was asked for?
    is_all: bool,
    part: String,
    /// What nearer rules take away.
    except: Vec<String>,
    file: String,
    line: u32,
    has_limits: bool,
}

/// The table; "nobody" when it is empty.
pub fn run(args: &WhoCanArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let scope = Scope { environment: args.environment.as_ref(), identity: None };
    let rights = Rights::of(&estate, scope)?.sound()?;
    let of = |holder: &Holder| rows(holder, &args.pattern, args.capability);
    let rows: Vec<Row> = rights.holders.par_iter().with_min_len(32).flat_map_iter(of).collect();
    let ui = session.ui;
    if ui.json {
        let document = json!({
            "version": 1,
            "capability": args.capability.word(),
            "pattern": args.pattern.text(),
            "who": rows.iter().map(Row::json).collect::<Vec<_>>(),
        });
        ui.json(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        ui.out(&format!("nobody may {} {}", args.capability, args.pattern))?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells: Vec<Vec<(String, Tone)>> = rows.iter().map(Row::cells).collect();
    ui.table(&["POLICY", "OF THE SET", "BY RULE"], &cells, &[])?;
    let mut whose: Vec<&str> = rows.iter().map(|row| row.identity.as_str()).collect();
    whose.dedup();
    let identities = match whose.len() {
        1 => "1 identity".to_owned(),
        many => format!("{many} identities"),
    };
    ui.status(&format!("{identities}, {}", count(rows.len(), "rule")));
    if rows.iter().any(|row| row.has_limits) {
        ui.hint("rules with a ! have further conditions, such as parameters");
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(holder: &Holder, pattern: &Pattern, capability: Capability) -> Vec<Row> {
    let acl = holder.acl();
    let reach = reach(&acl, pattern, capability);
    let lost: Vec<&String> =
        reach.cells.iter().filter(|cell| !cell.granted).map(|cell| &cell.within).collect();
    let row = |cell: &crate::policy::Cell| {
        let grant = cell.grant?;
        let origin = grant.origin(Some(capability));
        let taken = lost.iter().filter(|part| covers(&cell.within, part));
        Some(Row {
            identity: holder.object(),
            policy: holder.to_string(),
            is_all: reach.extent == Extent::All && reach.cells.len() == 1,
            part: cell.within.clone(),
            except: taken.map(|part| (*part).clone()).collect(),
            file: origin.policy.source.clone(),
            line: origin.rule.line,
            has_limits: grant.limits.is_some(),
        })
    };
    reach.granted().filter_map(row).collect()
}

impl Row {
    fn cells(&self) -> Vec<(String, Tone)> {
        let part = match (self.is_all, self.except.is_empty()) {
            (true, _) => "all".to_owned(),
            (false, true) => self.part.clone(),
            (false, false) => format!("{} without {}", self.part, self.except.join(", ")),
        };
        let file = self.file.rsplit('/').next().unwrap_or(&self.file);
        let mark = if self.has_limits { " !" } else { "" };
        let rule = format!("{file}:{}{mark}", self.line);
        vec![(self.policy.clone(), Tone::Plain), (part, Tone::Plain), (rule, Tone::Plain)]
    }

    fn json(&self) -> Value {
        json!({
            "identity": self.identity,
            "policy": self.policy,
            "all": self.is_all,
            "part": self.part,
            "except": self.except,
            "file": self.file,
            "line": self.line,
            "has_limits": self.has_limits,
        })
    }
}
