//! `rootward completions SHELL` and `rootward man DIR`

use crate::error::{Error, Result};
use crate::store::file;
use crate::ui::Ui;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward completions bash >rootward.bash
  $ rootward completions zsh >_rootward
  $ rootward completions fish >rootward.fish")]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Write the man pages, one a command
///
/// Without a directory the main page is printed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward man >rootward.1
  $ rootward man man1")]
pub struct ManArgs {
    /// Where to; created when it is not there, pages in it are replaced
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The script on standard output.
pub fn completions(args: &CompletionsArgs, mut cli: clap::Command, ui: &Ui) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli, "rootward", &mut script);
    ui.raw(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The pages in roff.
pub fn man(args: &ManArgs, cli: clap::Command, ui: &Ui) -> Result<ExitCode> {
    let mut root = cli.disable_help_subcommand(true);
    root.build();
    let Some(dir) = &args.dir else {
        ui.raw(&page(&root)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    file::create_dirs(dir)?;
    let mut pages = Vec::new();
    collect(&root, "rootward".into(), &mut pages)?;
    for (name, text) in &pages {
        let path = dir.join(format!("{name}.1"));
        file::remove(&path)?;
        file::create(&path, text.as_bytes(), 0o644)?;
    }
    ui.status(&format!("wrote {} pages into {}", pages.len(), file::shown(dir)));
    Ok(ExitCode::SUCCESS)
}

fn collect(command: &clap::Command, name: String, pages: &mut Vec<(String, String)>) -> Result<()> {
    pages.push((name.clone(), page(&command.clone().name(name.clone()))?));
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    for verb in verbs {
        collect(verb, format!("{name}-{}", verb.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &clap::Command) -> Result<String> {
    let mut command = command.clone();
    if let (Some(about), Some(more)) = (command.get_about(), command.get_before_help()) {
        let long = format!("{about}\n\n{more}");
        command = command.long_about(long);
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    let text = String::from_utf8(text).map_err(Error::from)?;
    // What is extra in every page of ours is examples.
    Ok(text.replace("\n.SH EXTRA\n", "\n.SH EXAMPLES\n"))
}
