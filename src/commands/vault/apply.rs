//! `rootward vault apply`

use super::{connect, plan, show};
use crate::commands::{Session, environment};
use crate::error::{Explain, Result};
use crate::model::name::Name;
use crate::store::file;
use crate::ui::lines::quoted;
use crate::vault::{self, Depth, Kind, Plan};
use std::path::PathBuf;
use std::process::ExitCode;

/// To which environment, and which plan.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// The environment, such as prod
    #[arg(value_name = "ENV", value_parser = environment)]
    environment: Name,
    /// A plan that vault plan -o wrote: it is carried out as it is, or refused
    #[arg(value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Also remove what is rootward's and no longer declared
    #[arg(long, conflicts_with = "plan")]
    prune: bool,
    /// Only these, such as policy or crl,entity; all else is not even read
    #[arg(long, value_name = "KINDS", value_delimiter = ',', conflicts_with = "plan")]
    only: Vec<Kind>,
    #[command(flatten)]
    connection: connect::Args,
}

/// Plans, asks, carries out.
pub fn run(args: &ApplyArgs, session: &Session) -> Result<ExitCode> {
    let approved = match &args.plan {
        Some(path) => Some(plan::read(path, &args.environment)?),
        None => None,
    };
    let only = approved.as_ref().map_or(&args.only, |plan| &plan.only);
    let opened = plan::open(&args.environment, &args.connection, session, only)?;
    let depth = approved.as_ref().map_or(Depth::Deep, Plan::depth);
    let prune = approved.as_ref().map_or(args.prune, |plan| plan.prune);
    let (client, now) = opened.plan(session, depth, prune)?;
    if let Some(approved) = &approved {
        approved.check(&now)?;
    }
    let ui = session.ui;
    if now.is_empty() {
        ui.status("no changes");
        return finish(session, &now);
    }
    if approved.is_none() {
        if !ui.json {
            show::steps(ui, &now)?;
            show::strangers(ui, &now, false)?;
        }
        ui.status(&show::sum(&now));
        session.confirm(&format!("apply this to {}?", args.environment))?;
    }
    let bar = ui.progress(now.steps.len(), "applying");
    let applied = vault::apply(&client, &now, &|| bar.inc(1));
    bar.finish_and_clear();
    applied.hint(format!("type it again: {}", again(args)))?;
    ui.status(&format!("applied: {}", show::done(&now)));
    finish(session, &now)
}

/// The command, as it was typed.
fn again(args: &ApplyArgs) -> String {
    let plan = args.plan.as_deref().map(|path| format!(" {}", quoted(&file::shown(path))));
    let mut command =
        format!("rootward vault apply {}{}", args.environment, plan.unwrap_or_default());
    if args.prune {
        command.push_str(" --prune");
    }
    if !args.only.is_empty() {
        let kinds = args.only.iter().map(|kind| kind.id());
        command.push_str(&format!(" --only {}", kinds.collect::<Vec<_>>().join(",")));
    }
    command
}

fn finish(session: &Session, plan: &Plan) -> Result<ExitCode> {
    if session.ui.json {
        session.ui.json(plan)?;
    }
    Ok(ExitCode::SUCCESS)
}
