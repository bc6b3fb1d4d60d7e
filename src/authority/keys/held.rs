//! How the key of a CA is held: `custody.toml` beside it. The file is public, written with the
//! key, and not an input: what is declared is for the next key or the next sealing.

use crate::authority::Estate;
use crate::authority::ca::ca_dir;
use crate::custody::shares::{SetId, Threshold};
use crate::error::{Error, Kind, Result};
use crate::journal::Act;
use crate::model::{
    declaration,
    name::{ObjectRef, Scope},
    root::Custody,
};
use crate::store::{Output, file, layout};
use serde::Deserialize;
use std::fmt;

/// How one key is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Sealed with a passphrase: also whenever nothing else is said.
    Passphrase,
    /// Sealed with a secret that is shared.
    Shares {
        /// The set that unlocks it.
        set: SetId,
        /// How many of them it takes.
        threshold: Threshold,
    },
    /// In a token.
    Token,
}

/// `custody.toml`, version 1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "version")]
    _version: declaration::Version,
    custody: Custody,
    set: Option<String>,
    needed: Option<u8>,
    of: Option<u8>,
}

/// What is typed where the root key is elsewhere.
pub const PLAN: &str = "rootward ceremony plan";

fn path(object: &ObjectRef) -> String {
    format!("{}/{}", ca_dir(object), layout::CUSTODY)
}

impl Held {
    /// What keeps it.
    pub fn output(&self, object: &ObjectRef) -> Output {
        let mut text = format!(
            "# How the key of {object} is held. Written by rootward; there is no secret in it.\n\
             version = 1\n"
        );
        text += &match self {
            Held::Passphrase => "custody = \"passphrase\"\n".to_owned(),
            Held::Token => "custody = \"pkcs11\"\n".to_owned(),
            Held::Shares { set, threshold } => format!(
                "custody = \"shares\"\nset = \"{set}\"\nneeded = {}\nof = {}\n",
                threshold.needed(),
                threshold.of()
            ),
        };
        Output::public(path(object), text)
    }

    fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let written: Written = declaration::parse(file, bytes)?;
        let unfit = |problem: String| Error::usage(format!("{file}: {problem}"));
        let missing = |key| unfit(format!("missing key `{key}`"));
        match written.custody {
            Custody::Passphrase => Ok(Held::Passphrase),
            Custody::Pkcs11 => Ok(Held::Token),
            Custody::Shares => {
                let set = written.set.ok_or_else(|| missing("set"))?.parse().map_err(unfit)?;
                let needed = written.needed.ok_or_else(|| missing("needed"))?;
                let of = written.of.ok_or_else(|| missing("of"))?;
                Ok(Held::Shares { set, threshold: Threshold::new(needed, of).map_err(unfit)? })
            }
        }
    }
}

/// `passphrase`, `shares (3 of 5, set 9a7f)`, `pkcs11`.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Passphrase => f.write_str("passphrase"),
            Held::Shares { set, threshold } => write!(f, "shares ({threshold}, set {set})"),
            Held::Token => f.write_str("pkcs11"),
        }
    }
}

impl Estate<'_> {
    /// How the key of a generation of a CA is held.
    ///
    /// # Errors
    /// Usage, with file:line:column: `custody.toml` is not as it was written.
    pub fn held(&self, object: &ObjectRef) -> Result<Held> {
        if object.scope != Scope::Root {
            return Ok(Held::Passphrase);
        }
        let path = path(object);
        match self.workspace.read_if_any(&path, file::SMALL)? {
            Some(bytes) => Held::parse(&path, &bytes),
            None => Ok(Held::Passphrase),
        }
    }

    /// How the journal says that the key of a generation of the root is held; `None` where it
    /// does not say.
    pub fn recorded_custody(&self, object: &ObjectRef) -> Option<&str> {
        let object = object.to_string();
        let mut records = self.journal.records.iter().rev();
        let of = records.find(|record| {
            matches!(record.act, Act::RootCreate | Act::CustodySeal) && record.object == object
        });
        of.and_then(|record| record.custody.as_deref())
    }

    /// # Errors
    /// Failed, when the key of this CA is not here.
    pub fn need_key(&self, object: &ObjectRef) -> Result<()> {
        if self.held(object)? == Held::Token {
            return self.token().map(|_| ());
        }
        let path = format!("{}/key.pem", ca_dir(object));
        if self.workspace.exists(&path) {
            return Ok(());
        }
        let key = match object.scope {
            Scope::Root => "the root key".to_owned(),
            Scope::Member { .. } => format!("the key of {object}"),
        };
        Err(Error::failed(format!("{path} is not here, so nothing can be signed"))
            .hint(format!("bring the medium that holds {key}")))
    }

    /// Can this root sign here, and the root in force the transcript of it? Before there is a root,
    /// whoever needs it says so.
    ///
    /// # Errors
    /// Failed, when the key of one of them is not here.
    pub fn need_root(&self, root: &ObjectRef) -> Result<()> {
        let signs = self.in_force(&ObjectRef::newest_root());
        if signs.generation.is_none() {
            return Ok(());
        }
        let hint = "bring the root key, or plan its ceremony: rootward ceremony plan";
        let elsewhere = |mut error: Error| {
            if error.kind == Kind::Failed {
                error.hint = Some(hint.to_owned());
            }
            error
        };
        [&signs, &self.in_force(root)]
            .into_iter()
            .try_for_each(|root| self.need_key(root).map_err(elsewhere))
    }

    /// What is typed next for something that the root is to sign: `here` where its key is, and
    /// before there is one; else a plan for its ceremony.
    pub fn by_root(&self, here: String) -> String {
        let signs = self.in_force(&ObjectRef::newest_root());
        let is_here = signs.generation.is_none() || self.need_key(&signs).is_ok();
        if is_here { here } else { PLAN.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let object = ObjectRef::root(2);
        let shares =
            Held::Shares { set: "9a7f".parse().unwrap(), threshold: Threshold::new(3, 5).unwrap() };
        for held in [Held::Passphrase, Held::Token, shares] {
            let output = held.output(&object);
            assert_eq!(output.path, "ca/root/g2/custody.toml");
            assert_eq!(Held::parse(&output.path, &output.bytes).unwrap(), held);
        }
        assert_eq!(shares.to_string(), "shares (3 of 5, set 9a7f)");
        for (text, message) in [
            ("custody = \"shares\"\n", "custody.toml: missing key `set`"),
            ("custody = \"shares\"\nset = \"x\"\n", "custody.toml: got the share set \"x\""),
            ("custody = \"shares\"\nset = \"9a7f\"\nneeded = 1\nof = 2\n", "needed: got 1"),
            ("custody = \"paper\"\n", "custody.toml:2:11: "),
        ] {
            let text = format!("version = 1\n{text}");
            let error = Held::parse("custody.toml", text.as_bytes()).unwrap_err();
            assert!(error.messages()[0].contains(message), "{error:?}");
        }
    }
}
