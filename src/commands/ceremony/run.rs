//! `rootward ceremony run`

use super::{made_json, plan_lines, read_plan, show_made};
use crate::ceremony::plan::CONFIRMING_WORDS;
use crate::ceremony::run::{Question, Ran, Room, run as hold};
use crate::commands::{Session, unlock};
use crate::error::{Error, Explain, Result};
use crate::model::{declaration, text::clean};
use crate::store::{file, layout};
use crate::ui::Ui;
use serde::Deserialize;
use std::path::PathBuf;

/// Carry out a plan with the root key, on the medium that holds it
///
/// First the guard: the clock, the network, swap, core dumps, free space. Then every step with
/// throw-away keys. Then the first words of the plan's digest, from the paper. Then the process
/// enters a sandbox, and only then the key is opened. Everything is written or nothing; type the
/// command again after a crash, and it says what is done and goes on.
///
/// The medium is a workspace, or an empty directory for the first root. The response lies in
/// ca/ceremonies/NUMBER/response.toml there, and goes back to the online side.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony run plan.toml --workspace /media/root
  $ rootward ceremony run plan.toml --workspace /media/root -o response.toml")]
pub struct RunArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Write a copy of the response
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take the answers to questions from FILE, for tests: clock and confirm, in TOML
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
    #[command(flatten)]
    shares: unlock::NewShares,
}

/// The answers of a person, written down beforehand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    #[expect(dead_code, reason = "part of the format; reading it checks it")]
    version: declaration::Version,
    clock: Option<String>,
    confirm: Option<String>,
}

pub fn run(args: &RunArgs, session: &Session) -> Result<()> {
    let plan = read_plan(&args.plan)?;
    let dir = medium(session)?;
    args.output.as_deref().map(file::may_replace).transpose()?;
    file::create_dirs(&dir.join(layout::CA))?;
    let answers = args.answers.as_deref().map(answers).transpose()?;
    let ui = session.ui;
    plan_lines(&plan)?.iter().for_each(|line| ui.status(line));
    ui.status("");
    let mut source = unlock::Source::new(session, &args.unlock).shares_to(&args.shares);
    let mut sandbox = source.sandbox(&dir)?;
    if let Some(parent) = args.output.as_deref().and_then(|path| path.parent()) {
        let here = parent.as_os_str().is_empty();
        sandbox.write.push(file::canonical(if here { ".".as_ref() } else { parent })?);
    }
    let room = Terminal { ui, answers };
    let ran = hold(&dir, &plan, &session.context, &sandbox, &room, &mut source)?;
    let path = layout::ceremony(plan.plan.number, layout::RESPONSE);
    let response = file::read(&dir.join(&path), crate::ceremony::response::LIMIT)?;
    if let Some(copy) = &args.output {
        file::replace(copy, &response, 0o644, true)?;
    }
    let made = match &ran {
        Ran::Done(made) => made.as_slice(),
        Ran::AlreadyDone => &[],
    };
    match ran {
        Ran::Done(_) => {
            ui.status("");
            show_made(ui, made);
            ui.status(&format!("ceremony {} is complete", plan.plan.number));
        }
        Ran::AlreadyDone => ui.status("this plan was carried out before; nothing was signed"),
    }
    let transcript = layout::ceremony(plan.plan.number, layout::TRANSCRIPT);
    let start = session.start.strip_prefix(".").unwrap_or(&session.start);
    let on_medium = |path: &str| file::shown(&start.join(path));
    ui.status(&format!("  response   {}", on_medium(&path)));
    if let Some(copy) = &args.output {
        ui.status(&format!("             {}", file::shown(copy)));
    }
    ui.status(&format!("  transcript {}", on_medium(&transcript)));
    if ui.json {
        ui.json(&serde_json::json!({ "version": 1, "number": plan.plan.number,
            "made": made_json(made), "response": path, "transcript": transcript }))?;
    }
    if !plan.plan.witnesses.is_empty() {
        ui.hint("each witness signs the transcript, into a file transcript.txt.NAME.sig:");
        ui.status("  ssh-keygen -Y sign -n rootward-transcript -f KEY <transcript.txt");
    }
    ui.hint("the response goes back online, to ceremony verify and ceremony import");
    Ok(())
}

/// The directory of the medium. One that holds nothing yet is named: a root key made wherever one
/// happens to be would be made in the wrong place.
fn medium(session: &Session) -> Result<PathBuf> {
    let dir = file::canonical(&session.start)
        .hint("mount the medium; for a new one, make an empty directory")?;
    if session.start.as_os_str() == "." && !file::exists(&dir.join(layout::ROOT)) {
        let message = "the working directory is no workspace, expected --workspace DIR";
        return Err(Error::usage(message)
            .hint("name the medium: rootward ceremony run PLAN --workspace DIR"));
    }
    Ok(dir)
}

fn answers(path: &std::path::Path) -> Result<Answers> {
    declaration::parse(&file::shown(path), &file::read(path, file::SMALL)?)
}

/// The people at this terminal, or their answers.
struct Terminal<'a> {
    ui: &'a Ui,
    answers: Option<Answers>,
}

impl Room for Terminal<'_> {
    fn show(&self, line: &str) {
        self.ui.status(line);
    }

    fn ask(&self, question: Question) -> Result<String> {
        let (name, text) = match question {
            Question::Clock => {
                ("clock", "the time on a watch, in UTC (2026-11-22 10:05)".to_owned())
            }
            Question::Confirm => (
                "confirm",
                format!("the first {CONFIRMING_WORDS} words of the plan's digest, from the paper"),
            ),
        };
        let Some(answers) = &self.answers else { return self.ui.ask(&text) };
        let answer = match question {
            Question::Clock => &answers.clock,
            Question::Confirm => &answers.confirm,
        };
        let missing = || Error::usage(format!("the answers have no {name}, expected {text}"));
        answer.as_deref().map(clean).ok_or_else(missing)
    }
}
