//! The steps of a plan, carried out one after the other: each is staged, and written with the
//! others or not at all.

use super::plan::{Plan, Step};
use super::transcript::Transcript;
use crate::authority::{Estate, Keys, crl, intermediate, root};
use crate::error::{Error, Result, none_of};
use crate::journal::chain::timestamp;
use crate::model::{
    name::ObjectRef,
    rule::{Finding, Rule},
    text::colons,
};
use crate::pki::{crl::Crl, inspect::Certificate, subject::shown};
use ring::digest::{SHA256, digest};

/// What one step made.
pub struct Made {
    /// Whose it is.
    pub object: ObjectRef,
    pub product: Product,
}

/// A certificate or a CRL.
pub enum Product {
    Certificate(Box<Certificate>),
    Crl(Box<Crl>),
}

/// Carries out every step with the keys at hand. Nothing is written.
///
/// # Errors
/// Every rule of issuing and of CRLs; PLAN-DIFFERS, when what would be signed is not what the plan
/// says.
pub fn perform<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    plan: &Plan,
    transcript: &mut Transcript,
) -> Result<Vec<Made>> {
    let mut all = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let made = one(estate, keys, step)?;
        let agrees = differences(step, &made);
        none_of(agrees)?;
        let kind = format!("step {}", index + 1);
        transcript.note(&kind, &format!("{} {}", step.act(), made.object))?;
        for line in made.lines() {
            transcript.note("", &line)?;
        }
        for note in keys.notes() {
            transcript.note("custody", &note)?;
        }
        all.push(made);
    }
    Ok(all)
}

fn one<'c>(estate: &mut Estate<'c>, keys: &mut Keys<'_, 'c>, step: &Step) -> Result<Made> {
    let object = step.object().clone();
    let product = match step {
        Step::RootCreate { object, not_after, crl_next_update, .. } => {
            let ends = (*not_after, *crl_next_update);
            Product::Certificate(Box::new(root::step(estate, keys, object, ends)?))
        }
        Step::IntermediateSign { object, request, not_after, .. } => {
            let target = intermediate::Target::find(estate, object)?;
            let filed = target.filed_request(estate)?.map(|filed| filed.digest());
            if filed.as_deref() != Some(request) {
                let message = format!("the request of {object} is not the one that was planned");
                return Err(Rule::PlanDiffers.found(message).into());
            }
            let made = intermediate::step(estate, keys, object, *not_after)?;
            Product::Certificate(Box::new(made))
        }
        Step::CrlIssue { object, next_update, .. } => {
            Product::Crl(Box::new(crl::step(estate, keys, object, *next_update)?))
        }
    };
    Ok(Made { object, product })
}

/// What the plan said of it and is not so.
pub fn differences(step: &Step, made: &Made) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut compare = |what: &str, got: String, planned: String| {
        if got != planned {
            let object = &made.object;
            let message = format!("{object}: {what} is {got}, planned was {planned}");
            findings.push(Rule::PlanDiffers.found(message));
        }
    };
    match (step, &made.product) {
        (
            Step::RootCreate { subject, algorithm, not_after, .. }
            | Step::IntermediateSign { subject, algorithm, not_after, .. },
            Product::Certificate(certificate),
        ) => {
            let facts = &certificate.facts;
            compare("the subject", shown(&facts.attributes), subject.clone());
            compare("the key", facts.key.algorithm.to_string(), algorithm.clone());
            compare("the end", timestamp(facts.not_after), timestamp(*not_after));
        }
        (Step::CrlIssue { number, next_update, revoked, .. }, Product::Crl(crl)) => {
            compare("the number", crl.number.to_string(), number.to_string());
            compare("the next update", timestamp(crl.next_update), timestamp(*next_update));
            let serials: Vec<&str> = crl.revoked.iter().map(|entry| &*entry.serial).collect();
            compare("what it revokes", serials.join(" "), revoked.join(" "));
        }
        _ => compare("what was made", "something else".into(), step.act().into()),
    }
    findings
}

impl Made {
    /// What people read aloud and compare.
    pub fn lines(&self) -> Vec<String> {
        match &self.product {
            Product::Certificate(certificate) => {
                let facts = &certificate.facts;
                let (from, to) = (timestamp(facts.not_before), timestamp(facts.not_after));
                let mut lines = vec![
                    format!("subject {}", shown(&facts.attributes)),
                    format!("serial {}", facts.serial),
                    format!("valid {from} to {to}"),
                ];
                lines.extend(fingerprint(&certificate.der));
                lines
            }
            Product::Crl(crl) => {
                let (from, to) = (timestamp(crl.this_update), timestamp(crl.next_update));
                let mut lines =
                    vec![format!("CRL number {}", crl.number), format!("valid {from} to {to}")];
                let revoked = crl.revoked.iter();
                lines.extend(revoked.map(|entry| format!("revokes serial {}", entry.serial)));
                lines.extend(fingerprint(&crl.der));
                lines
            }
        }
    }

    /// # Errors
    /// Failed, when it is a CRL.
    pub fn certificate(self) -> Result<(ObjectRef, Certificate)> {
        match self.product {
            Product::Certificate(certificate) => Ok((self.object, *certificate)),
            Product::Crl(_) => Err(Error::failed("got a CRL, expected a certificate")),
        }
    }

    /// # Errors
    /// Failed, when it is a certificate.
    pub fn crl(self) -> Result<(ObjectRef, Crl)> {
        match self.product {
            Product::Crl(crl) => Ok((self.object, *crl)),
            Product::Certificate(_) => Err(Error::failed("got a certificate, expected a CRL")),
        }
    }
}

/// SHA-256 in two lines of sixteen pairs.
fn fingerprint(der: &[u8]) -> [String; 2] {
    let hex = colons(digest(&SHA256, der).as_ref());
    let (first, second) = hex.split_at(48);
    [format!("SHA-256 {}", first.trim_end_matches(':')), format!("        {second}")]
}
