//! One certificate, with its files and its record.

use super::plan::{Task, identity_dir};
use crate::authority::Estate;
use crate::authority::root::certificate_record;
use crate::custody::{
    Signer,
    soft::{self},
};
use crate::error::Result;
use crate::journal::{Act, History, Record};
use crate::model::{identity::Identity, key::Algorithm};
use crate::pki::{
    inspect::Certificate,
    issue,
    issuer::Issuer,
    pem,
    profile::{Draft, Profile},
    request::Request,
    subject::Subject,
};
use crate::store::{Output, layout};
use time::OffsetDateTime;

/// A certificate that is made but not yet written.
pub(super) struct Made {
    pub(super) outputs: Vec<Output>,
    pub(super) record: Record,
    pub(super) not_after: OffsetDateTime,
}

pub(super) fn make(
    estate: &Estate,
    issuer: &Issuer,
    above: &str,
    signer: &dyn Signer,
    history: &History,
    task: &Task,
    request: Option<&Request>,
) -> Result<Made> {
    let Task { identity, object, declaration, .. } = task;
    let context = estate.context;
    let dir = identity_dir(identity);
    let mut outputs = Vec::with_capacity(4);
    let key = match request {
        Some(request) => request.key.clone(),
        None => {
            let pkcs8 = soft::generate(Algorithm::P256, context.rng)?;
            outputs.push(Output::secret(format!("{dir}/key.pem"), pem::private_key(&pkcs8)?));
            soft::public_of_generated(Algorithm::P256, &pkcs8, context.rng)?
        }
    };
    let draft = Draft::new(
        Profile::of_leaf(identity),
        Subject::of_leaf(&identity.name),
        key,
        identity.lifetime,
        context.now(),
        context.rng,
    )?;
    let linted = issue::lint(object, &draft, Some(issuer), history, context.now())?;
    let certificate = linted.sign(Some(issuer), signer)?;
    outputs.extend(leaf_outputs(&certificate, above, identity)?);
    let record = certificate_record(Act::IdentityIssue, object, &certificate, Some(&issuer.object));
    let declaration = Some(declaration.clone());
    let record = Record { request: request.map(Request::digest), declaration, ..record };
    Ok(Made { outputs, record, not_after: certificate.facts.not_after })
}

/// `cert.pem`, `chain.pem` (what a TLS peer is sent: leaf, intermediate and links, no root) and the copy
/// in `issued`.
fn leaf_outputs(leaf: &Certificate, above: &str, identity: &Identity) -> Result<[Output; 3]> {
    let dir = identity_dir(identity);
    let certificate = pem::certificate(&leaf.der)?;
    let current = format!("{dir}/cert.pem");
    let chain = format!("{certificate}{above}");
    let issued = layout::issued(&identity.environment, &leaf.facts.serial);
    Ok([
        Output::public(issued, certificate.clone()).twin_of(&current),
        Output::public(current, certificate),
        Output::public(format!("{dir}/chain.pem"), chain),
    ])
}
