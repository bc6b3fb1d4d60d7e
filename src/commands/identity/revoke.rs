//! `rootward identity revoke ENV/NAME --reason REASON`

use super::parts;
use crate::authority::revoke as act;
use crate::commands::{Session, member, revoke, revoke::Why, unlock, vault::connect};
use crate::error::{Explain, Result};
use crate::model::name::ObjectRef;
use crate::vault::{self, Desired};
use std::process::ExitCode;

/// Revoke an identity, and shut it out of its server at once
///
/// As `rootward revoke`; and on the server its entity is disabled, so that live tokens die, and the
/// CRLs are loaded, so that no login follows. When the server cannot be reached the revocation
/// stands all the same; the same command, or `vault apply`, does what is left.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity revoke prod/hello --reason keyCompromise --yes")]
pub struct RevokeArgs {
    /// The identity, such as prod/web
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// Why, as RFC 5280 section 5.3.1 writes it; unspecified puts no reason on the CRL
    #[arg(long, value_name = "REASON", value_parser = Why::read)]
    reason: Why,
    #[command(flatten)]
    unlock: unlock::Args,
    #[command(flatten)]
    connection: connect::Args,
}

/// First the record, then the server.
pub fn run(args: &RevokeArgs, session: &Session) -> Result<ExitCode> {
    let (environment, name) = parts(&args.object)?;
    {
        let mut estate = session.change()?;
        let revocation = act::judge(&estate, &args.object, None, args.reason.0)?;
        revoke::carry_out(session, &mut estate, &revocation, &args.unlock)?;
    }
    let shut_out = || -> Result<Vec<String>> {
        let estate = session.read()?;
        let desired = Desired::of(&estate, estate.environment(environment)?)?;
        let client = connect::connect(&args.connection, session, &estate, environment)?;
        vault::shut_out(&client, &desired, name.as_str())
    };
    let written = shut_out()
        .context(format!("{} is revoked here, but not shut out of its server", args.object))
        .hint(format!("rootward vault apply {environment}"))?;
    let ui = session.ui;
    match written.is_empty() {
        true => ui.status("it does not log in to the server"),
        false => ui.status(&format!("shut out of the server of {environment}:")),
    }
    for path in written {
        ui.status(&format!("  wrote    {path}"));
    }
    Ok(ExitCode::SUCCESS)
}
