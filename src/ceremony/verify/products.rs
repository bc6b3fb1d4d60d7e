//! What a response brings: every entry has its file, every file its entry.

use crate::authority::ca::ca_dir;
use crate::authority::{Estate, link};
use crate::ceremony::response::{Response, changed};
use crate::ceremony::steps::{Made, Product};
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::name::ObjectRef;
use crate::pki::{
    crl::Crl,
    inspect::{Certificate, sha256},
    pem,
};

/// Every entry has its file, every file its entry.
pub fn made(file: &str, response: &Response, records: &[Record]) -> Result<Vec<Made>> {
    let mut files: Vec<_> = response.files.iter().collect();
    let mut made = Vec::new();
    for record in records.iter().filter(|record| !record.act.is_aside()) {
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
pub fn root(estate: &Estate, made: &[Made], object: &ObjectRef) -> Result<Certificate> {
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
