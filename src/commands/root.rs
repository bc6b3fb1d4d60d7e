//! `rootward root create | show | crl`

use super::{Session, day, moment, read_named, unlock};
use crate::authority::{self, Outcome};
use crate::error::Result;
use crate::model::{name::Scope, text::colons};
use crate::pki::inspect::Certificate;
use crate::store::file;
use ring::digest::{SHA256, digest};
use std::path::PathBuf;
use std::process::ExitCode;

/// The offline root
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make the root key, its certificate and an empty first CRL, as ca/root/root.toml declares
    #[command(after_help = "Example:\n  $ rootward root create")]
    Create(CreateArgs),
    /// Show the root, with its fingerprint as hex and as words, for reading aloud
    #[command(after_help = "Example:\n  $ rootward root show")]
    Show(ShowArgs),
    /// Issue the root's next CRL, when half the life of the current one is over
    #[command(after_help = "Example:\n  $ rootward root crl")]
    Crl(CrlArgs),
}

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Use this PKCS#8 key (PEM, sealed or not) instead of a new one; RSA must come this way
    #[arg(long, value_name = "FILE")]
    import_key: Option<PathBuf>,
    #[command(flatten)]
    unlock: unlock::Args,
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// A generation other than the newest
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
}

/// Shared with `intermediate crl`.
#[derive(Debug, clap::Args)]
pub struct CrlArgs {
    /// Issue the next CRL at once
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    unlock: unlock::Args,
}

pub fn run(verb: &Verb, session: &Session) -> Result<ExitCode> {
    match verb {
        Verb::Create(args) => create(args, session),
        Verb::Show(args) => show(args, session),
        Verb::Crl(args) => crl(&Scope::Root, args, session),
    }
}

fn create(args: &CreateArgs, session: &Session) -> Result<ExitCode> {
    let import = args.import_key.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    let mut source = unlock::Source::new(session, &args.unlock);
    let name = args.import_key.as_deref().map(file::shown).unwrap_or_default();
    let import = import.as_ref().map(|bytes| (name.as_str(), bytes.as_slice()));
    let outcome = authority::root::create(&mut estate, import, &mut source)?;
    let (said, (object, certificate)) = match outcome {
        Outcome::Done(root) | Outcome::WouldDo(root) => ("made", root),
        Outcome::AlreadyThere(root) => ("is already there:", root),
    };
    let ui = session.ui;
    match said {
        "made" => ui.status(&format!("made {object}: certificate, key and first CRL")),
        _ => ui.status(&format!("{object} is already there")),
    }
    print(session, &object.to_string(), &certificate)?;
    if said == "made" {
        ui.hint("next: rootward intermediate request ENV/identity");
    }
    Ok(ExitCode::SUCCESS)
}

fn show(args: &ShowArgs, session: &Session) -> Result<ExitCode> {
    let estate = session.read()?;
    let (object, certificate) = authority::root::show(&estate, args.generation)?;
    print(session, &object.to_string(), &certificate)?;
    Ok(ExitCode::SUCCESS)
}

/// The words are BIP-39's English list: 24 words for 256 bits, the last one with a checksum.
fn words(fingerprint: &[u8]) -> Result<Vec<String>> {
    let mnemonic = bip39::Mnemonic::from_entropy(fingerprint)?;
    Ok(mnemonic.words().map(str::to_owned).collect())
}

fn print(session: &Session, object: &str, certificate: &Certificate) -> Result<()> {
    let fingerprint = digest(&SHA256, &certificate.der);
    let words = words(fingerprint.as_ref())?;
    let facts = &certificate.facts;
    let subject: Vec<&str> = facts.attributes.iter().map(|(_, text)| text.as_str()).collect();
    if session.ui.json {
        return session.ui.json(&serde_json::json!({
            "version": 1,
            "object": object,
            "subject": subject.join(", "),
            "algorithm": facts.key.algorithm.to_string(),
            "serial": facts.serial,
            "not_before": crate::journal::chain::timestamp(facts.not_before),
            "not_after": crate::journal::chain::timestamp(facts.not_after),
            "sha256": crate::model::text::hex(fingerprint.as_ref()),
            "words": words,
        }));
    }
    let hex = colons(fingerprint.as_ref());
    let (first, second) = hex.split_at(48);
    let ui = session.ui;
    ui.out(&format!("object       {object}"))?;
    ui.out(&format!("subject      {}", subject.join(", ")))?;
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

/// `root crl` and `intermediate crl ENV/NAME`.
pub fn crl(scope: &Scope, args: &CrlArgs, session: &Session) -> Result<ExitCode> {
    let mut estate = session.change()?;
    let mut source = unlock::Source::new(session, &args.unlock);
    let outcome = authority::crl::refresh(&mut estate, scope, args.now, &mut source)?;
    let (made, (object, crl)) = match outcome {
        Outcome::Done(crl) | Outcome::WouldDo(crl) => (true, crl),
        Outcome::AlreadyThere(crl) => (false, crl),
    };
    let ui = session.ui;
    let what = format!(
        "CRL number {} of {object}: {} revoked, next update {}",
        crl.number,
        crl.revoked.len(),
        day(crl.next_update)
    );
    if made {
        ui.status(&format!("issued {what}"));
    } else {
        ui.status(&format!("{what}: not due yet"));
        ui.hint("issue the next one all the same with: --now");
    }
    Ok(ExitCode::SUCCESS)
}
