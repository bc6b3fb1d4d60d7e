//! An intermediate that was signed elsewhere: the same rules, judged on the finished certificate.

use super::intermediate::Target;
use super::root::certificate_record;
use super::{Estate, Outcome, trust};
use crate::error::{Error, Result, none_of};
use crate::journal::{Act, Record};
use crate::model::{
    name::ObjectRef,
    rule::{Finding, Rule},
};
use crate::pki::{
    chain::Anchor,
    inspect::Certificate,
    issuer::Issuer,
    lint::{self, Extras},
    pem,
    profile::{Draft, Profile, Serial},
};
use crate::store::Output;

/// Files a chain: the intermediate for the key that was requested, its issuers, a self-signed root.
///
/// # Errors
/// CONTRADICTION; CHAIN-REJECTED, when the order or a signature is wrong; every rule that applies
/// to an intermediate of ours, but for extensions that are not critical.
pub fn import(
    estate: &mut Estate,
    asked: &ObjectRef,
    file: &str,
    bytes: &[u8],
) -> Result<Outcome<(ObjectRef, Certificate)>> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    let chain = pem::read_certificates(file, bytes)?;
    let chain: Vec<Certificate> =
        chain.into_iter().map(|der| Certificate::parse(file, der)).collect::<Result<_>>()?;
    let certificate = chain[0].clone();
    if let Some(there) = target.certificate(estate)? {
        if there.der == certificate.der {
            return Ok(Outcome::AlreadyThere((target.object, there)));
        }
        let message = format!("{} has another certificate already", target.object);
        return Err(super::estate::contradiction(message).into());
    }
    let result = judge(estate, &target, &chain);
    result.map_err(|error| estate.refuse(&target.object, error))?;
    let act = Act::IntermediateImport;
    let issuer = issuer_of(estate, &chain);
    let record = certificate_record(act, &target.object, &certificate, issuer.as_ref());
    let record = Record { declaration: Some(target.declaration.clone()), ..record };
    let ders: Vec<&[u8]> = chain.iter().map(|certificate| certificate.der.as_slice()).collect();
    let dir = target.dir();
    let outputs = vec![
        Output::public(format!("{dir}/cert.pem"), pem::certificate(ders[0])?),
        Output::public(format!("{dir}/chain.pem"), pem::certificates(ders)?),
    ];
    estate.stage(outputs, vec![record])?;
    estate.commit(trust::derived(estate)?, Vec::new())?;
    Ok(Outcome::Done((target.object, certificate)))
}

/// Our root, when it signed the chain.
fn issuer_of(estate: &Estate, chain: &[Certificate]) -> Option<ObjectRef> {
    let root = chain.get(1)?;
    let history = estate.history();
    let record = history
        .certificates()
        .find(|record| record.fingerprint.as_deref() == Some(root.fingerprint().as_str()))?;
    record.object.parse().ok()
}

fn judge(estate: &Estate, target: &Target, chain: &[Certificate]) -> Result<()> {
    let request = target.filed_request(estate)?.ok_or_else(|| {
        let object = &target.object.scope;
        Error::failed(format!("{object} has no request, so the chain cannot be compared with it"))
            .hint(format!("rootward intermediate request {object}"))
    })?;
    links(chain)?;
    let certificate = &chain[0];
    let facts = &certificate.facts;
    let issuer = Issuer::new(ObjectRef::root(1), chain[1].clone(), false)?;
    let draft = Draft {
        profile: Profile::of_intermediate(&target.environment),
        subject: target.subject(estate)?,
        key: request.key.clone(),
        serial: Serial([1; 17]),
        not_before: facts.not_before,
        not_after: facts.not_after,
        lifetime: target.intermediate.lifetime,
    };
    let mut findings = lint::certificate(facts, &draft, Some(&issuer), Extras::NotCritical);
    // A signer elsewhere hashes as it likes and names as the request does.
    let subject_as_requested = facts.cn() == request.cn() && !facts.cn().is_empty();
    findings.retain(|finding| match finding.rule {
        Rule::SignatureAlgorithm => !allowed(&facts.signature_algorithm),
        Rule::SubjectForm => !subject_as_requested,
        _ => true,
    });
    let now = estate.context.now();
    if now > facts.not_after || now < facts.not_before {
        findings.push(Rule::ValidityBounds.found("the certificate is not valid now"));
    }
    let candidate = crate::journal::history::Candidate {
        object: &target.object,
        serial: &facts.serial,
        key: &crate::pki::inspect::sha256(&facts.key.spki),
        cn: facts.cn(),
        uri: None,
    };
    findings.extend(estate.history().collisions(&candidate));
    none_of(findings)
}

fn allowed(oid: &str) -> bool {
    crate::pki::request::SIGNATURES.contains(&oid)
}

/// Each certificate signed by the next, the last by itself.
pub fn links(chain: &[Certificate]) -> Result<(), Finding> {
    let rejected = |why: &str| Err(Rule::ChainRejected.found(why));
    let Some((root, _)) = chain.split_last().filter(|(_, below)| !below.is_empty()) else {
        return rejected("got one certificate, expected the intermediate and its issuers");
    };
    for pair in chain.windows(2) {
        let (child, parent) = (&pair[0], &pair[1]);
        if child.facts.issuer != parent.facts.subject || !child.is_signed_by(&parent.facts.key) {
            return rejected("a certificate is not signed by the one after it");
        }
        if !parent.facts.is_ca {
            return rejected("an issuer in the chain is no CA");
        }
    }
    if !root.is_self_issued() || !root.is_signed_by(&root.facts.key) {
        return rejected("the last certificate is no self-signed root");
    }
    match Anchor::new(root) {
        Ok(_) => Ok(()),
        Err(error) => Err(Rule::ChainRejected.found(error.messages().join(": "))),
    }
}
