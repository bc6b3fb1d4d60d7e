//! One verb per file or function: take the arguments, call an act, print. Only here are the
//! clock, the environment and the process looked at.

pub mod docs;
pub mod explain;
pub mod identity;
pub mod init;
pub mod intermediate;
pub mod journal;
pub mod root;
pub mod status;
pub mod unlock;
pub mod verify;

use crate::authority::Estate;
use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::journal::Origin;
use crate::model::{name::ObjectRef, text::clean};
use crate::store::{file, workspace};
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// What every verb gets.
pub struct Session<'a> {
    pub ui: &'a Ui,
    pub context: Context<'a>,
    /// `-C`, or the working directory.
    pub start: PathBuf,
}

/// Dispatches a parsed command line.
pub fn run(cli: &Cli, ui: &Ui) -> Result<ExitCode> {
    match &cli.command {
        Command::Explain(args) => return explain::run(args, ui),
        Command::Completions(args) => return docs::completions(args, ui),
        Command::Man(args) => return docs::man(args, ui),
        _ => {}
    }
    let rng = ring::rand::SystemRandom::new();
    let start = cli.workspace.clone().unwrap_or_else(|| PathBuf::from("."));
    let session = Session { ui, context: Context { origin: origin()?, rng: &rng }, start };
    match &cli.command {
        Command::Init(args) => init::run(args, &session),
        Command::Root(verb) => root::run(verb, &session),
        Command::Intermediate(verb) => intermediate::run(verb, &session),
        Command::Identity(verb) => identity::run(verb, &session),
        Command::Status(args) => status::run(args, &session),
        Command::Verify(args) => verify::run(args, &session),
        Command::Journal(verb) => journal::run(verb, &session),
        Command::Explain(_) | Command::Completions(_) | Command::Man(_) => Ok(ExitCode::SUCCESS),
    }
}

impl Session<'_> {
    /// The workspace's directory.
    pub fn dir(&self) -> Result<PathBuf> {
        workspace::find(&self.start)
    }

    /// For looking.
    pub fn read(&self) -> Result<Estate<'_>> {
        let estate = Estate::read(&self.dir()?, &self.context)?;
        if estate.workspace.is_interrupted() {
            self.ui.warn("an earlier run was interrupted; the next command that writes tidies up");
        }
        Ok(estate)
    }

    /// For changing.
    pub fn change(&self) -> Result<Estate<'_>> {
        let (estate, recovered) = Estate::change(&self.dir()?, &self.context)?;
        if let Some(recovered) = recovered {
            self.ui.warn(&recovered);
        }
        Ok(estate)
    }
}

/// Reads a small file that the command line names.
pub fn read_named(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    file::read(path, file::SMALL)
}

/// clap's value parser for objects.
pub fn object(text: &str) -> Result<ObjectRef, String> {
    text.parse()
}

/// A command line that clap did not accept, or asked for help with.
pub fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // clap's own text, nothing from outside; a closed pipe is the reader's choice.
        let _ = error.print();
        return ExitCode::from(if asked { 0 } else { 2 });
    }
    let ui = Ui::new(crate::ui::Color::Never, false, false, true);
    let text = error.render().to_string();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(clean);
    let first = lines.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
    let rest: Vec<String> = lines
        .filter(|line| !line.starts_with("For more information"))
        .map(|line| line.trim().to_owned())
        .collect();
    let hint = rest.iter().find_map(|line| line.strip_prefix("tip: "));
    let usage = rest.iter().find_map(|line| line.strip_prefix("Usage: "));
    let details: Vec<&str> = rest
        .iter()
        .filter(|line| !line.starts_with("tip: ") && !line.starts_with("Usage: "))
        .map(String::as_str)
        .collect();
    let message = [message.as_str()].into_iter().chain(details).collect::<Vec<_>>().join(" ");
    let hint = hint.map(str::to_owned).or(usage.map(|usage| format!("usage: {usage}")));
    let error = Error::usage(message);
    ui.error(&hint.into_iter().fold(error, |error, hint| error.hint(hint)));
    ExitCode::from(2)
}

/// NO_COLOR, set to anything that is not empty (no-color.org).
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the clock is read here and nowhere else")]
fn origin() -> Result<Origin> {
    let host = rustix::system::uname();
    let host = clean(&host.nodename().to_string_lossy());
    Ok(Origin { host, user: user(), now: OffsetDateTime::now_utc() })
}

/// The name of the real user, from `/etc/passwd`: variables can say anything.
fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let passwd = file::read(Path::new("/etc/passwd"), 1 << 20).unwrap_or_default();
    let passwd = String::from_utf8_lossy(&passwd);
    let of_uid = |line: &str| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then(|| clean(name))
    };
    passwd.lines().find_map(of_uid).unwrap_or_else(|| format!("uid {uid}"))
}

/// A date and time for people: `2026-11-22 14:05 UTC`.
pub fn moment(time: OffsetDateTime) -> String {
    use time::macros::format_description;
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// A date for people.
pub fn day(time: OffsetDateTime) -> String {
    moment(time).chars().take(10).collect()
}

/// What is left until `end`, in the two largest units that matter.
pub fn left(end: OffsetDateTime, now: OffsetDateTime) -> String {
    let seconds = (end - now).whole_seconds();
    let (sign, seconds) = if seconds < 0 { ("-", -seconds) } else { ("", seconds) };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match days {
        0 if hours == 0 => format!("{sign}{minutes}m"),
        0 => format!("{sign}{hours}h"),
        1..=3 => format!("{sign}{days}d {hours}h"),
        4..=729 => format!("{sign}{days}d"),
        _ if days % 365 == 0 => format!("{sign}{}y", days / 365),
        _ => format!("{sign}{}y {}d", days / 365, days % 365),
    }
}

/// `--at DATE`: a day (its first moment) or an RFC 3339 time.
pub fn at(text: &str) -> Result<OffsetDateTime, String> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    crate::journal::chain::instant(&full)
        .ok_or_else(|| format!("got {text:?}, expected a date such as 2027-03-31"))
}
