//! The job: ask what is new to each channel, say it there, remember what was said.

use super::memory::{Memory, Trouble};
use super::send::{self, Letter, What};
use super::{Args, News, Post, letter, news, place};
use crate::authority::Estate;
use crate::commands::Session;
use crate::error::{Error, Result};
use crate::model::name::Name;
use crate::model::reminders::{Channel, Message, Way};
use crate::rotation::{self, Row, remind};
use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;

/// How it went.
struct Report {
    /// What was said, for whoever watches over the job.
    said: String,
    failed: Vec<Error>,
}

/// Under the eyes of whoever watches over it.
pub(super) fn run(args: &Args, session: &Session, dir: &Path, post: &Post) -> Result<ExitCode> {
    let mut unwatched = ping(session, post, Some("start"), "");
    let done = say(args, session, dir, post);
    let (word, text) = match &done {
        Ok(report) if report.failed.is_empty() => (None, report.said.clone()),
        Ok(report) => {
            let failed: Vec<String> = report.failed.iter().map(words).collect();
            (Some("fail"), failed.join("\n"))
        }
        Err(error) => (Some("fail"), words(error)),
    };
    let after = ping(session, post, word, &text);
    // That it does not answer is said once.
    unwatched.extend(after.into_iter().filter(|_| unwatched.is_empty()).collect::<Vec<_>>());
    let mut failed = match done {
        Ok(report) => report.failed,
        Err(error) => {
            unwatched.iter().for_each(|error| session.ui.error(error));
            return Err(error);
        }
    };
    failed.extend(unwatched);
    ended(session, failed)
}

/// Every error is shown; the exit code is that of failure.
fn ended(session: &Session, mut failed: Vec<Error>) -> Result<ExitCode> {
    match failed.pop() {
        None => Ok(ExitCode::SUCCESS),
        Some(last) => {
            failed.iter().for_each(|error| session.ui.error(error));
            Err(last)
        }
    }
}

fn words(error: &Error) -> String {
    crate::model::text::clean(&error.messages().join(": "))
}

/// # Errors
/// What keeps it from knowing what is due.
fn say(args: &Args, session: &Session, dir: &Path, post: &Post) -> Result<Report> {
    let now = session.context.now();
    let estate = Estate::read(dir, &session.context)?;
    let rows = rotation::rows(&estate, now)?;
    let place = place(&estate, dir, &session.context.origin.host, now)?;
    let memory = Memory::open(args.state.as_deref(), dir)?;
    let news = news(post, &place, &rows, &memory, now);
    let said = match news.first() {
        None => "nothing is due that was not said".to_owned(),
        Some(first) => letter(&first.message),
    };
    let is_read_only = matches!(memory.trouble, Some(Trouble::ReadOnly));
    if is_read_only && !news.is_empty() {
        session.ui.warn("ca/ cannot be written to: what is due is said at every run");
        session.ui.hint("remember it elsewhere: rootward remind --state FILE");
    }
    let memory = RefCell::new(memory);
    let failed = RefCell::new(Vec::new());
    deliver(session, post, news, &memory, &failed);
    let (mut memory, mut failed) = (memory.into_inner(), failed.into_inner());
    failed.extend(memory.settle(&rows, now).err());
    if let Some(Trouble::Wrong(error)) = memory.trouble {
        failed.push(error);
    }
    estate.leave();
    Ok(Report { said, failed })
}

/// To standard output first, then to all others at once; each that has it is remembered at once.
fn deliver(
    session: &Session,
    post: &Post,
    news: Vec<News>,
    memory: &RefCell<Memory>,
    failed: &RefCell<Vec<Error>>,
) {
    let now = session.context.now();
    let told = |channel: &Channel, rows: &[&Row]| {
        let written = memory.borrow_mut().told(channel.name.as_str(), rows, now);
        failed.borrow_mut().extend(written.err());
    };
    let (here, far): (Vec<News>, Vec<News>) =
        news.into_iter().partition(|news| news.channel.way == Way::Stdout);
    match print(session, here.iter().map(|news| &news.message)) {
        Ok(()) => here.iter().for_each(|news| told(news.channel, &news.rows)),
        Err(error) => failed.borrow_mut().push(error),
    }
    let letters = far.into_iter().map(|News { channel, rows, message }| Letter {
        channel,
        what: What::Reminder(message),
        done: Box::new(move |result| match result {
            Ok(()) => told(channel, &rows),
            Err(error) => failed.borrow_mut().push(named(error, &channel.name)),
        }),
    });
    send::all(session, &post.base, letters.collect());
}

/// With `--json` one document, whatever there is.
fn print<'a>(session: &Session, messages: impl Iterator<Item = &'a Message>) -> Result<()> {
    if session.ui.json {
        let names = || vec!["stdout".to_owned()];
        let messages: Vec<_> = messages.map(|message| (names(), message.clone())).collect();
        return session.ui.json(&super::json(&messages, session.context.now()));
    }
    messages.map(letter).try_for_each(|text| session.ui.raw(&text))
}

fn ping(session: &Session, post: &Post, word: Option<&'static str>, report: &str) -> Vec<Error> {
    let failed = RefCell::new(Vec::new());
    let letters = post.pings().map(|channel| Letter {
        channel,
        what: What::Ping(word, report.to_owned()),
        done: Box::new(|result| {
            failed.borrow_mut().extend(result.err().map(|error| named(error, &channel.name)));
        }),
    });
    send::all(session, &post.base, letters.collect());
    failed.into_inner()
}

fn named(error: Error, name: &Name) -> Error {
    error.context(format!("channel {name}")).hint("rootward remind --test")
}

/// A message to every channel; nothing is remembered.
pub(super) fn test(session: &Session, dir: &Path, post: &Post) -> Result<ExitCode> {
    let now = session.context.now();
    let estate = Estate::read(dir, &session.context)?;
    let place = place(&estate, dir, &session.context.origin.host, now)?;
    let message = remind::trial(&place, now);
    let here = post.told().filter(|channel| channel.way == Way::Stdout);
    print(session, here.map(|_| &message))?;
    let failed = RefCell::new(Vec::new());
    let letters = post.channels.iter().filter(|channel| channel.way != Way::Stdout);
    let letters = letters.map(|channel| Letter {
        channel,
        what: match channel.is_ping() {
            true => What::Ping(None, letter(&message)),
            false => What::Reminder(message.clone()),
        },
        done: Box::new(|result| match result {
            Ok(()) => session.ui.status(&format!("{}: sent", channel.name)),
            Err(error) => {
                failed.borrow_mut().push(error.context(format!("channel {}", channel.name)))
            }
        }),
    });
    send::all(session, &post.base, letters.collect());
    ended(session, failed.into_inner())
}
