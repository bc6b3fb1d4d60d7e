//! `ca/site.toml`: what is so on this machine alone. It is not in Git and not in a plan.

use super::{declaration, text::clean};
use crate::error::{Error, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// The settings of one machine; without the file, the default ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    #[serde(rename = "version")]
    _version: declaration::Version,
    /// What this copy of the workspace is for.
    #[serde(default)]
    pub role: Role,
    /// The token that holds the root key, where one does.
    pub pkcs11: Option<Module>,
}

/// What a copy of the workspace is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It issues identities; the root key is elsewhere.
    #[default]
    Online,
    /// A medium that holds the root, but not the identities.
    Offline,
}

/// `[pkcs11]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// The shared library that speaks PKCS#11 with the token.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// Directories that the module writes to.
    #[serde(default)]
    pub paths: Vec<PathBuf>,
}

impl Site {
    /// # Errors
    /// Usage: what [`declaration::parse`] refuses; a path that is not absolute; a token's label
    /// that is empty or longer than the 32 bytes it may have (PKCS#11 3.0, CK_TOKEN_INFO).
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let site: Site = declaration::parse(file, bytes)?;
        let Some(pkcs11) = &site.pkcs11 else { return Ok(site) };
        for (key, path) in std::iter::once(("module", &pkcs11.module))
            .chain(pkcs11.paths.iter().map(|path| ("paths", path)))
        {
            if !path.is_absolute() {
                let got = clean(&path.to_string_lossy());
                return Err(Error::usage(format!(
                    "{file}: pkcs11.{key}: got {got:?}, expected an absolute path"
                )));
            }
        }
        if pkcs11.token.trim().is_empty() || pkcs11.token.len() > 32 {
            return Err(Error::usage(format!(
                "{file}: pkcs11.token: got {:?}, expected a label of 1 to 32 bytes",
                clean(&pkcs11.token)
            )));
        }
        Ok(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Site> {
        Site::parse("ca/site.toml", text.as_bytes())
    }

    #[test]
    fn a_site_is_online_and_has_no_token_unless_it_says_so() {
        for site in [parse("version = 1\n").unwrap(), Site::default()] {
            assert_eq!((site.role, site.pkcs11), (Role::Online, None));
        }
        let text = "version = 1\nrole = \"offline\"\n[pkcs11]\nmodule = \"/m.so\"\ntoken = \"t\"\n";
        let site = parse(text).unwrap();
        assert_eq!(site.role, Role::Offline);
        let expected = Module { module: "/m.so".into(), token: "t".into(), paths: Vec::new() };
        assert_eq!(site.pkcs11, Some(expected));
        let paths = parse(&format!("{text}paths = [\"/var/lib/softhsm\"]\n")).unwrap();
        assert_eq!(paths.pkcs11.unwrap().paths, [PathBuf::from("/var/lib/softhsm")]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = "x".repeat(33);
        for (text, message) in [
            ("version = 1\nrole = \"both\"\n", "ca/site.toml:2:8: "),
            ("version = 1\n[pkcs11]\nmodule = \"/m.so\"\n", "missing key `token`"),
            ("version = 1\n[pkcs11]\npin = \"1\"\n", "ca/site.toml:3:1: unknown key \"pin\""),
            ("version = 1\n[pkcs11]\nmodule = \"m.so\"\ntoken = \"t\"\n", "expected an absolute"),
            (
                "version = 1\n[pkcs11]\nmodule = \"/m\"\ntoken = \"t\"\npaths = [\"var\"]\n",
                "pkcs11.paths: got \"var\"",
            ),
            ("version = 1\n[pkcs11]\nmodule = \"/m\"\ntoken = \" \"\n", "expected a label"),
            (
                &format!("version = 1\n[pkcs11]\nmodule = \"/m\"\ntoken = \"{long}\"\n"),
                "expected a label",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.messages()[0].contains(message), "{error:?}");
        }
    }
}
