//! An issued certificate is judged, and put beside its key.

use super::versions::{self, Access, Content};
use super::{KEY, exposure, request, user::User};
use crate::context::Rng;
use crate::custody::Signer;
use crate::error::{Error, Result};
use crate::journal::chain::timestamp;
use crate::model::{name::Name, rule::Rule, text::clean};
use crate::pki::{
    chain::{self, Anchor},
    inspect::Certificate,
    pem,
};
use crate::store::file::{place::Place, shown};
use time::OffsetDateTime;

/// The names of the files, where they come from and where they go.
pub const CERTIFICATE: &str = "cert.pem";
pub const CHAIN: &str = "chain.pem";
pub const TRUST: &str = "trust.pem";

/// Whose certificate it is to be, and what was brought. Of the files only the certificates are
/// taken: whatever else is in them stays where it is.
pub struct Asked<'a> {
    /// The identity.
    pub name: &'a Name,
    /// The directory of the key.
    pub place: &'a Place,
    /// Whose the key is.
    pub user: &'a User,
    /// To whom the files are to belong.
    pub access: Access,
    /// The leaf.
    pub certificate: Vec<u8>,
    /// The leaf and what is above it.
    pub chain: Vec<u8>,
    /// Roots; without them those that are in place count.
    pub trust: Option<Vec<u8>>,
    /// When it is to be valid.
    pub now: OffsetDateTime,
}

/// What is in place now.
pub struct Installed {
    /// Was anything changed?
    pub is_new: bool,
    /// The leaf.
    pub certificate: Certificate,
    /// The names of the files.
    pub files: Vec<&'static str>,
}

/// Judges and installs, all or nothing.
///
/// # Errors
/// KEY-EXPOSED, CERTIFICATE-FOREIGN, CERTIFICATE-DATES, CHAIN-REJECTED; CONTRADICTION, when a name is
/// a link to elsewhere; failed, when there is no key, and as the disk says.
pub fn install(asked: &Asked, rng: &Rng) -> Result<Installed> {
    let Asked { name, place, user, access, .. } = asked;
    exposure::directories(place, user)?;
    let _lock = place.lock()?;
    place.clean(KEY)?;
    let certificate = leaf(asked)?;
    let path = shown(&place.path().join(KEY));
    let key = request::key(place, user, rng)?.ok_or_else(|| {
        Error::failed(format!("{path} is not there, expected the key of {name}"))
            .hint(format!("the key is made where it is used: rootward identity request {name}"))
    })?;
    if key.public().spki != certificate.facts.key.spki {
        let message = format!("the certificate is for another key than {path}");
        return Err(Rule::CertificateForeign.found(message).into());
    }
    let trust = match &asked.trust {
        Some(trust) => Some(trust.clone()),
        None => versions::read(place, TRUST)?,
    };
    above(asked, &certificate, trust.as_deref())?;
    let mut files: Vec<Content> = vec![
        (CERTIFICATE, pem::certificate(&certificate.der)?.into_bytes()),
        (CHAIN, certificates(CHAIN, &asked.chain)?),
    ];
    if let Some(trust) = trust {
        files.push((TRUST, certificates(TRUST, &trust)?));
    }
    let is_new = !versions::is_installed(place, &files, *access)?;
    match is_new {
        true => versions::install(place, &files, *access)?,
        false => versions::clean(place)?,
    }
    Ok(Installed { is_new, certificate, files: files.iter().map(|(name, _)| *name).collect() })
}

/// The certificates of a file, and nothing else of it.
fn certificates(file: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let ders = pem::read_certificates(file, bytes)?;
    Ok(pem::certificates(ders.iter().map(Vec::as_slice))?.into_bytes())
}

/// One certificate, of this identity, valid now.
fn leaf(asked: &Asked) -> Result<Certificate> {
    let mut ders = pem::read_certificates(CERTIFICATE, &asked.certificate)?;
    let count = ders.len();
    let der = ders.pop().filter(|_| count == 1).ok_or_else(|| {
        Error::failed(format!("{CERTIFICATE} has {count} certificates, expected one"))
            .hint(format!("the whole chain is in {CHAIN}"))
    })?;
    let certificate = Certificate::parse(CERTIFICATE, der)?;
    let facts = &certificate.facts;
    if facts.cn() != asked.name.as_str() || facts.is_ca {
        let (got, name) = (clean(facts.cn()), asked.name);
        let message = format!("the certificate is that of {got:?}, expected CN = {name}");
        return Err(Rule::CertificateForeign.found(message).into());
    }
    if asked.now < facts.not_before || asked.now > facts.not_after {
        let (from, until) = (timestamp(facts.not_before), timestamp(facts.not_after));
        let now = timestamp(asked.now);
        let message = format!("it is valid from {from} until {until}, and it is {now}");
        return Err(Rule::CertificateDates.found(message).into());
    }
    Ok(certificate)
}

/// The chain is this leaf's own, and leads to one of the roots, where there are any.
fn above(asked: &Asked, leaf: &Certificate, trust: Option<&[u8]>) -> Result<()> {
    let parse = |file: &str, bytes: &[u8]| -> Result<Vec<Certificate>> {
        let ders = pem::read_certificates(file, bytes)?;
        ders.into_iter().map(|der| Certificate::parse(file, der)).collect()
    };
    let certificates = parse(CHAIN, &asked.chain)?;
    let foreign = |why: &str| Err(Rule::CertificateForeign.found(format!("{CHAIN} {why}")).into());
    let above: Vec<&Certificate> = match certificates.split_first() {
        Some((first, _)) if first != leaf => {
            return foreign(&format!("does not begin with the certificate of {CERTIFICATE}"));
        }
        Some((_, [])) | None => return foreign("ends with the certificate, expected its issuer"),
        Some((_, above)) => above.iter().collect(),
    };
    if let Some(issuer) = above.first() {
        chain::signed(issuer, &leaf.der)?;
    }
    let Some(trust) = trust else { return Ok(()) };
    let mut rejected = Ok(());
    for root in parse(TRUST, trust)? {
        let accepted = chain::accepts_through(&Anchor::new(&root)?, &above, leaf, asked.now);
        match accepted {
            Ok(()) => return Ok(()),
            Err(error) => rejected = Err(error),
        }
    }
    rejected
}
