//! The two rules that only link certificates have; all the others hold for them, too, but for two
//! about their beginning, which LINK-DATES takes the place of.

use crate::journal::chain::timestamp;
use crate::model::rule::{Finding, Rule};
use crate::pki::inspect::Facts;
use crate::pki::issuer::Issuer;
use crate::pki::profile::{Link, LinkKind};
use time::OffsetDateTime;

/// RFC 9810 section 4.4.1: "new with old" begins with "new with new", and ends at the latest with
/// "old with old" (OUTLIVES-ISSUER); "old with new" has the validity of "old with old".
pub fn dates(facts: &Facts, link: &Link, findings: &mut Vec<Finding>) {
    let root = &link.root.facts;
    let mut found = |what: &str, got: OffsetDateTime, expected: &str, of: OffsetDateTime| {
        findings.push(Rule::LinkDates.found(format!(
            "got {what} {}, expected {expected}{} (the root it stands for)",
            timestamp(got),
            timestamp(of)
        )));
    };
    if facts.not_before != root.not_before {
        found("a beginning", facts.not_before, "", root.not_before);
    }
    match link.kind {
        LinkKind::OldWithNew if facts.not_after != root.not_after => {
            found("an end", facts.not_after, "", root.not_after);
        }
        LinkKind::NewWithOld if facts.not_after > root.not_after => {
            found("an end", facts.not_after, "at most ", root.not_after);
        }
        _ => {}
    }
}

/// Is it signed during its validity? It begins with its root, which may be years ago.
pub fn in_force(facts: &Facts, now: OffsetDateTime) -> Option<Finding> {
    let (begin, end) = (facts.not_before, facts.not_after);
    let outside = now < begin || now > end;
    outside.then(|| {
        Rule::LinkDates.found(format!(
            "it is valid from {} to {}, and now is {}",
            timestamp(begin),
            timestamp(end),
            timestamp(now)
        ))
    })
}

/// It is its root, under another root of another name.
pub fn pair(facts: &Facts, link: &Link, issuer: Option<&Issuer>, findings: &mut Vec<Finding>) {
    let root = &link.root.facts;
    let mut found = |message: String| findings.push(Rule::LinkPair.found(message));
    let usages = |facts: &Facts| {
        let extended = facts.extended_key_usage.clone();
        (facts.is_ca, facts.path_length, facts.key_usage, extended)
    };
    let same = [
        ("name", facts.subject == root.subject),
        ("public key", facts.key.spki == root.key.spki),
        ("key identifier", facts.subject_key_id == root.subject_key_id),
        ("usages", usages(facts) == usages(root)),
    ];
    for (what, _) in same.iter().filter(|(_, same)| !same) {
        found(format!("its {what} differs from that of the root it stands for"));
    }
    let roots = [Some(&link.root), issuer.map(|issuer| &issuer.certificate)];
    for certificate in roots.into_iter().flatten() {
        if !certificate.is_self_issued() || !certificate.is_signed_by(&certificate.facts.key) {
            found(format!("{:?} is no root: it is not self-signed", certificate.facts.cn()));
        }
    }
    if facts.subject == facts.issuer {
        found(format!("both roots have the name {:?}", root.cn()));
    }
}
