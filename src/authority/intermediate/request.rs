//! A key and its request made here, or a request that was made elsewhere.

use super::{Target, other_request, request_output};
use crate::authority::estate::contradiction;
use crate::authority::{Estate, Outcome, Passphrases};
use crate::custody::{Signer, sealed, soft};
use crate::error::{Error, Result};
use crate::model::{environment::KeyHome, name::ObjectRef, rule::Rule};
use crate::pki::{
    issue::{self},
    request::Request,
};
use crate::store::Output;

/// Makes a sealed key and a request, or files a request that was made elsewhere.
///
/// # Errors
/// KEY-PLACE, CONTRADICTION, and every rule for requests.
pub fn request(
    estate: &mut Estate,
    asked: &ObjectRef,
    csr: Option<&[u8]>,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<(ObjectRef, Request)>> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    match (csr, target.intermediate.key) {
        (Some(bytes), KeyHome::Vault) => file_request(estate, target, bytes),
        (None, KeyHome::Local) => make_request(estate, target, passphrases),
        (Some(_), KeyHome::Local) => {
            let message = format!("{}: key = \"local\" is declared, got a request", target.object);
            Err(Rule::KeyPlace.found(message).into())
        }
        (None, KeyHome::Vault) => {
            let object = &target.object.scope;
            Err(Error::usage(format!("the key of {object} is made in Vault, expected --csr FILE"))
                .hint(format!("rootward intermediate request {object} --csr FILE")))
        }
    }
}

fn file_request(
    estate: &mut Estate,
    target: Target,
    bytes: &[u8],
) -> Result<Outcome<(ObjectRef, Request)>> {
    let request = Request::parse(bytes)?;
    if let Some(filed) = target.filed_request(estate)? {
        if filed.der == request.der {
            return Ok(Outcome::AlreadyThere((target.object, filed)));
        }
        return Err(other_request(&target, &filed).into());
    }
    target.check_request(estate, &request)?;
    let outputs = vec![request_output(&target, &request)?];
    estate.commit(outputs, vec![target.record_request(&request)])?;
    Ok(Outcome::Done((target.object, request)))
}

fn make_request(
    estate: &mut Estate,
    target: Target,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<(ObjectRef, Request)>> {
    if let Some(filed) = target.filed_request(estate)? {
        return Ok(Outcome::AlreadyThere((target.object, filed)));
    }
    let key_path = format!("{}/key.pem", target.dir());
    if estate.workspace.exists(&key_path) {
        let message = format!("{key_path} is there without a request");
        return Err(contradiction(message).into());
    }
    let subject = target.subject(estate)?;
    let rng = estate.context.rng;
    let pkcs8 = soft::generate(target.intermediate.algorithm.into(), rng)?;
    let key = soft::SoftKey::open(&pkcs8, rng)?;
    let request = Request::parse(&issue::request(&subject, &key as &dyn Signer)?)?;
    let passphrase = passphrases.create(&target.object)?;
    let outputs = vec![
        Output::secret(key_path, sealed::seal(&pkcs8, &passphrase, rng)?),
        request_output(&target, &request)?,
    ];
    estate.commit(outputs, vec![target.record_request(&request)])?;
    Ok(Outcome::Done((target.object, request)))
}
