//! The signature of the root under a request.

use super::{Target, other_request};
use crate::authority::estate::contradiction;
use crate::authority::root::certificate_record;
use crate::authority::{Estate, Keys};
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{environment::KeyHome, name::ObjectRef};
use crate::pki::{
    inspect::Certificate,
    issue::{self, Linted},
    issuer::Issuer,
    pem, probe,
    profile::{Draft, Profile},
    request::Request,
};
use crate::store::Output;
use time::OffsetDateTime;

/// What is about to be signed: shown before the passphrase is asked for.
pub struct Preview {
    /// What is to be signed.
    pub target: Target,
    /// Whose key is certified.
    pub request: Request,
    /// The root.
    pub issuer: Issuer,
    /// To-be-signed bytes that no rule objects to.
    pub linted: Linted,
}

/// What [`prepare`] found.
pub enum Prepared {
    /// It is signed already, for this key.
    Signed(ObjectRef),
    Ready(Box<Preview>),
}

/// When a certificate that is made now is to end: as declared.
///
/// # Errors
/// Usage: no such intermediate; failed, past the year 9999.
pub fn end(estate: &Estate, asked: &ObjectRef) -> Result<OffsetDateTime> {
    let lifetime = Target::find(estate, asked)?.intermediate.lifetime;
    let end = lifetime.not_after(estate.context.now().replace_nanosecond(0)?);
    end.ok_or_else(|| Error::failed(format!("{lifetime} from now is past the year 9999")))
}

/// Judges everything that can be judged without the root key. `not_after`: the end, when it is
/// planned, else as declared from now on.
///
/// # Errors
/// Every rule for requests and for intermediates, NAME-PROBE, ISSUER-UNFIT.
pub fn prepare(
    estate: &Estate,
    asked: &ObjectRef,
    csr: Option<&[u8]>,
    not_after: Option<OffsetDateTime>,
) -> Result<Prepared> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    let issuer = estate.issuer(&ObjectRef::newest_root())?;
    let brought = csr.map(Request::parse).transpose()?;
    let request = match (brought, target.filed_request(estate)?) {
        (Some(brought), Some(filed)) if brought.der != filed.der => {
            return Err(other_request(&target, &filed).into());
        }
        (Some(request), _) | (None, Some(request)) => request,
        (None, None) => {
            let object = &target.object.scope;
            let csr = match target.intermediate.key {
                KeyHome::Local => "",
                KeyHome::Vault => " --csr FILE",
            };
            return Err(Error::failed(format!("{object} waits for its request"))
                .hint(format!("rootward intermediate request {object}{csr}")));
        }
    };
    target.check_request(estate, &request)?;
    if let Some(certificate) = target.certificate(estate)? {
        if certificate.facts.key != request.key {
            let message = format!("{} is signed already, for another key", target.object);
            return Err(contradiction(message).into());
        }
        return Ok(Prepared::Signed(target.object));
    }
    let draft = Draft::new(
        Profile::of_intermediate(&target.environment),
        target.subject(estate)?,
        request.key.clone(),
        target.intermediate.lifetime,
        estate.context.now(),
        estate.context.rng,
    )?;
    let draft = Draft { not_after: not_after.unwrap_or(draft.not_after), ..draft };
    let now = estate.context.now();
    let linted = issue::lint(&target.object, &draft, Some(&issuer), &estate.history(), now)?;
    let preview = Preview { target, request, issuer, linted };
    probe::names(&draft, &preview.issuer, estate.context.rng)?;
    Ok(Prepared::Ready(Box::new(preview)))
}

/// Signs what [`prepare`] finds good, as one step of several. Its `chain.pem` is derived when all
/// steps are done: see [`crate::authority::trust`].
///
/// # Errors
/// As for [`prepare`]; a wrong passphrase, ISSUER-KEY, SIGNATURE-INVALID.
pub fn step<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    object: &ObjectRef,
    not_after: OffsetDateTime,
) -> Result<Certificate> {
    match prepare(estate, object, None, Some(not_after))? {
        Prepared::Ready(preview) => sign(estate, *preview, keys),
        Prepared::Signed(object) => {
            Err(contradiction(format!("{object} is signed already")).into())
        }
    }
}

fn sign<'c>(
    estate: &mut Estate<'c>,
    preview: Preview,
    keys: &mut Keys<'_, 'c>,
) -> Result<Certificate> {
    let Preview { target, request, issuer, linted } = preview;
    let path = format!("{}/cert.pem", target.dir());
    if estate.workspace.exists(&path) {
        let message = format!("{path} is there, but the journal does not know it");
        return Err(contradiction(message).into());
    }
    let certificate = linted.sign(Some(&issuer), keys.signer(estate, &issuer)?)?;
    let act = Act::IntermediateSign;
    let record = certificate_record(act, &target.object, &certificate, Some(&issuer.object));
    let record = Record {
        request: Some(request.digest()),
        declaration: Some(target.declaration.clone()),
        ..record
    };
    let output = Output::public(path, pem::certificate(&certificate.der)?);
    estate.stage(vec![output], vec![record])?;
    Ok(certificate)
}
