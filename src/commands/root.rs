//! `rootward root create | show | crl`

use super::{Session, crl, moment, read_named, unlock};
use crate::authority::{self, Estate, Keys, Outcome, keys::Held};
use crate::ceremony::{plan::Wanted, single};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::model::{
    environment::ISSUER,
    name::{ObjectRef, Scope},
    text::colons,
    words,
};
use crate::pki::{inspect::Certificate, subject::shown};
use crate::store::file;
use ring::digest::{SHA256, digest};
use std::path::PathBuf;
use std::process::ExitCode;

/// The offline root: create, show, crl
///
/// Everything is signed under it, so its key is kept offline and sealed, and is needed only to
/// sign intermediates and, once a year, a CRL.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward root create
  $ rootward root show"
)]
pub enum Verb {
    /// Make the root's key, certificate and first CRL
    ///
    /// As ca/root/root.toml declares. The key is sealed, with a passphrase or with a secret that is
    /// shared among custodians: encrypted PKCS#8, which stock openssl opens too. Keep
    /// ca/root/g1/key.pem on an offline medium, with a copy. With custody "pkcs11" the key is made
    /// in the token that ca/site.toml names, and never leaves it.
    #[command(after_help = "Example:
  $ rootward root create")]
    Create(CreateArgs),
    /// Show the root, its fingerprint as hex and as words
    ///
    /// The words are for reading aloud: BIP-39's English list, 24 words for the 256 bits.
    #[command(after_help = "Examples:
  $ rootward root show
  $ rootward root show --generation 1 --json")]
    Show(ShowArgs),
    /// Issue the root's next CRL
    ///
    /// Only when half the life of the current one is over, unless --now is given.
    #[command(after_help = "Examples:
  $ rootward root crl
  $ rootward root crl --now
  $ rootward root crl --generation 1")]
    Crl {
        /// A generation other than the one that signs
        #[arg(long, value_name = "N")]
        generation: Option<u32>,
        #[command(flatten)]
        args: crl::CrlArgs,
    },
}

/// Where the key and its passphrase come from.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Use this key instead of a new one: PKCS#8 in PEM, sealed or not. RSA must come this way
    #[arg(long, value_name = "FILE")]
    import_key: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
    #[command(flatten)]
    shares: unlock::NewShares,
}

/// Which root.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// A generation other than the newest
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Create(args) => create(args, session)?,
        Verb::Show(args) => show(args, session)?,
        Verb::Crl { generation, args } => {
            let root = ObjectRef { scope: Scope::Root, generation: *generation };
            crl::run(&root, args, session)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(args: &CreateArgs, session: &Session) -> Result<()> {
    let import = args.import_key.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    let name = args.import_key.as_deref().map(file::shown).unwrap_or_default();
    let import = import.as_ref().map(|bytes| (name.as_str(), bytes.as_slice()));
    let outcome = make(args, session, &mut estate, import);
    let outcome = outcome.map_err(|error| estate.refuse(&ObjectRef::root(1), error))?;
    let made = !matches!(outcome, Outcome::AlreadyThere(_));
    let (object, certificate) = outcome.into_inner();
    let ui = session.ui;
    let held = estate.held(&object)?;
    let key = if held == Held::Token { "key in its token" } else { "sealed key" };
    ui.status(&match made {
        true => format!("made {object}: certificate, {key} and first CRL"),
        false => format!("{object} is already there"),
    });
    print(session, &object.to_string(), &certificate)?;
    if !made {
        return Ok(());
    }
    let dir = authority::ca::ca_dir(&object);
    ui.status(&format!("files        {dir}/cert.pem, crl.pem"));
    if held != Held::Passphrase {
        ui.status(&format!("             {dir}/custody.toml: {held}"));
    }
    if held != Held::Token {
        ui.status(&format!("             {dir}/key.pem: keep it offline, with a copy"));
    }
    if let Some(declared) = estate.environments.first() {
        let environment = &declared.environment.name;
        ui.next(&format!("rootward intermediate request {environment}/{ISSUER}"));
    }
    Ok(())
}

/// The root as declared, made now or there already.
fn make<'c>(
    args: &CreateArgs,
    session: &Session,
    estate: &mut Estate<'c>,
    import: Option<(&str, &[u8])>,
) -> Result<Outcome<authority::root::Root>> {
    if let Some(root) = authority::root::existing(estate)? {
        return match import {
            None => Ok(Outcome::AlreadyThere(root)),
            Some(_) => {
                let message = format!("{} has a key already", root.0);
                Err(authority::estate::contradiction(message).into())
            }
        };
    }
    let object = ObjectRef::root(1);
    estate.check_clock()?;
    let mut source = unlock::Source::new(session, &args.unlock).shares_to(&args.shares);
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    if let Some(import) = import {
        authority::root::adopt(estate, &mut keys, &object, import)?;
    }
    let made = single::perform(estate, &mut keys, Wanted::Root(object), Some(&sandbox))?;
    made.certificate().map(Outcome::Done)
}

fn show(args: &ShowArgs, session: &Session) -> Result<()> {
    let estate = session.read()?;
    let (object, certificate) = authority::root::show(&estate, args.generation)?;
    print(session, &object.to_string(), &certificate)
}

fn print(session: &Session, object: &str, certificate: &Certificate) -> Result<()> {
    let fingerprint = digest(&SHA256, &certificate.der);
    let words = words::of(fingerprint.as_ref())?;
    let facts = &certificate.facts;
    let subject = shown(&facts.attributes);
    if session.ui.json {
        return session.ui.json(&serde_json::json!({
            "version": 1,
            "object": object,
            "subject": subject,
            "algorithm": facts.key.algorithm.to_string(),
            "serial": facts.serial,
            "not_before": timestamp(facts.not_before),
            "not_after": timestamp(facts.not_after),
            "sha256": crate::model::text::hex(fingerprint.as_ref()),
            "words": words,
        }));
    }
    let hex = colons(fingerprint.as_ref());
    let (first, second) = hex.split_at(48);
    let ui = session.ui;
    ui.out(&format!("object       {object}"))?;
    ui.out(&format!("subject      {subject}"))?;
    ui.out(&format!("key          {}", facts.key.algorithm))?;
    ui.out(&format!("serial       {}", facts.serial))?;
    ui.out(&format!("valid        {} to {}", moment(facts.not_before), moment(facts.not_after)))?;
    ui.out(&format!("SHA-256      {}", first.trim_end_matches(':')))?;
    ui.out(&format!("             {second}"))?;
    for (index, line) in words.chunks(6).enumerate() {
        let label = if index == 0 { "in words" } else { "" };
        ui.out(&format!("{label:12} {}", line.join(" ")))?;
    }
    Ok(())
}
