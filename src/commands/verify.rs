//! `rootward verify`

use super::{Session, journal};
use crate::authority::verify;
use crate::error::Result;
use crate::model::site::Role;
use crate::ui::{Tone, lines};
use std::process::ExitCode;

/// Check the whole workspace: every file against its record
///
/// Every certificate parses, chains, and is as the journal recorded and its declaration says;
/// every CRL is its issuer's and in force; every CA key is sealed, and every key 0600; the
/// journal's chain holds. Changes nothing and asks for no passphrase.
///
/// With role = "offline" in ca/site.toml this is a medium: identities are not looked at there.
///
/// Exit code 0: all is well; 1: a list of what is not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward verify
  $ rootward verify --json")]
pub struct Args {}

/// One line for each problem on standard output, then a sum.
pub fn run(_args: &Args, session: &Session) -> Result<ExitCode> {
    session.dir()?;
    let report = match session.read().and_then(|estate| verify::run(&estate)) {
        Ok(report) => report,
        Err(error) => {
            let mut report = verify::Report::default();
            report.problems.extend(journal::breaks(error)?);
            report
        }
    };
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
            "early": report.early,
        }))?;
    } else {
        for problem in problems {
            ui.data_line(problem, Tone::Bad)?;
        }
        for early in &report.early {
            ui.warn(early);
        }
        if report.role == Role::Offline {
            ui.status("identities and the CRLs of their issuers are not on this medium");
        }
        let entries = usize::try_from(report.journal)?;
        ui.status(&format!(
            "{}, {}, {}, {}: {}",
            lines::count(report.certificates, "certificate"),
            lines::count(report.crls, "CRL"),
            lines::count(report.keys, "key"),
            match entries {
                1 => "1 journal entry".to_owned(),
                _ => format!("{entries} journal entries"),
            },
            match problems.len() {
                0 => "all is well".to_owned(),
                count => lines::count(count, "problem"),
            }
        ));
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
