//! `rootward ceremony script PLAN`

use crate::ceremony::{
    plan::{LIMIT, Reviewed},
    script,
};
use crate::error::Result;
use crate::store::file;
use crate::ui::Ui;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print the paper of a ceremony: digests, steps, blanks, signatures
///
/// As Markdown, or as HTML to be printed on A4 or Letter. It needs nothing but the plan, and is
/// always the same for the same plan: whoever doubts a printed one prints it again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony script plan.toml >paper.md
  $ rootward ceremony script plan.toml --html -o paper.html")]
pub struct Args {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// HTML instead of Markdown
    #[arg(long)]
    html: bool,
    /// Write to FILE, which is replaced, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The paper on standard output, or in a file.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode> {
    let bytes = file::read(&args.plan, LIMIT)?;
    let plan = Reviewed::parse(&file::shown(&args.plan), &bytes)?;
    let paper = if args.html { script::html(&plan)? } else { script::markdown(&plan)? };
    match &args.output {
        None => ui.raw(&paper)?,
        Some(path) => {
            file::remove(path)?;
            file::create(path, paper.as_bytes(), 0o644)?;
            ui.status(&format!("wrote {}", file::shown(path)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
