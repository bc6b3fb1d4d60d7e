//! The signature of the root under a request.

use super::{Target, certificate_outputs, other_request, request_output};
use crate::authority::ca::ca_dir;
use crate::authority::estate::contradiction;
use crate::authority::root::certificate_record;
use crate::authority::{Estate, Passphrases};
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{environment::KeyHome, name::ObjectRef};
use crate::pki::{
    inspect::Certificate,
    issue::{self, Linted},
    issuer::Issuer,
    probe,
    profile::{Draft, Profile},
    request::Request,
};

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
    is_filed: bool,
}

/// What [`prepare`] found.
pub enum Prepared {
    /// It is signed already, for this key.
    Signed(ObjectRef),
    Ready(Box<Preview>),
}

/// Judges everything that can be judged without the root key.
///
/// # Errors
/// Every rule for requests and for intermediates, NAME-PROBE, ISSUER-UNFIT.
pub fn prepare(estate: &Estate, asked: &ObjectRef, csr: Option<&[u8]>) -> Result<Prepared> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    let issuer = estate.issuer(&ObjectRef::newest_root())?;
    let brought = csr.map(Request::parse).transpose()?;
    let filed = target.filed_request(estate)?;
    let is_filed = filed.is_some();
    let request = match (brought, filed) {
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
    let now = estate.context.now();
    let linted = issue::lint(&target.object, &draft, Some(&issuer), &estate.history(), now)?;
    let preview = Preview { target, request, issuer, linted, is_filed };
    probe::names(&draft, &preview.issuer, estate.context.rng)?;
    if !estate.has_key(&preview.issuer.object) {
        let dir = ca_dir(&preview.issuer.object);
        return Err(Error::failed(format!("{dir}/key.pem is not here, so nothing can be signed"))
            .hint("bring the medium that holds the root key"));
    }
    Ok(Prepared::Ready(Box::new(preview)))
}

/// Signs what [`prepare`] found good.
///
/// # Errors
/// A wrong passphrase, ISSUER-KEY, SIGNATURE-INVALID.
pub fn sign(
    estate: &mut Estate,
    preview: Preview,
    passphrases: &mut dyn Passphrases,
) -> Result<(ObjectRef, Certificate)> {
    let Preview { target, request, issuer, linted, is_filed } = preview;
    let passphrase = passphrases.open(&issuer.object)?;
    let key = estate.unlock(&issuer, &passphrase)?;
    let certificate = linted.sign(Some(&issuer), &key)?;
    let mut records = Vec::new();
    let mut outputs = Vec::new();
    if !is_filed {
        outputs.push(request_output(&target, &request)?);
        records.push(target.record_request(&request));
    }
    let act = Act::IntermediateSign;
    let record = certificate_record(act, &target.object, &certificate, Some(&issuer.object));
    records.push(Record {
        request: Some(request.digest()),
        declaration: Some(target.declaration.clone()),
        ..record
    });
    let chain = [certificate.der.as_slice(), issuer.certificate.der.as_slice()];
    outputs.extend(certificate_outputs(estate, &target, &chain)?);
    estate.commit(outputs, records)?;
    Ok((target.object, certificate))
}
