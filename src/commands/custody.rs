//! `rootward custody test | seal`

use super::{Session, unlock};
use crate::authority::{Keys, custody};
use crate::ceremony::watch;
use crate::error::Result;
use crate::model::name::{ObjectRef, Scope};
use std::process::ExitCode;

/// How keys are held: test that one opens, seal the root's anew
///
/// A sealed key opens with a passphrase or with the shares of enough custodians; a key in a token
/// never leaves it.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward custody test
  $ rootward custody seal root"
)]
pub enum Verb {
    /// Prove that a key can be unlocked and belongs to its certificate
    ///
    /// The key signs random bytes, which are verified and thrown away. Nothing is written, not
    /// even to the journal: a medium that is offline must not move on by itself.
    #[command(after_help = "Examples:
  $ rootward custody test
  $ rootward custody test prod/identity --json")]
    Test(TestArgs),
    /// Seal the root key anew, without a new root
    ///
    /// As ca/root/root.toml declares now: with a new passphrase, or with a new set of shares,
    /// which makes the old set useless for this file. It is opened as it was sealed before. Old
    /// copies of key.pem still open with the old passphrase or shares: destroy them.
    ///
    /// On a medium the journal stays as it is; the next ceremony records how the key is held.
    #[command(after_help = "Example:
  $ rootward custody seal root")]
    Seal(SealArgs),
}

/// Which key.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// The CA: root, root@g1, or an intermediate such as prod/identity
    #[arg(value_name = "OBJECT", default_value = "root", hide_default_value = true)]
    object: ObjectRef,
    #[command(flatten)]
    unlock: unlock::Args,
}

/// Which root, and where what opens and seals it comes from.
#[derive(Debug, clap::Args)]
pub struct SealArgs {
    /// The root: root, or root@g1 for an older one
    #[arg(value_name = "ROOT", value_parser = root)]
    object: ObjectRef,
    /// Take the new passphrase from the first line of FILE; --passphrase-file has the old one
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<std::path::PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
    #[command(flatten)]
    shares: unlock::NewShares,
}

fn root(text: &str) -> Result<ObjectRef, String> {
    match text.parse() {
        Ok(ObjectRef { scope: Scope::Member { .. }, .. }) | Err(_) => {
            Err(format!("got {text:?}, expected root or root@g1"))
        }
        root => root,
    }
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Test(args) => test(args, session)?,
        Verb::Seal(args) => seal(args, session)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn test(args: &TestArgs, session: &Session) -> Result<()> {
    let estate = session.read()?;
    let mut source = unlock::Source::new(session, &args.unlock);
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    watch::confine(&estate, &mut keys, &sandbox)?;
    let object = custody::test(&estate, &mut keys, &args.object)?;
    let held = estate.held(&object)?;
    let notes = keys.notes();
    if session.ui.json {
        return session.ui.json(&serde_json::json!({
            "version": 1,
            "object": object.to_string(),
            "custody": held.to_string(),
            "notes": notes,
        }));
    }
    for note in notes {
        session.ui.status(&note);
    }
    session.ui.out(&format!("{object}: the key opens, signs, and is that of its certificate"))
}

fn seal(args: &SealArgs, session: &Session) -> Result<()> {
    let mut estate = session.change_custody()?;
    custody::can_be_sealed(&estate, &args.object)?;
    let mut source = unlock::Source::new(session, &args.unlock)
        .shares_to(&args.shares)
        .new_passphrase_in(args.new_passphrase_file.as_deref());
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    watch::confine(&estate, &mut keys, &sandbox)?;
    let sealed = custody::seal(&mut estate, &mut keys, &args.object);
    let (object, held) = sealed.map_err(|error| estate.refuse(&args.object, error))?;
    let ui = session.ui;
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1,
            "object": object.to_string(),
            "custody": held.to_string(),
        }))?;
    }
    ui.status(&format!("sealed {object} anew: {held}"));
    ui.status("destroy old copies of its key.pem, and what opened them");
    ui.next("rootward custody test");
    Ok(())
}
