//! A key that is made where it is used, and a request for its certificate (PKCS#10, RFC 2986).

use super::{KEY, exposure, user::User};
use crate::context::Rng;
use crate::custody::{
    Signer,
    soft::{self, SoftKey},
};
use crate::error::{Error, Explain, Result};
use crate::model::{
    key::{Algorithm, PublicKey},
    name::Name,
    rule::Rule,
};
use crate::pki::{inspect::sha256, issue, pem, subject::Subject};
use crate::store::file::{SMALL, place::Place, shown};
use zeroize::Zeroizing;

/// Who asks, for which name, and where the key lives.
pub struct Asked<'a> {
    /// The identity; the common name of the request.
    pub name: &'a Name,
    /// The directory of the key.
    pub place: &'a Place,
    /// Whose the key is.
    pub user: &'a User,
    /// Of a new key; a key that is there must have it.
    pub algorithm: Option<Algorithm>,
}

/// A request that was written.
pub struct Made {
    /// Was the key made, too, and not found there?
    pub is_new_key: bool,
    /// The public half.
    pub key: PublicKey,
    /// SHA-256 of the DER of the request: what a reviewer compares.
    pub digest: String,
    /// The name of its file, in the directory of the key.
    pub file: String,
}

/// Makes the key unless it is there, and the request in any case.
///
/// # Errors
/// KEY-EXPOSED; CONTRADICTION: the key that is there is of another algorithm; failed, as the disk
/// says, or when what is there is no key.
pub fn request(asked: &Asked, rng: &Rng) -> Result<Made> {
    let Asked { name, place, user, algorithm } = asked;
    exposure::directories(place, user)?;
    let _lock = place.lock()?;
    // A second name of the key, if a run was interrupted between two.
    place.clean(KEY)?;
    let there = key(place, user, rng)?;
    let is_new_key = there.is_none();
    let key = match there {
        Some(key) => key,
        None => {
            let pkcs8 = soft::generate(algorithm.unwrap_or(Algorithm::P256), rng)?;
            place.create(KEY, &pem::private_key(&pkcs8)?, user.owner, 0o400)?;
            SoftKey::open(&pkcs8, rng)?
        }
    };
    let is = key.public().algorithm;
    if algorithm.is_some_and(|wanted| wanted != is) {
        let path = shown(&place.path().join(KEY));
        let message = format!("{path} is a {is} key, which stays; leave --algorithm out");
        return Err(Rule::Contradiction.found(message).into());
    }
    let der = issue::request(&Subject::of_leaf(name), &key)?;
    let file = format!("{name}.csr");
    let text = pem::encode("CERTIFICATE REQUEST", &der)?;
    place.replace(&file, text.as_bytes(), user.owner, 0o644)?;
    Ok(Made { is_new_key, key: key.public().clone(), digest: sha256(&der), file })
}

/// The key that is there, when nobody else can read it.
///
/// # Errors
/// KEY-EXPOSED; failed, when it is none.
pub(super) fn key<'r>(place: &Place, user: &User, rng: &'r Rng) -> Result<Option<SoftKey<'r>>> {
    // Before it is opened: root could, whoever's it is.
    let Some(owned) = place.look(KEY)? else { return Ok(None) };
    let path = shown(&place.path().join(KEY));
    if !owned.is_file {
        return Err(Error::failed(format!("{path} is not a file, expected one or none")));
    }
    exposure::key(place, owned, user)?;
    let Some((bytes, owned)) = place.read(KEY, SMALL)? else { return Ok(None) };
    exposure::key(place, owned, user)?;
    let der = Zeroizing::new(pem::read_one(&path, "PRIVATE KEY", &bytes)?);
    Ok(Some(SoftKey::open(&der, rng).context(path)?))
}
