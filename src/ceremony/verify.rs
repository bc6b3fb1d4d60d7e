//! A response against its plan: every line, every byte, every signature; with a second
//! implementation.

use super::conclude::{JOURNAL, Reached, closing};
use super::plan::{Reviewed, Step};
use super::response::Response;
use super::steps::{self, Made, Product};
use super::transcript;
use crate::authority::ca::ca_dir;
use crate::authority::{Estate, intermediate, link};
use crate::error::{Error, Result, none_of};
use crate::journal::{Act, Journal, Record};
use crate::model::{
    name::ObjectRef,
    rule::{Finding, Rule},
};
use crate::pki::{
    self, chain,
    crl::{self, Crl},
    inspect::{Certificate, sha256},
    issuer::Issuer,
    lint::{self, Extras},
    pem,
    profile::{Draft, Profile, Serial},
    subject::Subject,
};

/// A response that holds.
pub struct Verified {
    /// What the ceremony made, in the order of its journal.
    pub made: Vec<Made>,
    /// Which root signed the transcript.
    pub signed_by: ObjectRef,
    /// Its certificate.
    pub root: Certificate,
}

fn changed(why: impl std::fmt::Display) -> Error {
    Rule::ResponseChanged.found(why).into()
}

/// Checks a response by itself and against the plan, the declarations and the root that this
/// workspace knows. `file` is only for messages.
///
/// # Errors
/// RESPONSE-FOREIGN, RESPONSE-CHANGED, TRANSCRIPT-CHANGED, PLAN-DIFFERS, CHAIN-REJECTED, and every
/// rule of issuing.
pub fn verify(
    estate: &Estate,
    plan: &Reviewed,
    file: &str,
    response: &Response,
) -> Result<Verified> {
    if response.plan != plan.digest {
        let message = format!(
            "{file} is about the plan {}…, the plan here is {}…",
            response.plan.get(..16).unwrap_or("none"),
            &plan.digest[..16]
        );
        return Err(Rule::ResponseForeign.found(message).into());
    }
    let records = records(plan, file, response)?;
    let made = products(file, response, &records)?;
    let closing = records.last().ok_or_else(|| changed(format!("{file} has no journal")))?;
    let signed_by: ObjectRef = closing.object.parse().map_err(changed)?;
    let root = root(estate, &made, &signed_by)?;
    if transcript::plan_of(&response.transcript) != Some(plan.digest.as_str()) {
        let message = format!("{file}: the transcript is of another plan");
        return Err(Rule::TranscriptChanged.found(message).into());
    }
    transcript::verify(&format!("{file} (transcript)"), &response.transcript, &root.facts.key)?;
    signed_journal(plan, file, response, &records)?;
    let held = |record: &Record| record.plan.as_ref() == Some(&plan.digest);
    let is_filed = estate.journal.records.iter().any(held);
    let mut rest = made.as_slice();
    for step in &plan.plan.steps {
        let own;
        (own, rest) = rest.split_at(step.records().len().min(rest.len()));
        none_of(steps::differences(step, own))?;
        own.iter().try_for_each(|product| judge(estate, is_filed, step, product, &made))?;
    }
    Ok(Verified { made, signed_by, root })
}

/// The entries, which must be those of the plan's steps, in order, and the one that closes them.
fn records(plan: &Reviewed, file: &str, response: &Response) -> Result<Vec<Record>> {
    let before = &plan.plan.journal;
    if (response.number, response.since, &response.follows)
        != (plan.plan.number, before.entries, &before.head)
    {
        return Err(changed(format!("{file} does not continue the journal as the plan does")));
    }
    let name = format!("{file} (journal)");
    let records = Journal::segment(&name, before.entries, &before.head, &response.lines);
    let records = records.map_err(|error| changed(error.messages().join(": ")))?;
    let aside = |record: &&Record| !record.act.is_aside();
    let own: Vec<&Record> = records.iter().filter(aside).collect();
    let Some((closing, own)) = own.split_last() else {
        return Err(changed(format!("{file}: the journal does not close with a ceremony")));
    };
    let digest = sha256(response.transcript.as_bytes());
    if closing.act != Act::Ceremony
        || closing.plan.as_ref() != Some(&plan.digest)
        || closing.transcript.as_ref() != Some(&digest)
    {
        return Err(changed(format!("{file}: the journal does not close with this transcript")));
    }
    let planned: Vec<(Act, String)> = plan
        .plan
        .steps
        .iter()
        .flat_map(Step::records)
        .map(|(act, object)| (act, object.to_string()))
        .collect();
    let recorded: Vec<(Act, String)> =
        own.iter().map(|record| (record.act, record.object.clone())).collect();
    if planned != recorded {
        return Err(changed(format!("{file}: the journal's entries are not the plan's steps")));
    }
    Ok(records)
}

/// Every entry is under the root's signature: the transcript names the hash of the last but one, and
/// the last is what it has to be.
fn signed_journal(
    plan: &Reviewed,
    file: &str,
    response: &Response,
    records: &[Record],
) -> Result<()> {
    let [.., last, closes] = records else {
        return Err(changed(format!("{file}: the journal has no entry of the ceremony")));
    };
    let reached = Reached { entries: last.seq, head: &last.hash };
    let expected = reached.lines(&plan.plan.journal).join(" ");
    if transcript::said(&response.transcript, JOURNAL).as_ref() != Some(&expected) {
        let message = "its journal is not the one that the signed transcript names";
        return Err(changed(format!("{file}: {message}")));
    }
    let expected = Record {
        seq: closes.seq,
        time: last.time.clone(),
        host: last.host.clone(),
        user: last.user.clone(),
        prev: closes.prev.clone(),
        hash: closes.hash.clone(),
        ..closing(plan, &closes.object.parse().map_err(changed)?, &response.transcript)
    };
    if serde_json::to_string(&expected)? == serde_json::to_string(closes)? {
        return Ok(());
    }
    Err(changed(format!("{file}: the entry that closes its journal says more than it may")))
}

/// Every entry has its file, every file its entry.
fn products(file: &str, response: &Response, records: &[Record]) -> Result<Vec<Made>> {
    let mut files: Vec<_> = response.files.iter().collect();
    let mut made = Vec::new();
    for record in records.iter().filter(|record| record.act != Act::Abandoned) {
        let Some(fingerprint) = &record.fingerprint else { continue };
        let is_crl = record.act == Act::CrlIssue;
        let label = if is_crl { "X509 CRL" } else { "CERTIFICATE" };
        let object: ObjectRef = record.object.parse().map_err(changed)?;
        let path = match record.act {
            Act::CrlIssue => format!("{}/crl.pem", ca_dir(&object)),
            Act::RootLink => {
                let (root, issuer) = link::ends(record)?;
                link::path(&root, &issuer)
            }
            _ => format!("{}/cert.pem", ca_dir(&object)),
        };
        let at = files.iter().position(|content| content.path == path);
        let content = at.map(|at| files.swap_remove(at));
        let content = content.ok_or_else(|| changed(format!("{file} has no {path}")))?;
        let unlike = |error: Error| changed(format!("{file}: {}", error.messages().join(": ")));
        let der = pem::read_one(&path, label, content.text.as_bytes()).map_err(unlike)?;
        let is_plain = pem::encode(label, &der)? == content.text;
        let digest = sha256(content.text.as_bytes());
        if !is_plain || sha256(&der) != *fingerprint || digest != content.sha256 {
            return Err(changed(format!("{file}: {path} is not what its journal recorded")));
        }
        let product = match is_crl {
            true => Product::Crl(Box::new(Crl::parse(&path, der)?)),
            false => Product::Certificate(Box::new(Certificate::parse(&path, der)?)),
        };
        made.push(Made { object, product });
    }
    match files.first() {
        None => Ok(made),
        Some(content) => Err(changed(format!("{file}: {:?} is not in its journal", content.path))),
    }
}

/// The certificate of a root: made in this ceremony, or known here.
fn root(estate: &Estate, made: &[Made], object: &ObjectRef) -> Result<Certificate> {
    let new = made.iter().find_map(|made| match &made.product {
        Product::Certificate(certificate) if made.object == *object => {
            // A link stands for the same object.
            Some(certificate).filter(|certificate| certificate.is_self_issued())
        }
        _ => None,
    });
    match new {
        Some(certificate) => Ok((**certificate).clone()),
        None => estate.recorded_certificate(object, &ca_dir(object)),
    }
}

/// One product by the rules of issuing, and its signature by two implementations.
fn judge(
    estate: &Estate,
    is_filed: bool,
    step: &Step,
    product: &Made,
    made: &[Made],
) -> Result<()> {
    match (&product.product, step) {
        (Product::Crl(crl), _) => {
            let issuer = root(estate, made, &product.object)?;
            if crl.issuer != issuer.facts.subject || !crl.is_signed_by(&issuer.facts.key) {
                return Err(invalid(&product.object, "the CRL").into());
            }
            chain::signed(&issuer, &crl.der)?;
            // What was imported before is not compared with what came after it.
            let is_new = |there: &Crl| there.fingerprint() != crl.fingerprint();
            let previous = if is_filed { None } else { estate.crl(&product.object)? };
            let previous = previous.filter(is_new);
            let said = crl::Plan {
                number: crl.number,
                this_update: crl.this_update,
                next_update: crl.next_update,
                revoked: crl.revoked.clone(),
            };
            let issuer = Issuer::new(product.object.clone(), issuer, false)?;
            let findings = crl::lint(&said, &issuer, previous.as_ref(), &estate.history());
            none_of(findings)
        }
        (Product::Certificate(certificate), Step::IntermediateSign { object, issuer, .. }) => {
            let parent = root(estate, made, issuer)?;
            let target = intermediate::Target::find(estate, object)?;
            let request = target.filed_request(estate)?;
            let request =
                request.ok_or_else(|| changed(format!("{object} has no request here")))?;
            let profile = Profile::of_intermediate(&target.environment);
            let draft = Draft {
                lifetime: target.intermediate.lifetime,
                key: request.key.clone(),
                ..draft(profile, target.subject(estate)?, certificate)
            };
            let parent = Issuer::new(issuer.clone(), parent, false)?;
            none_of(lint::certificate(&certificate.facts, &draft, Some(&parent), Extras::None))?;
            signed(&product.object, certificate, &parent.certificate)
        }
        (Product::Certificate(certificate), Step::RootLink { object, issuer, .. }) => {
            let parent = root(estate, made, issuer)?;
            let of = root(estate, made, object)?;
            let serial = Serial::read(&certificate.facts.serial);
            let draft = pki::link::draft(link::kind(object, issuer), &of, &parent, serial);
            let parent = Issuer::new(issuer.clone(), parent, false)?;
            none_of(lint::certificate(&certificate.facts, &draft, Some(&parent), Extras::None))?;
            signed(object, certificate, &parent.certificate)
        }
        (Product::Certificate(certificate), _) => {
            let generation = product.object.generation.unwrap_or(1);
            let subject = Subject::of_root(&estate.root, generation);
            let lifetime = estate.root.lifetime.root;
            let draft = Draft { lifetime, ..draft(Profile::Root, subject, certificate) };
            none_of(lint::certificate(&certificate.facts, &draft, None, Extras::None))?;
            signed(&product.object, certificate, certificate)
        }
    }
}

fn draft(profile: Profile, subject: Subject, certificate: &Certificate) -> Draft {
    let facts = &certificate.facts;
    Draft {
        profile,
        subject,
        key: facts.key.clone(),
        serial: Serial::read(&facts.serial),
        not_before: facts.not_before,
        not_after: facts.not_after,
        lifetime: crate::model::span::Span::days(1),
    }
}

fn signed(object: &ObjectRef, certificate: &Certificate, by: &Certificate) -> Result<()> {
    if !certificate.is_signed_by(&by.facts.key) {
        return Err(invalid(object, "the certificate").into());
    }
    chain::signed(by, &certificate.der)
}

fn invalid(object: &ObjectRef, what: &str) -> Finding {
    Rule::SignatureInvalid.found(format!("{object}: {what} is not signed by its issuer"))
}
