//! `rootward intermediate sign`

use super::signed;
use crate::authority::{
    self, Estate, Keys,
    intermediate::{Prepared, Preview},
};
use crate::ceremony::{plan::Wanted, single};
use crate::commands::{Session, member, moment, read_named, unlock};
use crate::error::Result;
use crate::journal::chain::timestamp;
use crate::model::name::ObjectRef;
use crate::pki::{inspect::Certificate, profile::Profile, subject::shown};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// The intermediate, such as prod/vault or prod/vault@g2
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// The request, when it was not filed before
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Judge everything, but neither open the root key nor sign
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    unlock: unlock::Args,
}

fn show(session: &Session, preview: &Preview) {
    let facts = &preview.linted.facts;
    let ui = session.ui;
    ui.status(&format!("{} under {}", preview.target.object, preview.issuer.object));
    ui.status(&format!("  subject  {}", shown(&facts.attributes)));
    ui.status(&format!("  valid    {} to {}", moment(facts.not_before), moment(facts.not_after)));
    if let Profile::Intermediate { dns, ip } = Profile::of_intermediate(&preview.target.environment)
    {
        let dns = dns.iter().map(ToString::to_string);
        let names: Vec<String> = dns.chain(ip.iter().map(ToString::to_string)).collect();
        ui.status(&format!("  limits   path length 0, only {}", names.join(", ")));
    }
    let request = &preview.request;
    ui.status(&format!("  request  {} ({})", request.subject(), request.key.algorithm));
    ui.status(&format!("  SHA-256  {}", request.digest()));
}

/// `--dry-run`: judges, and writes nothing.
pub fn dry_run(args: &SignArgs, session: &Session) -> Result<()> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let estate = session.read()?;
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    let preview = match authority::intermediate::prepare(&estate, &args.object, csr, None)? {
        Prepared::Signed(object) => return already(session, &estate, &object),
        Prepared::Ready(preview) => preview,
    };
    estate.need_root(&preview.issuer.object)?;
    show(session, &preview);
    session.ui.status("every rule agrees; nothing was signed (--dry-run)");
    if !session.ui.json {
        return Ok(());
    }
    let facts = &preview.linted.facts;
    session.ui.json(&serde_json::json!({
        "version": 1,
        "object": preview.target.object.to_string(),
        "state": "unsigned",
        "issuer": preview.issuer.object.to_string(),
        "subject": shown(&facts.attributes),
        "algorithm": preview.request.key.algorithm.to_string(),
        "not_before": timestamp(facts.not_before),
        "not_after": timestamp(facts.not_after),
        "request_sha256": preview.request.digest(),
    }))
}

fn already(session: &Session, estate: &Estate, object: &ObjectRef) -> Result<()> {
    session.ui.status(&format!("{object} is already signed"));
    let certificate = estate.recorded_certificate(object, &authority::ca::ca_dir(object))?;
    signed::print(session, "current", object, &certificate)
}

/// Shows what is about to be signed, asks for the passphrase, signs.
pub fn sign(args: &SignArgs, session: &Session) -> Result<()> {
    let csr = args.csr.as_deref().map(read_named).transpose()?;
    let mut estate = session.change()?;
    let csr = csr.as_ref().map(|bytes| bytes.as_slice());
    let prepared = authority::intermediate::prepare(&estate, &args.object, csr, None);
    let preview = match prepared.map_err(|error| estate.refuse(&args.object, error))? {
        Prepared::Signed(object) => return already(session, &estate, &object),
        Prepared::Ready(preview) => preview,
    };
    estate.need_root(&preview.issuer.object)?;
    show(session, &preview);
    let environment = preview.target.environment.clone();
    let signed = carry_out(args, session, &mut estate, &preview.target.object, csr);
    let (object, certificate) = signed.map_err(|error| estate.refuse(&args.object, error))?;
    signed::filed(session, "signed", &object, &certificate)?;
    signed::next(session, &estate, &environment, &object);
    Ok(())
}

/// The request is filed, where it was not, and signed: all or nothing.
fn carry_out(
    args: &SignArgs,
    session: &Session,
    estate: &mut Estate,
    object: &ObjectRef,
    csr: Option<&[u8]>,
) -> Result<(ObjectRef, Certificate)> {
    if let Some(csr) = csr {
        authority::intermediate::file(estate, object, csr)?;
    }
    let mut source = unlock::Source::new(session, &args.unlock);
    let sandbox = source.sandbox(estate.workspace.root())?;
    let mut keys = Keys::new(&mut source);
    let wanted = Wanted::Intermediate(object.clone());
    single::perform(estate, &mut keys, wanted, Some(&sandbox))?.certificate()
}
