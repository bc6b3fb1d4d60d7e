//! A command line that clap did not accept, in this project's words.

use crate::error::Error;
use crate::model::text::clean;
use crate::ui::{Color, Ui};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;

/// Prints help and versions that were asked for (exit 0), or says what is wrong (exit 2).
pub fn report(error: &clap::Error, arguments: &[OsString], cli: &clap::Command) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // clap's own text, nothing from outside; a closed pipe is the reader's choice.
        let closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
        let is_lost = error.print().is_err_and(|error| !closed(&error));
        return ExitCode::from(if !asked { 2 } else { u8::from(is_lost) });
    }
    let path = path(arguments, cli);
    let wrong = Error::usage(clean(&message(error))).hint(clean(&hint(error, &path)));
    let json = arguments.iter().any(|argument| argument == "--json");
    let ui = Ui::new(Color::Auto, json, false, super::no_color());
    if path == "rootward check" {
        return super::check::unknown(&wrong, &ui);
    }
    ui.error(&wrong);
    ExitCode::from(2)
}

fn message(error: &clap::Error) -> String {
    let got = |kind| context(error, kind).unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("{} is no command", got(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => {
            format!("got no {}", got(ContextKind::InvalidArg))
        }
        ErrorKind::UnknownArgument => {
            format!("{} is not expected here", got(ContextKind::InvalidArg))
        }
        ErrorKind::ArgumentConflict => {
            let (one, other) = (got(ContextKind::InvalidArg), got(ContextKind::PriorArg));
            format!("{one} and {other} exclude each other")
        }
        ErrorKind::InvalidValue => {
            let value = got(ContextKind::InvalidValue);
            let said =
                if value.is_empty() { "got nothing".into() } else { format!("got {value:?}") };
            let expected = got(ContextKind::ValidValue);
            let expected =
                if expected.is_empty() { "a value".into() } else { format!("one of {expected}") };
            format!("{}: {said}, expected {expected}", got(ContextKind::InvalidArg))
        }
        ErrorKind::ValueValidation => {
            let why = match error.source() {
                Some(why) if why.is::<std::num::ParseIntError>() => {
                    format!("got {:?}, expected a number", got(ContextKind::InvalidValue))
                }
                Some(why) => why.to_string(),
                None => format!("got {:?}", got(ContextKind::InvalidValue)),
            };
            format!("{}: {why}", got(ContextKind::InvalidArg))
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    }
}

/// A command that can be typed as it is.
fn hint(error: &clap::Error, path: &str) -> String {
    if let Some(near) = context(error, ContextKind::SuggestedSubcommand) {
        return format!("{path} {}", near.split(", ").next().unwrap_or_default());
    }
    format!("{path} --help")
}

/// The command that was being read: `rootward journal show`.
fn path(arguments: &[OsString], cli: &clap::Command) -> String {
    let mut command = cli;
    let mut path = "rootward".to_owned();
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        let Some(next) = command.find_subcommand(word) else { continue };
        path.push(' ');
        path.push_str(next.get_name());
        command = next;
    }
    path
}

/// What clap knows, arguments without their `<VALUE>`.
fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    let plain = |text: &String| match text.split_once(' ') {
        Some((option, _)) if text.starts_with('-') => option.to_owned(),
        _ => text.trim_matches(['<', '>', '[', ']', '.']).to_owned(),
    };
    let is_argument = matches!(kind, ContextKind::InvalidArg | ContextKind::PriorArg);
    match error.get(kind)? {
        ContextValue::String(text) if is_argument => Some(plain(text)),
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) if is_argument => {
            Some(texts.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}
