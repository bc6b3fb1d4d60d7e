//! The keys themselves, apart from what they sign: proved, and sealed anew.

use super::ca::ca_dir;
use super::keys::{Held, Sealed};
use super::{Estate, Keys};
use crate::custody::soft::SoftKey;
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{
    name::{ObjectRef, Scope},
    root::Custody,
    rule::Rule,
};
use crate::pki::{issuer::check_signer, signature};
use crate::store::layout;

/// Opens the key of a CA and has it sign random bytes, which verify with its certificate and go
/// nowhere. Gives the object with its generation.
///
/// # Errors
/// Failed: there is no such key here, a wrong passphrase. ISSUER-KEY, SIGNATURE-INVALID, every rule
/// of shares and tokens.
pub fn test<'c>(
    estate: &Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    asked: &ObjectRef,
) -> Result<ObjectRef> {
    let issuer = estate.issuer(asked)?;
    estate.need_key(&issuer.object)?;
    let mut challenge = b"rootward custody test".to_vec();
    let mut random = [0; 32];
    let filled = estate.context.rng.fill(&mut random);
    filled.map_err(|_| Error::failed("no randomness: the key was not tested"))?;
    challenge.extend_from_slice(&random);
    let signer = keys.signer(estate, &issuer)?;
    let made = signer.sign(&challenge)?;
    if !signature::verifies(&issuer.certificate.facts.key, &challenge, &made) {
        let message = format!("what the key of {} signs does not verify", issuer.object);
        return Err(Rule::SignatureInvalid.found(message).into());
    }
    Ok(issuer.object)
}

/// Can the key of a root be sealed anew, as far as can be told without opening it?
///
/// # Errors
/// Failed: the key is in a token or is to be, or is not here.
pub fn can_be_sealed(estate: &Estate, asked: &ObjectRef) -> Result<Held> {
    let object = estate.in_force(asked);
    let held = estate.held(&object)?;
    if held == Held::Token {
        return Err(Error::failed(format!(
            "the key of {object} is in a token, which it never leaves"
        ))
        .hint("change the PIN with the token's own tools: pkcs11-tool --change-pin"));
    }
    if object.scope == Scope::Root && estate.root.key.custody == Custody::Pkcs11 {
        let message = format!("the key of {object} was not made in a token, and cannot move there");
        return Err(Error::failed(message).hint(
            "declare custody = \"passphrase\" or \"shares\"; a new root can be made in a token",
        ));
    }
    estate.need_key(&object)?;
    Ok(held)
}

/// Opens the sealed key of a root as it is held, and seals it as is declared: with a new passphrase
/// or a new set of shares. The old file is replaced when the new one has been opened.
///
/// # Errors
/// Failed: the key is in a token or is to be, is not here, a wrong passphrase. ISSUER-KEY, every
/// rule of shares.
///
/// The journal says so at once; that of a medium in the next ceremony: see [`unrecorded`].
pub fn seal<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    asked: &ObjectRef,
) -> Result<(ObjectRef, Held)> {
    estate.check_clock()?;
    let issuer = estate.issuer(asked)?;
    let object = issuer.object.clone();
    let before = can_be_sealed(estate, &object)?;
    let pkcs8 = keys.unseal(estate, &object)?;
    check_signer(&issuer, &SoftKey::open(&pkcs8, estate.context.rng)?)?;
    let Sealed { outputs, held } = keys.seal_anew(estate, &object, &pkcs8, Some(before))?;
    if estate.is_medium()? {
        estate.stage(outputs, Vec::new())?;
        estate.commit_foreign()?;
    } else {
        estate.commit(outputs, vec![sealed(&object, held)])?;
    }
    Ok((object, held))
}

/// The line of the journal that says how a key is held from here on.
pub fn sealed(object: &ObjectRef, held: Held) -> Record {
    Record { custody: Some(held.to_string()), ..Record::new(Act::CustodySeal, object) }
}

/// How the key of a root is held, when it is here and the journal says otherwise: on a medium it
/// may have been sealed anew since the last ceremony.
///
/// # Errors
/// As for [`Estate::held`].
pub fn unrecorded(estate: &Estate, object: &ObjectRef) -> Result<Option<Held>> {
    let here = |name: &str| estate.workspace.exists(&format!("{}/{name}", ca_dir(object)));
    let Some(recorded) = estate.recorded_custody(object) else { return Ok(None) };
    if !here(layout::CUSTODY) && !here("key.pem") {
        return Ok(None);
    }
    let held = estate.held(object)?;
    Ok(Some(held).filter(|held| held.to_string() != recorded))
}
