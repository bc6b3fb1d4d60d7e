//! `rootward rotate prepare | activate | taint | revoke`

mod prepare;
mod retire;

use super::Session;
use crate::authority::{Estate, rotate};
use crate::error::{Error, Result};
use crate::model::{
    environment::ISSUER,
    name::{ObjectRef, Scope},
};
use std::process::ExitCode;

/// Rotate a root or intermediate: prepare, activate, taint, revoke
///
/// In this order, each when all who are concerned have followed the one before. A successor is
/// prepared and made known, then signs; what the old key signed is replaced, then it is revoked.
/// `rootward status` shows how far it is, and says what is next.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Example:
  $ rootward rotate prepare prod/identity"
)]
pub enum Verb {
    /// Prepare the next generation, which does not sign yet
    ///
    /// Of an intermediate: its key and request, for the root to sign. With key = \"vault\" in the
    /// declaration the key is made inside Vault: bring the request, with --csr.
    ///
    /// Of the root: its key, its certificate, its first CRL and both links with the root before it
    /// (RFC 9810 section 4.4). At once when the root key is here, else by the next ceremony. From
    /// then on trust.pem has both roots, and every chain.pem the link that it needs.
    #[command(after_help = "\
Examples:
  $ rootward rotate prepare prod/identity
  $ rootward rotate prepare prod/vault --csr vault-g2.csr
  $ rootward rotate prepare root

On the server, for a PKI engine at pki (with OpenBao, bao instead of vault):
  vault write -field=csr pki/intermediate/generate/internal \\
    common_name=prod-vault key_type=ec key_bits=384 >vault-g2.csr")]
    Prepare(prepare::PrepareArgs),
    /// Let a prepared generation sign from here on
    ///
    /// Of the root: when all who trust the old root have loaded the new trust.pem, or at once for
    /// those who follow the links in the chains.
    #[command(after_help = "Example:
  $ rootward rotate activate prod/identity@g2")]
    Activate(OneArgs),
    /// Mark a generation that does not sign: what it signed is to be replaced
    ///
    /// `rootward status` shows everything under it as due.
    #[command(after_help = "Example:
  $ rootward rotate taint prod/identity@g1")]
    Taint(OneArgs),
    /// Revoke a tainted generation under which nothing is in use
    ///
    /// Of an intermediate: it goes on the root's CRL. Of a root: it leaves every trust.pem, its
    /// links leave every chain.pem and go on the CRL of the root that signed them. With the reason
    /// keyCompromise or cACompromise neither tainting nor replacing is waited for. It cannot be
    /// taken back: it is asked for once more, and without a terminal --yes is needed.
    #[command(after_help = "Example:
  $ rootward rotate revoke prod/identity@g1 --reason superseded --yes")]
    Revoke(retire::RevokeArgs),
}

/// Which generation.
#[derive(Debug, clap::Args)]
pub struct OneArgs {
    /// The generation, such as root@g2 or prod/identity@g2
    #[arg(value_name = "OBJECT")]
    object: ObjectRef,
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Prepare(args) => prepare::run(args, session)?,
        Verb::Activate(args) => activate(args, session)?,
        Verb::Taint(args) => taint(args, session)?,
        Verb::Revoke(args) => retire::run(args, session)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Is it a root, or declared as an intermediate?
fn is_ca(estate: &Estate, object: &ObjectRef) -> Result<()> {
    let Scope::Member { environment, name } = &object.scope else { return Ok(()) };
    match estate.environment(environment)?.environment.intermediate(name) {
        Some(_) => Ok(()),
        None => Err(Error::usage(format!("got {object}, expected a root or an intermediate"))
            .hint(format!("an identity is issued again: rootward identity issue {object}"))),
    }
}

fn activate(args: &OneArgs, session: &Session) -> Result<()> {
    let mut estate = session.change()?;
    let object = &args.object;
    is_ca(&estate, object)?;
    let done = rotate::activate(&mut estate, object)?;
    let ui = session.ui;
    ui.status(&match done {
        true => format!("{object} signs from here on"),
        false => format!("{object} is active already"),
    });
    print(session, object, "active", done)?;
    match &object.scope {
        _ if !done => {}
        Scope::Member { environment, name } if name.as_str() == ISSUER => {
            ui.next(&format!("rootward identity issue --env {environment}"));
        }
        _ => ui.next("rootward status"),
    }
    Ok(())
}

fn taint(args: &OneArgs, session: &Session) -> Result<()> {
    let mut estate = session.change()?;
    let object = &args.object;
    is_ca(&estate, object)?;
    let done = rotate::taint(&mut estate, object)?;
    let live = estate.history().dependents(object, session.context.now()).len();
    let ui = session.ui;
    ui.status(&match done {
        true => format!("{object} is tainted; {live} of its certificates are in use"),
        false => format!("{object} is tainted or revoked already"),
    });
    print(session, object, "tainted", done)?;
    if done {
        ui.next("rootward status");
    }
    Ok(())
}

fn print(session: &Session, object: &ObjectRef, state: &str, done: bool) -> Result<()> {
    if !session.ui.json {
        return Ok(());
    }
    session.ui.json(&serde_json::json!({
        "version": 1, "object": object.to_string(), "state": state, "done": done,
    }))
}
