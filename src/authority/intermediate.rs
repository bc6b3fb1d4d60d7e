//! Intermediates: the request, and the signature of the root under it.

use super::estate::{ca_dir, contradiction};
use super::root::certificate_record;
use super::{Estate, Outcome, Passphrases, crl::no_such};
use crate::custody::{Signer, sealed, soft};
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{
    environment::{Environment, Intermediate, KeyHome},
    name::{Name, ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{
    inspect::{Certificate, sha256},
    issue::{self, Issuer, Linted},
    pem, probe,
    profile::{Draft, Profile},
    request::Request,
    subject::Subject,
};
use crate::store::{Output, layout};

/// Which intermediate, in which environment, with which declaration.
pub struct Target {
    /// Always with its generation.
    pub object: ObjectRef,
    /// Where it is to issue.
    pub environment: Environment,
    /// SHA-256 of `environment.toml`.
    pub declaration: String,
    /// What is declared of it.
    pub intermediate: Intermediate,
    name: Name,
    generation: u32,
}

impl Target {
    /// The generation that was asked for, else the newest, else the first.
    ///
    /// # Errors
    /// Usage: not a declared intermediate, or a generation beyond the next one.
    pub fn find(estate: &Estate, asked: &ObjectRef) -> Result<Self> {
        let Scope::Member { environment, name } = &asked.scope else {
            return Err(Error::usage("got root, expected an intermediate ENV/NAME"));
        };
        let declared = estate.environment(environment)?;
        let intermediate = declared.environment.intermediate(name);
        let intermediate = intermediate.ok_or_else(|| no_such(estate, &asked.scope))?.clone();
        let newest = estate.history().generation(&asked.scope);
        let generation = asked.generation.unwrap_or(newest.max(1));
        if generation > newest + 1 {
            let next = ObjectRef { generation: Some(newest + 1), ..asked.clone() };
            let message = format!("got {asked}, expected at most {next}");
            return Err(Error::usage(message).hint(format!("rootward intermediate request {next}")));
        }
        Ok(Self {
            object: ObjectRef::member(environment, name).at(generation),
            environment: declared.environment.clone(),
            declaration: declared.hash.clone(),
            intermediate,
            name: name.clone(),
            generation,
        })
    }

    /// `ca/ENV/NAME/gN`.
    pub fn dir(&self) -> String {
        ca_dir(&self.object)
    }

    /// The request that was filed for it, if any.
    pub fn filed_request(&self, estate: &Estate) -> Result<Option<Request>> {
        let path = format!("{}/request.csr", self.dir());
        let bytes = estate.workspace.read_if_any(&path, crate::store::file::SMALL)?;
        let request = bytes.map(|bytes| Request::parse(&bytes)).transpose();
        request.map_err(|error| error.context(path))
    }

    /// The certificate, when it is signed already.
    pub fn certificate(&self, estate: &Estate) -> Result<Option<Certificate>> {
        match estate.history().certificate(&self.object) {
            None => Ok(None),
            Some(_) => estate.recorded_certificate(&self.object, &self.dir()).map(Some),
        }
    }

    /// The subject that its certificate gets.
    ///
    /// # Errors
    /// Usage, when the names are too long for it.
    pub fn subject(&self, estate: &Estate) -> Result<Subject> {
        Subject::of_intermediate(&estate.root, &self.environment.name, &self.name, self.generation)
    }

    /// Everything the rules ask of a request before it may be filed or signed.
    pub fn check_request(&self, estate: &Estate, request: &Request) -> Result<()> {
        let root = estate.active_generation(&Scope::Root).map(ObjectRef::root);
        let root =
            root.map(|root| estate.recorded_certificate(&root, &ca_dir(&root))).transpose()?;
        let subject = root.map(|root| root.facts.subject).unwrap_or_default();
        request.check_for_ca(&self.environment, &subject)?;
        let key = sha256(&request.key.spki);
        let history = estate.history();
        if let Some(record) = history.key_of_another(&key, &self.object) {
            let message = format!(
                "the key of this request was certified or requested for {} on {}",
                record.object, record.time
            );
            return Err(Rule::KeyReused.found(message).into());
        }
        Ok(())
    }

    fn record_request(&self, request: &Request) -> Record {
        Record {
            key: Some(sha256(&request.key.spki)),
            request: Some(request.digest()),
            declaration: Some(self.declaration.clone()),
            ..Record::new(Act::IntermediateRequest, &self.object)
        }
    }
}

/// Makes a sealed key and a request, or files a request that was made elsewhere.
///
/// # Errors
/// KEY-PLACE, CONTRADICTION, and every rule for requests.
pub fn request(
    estate: &mut Estate,
    asked: &ObjectRef,
    csr: Option<&[u8]>,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<(ObjectRef, Request)>> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    match (csr, target.intermediate.key) {
        (Some(bytes), KeyHome::Vault) => file_request(estate, target, bytes),
        (None, KeyHome::Local) => make_request(estate, target, passphrases),
        (Some(_), KeyHome::Local) => {
            let message = format!("{}: key = \"local\" is declared, got a request", target.object);
            Err(Rule::KeyPlace.found(message).into())
        }
        (None, KeyHome::Vault) => {
            let object = &target.object.scope;
            Err(Error::usage(format!("the key of {object} is made in Vault, expected --csr FILE"))
                .hint(format!("rootward intermediate request {object} --csr FILE")))
        }
    }
}

fn file_request(
    estate: &mut Estate,
    target: Target,
    bytes: &[u8],
) -> Result<Outcome<(ObjectRef, Request)>> {
    let request = Request::parse(bytes)?;
    if let Some(filed) = target.filed_request(estate)? {
        if filed.der == request.der {
            return Ok(Outcome::AlreadyThere((target.object, filed)));
        }
        return Err(other_request(&target, &filed).into());
    }
    target.check_request(estate, &request)?;
    let outputs = vec![request_output(&target, &request)?];
    estate.commit(outputs, vec![target.record_request(&request)])?;
    Ok(Outcome::Done((target.object, request)))
}

fn make_request(
    estate: &mut Estate,
    target: Target,
    passphrases: &mut dyn Passphrases,
) -> Result<Outcome<(ObjectRef, Request)>> {
    if let Some(filed) = target.filed_request(estate)? {
        return Ok(Outcome::AlreadyThere((target.object, filed)));
    }
    let key_path = format!("{}/key.pem", target.dir());
    if estate.workspace.exists(&key_path) {
        let message = format!("{key_path} is there without a request");
        return Err(contradiction(message).into());
    }
    let subject = target.subject(estate)?;
    let rng = estate.context.rng;
    let pkcs8 = soft::generate(target.intermediate.algorithm.into(), rng)?;
    let key = soft::SoftKey::open(&pkcs8, rng)?;
    let request = Request::parse(&issue::request(&subject, &key as &dyn Signer)?)?;
    let passphrase = passphrases.create(&target.object)?;
    let outputs = vec![
        Output::secret(key_path, sealed::seal(&pkcs8, &passphrase, rng)?),
        request_output(&target, &request)?,
    ];
    estate.commit(outputs, vec![target.record_request(&request)])?;
    Ok(Outcome::Done((target.object, request)))
}

fn request_output(target: &Target, request: &Request) -> Result<Output> {
    let pem = pem::encode("CERTIFICATE REQUEST", &request.der)?;
    Ok(Output::public(format!("{}/request.csr", target.dir()), pem))
}

fn other_request(target: &Target, filed: &Request) -> crate::model::rule::Finding {
    contradiction(format!(
        "{} has another request already (SHA-256 {}); a new key is a new generation, {}",
        target.object,
        &filed.digest()[..16],
        ObjectRef { generation: Some(target.generation + 1), ..target.object.clone() }
    ))
}

/// What is about to be signed: shown before the passphrase is asked for.
pub struct Preview {
    /// What is to be signed.
    pub target: Target,
    /// Whose key is certified.
    pub request: Request,
    /// The root.
    pub issuer: Issuer,
    /// To-be-signed bytes that no rule objects to.
    pub linted: Linted,
    is_filed: bool,
}

/// What [`prepare`] found.
pub enum Prepared {
    /// It is signed already, for this key.
    Signed(ObjectRef),
    Ready(Box<Preview>),
}

/// Judges everything that can be judged without the root key.
///
/// # Errors
/// Every rule for requests and for intermediates, NAME-PROBE, ISSUER-UNFIT.
pub fn prepare(estate: &Estate, asked: &ObjectRef, csr: Option<&[u8]>) -> Result<Prepared> {
    let target = Target::find(estate, asked)?;
    estate.check_clock()?;
    let issuer = estate.issuer(&Scope::Root)?;
    let brought = csr.map(Request::parse).transpose()?;
    let filed = target.filed_request(estate)?;
    let is_filed = filed.is_some();
    let request = match (brought, filed) {
        (Some(brought), Some(filed)) if brought.der != filed.der => {
            return Err(other_request(&target, &filed).into());
        }
        (Some(request), _) | (None, Some(request)) => request,
        (None, None) => {
            let object = &target.object.scope;
            let csr = match target.intermediate.key {
                KeyHome::Local => "",
                KeyHome::Vault => " --csr FILE",
            };
            return Err(Error::failed(format!("{object} waits for its request"))
                .hint(format!("rootward intermediate request {object}{csr}")));
        }
    };
    target.check_request(estate, &request)?;
    if let Some(certificate) = target.certificate(estate)? {
        if certificate.facts.key != request.key {
            let message = format!("{} is signed already, for another key", target.object);
            return Err(contradiction(message).into());
        }
        return Ok(Prepared::Signed(target.object));
    }
    let draft = Draft::new(
        Profile::of_intermediate(&target.environment),
        target.subject(estate)?,
        request.key.clone(),
        target.intermediate.lifetime,
        estate.context.now(),
        estate.context.rng,
    )?;
    let now = estate.context.now();
    let linted = issue::lint(&target.object, &draft, Some(&issuer), &estate.history(), now)?;
    let preview = Preview { target, request, issuer, linted, is_filed };
    probe::names(&draft, &preview.issuer, estate.context.rng)?;
    if !estate.has_key(&preview.issuer.object) {
        let dir = ca_dir(&preview.issuer.object);
        return Err(Error::failed(format!("{dir}/key.pem is not here, so nothing can be signed"))
            .hint("bring the medium that holds the root key"));
    }
    Ok(Prepared::Ready(Box::new(preview)))
}

/// Signs what [`prepare`] found good.
///
/// # Errors
/// A wrong passphrase, ISSUER-KEY, SIGNATURE-INVALID.
pub fn sign(
    estate: &mut Estate,
    preview: Preview,
    passphrases: &mut dyn Passphrases,
) -> Result<(ObjectRef, Certificate)> {
    let Preview { target, request, issuer, linted, is_filed } = preview;
    let passphrase = passphrases.open(&issuer.object)?;
    let key = estate.unlock(&issuer, &passphrase)?;
    let certificate = linted.sign(Some(&issuer), &key)?;
    let mut records = Vec::new();
    let mut outputs = Vec::new();
    if !is_filed {
        outputs.push(request_output(&target, &request)?);
        records.push(target.record_request(&request));
    }
    let act = Act::IntermediateSign;
    let record = certificate_record(act, &target.object, &certificate, Some(&issuer.object));
    records.push(Record {
        request: Some(request.digest()),
        declaration: Some(target.declaration.clone()),
        ..record
    });
    let chain = [certificate.der.as_slice(), issuer.certificate.der.as_slice()];
    outputs.extend(certificate_outputs(estate, &target, &chain)?);
    estate.commit(outputs, records)?;
    Ok((target.object, certificate))
}

/// `cert.pem`, `chain.pem` (down to the root, as Vault's set-signed wants it) and `trust.pem`.
pub fn certificate_outputs(
    estate: &Estate,
    target: &Target,
    chain: &[&[u8]],
) -> Result<Vec<Output>> {
    let dir = target.dir();
    let mut roots = trusted(estate, &target.environment.name)?;
    roots.extend(chain.last().map(|root| root.to_vec()));
    roots.sort();
    roots.dedup();
    let trust = pem::certificates(roots.iter().map(Vec::as_slice))?;
    Ok(vec![
        Output::public(format!("{dir}/cert.pem"), pem::certificate(chain[0])?),
        Output::public(format!("{dir}/chain.pem"), pem::certificates(chain.iter().copied())?),
        Output::public(layout::trust(&target.environment.name), trust),
    ])
}

/// The roots in the environment's trust bundle.
pub fn trusted(estate: &Estate, environment: &Name) -> Result<Vec<Vec<u8>>> {
    let path = layout::trust(environment);
    let bytes = estate.workspace.read_if_any(&path, crate::store::file::SMALL)?;
    bytes.map_or(Ok(Vec::new()), |bytes| pem::read_certificates(&path, &bytes))
}
