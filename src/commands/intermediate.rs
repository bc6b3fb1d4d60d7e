//! `rootward intermediate request | sign | import | list | crl`

use super::{Session, moment, object, read_named, root, unlock};
use crate::authority::{
    self, Outcome,
    intermediate::{Prepared, Preview},
};
use crate::error::{Error, Result};
use crate::model::name::{ObjectRef, Scope};
use crate::pki::profile::Profile;
use crate::store::file;
use std::path::PathBuf;
use std::process::ExitCode;

/// Intermediates under the root, ENV/NAME
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make a sealed key and a request, or file a request that Vault made
    #[command(after_help = "Example:\n  $ rootward intermediate request prod/identity")]
    Request(RequestArgs),
    /// Sign a request with the root key, by our own profile
    #[command(after_help = "Example:\n  $ rootward intermediate sign prod/identity --dry-run")]
    Sign(SignArgs),
    /// File a chain that was signed elsewhere: the intermediate, its issuers, the root
    #[command(
        after_help = "Example:\n  $ rootward intermediate import prod/vault --chain chain.pem"
    )]
    Import(ImportArgs),
    /// List the intermediates of all environments
    #[command(after_help = "Example:\n  $ rootward intermediate list --json")]
    List,
    /// Issue the next CRL of an intermediate whose key is here
    #[command(after_help = "Example:\n  $ rootward intermediate crl prod/identity")]
    Crl {
        /// ENV/NAME
        #[arg(value_parser = object)]
        object: ObjectRef,
        #[command(flatten)]
        args: root::CrlArgs,
    },
}

#[derive(Debug, clap::Args)]
pub struct RequestArgs {
    /// ENV/NAME, or ENV/NAME@g2 for the next generation
    #[arg(value_parser = object)]
    object: ObjectRef,
    /// A request that was made elsewhere, PEM or DER
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
}

#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// ENV/NAME, or ENV/NAME@g2
    #[arg(value_parser = object)]
    object: ObjectRef,
    /// The request, when it was not filed before
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Judge everything, but neither open the root key nor sign
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    unlock: unlock::Args,
}

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// ENV/NAME, or ENV/NAME@g2
    #[arg(value_parser = object)]
    object: ObjectRef,
    /// PEM certificates, the intermediate first
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,
}

pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Request(args) => request(args, session),
        Verb::Sign(args) if args.dry_run => dry_run(args, session),
        Verb::Sign(args) => sign(args, session),
        Verb::Import(args) => import(args, session),
        Verb::List => super::status::list(session, crate::authority::status::Kind::Intermediate),
        Verb::Crl { object, args } => match &object.scope {
            Scope::Root => Err(Error::usage("got root, expected an intermediate ENV/NAME")
                .hint("rootward root crl")),
            scope => root::crl(scope, args, session),
        },
    }
}

fn request(args: &RequestArgs, session: &Session) -> Result<ExitCode> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    let mut source = unlock::Source::new(session, &args.unlock);
    let csr_bytes = csr.as_ref().map(|bytes| bytes.as_slice());
    let outcome =
        authority::intermediate::request(&mut estate, &args.object, csr_bytes, &mut source)?;
    let ui = session.ui;
    let (object, request) = match outcome {
        Outcome::Done((object, request)) | Outcome::WouldDo((object, request)) => {
            let what =
                if csr.is_some() { "filed the request of" } else { "made key and request of" };
            ui.status(&format!("{what} {object}"));
            (object, request)
        }
        Outcome::AlreadyThere((object, request)) => {
            ui.status(&format!("the request of {object} is already there"));
            (object, request)
        }
    };
    ui.status(&format!("  subject  {}", request.subject()));
    ui.status(&format!("  key      {}", request.key.algorithm));
    ui.status(&format!("  SHA-256  {}", request.digest()));
    ui.hint(&format!("next: rootward intermediate sign {}", object.scope));
    Ok(ExitCode::SUCCESS)
}

fn show(session: &Session, preview: &Preview) {
    let facts = &preview.linted.facts;
    let ui = session.ui;
    ui.status(&format!("{} under {}", preview.target.object, preview.issuer.object));
    let subject: Vec<&str> = facts.attributes.iter().map(|(_, text)| text.as_str()).collect();
    ui.status(&format!("  subject  {}", subject.join(", ")));
    ui.status(&format!("  valid    {} to {}", moment(facts.not_before), moment(facts.not_after)));
    if let Profile::Intermediate { dns, ip } = Profile::of_intermediate(&preview.target.environment)
    {
        let dns = dns.iter().map(ToString::to_string);
        let names: Vec<String> = dns.chain(ip.iter().map(ToString::to_string)).collect();
        ui.status(&format!("  limits   path length 0, only {}", names.join(", ")));
    }
    let request = &preview.request;
    ui.status(&format!("  request  {} ({})", request.subject(), request.key.algorithm));
    ui.status(&format!("           SHA-256 {}", request.digest()));
}

fn dry_run(args: &SignArgs, session: &Session) -> Result<ExitCode> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let estate = session.read()?;
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    match authority::intermediate::prepare(&estate, &args.object, csr)? {
        Prepared::Signed(object) => session.ui.status(&format!("{object} is already signed")),
        Prepared::Ready(preview) => {
            show(session, &preview);
            session.ui.status("every rule agrees; nothing was signed (--dry-run)");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn sign(args: &SignArgs, session: &Session) -> Result<ExitCode> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    let prepared = authority::intermediate::prepare(&estate, &args.object, csr);
    let preview = match prepared.map_err(|error| estate.refuse(&args.object, error))? {
        Prepared::Signed(object) => {
            session.ui.status(&format!("{object} is already signed"));
            return Ok(ExitCode::SUCCESS);
        }
        Prepared::Ready(preview) => preview,
    };
    show(session, &preview);
    let mut source = unlock::Source::new(session, &args.unlock);
    let signed = authority::intermediate::sign(&mut estate, *preview, &mut source);
    let (object, certificate) = signed.map_err(|error| estate.refuse(&args.object, error))?;
    signed_line(session, "signed", &object, &certificate.fingerprint());
    Ok(ExitCode::SUCCESS)
}

fn import(args: &ImportArgs, session: &Session) -> Result<ExitCode> {
    let bytes = read_named(&args.chain)?;
    let mut estate = session.change()?;
    let name = file::shown(&args.chain);
    match authority::import::import(&mut estate, &args.object, &name, &bytes)? {
        Outcome::AlreadyThere((object, _)) => {
            session.ui.status(&format!("the chain of {object} is already there"));
        }
        Outcome::Done((object, certificate)) | Outcome::WouldDo((object, certificate)) => {
            signed_line(session, "imported", &object, &certificate.fingerprint());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn signed_line(session: &Session, verb: &str, object: &ObjectRef, fingerprint: &str) {
    let ui = session.ui;
    ui.status(&format!("{verb} {object}"));
    ui.status(&format!("  SHA-256  {fingerprint}"));
    ui.status(&format!("  files    {}/cert.pem, chain.pem", authority::estate::ca_dir(object)));
}
