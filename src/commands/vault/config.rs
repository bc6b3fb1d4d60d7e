//! `rootward vault config ENV`

use crate::commands::Session;
use crate::error::{Error, Result};
use crate::model::name::Name;
use crate::store::file;
use crate::vault::{self, ServerConfig};
use std::path::PathBuf;

/// Of which environment, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The environment, such as prod
    #[arg(value_name = "ENV")]
    environment: String,
    /// Write to FILE, which is replaced, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Renders and prints, or writes.
pub fn run(args: &Args, session: &Session) -> Result<()> {
    args.output.as_deref().map(file::may_replace).transpose()?;
    let environment: Name = args.environment.parse().map_err(Error::usage)?;
    let estate = session.read()?;
    let config = vault::server(&estate, &environment)?;
    let ui = session.ui;
    if let Some(path) = &args.output {
        file::replace(path, config.hcl.as_bytes(), 0o644, true)?;
        ui.status(&format!("wrote {}", file::shown(path)));
    }
    match (ui.json, &args.output) {
        (true, _) => ui.json(&json(&environment, &config)),
        (false, None) => ui.raw(&config.hcl),
        (false, Some(_)) => Ok(()),
    }
}

fn json(environment: &Name, config: &ServerConfig) -> serde_json::Value {
    let files = config.files.iter().map(|(name, sources)| {
        serde_json::json!({ "file": format!("{}/{name}", config.tls), "from": sources })
    });
    serde_json::json!({
        "version": 1,
        "environment": environment.as_str(),
        "config": config.hcl,
        "files": files.collect::<Vec<_>>(),
    })
}
