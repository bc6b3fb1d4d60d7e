//! Parse, build the context, dispatch; an error becomes an exit code.

use clap::Parser;
use rootward::{cli::Cli, commands, ui::Ui};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args_os();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return commands::usage::report(&error),
    };
    let ui = Ui::new(cli.color, cli.json, cli.quiet, commands::no_color());
    let ui = ui.at(cli.workspace.as_deref());
    match commands::run(&cli, &ui) {
        Ok(code) => code,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}
