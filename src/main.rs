//! Parse, build the context, dispatch; an error becomes an exit code.

use rootward::{
    cli::{self, Cli},
    commands,
    ui::Ui,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match Cli::read(&arguments) {
        Ok(cli) => cli,
        Err(error) => return commands::usage::report(&error, &arguments, &cli::command()),
    };
    let ui = Ui::new(cli.color, cli.json, cli.quiet, commands::no_color());
    let ui = ui.at(cli.workspace.as_deref());
    match cli.run(&ui) {
        Ok(code) => code,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}
