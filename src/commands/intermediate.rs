//! `rootward intermediate request | sign | import | list | crl`

#[cfg(feature = "vault")]
mod from_vault;
mod sign;
mod signed;

use super::{Session, crl, member, read_named, status, unlock};
use crate::authority::{self, Keys, Outcome};
use crate::error::Result;
use crate::model::name::{ObjectRef, Scope};
use crate::store::file;
use std::path::PathBuf;
use std::process::ExitCode;

/// Intermediates under the root: request, sign, import, list, crl
///
/// An environment has two intermediates as a rule. `identity` issues the certificates of
/// identities and listeners: its key is made here and sealed. `vault` issues workload
/// certificates: its key is made inside Vault and stays there, only its request comes here.
/// A new key is a new generation: prod/vault@g2.
#[derive(Debug, clap::Subcommand)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:
  $ rootward intermediate request prod/identity
  $ rootward intermediate sign prod/identity
  $ rootward intermediate list"
)]
pub enum Verb {
    /// Make a sealed key and a request, or file a request that Vault made
    ///
    /// With key = "local" in the declaration the key is made here. With key = "vault" it is made
    /// inside Vault; bring the request, with --csr.
    #[command(after_help = request_help())]
    Request(RequestArgs),
    /// Sign a request with the root key
    ///
    /// Only the public key is taken from the request; subject, lifetime, limits and all else
    /// come from the declarations. --dry-run judges everything, but opens no key, signs nothing
    /// and writes nothing; it exits 0 exactly when signing would go ahead.
    #[command(after_help = "Examples:
  $ rootward intermediate sign prod/identity --dry-run
  $ rootward intermediate sign prod/identity")]
    Sign(sign::SignArgs),
    /// File a chain that was signed elsewhere
    ///
    /// The file has the intermediate, its issuers and a self-signed root, in this order, in PEM.
    /// The intermediate must have the key of the request that was filed here, and everything
    /// that the rules ask of one signed here.
    #[command(after_help = "Example:
  $ rootward intermediate import prod/vault --chain chain.pem")]
    Import(ImportArgs),
    /// List the intermediates of all environments
    #[command(after_help = "Examples:
  $ rootward intermediate list
  $ rootward intermediate list --json")]
    List,
    /// Issue the next CRL of an intermediate whose key is here
    ///
    /// Only when half the life of the current one is over, unless --now is given.
    #[command(after_help = "Examples:
  $ rootward intermediate crl prod/identity
  $ rootward intermediate crl prod/identity --now")]
    Crl {
        /// The intermediate, such as prod/identity; prod/identity@g1 for an older key
        #[arg(value_parser = member, value_name = "ENV/NAME")]
        object: ObjectRef,
        #[command(flatten)]
        args: crl::CrlArgs,
    },
}

/// The air-gapped program has no way to a server.
const FROM_SERVER: &str = if cfg!(feature = "vault") {
    "
From the server itself, its key called rootward-prod-vault-g1 there:
  rootward intermediate request prod/vault --from-vault
"
} else {
    ""
};

fn request_help() -> String {
    format!(
        "\
Examples:
  $ rootward intermediate request prod/identity
  $ rootward intermediate request prod/vault --csr vault.csr
{FROM_SERVER}
By hand, for a PKI engine at pki (with OpenBao, bao instead of vault):
  vault write -field=csr pki/intermediate/generate/internal \\
    common_name=prod-vault key_type=ec key_bits=384 >vault.csr"
    )
}

/// Which intermediate, and where its key is.
#[derive(Debug, clap::Args)]
pub struct RequestArgs {
    /// The intermediate, such as prod/vault; prod/vault@g2 for a second key
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// A request that was made elsewhere, PEM or DER
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Have the environment's server make the key and the request
    #[cfg(feature = "vault")]
    #[arg(long, conflicts_with = "csr")]
    from_vault: bool,
    #[command(flatten)]
    unlock: unlock::Passphrases,
    #[cfg(feature = "vault")]
    #[command(flatten)]
    connect: super::vault::connect::Args,
}

/// Which intermediate, and its chain.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The intermediate, such as prod/vault or prod/vault@g2
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// PEM certificates, the intermediate first, the root last
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,
}

/// Dispatches the verb.
pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Request(args) => request(args, session)?,
        Verb::Sign(args) if args.dry_run => sign::dry_run(args, session)?,
        Verb::Sign(args) => sign::sign(args, session)?,
        Verb::Import(args) => import(args, session)?,
        Verb::List => status::list(session, crate::rotation::Kind::Intermediate)?,
        Verb::Crl { object, args } => crl::run(object, args, session)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn request(args: &RequestArgs, session: &Session) -> Result<()> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    #[cfg(feature = "vault")]
    let csr = match args.from_vault {
        true => Some(from_vault::request(&args.connect, session, &estate, &args.object)?.into()),
        false => csr,
    };
    let mut source = unlock::Source::of_passphrases(session, &args.unlock);
    let mut keys = Keys::new(&mut source);
    let csr_bytes = csr.as_ref().map(|bytes| bytes.as_slice());
    let outcome =
        authority::intermediate::request(&mut estate, &args.object, csr_bytes, &mut keys)?;
    let made = !matches!(outcome, Outcome::AlreadyThere(_));
    let (object, request) = outcome.into_inner();
    let ui = session.ui;
    ui.status(&match (made, csr.is_some()) {
        (true, true) => format!("filed the request of {object}"),
        (true, false) => format!("made key and request of {object}"),
        (false, _) => format!("the request of {object} is already there"),
    });
    let dir = authority::ca::ca_dir(&object);
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1,
            "object": object.to_string(),
            "made": made,
            "subject": request.subject(),
            "algorithm": request.key.algorithm.to_string(),
            "sha256": request.digest(),
            "request": format!("{dir}/request.csr"),
        }))?;
    }
    ui.status(&format!("  subject  {}", request.subject()));
    ui.status(&format!("  key      {}", request.key.algorithm));
    ui.status(&format!("  SHA-256  {}", request.digest()));
    ui.status(&match csr.is_some() {
        true => format!("  files    {dir}/request.csr"),
        false => format!("  files    {dir}/request.csr, key.pem (sealed)"),
    });
    if estate.history().certificate(&object).is_none() {
        if estate.active_generation(&Scope::Root).is_some() {
            let sign = format!("rootward intermediate sign {}", asked(&object));
            ui.next(&estate.by_root(sign));
        } else {
            status::first_root(ui);
        }
    }
    Ok(())
}

/// As it is typed: the first generation goes without saying.
fn asked(object: &ObjectRef) -> String {
    match object.generation {
        Some(1) | None => object.scope.to_string(),
        Some(_) => object.to_string(),
    }
}

fn import(args: &ImportArgs, session: &Session) -> Result<()> {
    let bytes = read_named(&args.chain)?;
    let mut estate = session.change()?;
    let name = file::shown(&args.chain);
    let outcome = authority::import::import(&mut estate, &args.object, &name, &bytes)?;
    let there = matches!(outcome, Outcome::AlreadyThere(_));
    let (object, certificate) = outcome.into_inner();
    if there {
        session.ui.status(&format!("the chain of {object} is already there"));
        return signed::print(session, "current", &object, &certificate);
    }
    signed::filed(session, "imported", &object, &certificate)?;
    if let Scope::Member { environment, .. } = &object.scope {
        let environment = &estate.environment(environment)?.environment;
        signed::next(session, &estate, environment, &object);
    }
    Ok(())
}
