//! The steps of a plan, carried out one after the other: each is staged, and written with the
//! others or not at all.

use super::plan::{Plan, Step};
use super::transcript::Transcript;
use crate::authority::{Estate, Keys, crl, intermediate, link, root, trust};
use crate::error::{Error, Result, none_of};
use crate::journal::{Act, chain::timestamp};
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
        let made = one(estate, keys, step);
        if made.is_err() {
            // What was refused on the way to it.
            transcript.custody(keys.notes())?;
        }
        let made = made?;
        none_of(differences(step, &made))?;
        let kind = format!("step {}", index + 1);
        transcript.note(&kind, &format!("{} {}", step.act(), step.object()))?;
        for line in made.iter().flat_map(Made::lines) {
            transcript.note("", &line)?;
        }
        transcript.custody(keys.notes())?;
        all.extend(made);
    }
    let derived = trust::derived(estate)?;
    estate.stage(derived, Vec::new())?;
    Ok(all)
}

/// In the order of [`Step::records`].
fn one<'c>(estate: &mut Estate<'c>, keys: &mut Keys<'_, 'c>, step: &Step) -> Result<Vec<Made>> {
    let products = match step {
        Step::RootCreate { object, not_after, crl_next_update, .. } => {
            if estate.history().certificate(object).is_some() {
                let message = format!("{object} is there already, and would be made again");
                return Err(Rule::PlanDiffers.found(message).into());
            }
            let ends = (*not_after, *crl_next_update);
            let (certificate, crl) = root::step(estate, keys, object, ends)?;
            vec![Product::Certificate(Box::new(certificate)), Product::Crl(Box::new(crl))]
        }
        Step::RootLink { object, issuer, .. } => {
            vec![Product::Certificate(Box::new(link::step(estate, keys, object, issuer)?))]
        }
        Step::IntermediateSign { object, issuer, request, not_after, .. } => {
            let target = intermediate::Target::find(estate, object)?;
            let signs = estate.in_force(&ObjectRef::newest_root());
            if *issuer != signs {
                let message = format!("{object} would be signed by {signs}, planned was {issuer}");
                return Err(Rule::PlanDiffers.found(message).into());
            }
            let filed = target.filed_request(estate)?.map(|filed| filed.digest());
            if filed.as_deref() != Some(request) {
                let message = format!("the request of {object} is not the one that was planned");
                return Err(Rule::PlanDiffers.found(message).into());
            }
            let made = intermediate::step(estate, keys, object, *not_after)?;
            vec![Product::Certificate(Box::new(made))]
        }
        Step::CrlIssue { object, next_update, .. } => {
            vec![Product::Crl(Box::new(crl::step(estate, keys, object, *next_update)?))]
        }
    };
    let made = |product| Made { object: step.object().clone(), product };
    Ok(products.into_iter().map(made).collect())
}

/// What the plan said of a step and is not so.
pub fn differences(step: &Step, made: &[Made]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut compare = |what: &str, got: String, planned: String| {
        if got != planned {
            let object = step.object();
            let message = format!("{object}: {what} is {got}, planned was {planned}");
            findings.push(Rule::PlanDiffers.found(message));
        }
    };
    let kinds = made.iter().map(Made::kind).collect::<Vec<_>>().join(" ");
    let records = step.records();
    let planned = records.iter().map(|(act, _)| match act {
        Act::CrlIssue => "crl",
        _ => "certificate",
    });
    compare("what was made", kinds, planned.collect::<Vec<_>>().join(" "));
    for one in made {
        match (step, &one.product) {
            (
                Step::RootCreate { subject, algorithm, not_after, .. }
                | Step::RootLink { subject, algorithm, not_after, .. }
                | Step::IntermediateSign { subject, algorithm, not_after, .. },
                Product::Certificate(certificate),
            ) => {
                let facts = &certificate.facts;
                compare("the subject", shown(&facts.attributes), subject.clone());
                compare("the key", facts.key.algorithm.to_string(), algorithm.clone());
                compare("the end", timestamp(facts.not_after), timestamp(*not_after));
            }
            (Step::RootCreate { crl_next_update, .. }, Product::Crl(crl)) => {
                let (next, planned) = (timestamp(crl.next_update), timestamp(*crl_next_update));
                compare("the next update", next, planned);
            }
            (Step::CrlIssue { number, next_update, revoked, .. }, Product::Crl(crl)) => {
                compare("the number", crl.number.to_string(), number.to_string());
                compare("the next update", timestamp(crl.next_update), timestamp(*next_update));
                let serials: Vec<&str> = crl.revoked.iter().map(|entry| &*entry.serial).collect();
                compare("what it revokes", serials.join(" "), revoked.join(" "));
            }
            _ => {}
        }
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

    /// What kind of thing it is.
    pub fn kind(&self) -> &'static str {
        match self.product {
            Product::Certificate(_) => "certificate",
            Product::Crl(_) => "crl",
        }
    }

    /// SHA-256 of its DER.
    pub fn fingerprint(&self) -> String {
        match &self.product {
            Product::Certificate(certificate) => certificate.fingerprint(),
            Product::Crl(crl) => crl.fingerprint(),
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
