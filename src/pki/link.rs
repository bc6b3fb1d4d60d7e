//! Root key update (RFC 9810 section 4.4, before it RFC 4210 section 4.4): the two certificates by
//! which an old and a new root vouch for each other's key.
//!
//! "New with new" is the new root itself. "New with old" is the new root's key signed by the old
//! root: with it, who trusts the old root alone verifies what is under the new one. "Old with new"
//! is the reverse.
//!
//! # Dates
//!
//! Section 4.4.1: "new with old" begins with "new with new" and ends at the latest with "old with
//! old"; "old with new" has the validity of "old with old". So it begins before its issuer does,
//! and nothing under the old key outlives it. Since nothing outlives its issuer, either, a new root
//! that ends before the old one is refused.
//!
//! # Names
//!
//! The RFC presumes that both roots have one name: the verifier checks that "the subject and issuer
//! fields match" (section 4.4.2). It notes that in practice a new root may have a slightly
//! different name that says its generation, and leaves such a pair out of its scope. In RFC 5280
//! section 3.2, links of one name are self-issued certificates, links of two are cross-certificates.
//!
//! rootward gives each generation its own name, and so makes cross-certificates with the RFC's
//! dates. openssl, GnuTLS, NSS, pyca/cryptography and Go verified every chain with one name as with
//! two (roots and links have no path length, which is all that self-issued certificates are exempt
//! from). But CRLs are found by their issuer's name: with one name for two roots, a revoked
//! intermediate of the old root is accepted by GnuTLS when it has both roots' CRLs (it keeps one for
//! each name), and by openssl when it has the new root's alone. With two names neither happens;
//! `tests/links.rs` shows both.
//!
//! # What a relying party needs
//!
//! Besides the leaf and its intermediate: "new with old" when it trusts the old root alone and the
//! leaf is under the new one, "old with new" in the reverse case, neither when it trusts both roots.
//! More links than are needed do no harm.
//!
//! One that checks CRLs needs those of every issuer on the path: of the intermediate, of the root
//! that signed the intermediate, and of the trust anchor, which can revoke the link. The old root's
//! CRL is signed with the old key for as long as anything under it is valid; the link certifies the
//! key that verifies it.

use super::inspect::Certificate;
use super::issue::{self, Linted};
use super::issuer::Issuer;
use super::profile::{Draft, Link, LinkKind, Profile, Serial};
use super::subject::Subject;
use crate::context::Rng;
use crate::error::Result;
use crate::journal::History;
use crate::model::span::Span;
use time::OffsetDateTime;

/// Both link certificates, judged and not yet signed.
#[derive(Debug)]
pub struct Links {
    /// To be signed by the old root.
    pub new_with_old: Linted,
    /// To be signed by the new root.
    pub old_with_new: Linted,
}

/// Drafts and judges both links between two roots.
///
/// # Errors
/// A refusal with every rule that objects to the first, or else to the second; failed, when there is
/// no randomness.
pub fn lint(
    old: &Issuer,
    new: &Issuer,
    history: &History,
    now: OffsetDateTime,
    rng: &Rng,
) -> Result<Links> {
    Ok(Links {
        new_with_old: lint_one(LinkKind::NewWithOld, new, old, history, now, rng)?,
        old_with_new: lint_one(LinkKind::OldWithNew, old, new, history, now, rng)?,
    })
}

/// Drafts and judges the link that stands for `root` under `signer`.
///
/// # Errors
/// As for [`lint`].
pub fn lint_one(
    kind: LinkKind,
    root: &Issuer,
    signer: &Issuer,
    history: &History,
    now: OffsetDateTime,
    rng: &Rng,
) -> Result<Linted> {
    let draft = draft(kind, &root.certificate, &signer.certificate, Serial::random(rng)?);
    // The key and the name are those of the root: it is the root that is certified again.
    issue::lint(&root.object, &draft, Some(signer), history, now)
}

/// The link certificate that stands for `root` under `signer`, as long as it may be.
pub fn draft(kind: LinkKind, root: &Certificate, signer: &Certificate, serial: Serial) -> Draft {
    let facts = &root.facts;
    let not_before = facts.not_before;
    let not_after = match kind {
        LinkKind::NewWithOld => signer.facts.not_after,
        LinkKind::OldWithNew => facts.not_after,
    };
    // Nobody declares how long a link lasts: LINK-DATES says it to the second, this rounds it up.
    let days = (not_after - not_before).whole_days() + 2;
    Draft {
        profile: Profile::Link(Box::new(Link { kind, root: root.clone() })),
        subject: Subject::read(&facts.attributes),
        key: facts.key.clone(),
        serial,
        not_before,
        not_after,
        lifetime: Span::days(u32::try_from(days).unwrap_or(0)),
    }
}
