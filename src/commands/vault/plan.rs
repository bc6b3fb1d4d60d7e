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
use std::thread;

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
    let opened = open(&args.environment, &args.connection, session, &args.only)?;
    let depth = if args.deep { Depth::Deep } else { Depth::Quick };
    let (_, plan) = opened.plan(session, depth, args.prune)?;
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
    let opened = open(&args.environment, &args.connection, session, &[])?;
    let (_, plan) = opened.plan(session, Depth::Deep, false)?;
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

/// A server, what it is to be, and what was read of it meanwhile.
pub struct Opened {
    client: Client,
    desired: Desired,
    observed: Observed,
}

/// Asks the server while the declarations are being read. What is wrong with these is said first,
/// whatever the server says. Of `only` these kinds, when it is not empty.
pub fn open(
    environment: &Name,
    connection: &connect::Args,
    session: &Session,
    only: &[Kind],
) -> Result<Opened> {
    let estate = session.read()?;
    let declared = estate.environment(environment)?;
    let settings = connect::settings(connection, session, &estate, environment);
    let reading = settings.and_then(|settings| {
        let (environment, only) = (environment.to_string(), only.to_vec());
        let read = move || {
            let client = settings.connect()?;
            let observed = Observed::begin(&client, &environment, &only)?;
            Ok((client, observed))
        };
        Ok(thread::Builder::new().spawn(read)?)
    });
    let desired = Desired::of(&estate, declared)?.only(only);
    let read: Result<_> = reading?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (client, observed) = read?;
    Ok(Opened { client, desired, observed })
}

impl Opened {
    /// What has to be done now, and the server to do it on.
    pub fn plan(self, session: &Session, depth: Depth, prune: bool) -> Result<(Client, Plan)> {
        let Self { client, desired, observed } = self;
        let bar = session.ui.progress(desired.resources.len(), "reading");
        let observed = observed.complete(&client, &desired, depth, &|| bar.inc(1));
        bar.finish_and_clear();
        let plan = Plan::of(&desired, &observed?, depth, prune)?;
        Ok((client, plan))
    }
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
