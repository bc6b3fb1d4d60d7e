//! `rootward vault plan | drift`

use super::{connect, show};
use crate::commands::{Session, environment};
use crate::error::{Error, Result};
use crate::model::name::Name;
use crate::store::file;
use crate::ui::Tone;
use crate::vault::{Client, Depth, Desired, Kind, Observed, Plan};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code of `--exit-code` when there are changes.
const CHANGES: u8 = 4;

/// Of which environment, and how closely.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// The environment, such as prod
    #[arg(value_name = "ENV", value_parser = environment)]
    environment: Name,
    /// Write the plan to FILE, to be read, approved and applied as it is
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also remove what is rootward's and no longer declared
    #[arg(long)]
    prune: bool,
    /// Only these, such as policy or crl,entity; all else is not even read
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    only: Vec<Kind>,
    /// Look into every entity, too: a request more for each
    #[arg(long)]
    deep: bool,
    /// Exit with 4 when there are changes
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    connection: connect::Args,
}

/// Of which environment.
#[derive(Debug, clap::Args)]
pub struct DriftArgs {
    /// The environment, such as prod
    #[arg(value_name = "ENV", value_parser = environment)]
    environment: Name,
    /// Exit with 4 when the server is other than declared
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    connection: connect::Args,
}

/// Reads the server and shows the difference.
pub fn plan(args: &PlanArgs, session: &Session) -> Result<ExitCode> {
    args.output.as_deref().map(file::may_replace).transpose()?;
    let (client, desired) = open(&args.environment, &args.connection, session)?;
    let desired = desired.only(&args.only);
    let depth = if args.deep { Depth::Deep } else { Depth::Quick };
    let plan = make(session, &client, &desired, depth, args.prune)?;
    let ui = session.ui;
    if let Some(path) = &args.output {
        let text = serde_json::to_string_pretty(&plan)? + "\n";
        file::replace(path, text.as_bytes(), 0o644, true)?;
    }
    if ui.json {
        ui.json(&plan)?;
    } else {
        show::steps(ui, &plan)?;
        show::strangers(ui, &plan, false)?;
    }
    ui.status(&show::sum(&plan));
    match (&args.output, plan.is_empty()) {
        (_, true) => {}
        (None, false) => ui.next(&format!("rootward vault apply {}", args.environment)),
        (Some(path), false) => {
            let path = crate::ui::lines::quoted(&file::shown(path));
            ui.next(&format!("rootward vault apply {} {path}", args.environment));
        }
    }
    Ok(code(args.exit_code && !plan.is_empty()))
}

/// Looks into everything, and says what differs and what nobody declared.
pub fn drift(args: &DriftArgs, session: &Session) -> Result<ExitCode> {
    let (client, desired) = open(&args.environment, &args.connection, session)?;
    let plan = make(session, &client, &desired, Depth::Deep, false)?;
    let ui = session.ui;
    if ui.json {
        ui.json(&plan)?;
    } else if !plan.is_empty() || !plan.strangers.is_empty() {
        show::steps(ui, &plan)?;
        show::strangers(ui, &plan, true)?;
    } else {
        let line = format!("{} is as declared", args.environment);
        ui.data_line(&line, Tone::Good)?;
    }
    let differs = !plan.is_empty() || plan.strangers.iter().any(|it| it.owner.is_some());
    if differs || !plan.strangers.is_empty() {
        let mut said = show::sum(&plan);
        if let Some(more) = show::uninvited(&plan) {
            said.push_str(&format!("; {more}"));
        }
        ui.status(&said);
    }
    if has_other_roles(&plan) {
        ui.hint(&format!("what they let in: rootward policy lint --live {}", args.environment));
    }
    match (plan.is_empty(), show::wants_prune(&plan)) {
        (_, true) => ui.next(&format!("rootward vault apply {} --prune", args.environment)),
        (false, false) => ui.next(&format!("rootward vault apply {}", args.environment)),
        (true, false) => {}
    }
    Ok(code(args.exit_code && differs))
}

/// Are there roles of certificate login that are other than declared, or that nobody declared?
fn has_other_roles(plan: &Plan) -> bool {
    let steps = plan.steps.iter().map(|step| &step.address);
    let all = plan.strangers.iter().map(|stranger| &stranger.address).chain(steps);
    all.into_iter().any(|address| address.kind == Kind::CertRole)
}

/// The server, and what it is to be.
pub fn open(
    environment: &Name,
    connection: &connect::Args,
    session: &Session,
) -> Result<(Client, Desired)> {
    let estate = session.read()?;
    let declared = estate.environment(environment)?;
    let desired = Desired::of(&estate, declared)?;
    let client = connect::connect(connection, session, &estate, environment)?;
    Ok((client, desired))
}

/// What has to be done now.
pub fn make(
    session: &Session,
    client: &Client,
    desired: &Desired,
    depth: Depth,
    prune: bool,
) -> Result<Plan> {
    let bar = session.ui.progress(desired.resources.len(), "reading");
    let observed = Observed::of(client, desired, depth, &|| bar.inc(1));
    bar.finish_and_clear();
    Plan::of(desired, &observed?, depth, prune)
}

/// A plan that was written to a file.
///
/// # Errors
/// Usage: another environment's, or no plan at all.
pub fn read(path: &std::path::Path, environment: &Name) -> Result<Plan> {
    let shown = file::shown(path);
    let bytes = file::read(path, file::LARGE)?;
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| {
        let what = match error.is_data() {
            true => error.to_string(),
            false => "got other text, expected a plan that vault plan -o wrote".to_owned(),
        };
        Error::usage(format!("{shown}: {what}"))
            .hint(format!("rootward vault plan {environment} -o FILE"))
    })?;
    if plan.environment == environment.as_str() {
        return Ok(plan);
    }
    let other = &plan.environment;
    Err(Error::usage(format!("{shown}: a plan for {other}, expected one for {environment}")))
}

fn code(changes: bool) -> ExitCode {
    if changes { ExitCode::from(CHANGES) } else { ExitCode::SUCCESS }
}
