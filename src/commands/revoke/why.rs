//! The reason of a revocation, as it is typed.

use crate::pki::crl::Reason;

/// A reason, or none.
#[derive(Clone, Copy, Debug)]
pub struct Why(pub Option<Reason>);

impl Why {
    /// clap's value parser. The reasons that a rule refuses are read, too.
    pub fn read(text: &str) -> Result<Self, String> {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        let refused = [("certificateHold", 6), ("removeFromCRL", 8), ("aACompromise", 10)];
        if is("unspecified") {
            return Ok(Self(None));
        }
        if let Some((_, code)) = refused.into_iter().find(|(word, _)| is(word)) {
            return Ok(Self(Some(Reason::Other(code))));
        }
        let known = Reason::ALL.into_iter().find(|reason| is(&reason.to_string()));
        match known {
            Some(reason) => Ok(Self(Some(reason))),
            None => text.parse::<Reason>().map(|reason| Self(Some(reason))),
        }
    }

    /// As RFC 5280 section 5.3.1 writes it.
    pub fn word(self) -> String {
        self.0.map_or_else(|| "unspecified".to_owned(), |reason| reason.to_string())
    }
}
