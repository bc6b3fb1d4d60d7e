//! A CA as the issuer of CRLs.

use super::Reason;
use super::window::{Life, Window};
use crate::authority::cadence::Ca;
use crate::model::name::ObjectRef;
use time::{Duration, OffsetDateTime};

/// One of its generations.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// Its place among the CAs.
    pub ca: usize,
    pub number: u32,
    /// It issues its first CRL then, if it has none.
    pub since: OffsetDateTime,
    /// The last of its certificates ends then.
    pub needed_until: OffsetDateTime,
    /// Its notAfter.
    pub end: OffsetDateTime,
    pub crl: Option<Life>,
    pub lacks: bool,
}

impl Issuer {
    /// Its next CRL; none follows one that ends with its issuer (`Row` agrees), or that nobody
    /// will ask for.
    pub fn window(&self, ca: &Ca) -> Option<Window> {
        let Some(crl) = self.crl else {
            let needed = ca.has_crl() && self.needed_until > self.since;
            return needed.then_some(Window::at_once(self.since, Reason::Missing));
        };
        let deadlines = crl.deadlines(&ca.crl_cadence, Duration::ZERO);
        let window = Window::of(&deadlines, Reason::Ends(crl.end));
        if self.lacks {
            return Some(window.open_at(self.since, Reason::Lacks));
        }
        let is_last = crl.end >= self.end;
        (!is_last && self.needed_until >= window.by).then_some(window)
    }

    /// Issues a CRL; as long as declared, but not longer than its issuer lives.
    pub fn issue(&mut self, ca: &Ca, at: OffsetDateTime) {
        let end = ca.crl_lifetime.not_after(at).map_or(self.end, |end| end.min(self.end));
        self.crl = Some(Life { begin: at, end });
        self.lacks = false;
    }

    pub fn object(&self, ca: &Ca) -> String {
        ObjectRef { scope: ca.scope.clone(), generation: Some(self.number) }.to_string()
    }
}
