//! The token that holds root keys: found by `ca/site.toml`, opened once, unlocked once.

use super::held::Held;
use super::secrets::Secrets;
use crate::authority::Estate;
use crate::custody::Signer;
#[cfg(feature = "pkcs11")]
use crate::custody::pkcs11::Token;
use crate::error::{Error, Result};
use crate::model::{
    key::Algorithm,
    name::{ObjectRef, Scope},
    root::Custody,
    site::{Module, Role, Site},
};
use crate::store::{file, layout};
#[cfg(feature = "pkcs11")]
use std::sync::Arc;

impl Estate<'_> {
    /// What `ca/site.toml` says of this machine.
    ///
    /// # Errors
    /// Usage, as [`Site::parse`].
    pub fn site(&self) -> Result<Site> {
        let bytes = self.workspace.read_if_any(layout::SITE, file::SMALL)?;
        bytes.map_or(Ok(Site::default()), |bytes| Site::parse(layout::SITE, &bytes))
    }

    /// Is this a medium, whose journal goes on by ceremonies alone?
    ///
    /// # Errors
    /// As for [`Estate::site`].
    pub fn is_medium(&self) -> Result<bool> {
        Ok(self.site()?.role == Role::Offline)
    }

    /// The module and the token of this machine.
    ///
    /// # Errors
    /// Failed, when `ca/site.toml` names none.
    pub fn token(&self) -> Result<Module> {
        self.site()?.pkcs11.ok_or_else(|| {
            let path = layout::SITE;
            Error::failed(format!("the root key is in a token, and {path} names none")).hint(
                format!("write into {path}: version = 1, then [pkcs11] with module and token"),
            )
        })
    }

    /// Is a key of the root in a token, or is the next one to be made there?
    pub fn uses_token(&self) -> Result<bool> {
        let generations = self.history().certified_generations(&Scope::Root);
        for generation in generations {
            if self.held(&ObjectRef::root(generation))? == Held::Token {
                return Ok(true);
            }
        }
        Ok(self.root.key.custody == Custody::Pkcs11)
    }
}

/// The label of a root key in its token.
#[cfg(feature = "pkcs11")]
fn label(object: &ObjectRef) -> String {
    format!("rootward-root-g{}", object.generation.unwrap_or(1))
}

/// The one token of a run.
#[cfg(feature = "pkcs11")]
#[derive(Default)]
pub struct Tokens {
    open: Option<(Arc<Token>, String)>,
    is_unlocked: bool,
}

#[cfg(feature = "pkcs11")]
impl Tokens {
    /// Loads the module and opens a session, which takes files and sockets that a sandbox forbids.
    ///
    /// # Errors
    /// TOKEN-MISSING; failed, when `ca/site.toml` names none.
    pub fn prepare(&mut self, estate: &Estate) -> Result<(Arc<Token>, String)> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let Module { module, token, .. } = estate.token()?;
        let open = (Token::open(&module, &token)?, token);
        self.open = Some(open.clone());
        Ok(open)
    }

    fn unlocked(
        &mut self,
        estate: &Estate,
        object: &ObjectRef,
        secrets: &mut dyn Secrets,
    ) -> Result<Arc<Token>> {
        let (token, name) = self.prepare(estate)?;
        if !self.is_unlocked {
            token.login(&secrets.pin(object, &name)?)?;
            self.is_unlocked = true;
        }
        Ok(token)
    }

    /// The key of a root.
    ///
    /// # Errors
    /// PIN-WRONG, TOKEN-KEY.
    pub fn key(
        &mut self,
        estate: &Estate,
        object: &ObjectRef,
        secrets: &mut dyn Secrets,
    ) -> Result<Box<dyn Signer>> {
        let token = self.unlocked(estate, object, secrets)?;
        Ok(Box::new(token.key(&label(object))?))
    }

    /// A new key of a root, and whether it was there: a ceremony that was interrupted leaves one
    /// behind, which nothing was released under. That it was never certified for another object is
    /// among the rules of issuing (KEY-REUSED).
    ///
    /// # Errors
    /// PIN-WRONG; TOKEN-KEY, also when the key that is there is of another algorithm.
    pub fn generate(
        &mut self,
        estate: &Estate,
        object: &ObjectRef,
        algorithm: Algorithm,
        secrets: &mut dyn Secrets,
    ) -> Result<(Box<dyn Signer>, bool)> {
        let token = self.unlocked(estate, object, secrets)?;
        let label = label(object);
        if !token.has(&label)? {
            return Ok((Box::new(token.generate(&label, algorithm)?), false));
        }
        let key = token.key(&label)?;
        let got = key.public().algorithm;
        if got != algorithm {
            let rule = crate::model::rule::Rule::TokenKey;
            let message = format!("the token has a {got} key {label:?}, expected {algorithm}");
            return Err(Error::from(rule.found(message)).hint(
                "if nothing was ever signed with it, delete it: pkcs11-tool --delete-object",
            ));
        }
        Ok((Box::new(key), true))
    }
}

/// Without PKCS#11: every use is refused in words.
#[cfg(not(feature = "pkcs11"))]
#[derive(Default)]
pub struct Tokens {}

#[cfg(not(feature = "pkcs11"))]
impl Tokens {
    /// # Errors
    /// Always.
    pub fn prepare(&mut self, _: &Estate) -> Result<()> {
        Err(Error::failed("the root key is in a token, and this rootward has no PKCS#11")
            .hint("use a rootward that was built with the feature pkcs11"))
    }

    /// # Errors
    /// Always.
    pub fn key(
        &mut self,
        estate: &Estate,
        _: &ObjectRef,
        _: &mut dyn Secrets,
    ) -> Result<Box<dyn Signer>> {
        self.prepare(estate)?;
        Err(Error::failed("there is no token"))
    }

    /// # Errors
    /// Always.
    pub fn generate(
        &mut self,
        estate: &Estate,
        object: &ObjectRef,
        _: Algorithm,
        secrets: &mut dyn Secrets,
    ) -> Result<(Box<dyn Signer>, bool)> {
        self.key(estate, object, secrets).map(|key| (key, false))
    }
}
