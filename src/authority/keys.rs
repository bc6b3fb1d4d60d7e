//! The private keys of CAs: made, sealed and opened as their custody is declared.

use super::Estate;
use super::ca::ca_dir;
use crate::custody::{Signer, sealed, soft, soft::SoftKey};
use crate::error::{Error, Explain, Result};
use crate::model::{
    key::{Algorithm, PublicKey},
    name::ObjectRef,
};
use crate::pki::issuer::{Issuer, check_signer};
use crate::store::Output;
use zeroize::Zeroizing;

/// Asks for what opens a key: implemented by the command line, and by tests.
pub trait Secrets {
    /// The passphrase that opens the key of `object`.
    fn open(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>>;

    /// A new passphrase to seal the key of `object` with.
    fn create(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>>;
}

/// The keys of one run: each is opened once, however many signatures it makes.
pub struct Keys<'k, 'c> {
    secrets: &'k mut dyn Secrets,
    open: Vec<(ObjectRef, Box<dyn Signer + 'c>)>,
    /// Made in this run and not yet sealed.
    fresh: Vec<(ObjectRef, Zeroizing<Vec<u8>>)>,
}

impl<'k, 'c> Keys<'k, 'c> {
    /// Nothing is opened or asked for before it is needed.
    pub fn new(secrets: &'k mut dyn Secrets) -> Self {
        Self { secrets, open: Vec::new(), fresh: Vec::new() }
    }

    /// The signer of a CA, compared with its certificate.
    ///
    /// # Errors
    /// Failed: the key is not here, or a wrong passphrase; ISSUER-KEY.
    pub fn signer(&mut self, estate: &Estate<'c>, issuer: &Issuer) -> Result<&(dyn Signer + 'c)> {
        if self.held(&issuer.object).is_none() {
            let key = self.unlock(estate, issuer)?;
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

    fn unlock(&mut self, estate: &Estate<'c>, issuer: &Issuer) -> Result<Box<dyn Signer + 'c>> {
        let object = &issuer.object;
        let path = format!("{}/key.pem", ca_dir(object));
        let sealed_key = estate
            .workspace
            .read(&path)
            .hint(format!("the sealed key of {object} belongs at {path}; bring its medium"))?;
        let passphrase = self.secrets.open(object)?;
        let pkcs8 = sealed::open(&path, &sealed_key, &passphrase)?;
        Ok(Box::new(SoftKey::open(pkcs8.as_bytes(), estate.context.rng)?))
    }

    /// Makes a key; [`Keys::seal`] makes it last.
    pub fn generate(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
        algorithm: Algorithm,
    ) -> Result<PublicKey> {
        self.adopt(estate, object, soft::generate(algorithm, estate.context.rng)?)
    }

    /// The same with a key that was made elsewhere: unencrypted PKCS#8.
    pub fn adopt(
        &mut self,
        estate: &Estate<'c>,
        object: &ObjectRef,
        pkcs8: Zeroizing<Vec<u8>>,
    ) -> Result<PublicKey> {
        let key = SoftKey::open(&pkcs8, estate.context.rng)?;
        let public = key.public().clone();
        self.hold(object, Box::new(key));
        self.fresh.push((object.clone(), pkcs8));
        Ok(public)
    }

    /// Seals a key that was made in this run; gives the file that keeps it.
    pub fn seal(&mut self, estate: &Estate<'c>, object: &ObjectRef) -> Result<Output> {
        let at = self.fresh.iter().position(|(of, _)| of == object);
        let at = at.ok_or_else(|| Error::failed(format!("no new key of {object} to seal")))?;
        let (_, pkcs8) = self.fresh.swap_remove(at);
        let passphrase = self.secrets.create(object)?;
        let sealed_key = sealed::seal(&pkcs8, &passphrase, estate.context.rng)?;
        Ok(Output::secret(format!("{}/key.pem", ca_dir(object)), sealed_key))
    }

    /// The passphrase of a sealed key that is to be imported as the key of `object`.
    pub fn passphrase(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        self.secrets.open(object)
    }
}
