//! One product by the rules of issuing, as if it were to be signed here.

use super::products::root;
use crate::authority::{Estate, intermediate, link};
use crate::ceremony::plan::Step;
use crate::ceremony::response::changed;
use crate::ceremony::steps::{Made, Product};
use crate::error::{Result, none_of};
use crate::model::{
    name::ObjectRef,
    rule::{Finding, Rule},
    span::Span,
};
use crate::pki::{
    self, chain,
    crl::{self, Crl},
    inspect::Certificate,
    issuer::Issuer,
    lint::{self, Extras},
    profile::{Draft, Profile, Serial},
    subject::Subject,
};

/// One product by the rules of issuing, and its signature by two implementations.
pub fn one(
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
        lifetime: Span::days(1),
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
