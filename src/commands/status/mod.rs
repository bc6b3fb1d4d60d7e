//! `rootward status`: the one screen; and `intermediate list`, a part of it.

mod agenda;
mod bar;
mod json;
#[cfg(feature = "vault")]
mod live;
mod next;
mod screen;

pub use json::waiting;
pub use next::first_root;
pub use screen::tone;

use super::{Session, at, day};
#[cfg(feature = "vault")]
use super::{environment, vault::connect};
use crate::ceremony::plan;
#[cfg(feature = "vault")]
use crate::error::Error;
use crate::error::Result;
#[cfg(feature = "vault")]
use crate::model::name::Name;
use crate::rotation::{Kind, Row, State, rows};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Show what there is, until when, and what is due or missing
///
/// Above, by when the next ceremony is and what there is to do; then a line for each key, CRL and
/// identity, the most urgent first: how it stands, its life, its next date. That is "due" when its
/// window opens, "by" when it closes, "stop" when a CA can sign no more child of full lifetime, and
/// "end".
///
/// LIFE: "=" is over, "|" is today, "-" to come, "+" the window in which it is replaced, "!" later
/// than that, "x" past the signing stop.
#[derive(Debug, clap::Args)]
#[cfg_attr(
    feature = "vault",
    command(after_help = "Examples:
  $ rootward status
  $ rootward status --at 2027-06-01
  $ rootward status --json
  $ rootward status --live prod")
)]
#[cfg_attr(
    not(feature = "vault"),
    command(after_help = "Examples:
  $ rootward status
  $ rootward status --at 2027-06-01
  $ rootward status --json")
)]
pub struct Args {
    /// As it will be then, if nothing is done until then
    #[arg(long, value_name = "DATE", value_parser = at)]
    at: Option<OffsetDateTime>,
    /// Show every identity, however many there are, and generations that are over
    #[arg(long)]
    all: bool,
    /// Also ask the servers of ENV, or of all: is it served as it was issued?
    #[cfg(feature = "vault")]
    #[arg(long, value_name = "ENV", num_args = 0.., value_parser = environment, conflicts_with = "at")]
    live: Option<Vec<Name>>,
    /// Exit with 4 when a server differs
    #[cfg(feature = "vault")]
    #[arg(long, requires = "live")]
    exit_code: bool,
    #[cfg(feature = "vault")]
    #[command(flatten)]
    connection: connect::Args,
}

/// Exit code of `--exit-code` when a server differs.
#[cfg(feature = "vault")]
const DIFFERS: u8 = 4;

/// From this many identities on, those without anything to do are summed up.
const MANY: usize = 30;

const MEDIUM: &str = "this is a medium: what it is to sign is planned in the online workspace";

/// What there is to do, the table, what servers show, and the command to type next.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let at = args.at.unwrap_or(session.context.now());
    let rows = rows(&estate, at)?;
    #[cfg(feature = "vault")]
    let seen = match &args.live {
        Some(environments) => Some(live::look(args, session, &estate, environments)?),
        None if args.connection != connect::Args::default() => {
            return Err(Error::usage("got options of a connection without --live")
                .hint("rootward status --live ENV"));
        }
        None => None,
    };
    if session.ui.json {
        #[cfg(feature = "vault")]
        let more = seen.as_ref().map(|seen| ("live", live::value(seen)));
        #[cfg(not(feature = "vault"))]
        let more = None;
        json::document(session, &rows, plan::open(&estate)?.as_ref(), at, more)?;
    } else {
        let is_medium = estate.is_medium()?;
        above(session, is_medium, &rows, at)?;
        table(args, session, &rows, at)?;
        #[cfg(feature = "vault")]
        seen.as_ref().map(|seen| live::page(session.ui, seen)).transpose()?;
        match is_medium {
            true => session.ui.hint(MEDIUM),
            false => next::say(session, &rows, plan::open(&estate)?.map(|it| it.plan).as_ref(), at),
        }
    }
    estate.leave();
    #[cfg(feature = "vault")]
    if args.exit_code && seen.is_some_and(|seen| live::differs(&seen)) {
        return Ok(ExitCode::from(DIFFERS));
    }
    Ok(ExitCode::SUCCESS)
}

/// By when the next ceremony is, and what there is to do: on a medium nothing but ceremonies.
fn above(session: &Session, is_medium: bool, rows: &[Row], at: OffsetDateTime) -> Result<()> {
    let lines = match is_medium {
        true => agenda::ceremony(rows, at).into_iter().collect(),
        false => agenda::lines(rows, at),
    };
    for (line, tone) in &lines {
        session.ui.data_line(line, *tone)?;
    }
    if lines.is_empty() { Ok(()) } else { session.ui.out("") }
}

/// The table, without what there is nothing to say of.
fn table(args: &Args, session: &Session, rows: &[Row], at: OffsetDateTime) -> Result<()> {
    let identities = rows.iter().filter(|row| row.kind == Kind::Identity).count();
    let is_idle = |row: &&Row| !args.all && identities >= MANY && screen::is_idle(row, at);
    let is_over = |row: &&Row| !args.all && row.state == State::Ended;
    let (idle, rest): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(is_idle);
    let (over, shown): (Vec<&Row>, Vec<&Row>) = rest.into_iter().partition(is_over);
    screen::table(session, &shown, at)?;
    let first = idle.iter().filter_map(|row| row.deadlines()).map(|it| it.due).min();
    let idle = first.map(|first| {
        let of = counted(idle.len(), "more identity is", "more identities are");
        format!("{of} valid, the first is due {}", day(first))
    });
    let over = (!over.is_empty())
        .then(|| counted(over.len(), "older generation is over", "older generations are over"));
    let summed: Vec<String> = idle.into_iter().chain(over).collect();
    if !summed.is_empty() {
        session.ui.out("")?;
    }
    for line in summed {
        session.ui.out(&format!("{line} (--all)"))?;
    }
    Ok(())
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The rows of one kind; identities have a table of their own.
pub fn list(session: &Session, kind: Kind) -> Result<()> {
    let estate = session.read()?;
    let at = session.context.now();
    let rows: Vec<Row> = rows(&estate, at)?.into_iter().filter(|row| row.kind == kind).collect();
    if session.ui.json {
        return json::document(session, &rows, plan::open(&estate)?.as_ref(), at, None);
    }
    if rows.is_empty() {
        session.ui.status(&format!("there is no {} yet", kind.word()));
        return Ok(());
    }
    screen::table(session, &rows.iter().collect::<Vec<_>>(), at)
}
