//! The module, the token, and its PIN.

use crate::error::{Error, Explain, Result};
use crate::model::{rule::Rule, text::clean};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11},
    error::{Error as Fault, RvError},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

/// An open session with one token.
pub struct Token {
    module: Pkcs11,
    slot: Slot,
    // One session is one conversation: PKCS#11 3.0 section 2.6.7.
    session: Mutex<Session>,
}

impl Token {
    /// Loads a module and opens a session with the token of that label.
    ///
    /// # Errors
    /// Refused, TOKEN-MISSING: no such module; no such token, or two, with the labels that are
    /// there. Failed: the module does.
    pub fn open(module: &Path, label: &str) -> Result<Arc<Self>> {
        let path = clean(&module.to_string_lossy());
        let module = Pkcs11::new(module).map_err(|fault| {
            missing(format!("the module {path} cannot be loaded ({})", clean(&fault.to_string())))
                .hint("install the module, or correct module in ca/site.toml")
        })?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Whoever opened a token before in this process has done it.
            Ok(()) | Err(Fault::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(fault) => return Err(fault).context(format!("the module {path} does not start")),
        }
        let slot = slot_of(&module, label)?;
        let session = module.open_rw_session(slot).context("the token opens no session")?;
        Ok(Arc::new(Self { module, slot, session: Mutex::new(session) }))
    }

    /// Unlocks the token; it is locked again when the [`Token`] goes.
    ///
    /// # Errors
    /// Refused, PIN-WRONG, with how many tries are left as far as the token tells. Failed: the
    /// token does.
    pub fn login(&self, pin: &str) -> Result<()> {
        let pin = AuthPin::new(pin.into()); // wiped when it goes
        let Err(fault) = self.session()?.login(UserType::User, Some(&pin)) else { return Ok(()) };
        match fault {
            Fault::Pkcs11(
                RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired
                | RvError::PinLocked,
                Function::Login,
            ) => Err(self.wrong_pin(matches!(fault, Fault::Pkcs11(RvError::PinLocked, _)))),
            fault => Err(fault).context("the token does not unlock"),
        }
    }

    fn wrong_pin(&self, locked: bool) -> Error {
        let info = self.module.get_token_info(self.slot);
        let is = |flag: fn(&_) -> bool| info.as_ref().is_ok_and(flag);
        let wrong = |left: &str| {
            Error::from(Rule::PinWrong.found(format!("the token did not accept the PIN{left}")))
        };
        if locked || is(|info| info.user_pin_locked()) {
            return wrong(", and is locked now")
                .hint("unlock it with its security officer's PIN (SO PIN or PUK)");
        }
        let left = if is(|info| info.user_pin_final_try()) {
            ": one try is left, after which it is locked"
        } else if is(|info| info.user_pin_count_low()) {
            ": few tries are left, after which it is locked"
        } else {
            ""
        };
        wrong(left).hint("look the PIN up before the next try: a token locks itself after a few")
    }

    pub(super) fn session(&self) -> Result<MutexGuard<'_, Session>> {
        self.session.lock().map_err(|_| Error::failed("the token's session broke off"))
    }
}

/// The one slot with a token of that label.
fn slot_of(module: &Pkcs11, label: &str) -> Result<Slot> {
    let slots = module.get_slots_with_initialized_token().context("no list of tokens")?;
    let tokens: Vec<(Slot, String)> = slots
        .into_iter()
        .filter_map(|slot| Some((slot, module.get_token_info(slot).ok()?.label().to_owned())))
        .collect();
    let of_label: Vec<Slot> =
        tokens.iter().filter(|(_, other)| other == label).map(|(slot, _)| *slot).collect();
    let label = clean(label);
    match of_label[..] {
        [slot] => Ok(slot),
        [] if tokens.is_empty() => Err(missing(format!("got no token, expected {label:?}"))
            .hint("plug the token in; pkcs11-tool --list-slots shows what is there")),
        [] => {
            let labels: Vec<String> =
                tokens.iter().map(|(_, other)| format!("{:?}", clean(other))).collect();
            Err(missing(format!("got {}, expected {label:?}", labels.join(", ")))
                .hint("plug the token in, or correct token in ca/site.toml"))
        }
        _ => Err(missing(format!("got {} tokens {label:?}, expected one", of_label.len()))
            .hint("unplug all but one")),
    }
}

fn missing(detail: String) -> Error {
    Rule::TokenMissing.found(detail).into()
}
