//! `rootward policy diff`

use super::git;
use crate::authority::rights::{Change, Delta, Rights, What, changes};
use crate::commands::Session;
use crate::error::{Error, Result};
use crate::store::{Workspace, workspace};
use crate::ui::{Tone, lines::count};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code of `--exit-code` when there are changes.
const CHANGES: u8 = 4;

/// Say who gains and who loses what
///
/// Between a Git revision, or another workspace, and this one as it lies on the disk. Rights are
/// compared as the server decides, not as text: a policy that is written in another way and means
/// the same is no difference. Logins, their names and the life of tokens are compared, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward policy diff HEAD --exit-code
  $ rootward policy diff --with ../copy")]
pub struct DiffArgs {
    /// A revision of the workspace's Git repository, such as HEAD~1 or main
    #[arg(value_name = "REV", required_unless_present = "other")]
    revision: Option<String>,
    /// Another workspace, in the place of a revision
    #[arg(long = "with", value_name = "DIR", conflicts_with = "revision")]
    other: Option<PathBuf>,
    /// Exit with 4 when there are changes
    #[arg(long)]
    exit_code: bool,
}

/// One sentence for each change.
pub fn run(args: &DiffArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let after = Rights::of(&estate, Default::default())?.sound()?;
    let (before, name) = match (&args.revision, &args.other) {
        (Some(revision), _) => {
            (git::revision(estate.workspace.root(), revision)?, revision.clone())
        }
        (None, Some(dir)) => {
            (Workspace::open(&workspace::find(dir)?)?, dir.to_string_lossy().into_owned())
        }
        (None, None) => return Err(Error::usage("expected a revision or --with DIR")),
    };
    let before = Rights::of_workspace(&before, session.context.now()).and_then(Rights::sound);
    let before = before.map_err(|error| error.context(format!("in {name}")))?;
    let changes = changes(&before, &after);
    let ui = session.ui;
    if ui.json {
        let all: Vec<Value> = changes.iter().map(document).collect();
        ui.json(&json!({ "version": 1, "changes": all }))?;
    } else {
        for change in &changes {
            let (line, tone) = sentence(change);
            ui.data_line(&line, tone)?;
        }
    }
    ui.status(&match changes.len() {
        0 => format!("nobody gains or loses anything since {name}"),
        number => format!("{} since {name}", count(number, "change")),
    });
    let differs = args.exit_code && !changes.is_empty();
    Ok(if differs { ExitCode::from(CHANGES) } else { ExitCode::SUCCESS })
}

/// `prod/synapse gains read on kvv2/data/shared/* (identities/policies/kv-read.hcl:9)`
fn sentence(change: &Change) -> (String, Tone) {
    let who = change.policy.as_ref().map_or_else(
        || change.object.clone(),
        |policy| {
            let environment = change.object.split('/').next().unwrap_or_default();
            format!("{environment}/{policy}")
        },
    );
    let on = |part: &Delta, verb: &str| {
        let without = match part.except.is_empty() {
            true => String::new(),
            false => format!(" without {}", part.except.join(", ")),
        };
        let words = part.capabilities.join(", ");
        format!("{who} {verb} {words} on {}{without} ({})", part.within, part.place)
    };
    match &change.what {
        What::New => (format!("{who} is new"), Tone::Warn),
        What::Gone => (format!("{who} is no longer declared"), Tone::Warn),
        What::Gains(part) => (on(part, "gains"), Tone::Good),
        What::Loses(part) => (on(part, "loses"), Tone::Bad),
        What::Limits(part) => (on(part, "has other conditions for"), Tone::Warn),
        What::Login(auth, name) => (format!("{who} can log in by {auth} as {name}"), Tone::Good),
        What::NoLogin(auth, name) => {
            (format!("{who} can no longer log in by {auth} as {name}"), Tone::Bad)
        }
        What::Alias(auth, was, is) => {
            (format!("{who} logs in by {auth} as {is}, before as {was}"), Tone::Warn)
        }
        What::Setting(key, was, is) => {
            let text =
                |value: &str| if value.is_empty() { "none".to_owned() } else { value.to_owned() };
            (format!("{who} has {key} {}, before {}", text(is), text(was)), Tone::Warn)
        }
    }
}

fn document(change: &Change) -> Value {
    let of = |kind: &str, part: &Delta| {
        json!({
            "change": kind,
            "capabilities": part.capabilities,
            "paths": part.within,
            "except": part.except,
            "rule": part.place,
        })
    };
    let mut value = match &change.what {
        What::New => json!({ "change": "new" }),
        What::Gone => json!({ "change": "gone" }),
        What::Gains(part) => of("gains", part),
        What::Loses(part) => of("loses", part),
        What::Limits(part) => of("conditions", part),
        What::Login(auth, name) => {
            json!({ "change": "login", "auth": auth.to_string(), "name": name })
        }
        What::NoLogin(auth, name) => {
            json!({ "change": "no-login", "auth": auth.to_string(), "name": name })
        }
        What::Alias(auth, was, is) => {
            json!({ "change": "alias", "auth": auth.to_string(), "before": was, "after": is })
        }
        What::Setting(key, was, is) => {
            json!({ "change": "setting", "key": key, "before": was, "after": is })
        }
    };
    value["object"] = change.object.clone().into();
    value["policy"] = change.policy.clone().into();
    value
}
