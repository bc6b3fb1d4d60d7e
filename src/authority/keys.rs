//! The private keys of CAs: made, sealed and opened as their custody is declared and recorded.

mod held;
mod sealing;
mod secrets;
mod tokens;

pub use held::{Held, PLAN};
pub use secrets::Secrets;

use super::Estate;
use super::ca::ca_dir;
use super::estate::contradiction;
use crate::custody::{Signer, sealed, soft, soft::SoftKey};
use crate::error::{Error, Explain, Result};
use crate::model::{
    key::{Algorithm, PublicKey},
    name::{ObjectRef, Scope},
    root::Custody,
};
use crate::pki::issuer::{Issuer, check_signer};
use crate::store::Output;
use sealing::Unlocked;
use std::path::PathBuf;
use tokens::Tokens;
use zeroize::Zeroizing;

/// The keys of one run: each is opened once, however many signatures it makes.
pub struct Keys<'k, 'c> {
    secrets: &'k mut dyn Secrets,
    open: Vec<(ObjectRef, Box<dyn Signer + 'c>)>,
    /// Made in this run and not yet sealed.
    fresh: Vec<(ObjectRef, Fresh)>,
    tokens: Tokens,
    is_rehearsal: bool,
    notes: Vec<String>,
}

/// A new key, and where it is.
enum Fresh {
    /// Unencrypted PKCS#8, to be sealed.
    Here(Zeroizing<Vec<u8>>),
    InToken,
}

/// A key that was sealed: what keeps it, and how it is held.
pub struct Sealed {
    pub outputs: Vec<Output>,
    pub held: Held,
}

/// What opening and using the keys takes besides the workspace, once [`Keys::prepare`] was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Directories that are written to.
    pub write: Vec<PathBuf>,
    /// Unix sockets are connected to.
    pub unix_sockets: bool,
}

impl<'k, 'c> Keys<'k, 'c> {
    /// Nothing is opened or asked for before it is needed.
    pub fn new(secrets: &'k mut dyn Secrets) -> Self {
        Self {
            secrets,
            open: Vec::new(),
            fresh: Vec::new(),
            tokens: Tokens::default(),
            is_rehearsal: false,
            notes: Vec::new(),
        }
    }

    /// The same for a rehearsal: no token is touched.
    pub fn rehearsal(secrets: &'k mut dyn Secrets) -> Self {
        Self { is_rehearsal: true, ..Self::new(secrets) }
    }

    /// Does what cannot be done in a sandbox: loads the module of a token and opens a session, where
    /// the root is or is to be in one. Without it, that is done when it is needed.
    ///
    /// # Errors
    /// TOKEN-MISSING; failed, when `ca/site.toml` names no token, or without the feature `pkcs11`.
    pub fn prepare(&mut self, estate: &Estate<'c>) -> Result<Needs> {
        // Where none is named, whatever needs it says so.
        let Some(module) = estate.site()?.pkcs11.filter(|_| estate.uses_token().unwrap_or(true))
        else {
            return Ok(Needs::default());
        };
        self.tokens.prepare(estate)?;
        Ok(Needs { write: module.paths, unix_sockets: true })
    }

    /// The signer of a CA, compared with its certificate.
    ///
    /// # Errors
    /// Failed: the key is not here, or a wrong passphrase. ISSUER-KEY, and every rule of shares and
    /// tokens.
    pub fn signer(&mut self, estate: &Estate<'c>, issuer: &Issuer) -> Result<&(dyn Signer + 'c)> {
        if self.held(&issuer.object).is_none() {
            let key = self.unlock(estate, &issuer.object)?;
            self.hold(&issuer.object, key);
        }
        let signer = self.held(&issuer.object);
        let signer = signer.ok_or_else(|| Error::failed("the key just opened is not there"))?;
        check_signer(issuer, signer)?;
        Ok(signer)
    }

    /// The signer of a CA whose key was made or opened in this run.
    pub fn held(&self, object: &ObjectRef) -> Option<&(dyn Signer + 'c)> {
        self.open.iter().find(|(of, _)| of == object).map(|(_, signer)| &**signer)
    }

    /// Takes a signer for the rest of the run.
    pub fn hold(&mut self, object: &ObjectRef, signer: Box<dyn Signer + 'c>) {
        self.open.push((object.clone(), signer));
    }

    /// What happened to keys since this was asked last, in words for the transcript: what opened
    /// them, what was refused, how they were sealed. No secrets.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    fn unlock(&mut self, estate: &Estate<'c>, object: &ObjectRef) -> Result<Box<dyn Signer + 'c>> {
        if estate.held(object)? == Held::Token {
            let key = self.tokens.key(estate, object, self.secrets)?;
            self.notes.push(format!("{object} is opened in its token, with the PIN"));
            return Ok(key);
        }
        let pkcs8 = self.unseal(estate, object)?;
        Ok(Box::new(SoftKey::open(&pkcs8, estate.context.rng)?))
    }

    /// The unencrypted PKCS#8 of a sealed key; the caller compares it with its certificate.
    ///
    /// # Errors
    /// Failed: the key is not here, or a wrong passphrase. Every rule of shares.
    pub fn unseal(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let path = format!("{}/key.pem", ca_dir(object));
        let sealed_key = estate
            .workspace
            .read(&path)
            .hint(format!("the sealed key of {object} belongs at {path}; bring its medium"))?;
        let held = estate.held(object)?;
        let unlocked = sealing::unlock(self.secrets, object, held, &mut self.notes)?;
        let Unlocked { passphrase, by } = unlocked;
        let pkcs8 = sealed::open(&path, &sealed_key, &passphrase)?;
        self.notes.push(format!("{object} is opened with {by}"));
        Ok(Zeroizing::new(pkcs8.as_bytes().to_vec()))
    }

    /// Makes a key where its custody says; [`Keys::seal`] makes it last.
    ///
    /// # Errors
    /// Failed: no randomness. The rules of tokens.
    pub fn generate(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
        algorithm: Algorithm,
    ) -> Result<PublicKey> {
        if !is_for_token(estate, object) || self.is_rehearsal {
            return self.take(estate, object, soft::generate(algorithm, estate.context.rng)?);
        }
        let (key, was_there) = self.tokens.generate(estate, object, algorithm, self.secrets)?;
        self.notes.push(match was_there {
            true => format!("the key of {object} is one that an interrupted run left in the token"),
            false => format!("the key of {object} is made in its token"),
        });
        let public = key.public().clone();
        self.hold(object, key);
        self.fresh.push((object.clone(), Fresh::InToken));
        Ok(public)
    }

    /// The same with a key that was made elsewhere: unencrypted PKCS#8.
    ///
    /// # Errors
    /// CONTRADICTION, when its custody is a token; failed, when it is no such key.
    pub fn adopt(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
        pkcs8: Zeroizing<Vec<u8>>,
    ) -> Result<PublicKey> {
        if is_for_token(estate, object) {
            let message = "ca/root/root.toml declares a key that is made in a token, got one";
            return Err(contradiction(message).into());
        }
        self.take(estate, object, pkcs8)
    }

    fn take(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
        pkcs8: Zeroizing<Vec<u8>>,
    ) -> Result<PublicKey> {
        let key = SoftKey::open(&pkcs8, estate.context.rng)?;
        let public = key.public().clone();
        self.hold(object, Box::new(key));
        self.fresh.push((object.clone(), Fresh::Here(pkcs8)));
        Ok(public)
    }

    /// Seals a key that was made in this run, as declared.
    ///
    /// # Errors
    /// Failed: no randomness; the passphrase or the shares were not taken.
    pub fn seal(&mut self, estate: &Estate<'c>, object: &ObjectRef) -> Result<Sealed> {
        let at = self.fresh.iter().position(|(of, _)| of == object);
        let at = at.ok_or_else(|| Error::failed(format!("no new key of {object} to seal")))?;
        let (_, fresh) = self.fresh.swap_remove(at);
        let held = Held::Token;
        match fresh {
            Fresh::Here(pkcs8) if !is_for_token(estate, object) => {
                self.seal_anew(estate, object, &pkcs8, None)
            }
            Fresh::Here(_) | Fresh::InToken => {
                Ok(Sealed { outputs: vec![held.output(object)], held })
            }
        }
    }

    /// Seals a key as declared; `replaced` is how it was held before.
    ///
    /// # Errors
    /// As for [`Keys::seal`].
    pub fn seal_anew(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
        pkcs8: &[u8],
        replaced: Option<Held>,
    ) -> Result<Sealed> {
        let rng = estate.context.rng;
        let shares = estate.root.shares.filter(|_| object.scope == Scope::Root);
        let (passphrase, held) = match shares {
            None => (self.secrets.create(object)?, Held::Passphrase),
            Some(threshold) => {
                let old = match replaced {
                    Some(Held::Shares { set, .. }) => Some(set),
                    _ => None,
                };
                sealing::share_out(self.secrets, object, threshold, old, rng)?
            }
        };
        let path = format!("{}/key.pem", ca_dir(object));
        let key = sealed::seal(pkcs8, &passphrase, rng)?;
        if sealed::open(&path, &key, &passphrase)?.as_bytes() != pkcs8 {
            return Err(Error::failed("the key just sealed does not come out as it went in"));
        }
        let mut outputs = vec![Output::secret(path, key)];
        // Where nothing is said, it is a passphrase.
        if held != Held::Passphrase || replaced.is_some() {
            outputs.push(held.output(object));
        }
        if object.scope == Scope::Root {
            self.notes.push(format!("{object} is sealed: {held}"));
        }
        Ok(Sealed { outputs, held })
    }

    /// The passphrase of a sealed key that is to be imported as the key of `object`.
    pub fn passphrase(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        self.secrets.open(object)
    }
}

/// Is a new key of this CA to be made in a token?
fn is_for_token(estate: &Estate, object: &ObjectRef) -> bool {
    object.scope == Scope::Root && estate.root.key.custody == Custody::Pkcs11
}
