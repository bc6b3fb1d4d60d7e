//! A key and its request made here, or a request that was made elsewhere.

use super::{Target, other_request, request_output};
use crate::authority::estate::contradiction;
use crate::authority::{Estate, Keys, Outcome};
use crate::error::{Error, Result};
use crate::model::{environment::KeyHome, name::ObjectRef, rule::Rule};
use crate::pki::{issue, request::Request};

/// Makes a sealed key and a request, or files a request that was made elsewhere.
///
/// # Errors
/// KEY-PLACE, CONTRADICTION, and every rule for requests.
pub fn request<'c>(
    estate: &mut Estate<'c>,
    asked: &ObjectRef,
    csr: Option<&[u8]>,
    keys: &mut Keys<'_, 'c>,
) -> Result<Outcome<(ObjectRef, Request)>> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    let outcome = match (csr, target.intermediate.key) {
        (Some(bytes), KeyHome::Vault) => file_request(estate, target, bytes),
        (None, KeyHome::Local) => make_request(estate, target, keys),
        (Some(_), KeyHome::Local) => {
            let message = format!("{}: key = \"local\" is declared, got a request", target.object);
            Err(Rule::KeyPlace.found(message).into())
        }
        (None, KeyHome::Vault) => {
            let object = &target.object.scope;
            Err(Error::usage(format!("the key of {object} is made in Vault, expected --csr FILE"))
                .hint(format!("rootward intermediate request {object} --csr FILE")))
        }
    }?;
    if matches!(outcome, Outcome::Done(_)) {
        estate.commit(Vec::new(), Vec::new())?;
    }
    Ok(outcome)
}

/// Files a request that was made elsewhere, or finds it filed, as one step of several.
///
/// # Errors
/// CONTRADICTION, and every rule for requests.
pub fn file(estate: &mut Estate, asked: &ObjectRef, csr: &[u8]) -> Result<()> {
    let target = Target::find(estate, asked)?;
    file_request(estate, target, csr).map(|_| ())
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
    estate.stage(outputs, vec![target.record_request(&request)])?;
    Ok(Outcome::Done((target.object, request)))
}

fn make_request<'c>(
    estate: &mut Estate<'c>,
    target: Target,
    keys: &mut Keys<'_, 'c>,
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
    keys.generate(estate, &target.object, target.intermediate.algorithm.into())?;
    let key = keys.held(&target.object).ok_or_else(|| Error::failed("the new key is not there"))?;
    let request = Request::parse(&issue::request(&subject, key)?)?;
    let mut outputs = keys.seal(estate, &target.object)?.outputs;
    outputs.push(request_output(&target, &request)?);
    estate.stage(outputs, vec![target.record_request(&request)])?;
    Ok(Outcome::Done((target.object, request)))
}
