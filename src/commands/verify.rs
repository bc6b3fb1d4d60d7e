//! `rootward verify`

use super::Session;
use crate::authority;
use crate::error::{Kind, Result};
use std::process::ExitCode;

/// Check the whole workspace: certificates, chains, CRLs, keys, declarations, journal
///
/// Exit code 0: all is well; 1: a list of what is not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  $ rootward verify")]
pub struct Args {}

pub fn run(_args: &Args, session: &Session) -> Result<ExitCode> {
    // The question is whether all is well: a journal that does not hold is the answer no.
    let estate = session.read().map_err(|mut error| {
        if error.kind == Kind::Refused {
            error.kind = Kind::Failed;
        }
        error
    })?;
    let report = authority::verify::run(&estate)?;
    let problems = report.problems.list();
    let ui = session.ui;
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1,
            "certificates": report.certificates,
            "crls": report.crls,
            "keys": report.keys,
            "journal_entries": report.journal,
            "problems": problems,
        }))?;
    } else {
        for problem in problems {
            ui.out(problem)?;
        }
        ui.status(&format!(
            "{} certificates, {} CRLs, {} keys, {} journal entries: {}",
            report.certificates,
            report.crls,
            report.keys,
            report.journal,
            match problems.len() {
                0 => "all is well".to_owned(),
                1 => "1 problem".to_owned(),
                count => format!("{count} problems"),
            }
        ));
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
