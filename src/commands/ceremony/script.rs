//! `rootward ceremony script PLAN`

use super::read_plan;
use crate::ceremony::script;
use crate::error::Result;
use crate::store::file;
use crate::ui::Ui;
use std::path::PathBuf;

/// Print the paper of a ceremony: digests, steps, blanks, signatures
///
/// As Markdown, or as HTML to be printed on A4 or Letter. It needs nothing but the plan, and is
/// always the same for the same plan: whoever doubts a printed one prints it again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward ceremony script plan.toml >paper.md
  $ rootward ceremony script plan.toml --html -o paper.html")]
pub struct ScriptArgs {
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

pub fn run(args: &ScriptArgs, ui: &Ui) -> Result<()> {
    args.output.as_deref().map(file::may_replace).transpose()?;
    let plan = read_plan(&args.plan)?;
    let paper = if args.html { script::html(&plan)? } else { script::markdown(&plan)? };
    let Some(path) = &args.output else { return ui.raw(&paper) };
    file::replace(path, paper.as_bytes(), 0o644, true)?;
    ui.status(&format!("wrote {}", file::shown(path)));
    Ok(())
}
