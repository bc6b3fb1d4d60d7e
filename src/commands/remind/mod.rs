//! `rootward remind`

mod job;
mod memory;
#[cfg(feature = "notify")]
mod send;
#[cfg(not(feature = "notify"))]
#[path = "unsent.rs"]
mod send;
mod units;

use super::{Session, at, day};
use crate::authority::Estate;
use crate::ceremony::plan;
use crate::error::{Error, Result};
use crate::model::reminders::{Channel, Message, Reminders, Way};
use crate::model::{cadence::Stage, name::Name};
use crate::rotation::{self, Row, remind};
use crate::store::{file, layout};
use memory::Memory;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;

/// Say what is due, once: for cron and systemd timers
///
/// Says nothing when nothing is due. Each thing is said when its time comes (notice, warning,
/// critical, overdue, past its signing stop, expired) and not again until it is worse; what was
/// said is remembered in ca/.reminded.json. Without channels in ca/reminders.toml it is said on
/// standard output, which cron mails.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward remind
  $ rootward remind --at 2029-06-01
  $ rootward remind --test
  $ rootward remind --print-cron
  $ rootward remind --print-systemd -o units")]
pub struct Args {
    /// Show what would be said then; nothing is sent or remembered
    #[arg(long, value_name = "DATE", value_parser = at, group = "what")]
    at: Option<OffsetDateTime>,
    /// Show what would be said now; nothing is sent or remembered
    #[arg(long, group = "what")]
    dry_run: bool,
    /// Send a test message to every channel
    #[arg(long, group = "what")]
    test: bool,
    /// Print the lines for a crontab
    #[arg(long, group = "what")]
    print_cron: bool,
    /// Print a service and a timer for systemd
    #[arg(long, group = "what")]
    print_systemd: bool,
    /// Write service and timer into DIR instead
    #[arg(short, long, value_name = "DIR", requires = "print_systemd")]
    output: Option<PathBuf>,
    /// The channels, instead of ca/reminders.toml
    #[arg(long, value_name = "FILE")]
    channels: Option<PathBuf>,
    /// Remember in FILE what was said: for a workspace that cannot be written to
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// Shows, tests, prints units; else does the job.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let dir = session.dir()?;
    let post = Post::declared(args, &dir)?;
    if args.print_cron || args.print_systemd {
        units::print(args, session, &dir, &post)?;
    } else if args.test {
        return job::test(session, &dir, &post);
    } else if args.at.is_some() || args.dry_run {
        rehearse(args, session, &dir, &post)?;
    } else {
        return job::run(args, session, &dir, &post);
    }
    Ok(ExitCode::SUCCESS)
}

/// The channels, and the directory that the files they name are relative to.
struct Post {
    channels: Vec<Channel>,
    base: PathBuf,
}

impl Post {
    /// # Errors
    /// Usage: what is declared cannot be understood.
    fn declared(args: &Args, dir: &Path) -> Result<Self> {
        let path = match &args.channels {
            Some(path) => file::canonical(path)?,
            None => dir.join(layout::REMINDERS),
        };
        let base = path.parent().unwrap_or(dir).to_owned();
        let (name, bytes) = match &args.channels {
            Some(path) => (file::shown(path), Some(file::read(path, file::SMALL)?)),
            None => (layout::REMINDERS.to_owned(), file::read_if_any(&path, file::SMALL)?),
        };
        let declared = bytes.map(|bytes| Reminders::parse(&name, &bytes)).transpose()?;
        let mut channels = declared.unwrap_or_default().channels;
        // A watch over the job alone is told no reminders.
        if channels.iter().all(Channel::is_ping) {
            channels.push(stdout()?);
        }
        Ok(Self { channels, base })
    }

    fn pings(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| channel.is_ping())
    }

    /// Those that are told what is due.
    fn told(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| !channel.is_ping())
    }
}

fn stdout() -> Result<Channel> {
    let name: Name = "stdout".parse().map_err(Error::failed)?;
    Ok(Channel { name, min: Stage::Notice, timeout: Duration::ZERO, way: Way::Stdout })
}

/// What is new to one channel.
struct News<'a> {
    channel: &'a Channel,
    rows: Vec<&'a Row>,
    message: Message,
}

/// For each channel what was not said to it, where there is something.
fn news<'a>(
    post: &'a Post,
    place: &remind::Place,
    rows: &'a [Row],
    memory: &Memory,
    at: OffsetDateTime,
) -> Vec<News<'a>> {
    let news = post.told().filter_map(|channel| {
        let due = remind::due(rows, channel.min, at);
        let is_news = |row: &&Row| memory.said.is_news(channel.name.as_str(), row, at);
        let fresh: Vec<&Row> = due.iter().copied().filter(is_news).collect();
        let message = (!fresh.is_empty()).then(|| remind::message(place, &fresh, &due, at))?;
        Some(News { channel, rows: fresh, message })
    });
    news.collect()
}

/// Where a message is from, and what it says of ceremonies.
fn place(estate: &Estate, dir: &Path, host: &str, at: OffsetDateTime) -> Result<remind::Place> {
    let waiting = plan::open(estate)?;
    let ceremony = estate.by_root(String::new());
    let plan = waiting.as_ref().map(|waiting| {
        let (number, until) = (waiting.plan.number, waiting.plan.expires);
        let (is, next) = match until < at {
            true => ("is stale since", "plan --withdraw"),
            false => ("waits for its ceremony, until", "import response.toml"),
        };
        [format!("Plan {number} {is} {}.", day(until)), format!("  $ rootward ceremony {next}")]
    });
    Ok(remind::Place {
        workspace: estate.root.subject.organization.clone(),
        dir: file::shown(dir),
        host: host.to_owned(),
        // There is one plan at a time.
        ceremony: Some(ceremony).filter(|command| !command.is_empty() && waiting.is_none()),
        plan: plan.into_iter().flatten().collect(),
    })
}

/// What would be said, by the same words once.
fn rehearse(args: &Args, session: &Session, dir: &Path, post: &Post) -> Result<()> {
    let at = args.at.unwrap_or(session.context.now());
    let estate = Estate::read(dir, &session.context)?;
    let rows = rotation::rows(&estate, at)?;
    let memory = Memory::peek(args.state.as_deref(), dir)?;
    let place = place(&estate, dir, &session.context.origin.host, at)?;
    let mut messages: Vec<(Vec<String>, Message)> = Vec::new();
    for news in news(post, &place, &rows, &memory, at) {
        let name = news.channel.name.to_string();
        match messages.iter_mut().find(|(_, message)| message.text == news.message.text) {
            Some((names, _)) => names.push(name),
            None => messages.push((vec![name], news.message)),
        }
    }
    if session.ui.json {
        return session.ui.json(&json(&messages, at));
    }
    for (names, message) in &messages {
        session.ui.status(&format!("to {}:", names.join(", ")));
        session.ui.raw(&letter(message))?;
    }
    estate.leave();
    Ok(())
}

/// A message on standard output.
fn letter(message: &Message) -> String {
    format!("{}\n\n{}", message.subject, message.text)
}

fn json(messages: &[(Vec<String>, Message)], at: OffsetDateTime) -> serde_json::Value {
    let messages = messages.iter().map(|(names, message)| {
        let mut document = message.document.clone();
        document["to"] = names.clone().into();
        document
    });
    serde_json::json!({
        "version": 1,
        "at": crate::journal::chain::timestamp(at),
        "messages": messages.collect::<Vec<_>>(),
    })
}
