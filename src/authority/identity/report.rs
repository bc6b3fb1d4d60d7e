//! What became of the identities that were asked for.

use crate::error::Result;
use crate::model::name::ObjectRef;
use time::OffsetDateTime;

/// What became of one identity.
#[derive(Debug)]
pub struct Report {
    /// `ENV/NAME`, without a generation.
    pub object: ObjectRef,
    /// A refusal of this one identity stops no other.
    pub result: Result<State>,
}

/// How it stands with an identity that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// It has a new certificate.
    Issued { not_after: OffsetDateTime },
    /// It has a certificate as declared with at least a third of its life left.
    Current { not_after: OffsetDateTime },
    /// Its key is made on its host; bring the request.
    WaitsForRequest,
    /// It was revoked for a reason that is about the identity: it gets no other certificate.
    Revoked { reason: String },
}
