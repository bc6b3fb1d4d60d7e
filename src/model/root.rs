//! `ca/root/root.toml`: what the root is to be.

use super::{
    cadence::{self, Cadence},
    declaration,
    key::{Algorithm, Choice},
    span::Span,
    threshold::Threshold,
};
use crate::error::{Error, Result};
use serde::Deserialize;
use time::Duration;

/// The declaration of the root. Every generation of the root is made from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    #[expect(dead_code, reason = "part of the format; reading it checks it")]
    version: declaration::Version,
    /// The distinguished name of the root.
    pub subject: Subject,
    /// Its algorithm, and how it is held.
    #[serde(default)]
    pub key: Key,
    /// How long the root and its CRLs are valid.
    #[serde(default)]
    pub lifetime: Lifetime,
    /// When they are replaced, as far as it is not as usual.
    #[serde(default)]
    pub rotation: Rotation,
    /// With custody = "shares", and only then.
    pub shares: Option<Threshold>,
}

/// The distinguished name; a generation after the first gets its number appended to the CN.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Also of every intermediate.
    pub organization: String,
    /// From the second generation on, its number is appended.
    pub common_name: String,
    /// Two capitals (ISO 3166).
    pub country: Option<String>,
}

/// `[key]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// RSA only for a key that is imported.
    #[serde(default = "Key::default_algorithm")]
    pub algorithm: Choice,
    /// How the private key is held.
    #[serde(default)]
    pub custody: Custody,
}

/// How the root key is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Custody {
    /// Encrypted PKCS#8 under one passphrase.
    #[default]
    Passphrase,
    /// Encrypted PKCS#8 under a secret of which custodians have shares, m of n.
    Shares,
    /// In a PKCS#11 token, which it never leaves.
    Pkcs11,
}

impl std::fmt::Display for Custody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Custody::Passphrase => "sealed with a passphrase",
            Custody::Shares => "sealed with a secret that is shared among custodians",
            Custody::Pkcs11 => "made in a token, which it never leaves",
        })
    }
}

/// `[lifetime]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetime {
    /// Of the certificate.
    #[serde(default = "Lifetime::default_root")]
    pub root: Span,
    /// How long a root CRL is valid: at most 365 days (CA/B BR 4.9.7).
    #[serde(default = "Lifetime::default_crl")]
    pub crl: Span,
}

/// `[rotation]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Of the root itself.
    #[serde(default)]
    pub root: cadence::Declared,
    /// Of its CRLs.
    #[serde(default)]
    pub crl: cadence::Declared,
}

impl Rotation {
    /// When the root gives way to its successor.
    pub fn root(&self) -> Cadence {
        Cadence::root().with(&self.root)
    }

    /// When a CRL of it is replaced.
    pub fn crl(&self) -> Cadence {
        Cadence::root_crl().with(&self.crl)
    }
}

impl Key {
    fn default_algorithm() -> Choice {
        Choice::P384
    }
}

impl Default for Key {
    fn default() -> Self {
        Self { algorithm: Choice::P384, custody: Custody::Passphrase }
    }
}

impl Lifetime {
    fn default_root() -> Span {
        Span::days(20 * 365)
    }

    fn default_crl() -> Span {
        Span::days(365)
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self { root: Self::default_root(), crl: Self::default_crl() }
    }
}

impl Root {
    /// # Errors
    /// Usage: what [`declaration::parse`] refuses, an unfit subject, a CRL cadence over 365 days,
    /// `[shares]` without their custody or the custody without them, an algorithm that is not for
    /// tokens.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        let root: Root = declaration::parse(file, bytes)?;
        subject_text(file, "subject.organization", &root.subject.organization)?;
        subject_text(file, "subject.common_name", &root.subject.common_name)?;
        if let Some(country) = &root.subject.country
            && !(country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()))
        {
            let message =
                format!("{file}: subject.country: got {country:?}, expected two capitals");
            return Err(Error::usage(message).hint("use the ISO 3166 code, such as \"DE\""));
        }
        crl_span(file, "lifetime.crl", root.lifetime.crl)?;
        shares_where_declared(file, root.key.custody, root.shares)?;
        let in_token = root.key.custody == Custody::Pkcs11;
        if in_token && !matches!(root.key.algorithm, Choice::P384 | Choice::P256) {
            let got = Algorithm::from(root.key.algorithm);
            return Err(Error::usage(format!(
                "{file}: key.algorithm: got {got}, expected p384 or p256 for a key in a token"
            )));
        }
        Ok(root)
    }
}

/// A CRL may be valid for 365 days at most (CA/B BR 4.9.7).
pub fn crl_span(file: &str, key: &str, span: Span) -> Result<()> {
    if span.approximate() <= Duration::days(365) {
        return Ok(());
    }
    Err(Error::usage(format!("{file}: {key}: got {span}, expected at most 365d")))
}

fn shares_where_declared(file: &str, custody: Custody, shares: Option<Threshold>) -> Result<()> {
    match (custody, shares) {
        (Custody::Shares, None) => Err(Error::usage(format!(
            "{file}: shares: got none, expected how many are needed, of how many"
        ))
        .hint("add, for example: [shares] needed = 3, of = 5 (each on a line of its own)")),
        (Custody::Passphrase | Custody::Pkcs11, Some(shares)) => Err(Error::usage(format!(
            "{file}: shares: got {shares}, expected none unless key.custody is \"shares\""
        ))
        .hint("declare custody = \"shares\" in [key], or remove [shares]")),
        _ => Ok(()),
    }
}

/// Plain text of 1 to 64 characters (RFC 5280 appendix A, ub-common-name, ub-organization-name),
/// short enough that " g999" still fits.
fn subject_text(file: &str, key: &str, text: &str) -> Result<()> {
    let plain = text.chars().all(super::text::is_plain) && text.trim() == text;
    if plain && (1..=58).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{file}: {key}: got {:?}, expected 1 to 58 plain characters without spaces around",
        super::text::clean(text)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(key: &str, rest: &str) -> Result<Root> {
        let text = format!(
            "version = 1\n[subject]\norganization = \"A\"\ncommon_name = \"A\"\n{key}{rest}"
        );
        Root::parse("ca/root/root.toml", text.as_bytes())
    }

    const SHARES: &str = "[key]\ncustody = \"shares\"\n";
    const TOKEN: &str = "[key]\ncustody = \"pkcs11\"\n";

    #[test]
    fn shares_are_declared_exactly_with_their_custody() {
        let root = parse(SHARES, "[shares]\nneeded = 3\nof = 5\n").unwrap();
        assert_eq!(root.key.custody, Custody::Shares);
        assert_eq!(root.shares.unwrap().to_string(), "3 of 5");
        assert_eq!(parse(TOKEN, "").unwrap().key.custody, Custody::Pkcs11);
        assert_eq!(parse("", "").unwrap().key.custody, Custody::Passphrase);
        let error = parse(TOKEN, "algorithm = \"ed25519\"\n").unwrap_err();
        assert!(error.messages()[0].contains("got Ed25519, expected p384 or p256"), "{error:?}");
        for (key, rest) in [
            (SHARES, ""),
            (TOKEN, "[shares]\nneeded = 3\nof = 5\n"),
            ("", "[shares]\nneeded = 3\nof = 5\n"),
        ] {
            let error = parse(key, rest).unwrap_err();
            assert!(error.messages()[0].starts_with("ca/root/root.toml: shares: got "));
            assert!(error.hint.is_some());
        }
    }

    #[test]
    fn a_threshold_out_of_range_is_shown_with_its_place() {
        for (shares, message) in [
            ("needed = 1\nof = 5\n", "needed: got 1, expected 2 to 16"),
            ("needed = 4\nof = 3\n", "needed: got 4, expected at most the 3"),
            ("needed = 3\nof = 17\n", "of: got 17, expected at most 16"),
            ("needed = 3\n", "missing key `of`"),
            ("needed = 3\noff = 5\n", "unknown key \"off\""),
        ] {
            let error = parse(SHARES, &format!("[shares]\n{shares}")).unwrap_err();
            let message_got = &error.messages()[0];
            assert!(message_got.starts_with("ca/root/root.toml:"), "{message_got}");
            assert!(message_got.contains(message), "{message_got}");
        }
    }
}
