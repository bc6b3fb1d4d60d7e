//! `rootward init`

use super::Session;
use crate::authority::{cadence::useless_early, scaffold::Scaffold};
use crate::error::{Error, Result};
use crate::model::{net::DnsName, rule::Rule};
use crate::store::{file, layout, workspace};
use std::process::ExitCode;

/// Make a workspace with commented declarations
///
/// A root and two environments, test and prod, each with a listener and a sample identity. They
/// pass as they are; read and edit them before the root is made. Files that are there already
/// are never overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward init
  $ rootward init --name \"Example Home\" --domain example.internal")]
pub struct Args {
    /// The organization in the root's subject
    #[arg(long, default_value = NAME)]
    name: String,
    /// The DNS domain; test and prod get subdomains of it
    #[arg(long, default_value = DOMAIN, value_parser = domain)]
    domain: DnsName,
}

const NAME: &str = "Example Home";
const DOMAIN: &str = "example.internal";
const IGNORED: &str = ".gitignore";

fn domain(text: &str) -> Result<DnsName, String> {
    text.parse()
}

/// Writes what is missing; says so when nothing is.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let scaffold = Scaffold::new(&args.name, &args.domain).map_err(Error::usage)?;
    let files = scaffold.files();
    let ui = session.ui;
    file::create_dirs(&session.start)?;
    let dir = &file::canonical(&session.start)?;
    let is_as_made = |path: &str, text: &str| {
        file::read(&dir.join(path), file::SMALL).is_ok_and(|there| *there == text.as_bytes())
    };
    if file::exists(&dir.join(layout::ROOT)) {
        // Declarations are there to be edited: only another name or domain is a contradiction.
        let root = files.iter().find(|(path, _)| path == layout::ROOT);
        if root.is_some_and(|(path, text)| !is_as_made(path, text)) && args.is_explicit() {
            let message = format!("{} declares another root", file::shown(&dir.join(layout::ROOT)));
            return Err(Rule::Contradiction.found(message).into());
        }
        print(session, &files, false)?;
        ui.status(&format!("{} is already a workspace", file::shown(dir)));
        // What is wrong with a declaration is said by whatever uses it.
        for early in session.read().map(|estate| useless_early(&estate)).unwrap_or_default() {
            ui.warn(&early);
        }
        return Ok(ExitCode::SUCCESS);
    }
    // Files of an interrupted init are as they would be made; the list of ignored files may be
    // somebody's own.
    let mut missing: Vec<&(String, String)> = Vec::new();
    for file in &files {
        let (path, text) = file;
        if !file::exists(&dir.join(path)) {
            missing.push(file);
        } else if path == IGNORED && !is_as_made(path, text) {
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            ui.warn(&format!("{IGNORED} is there already; add to it: {}", lines.join(" ")));
        } else if !is_as_made(path, text) {
            let message = format!("{} is there already", file::shown(&dir.join(path)));
            return Err(Rule::Contradiction.found(message).into());
        }
    }
    // The file that makes it a workspace comes last: an interrupted init is begun again.
    missing.sort_by_key(|(path, _)| path == layout::ROOT);
    for (path, text) in missing {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            file::create_dirs(parent)?;
        }
        file::replace(&path, text.as_bytes(), 0o644, true)?;
    }
    ui.status(&format!("made a workspace in {}", file::shown(dir)));
    for (path, _) in &files {
        ui.status(&format!("  {path}"));
    }
    print(session, &files, true)?;
    if let Some(around) = dir.parent().and_then(|parent| workspace::find(parent).ok()) {
        let around = file::shown(&around);
        ui.warn(&format!("it lies inside the workspace {around}, and is used instead of it here"));
    }
    ui.next("read and edit the declarations, then: rootward root create");
    Ok(ExitCode::SUCCESS)
}

fn print(session: &Session, files: &[(String, String)], made: bool) -> Result<()> {
    if !session.ui.json {
        return Ok(());
    }
    let files: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    session.ui.json(&serde_json::json!({ "version": 1, "made": made, "files": files }))
}

impl Args {
    fn is_explicit(&self) -> bool {
        self.name != NAME || self.domain.as_str() != DOMAIN
    }
}
