//! Who is asked for what opens a key, and who is handed what will open it.

use crate::custody::shares::{Progress, Share};
use crate::error::{Error, Result};
use crate::model::name::ObjectRef;
use zeroize::Zeroizing;

/// Asks for what opens a key: implemented by the command line, by rehearsals and by tests.
pub trait Secrets {
    /// The passphrase that opens the key of `object`.
    fn open(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>>;

    /// A new passphrase to seal the key of `object` with.
    fn create(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>>;

    /// The words of the next custodian's share of the key of `object`; `None` when no more come.
    /// Asked on after enough are there, too: more may have been brought, and each is checked.
    fn share(
        &mut self,
        object: &ObjectRef,
        progress: Progress,
    ) -> Result<Option<Zeroizing<String>>>;

    /// A share was refused, for the `tries`th time in this place: says so and lets it be given
    /// again, or gives the refusal back.
    fn again(&mut self, refusal: Error, tries: usize) -> Result<()>;

    /// Hands a new share of the key of `object`, one of `of`, to its custodian, and sees that it
    /// is kept.
    fn show_share(&mut self, object: &ObjectRef, share: &Share, of: u8) -> Result<()>;

    /// The PIN of the token of that label, which holds the key of `object`.
    fn pin(&mut self, object: &ObjectRef, token: &str) -> Result<Zeroizing<String>>;
}
