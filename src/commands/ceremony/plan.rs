//! `rootward ceremony plan`

use super::{plan_lines, read_plan};
use crate::ceremony::plan::{self, Reviewed, Terms, Waiver};
use crate::ceremony::watch;
use crate::commands::{Session, at};
use crate::error::{Error, Result, none_of};
use crate::journal::chain::timestamp;
use crate::model::span::Span;
use crate::store::{Output, file, layout};
use std::path::PathBuf;
use time::OffsetDateTime;

/// Plan everything that waits for the root key
///
/// A new root, requests, CRLs that are due, revocations: with the dates that the signatures will
/// have, and the digest of every file that they rest on. The plan lies in ca/ceremonies/, holds no
/// secret, and is carried to the medium. Until its response is imported, or it is withdrawn, the
/// workspace stands still: the ceremony continues its journal.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony plan --operator alice --witness bob --witness carol
  $ rootward ceremony plan --show
  $ rootward ceremony plan --withdraw")]
pub struct PlanArgs {
    /// Write a copy of the plan, to be carried to the medium
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Who types at the ceremony; otherwise the user of this machine
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Who watches, and signs the transcript; once for each
    #[arg(long, value_name = "NAME")]
    witness: Vec<String>,
    /// Issue the root's next CRL, even if the current one is not half over
    #[arg(long)]
    crl: bool,
    /// How long the plan may wait for its ceremony
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    expires: Span,
    /// Do not let this rule stop it: NETWORK-UP, SWAP-ON, CORE-DUMPS or SANDBOX-MISSING, and why
    #[arg(long, value_name = "RULE=REASON", requires = "until")]
    waive: Vec<String>,
    /// The end of all waivers
    #[arg(long, value_name = "DATE", value_parser = at)]
    until: Option<OffsetDateTime>,
    /// Explain a plan in plain words: FILE, or the one that waits
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "withdraw")]
    show: Option<Option<PathBuf>>,
    /// Take back the plan that waits
    #[arg(long)]
    withdraw: bool,
}

pub fn run(args: &PlanArgs, session: &Session) -> Result<()> {
    if let Some(shown) = &args.show {
        let reviewed = match shown {
            Some(path) => read_plan(path)?,
            None => plan::open(&session.read()?)?
                .ok_or_else(|| Error::failed("no plan waits").hint("rootward ceremony plan"))?,
        };
        return print(session, &reviewed);
    }
    args.output.as_deref().map(file::may_replace).transpose()?;
    let mut estate = session.change_in_any_case()?;
    let path = layout::ceremony(plan::number(&estate), layout::PLAN);
    let there = estate.workspace.exists(&path);
    if args.withdraw {
        if there {
            file::remove(&session.dir()?.join(&path))?;
        }
        session.ui.status(match there {
            true => "the plan is taken back; its ceremony must not be held any more",
            false => "no plan waits",
        });
        return Ok(());
    }
    let reviewed = match there {
        true => read_plan(&session.dir()?.join(&path))?,
        false => {
            estate.check_clock()?;
            let wanted = plan::wanted(&estate, args.crl)?;
            let reviewed = plan::make(&estate, &wanted, terms(args, session)?)?;
            estate.workspace.stage(vec![Output::public(&path, reviewed.text.clone())]);
            estate.commit_foreign()?;
            reviewed
        }
    };
    if let Some(copy) = &args.output {
        file::replace(copy, reviewed.text.as_bytes(), 0o644, true)?;
    }
    print(session, &reviewed)?;
    let ui = session.ui;
    ui.status(&match there {
        true => format!("this plan waits already: {path}"),
        false => format!("planned: {path}"),
    });
    if there {
        ui.hint("to plan anew, take it back first: rootward ceremony plan --withdraw");
    }
    let copy = args.output.as_deref().map_or(path, file::shown);
    ui.next(&format!("rootward ceremony rehearse {copy}"));
    Ok(())
}

fn terms(args: &PlanArgs, session: &Session) -> Result<Terms> {
    let now = session.context.now();
    let expires = args.expires.after(now);
    let expires = expires.ok_or_else(|| Error::usage("the plan would end past the year 9999"))?;
    let mut waivers = Vec::new();
    for waived in &args.waive {
        let (rule, reason) = waived
            .split_once('=')
            .ok_or_else(|| Error::usage(format!("got {waived:?}, expected RULE=REASON")))?;
        let until = args.until.unwrap_or(expires);
        waivers.push(Waiver { rule: rule.to_uppercase(), reason: reason.to_owned(), until });
    }
    none_of(watch::unfit(&waivers, now))?;
    let operator = args.operator.clone();
    let operator = operator.unwrap_or_else(|| session.context.origin.user.clone());
    plan::people::operator(&operator)?;
    plan::people::witnesses(&operator, &args.witness)?;
    Ok(Terms { operator, witnesses: args.witness.clone(), expires, waivers, travels: true })
}

/// The plan in words; with `--json`, as data.
fn print(session: &Session, reviewed: &Reviewed) -> Result<()> {
    let ui = session.ui;
    if ui.json {
        let plan = &reviewed.plan;
        return ui.json(&serde_json::json!({
            "version": 1,
            "number": plan.number,
            "sha256": reviewed.digest,
            "words": reviewed.words()?,
            "operator": plan.operator,
            "witnesses": plan.witnesses,
            "created": timestamp(plan.created),
            "expires": timestamp(plan.expires),
            "steps": plan.steps,
        }));
    }
    plan_lines(reviewed)?.iter().try_for_each(|line| ui.out(line))
}
