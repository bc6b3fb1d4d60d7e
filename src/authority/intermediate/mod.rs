//! Intermediates: the request, and the signature of the root under it.

mod request;
mod sign;

pub use request::{file, request};
pub use sign::{Prepared, Preview, end, prepare, step};

use crate::authority::ca::ca_dir;
use crate::authority::estate::contradiction;
use crate::authority::{Estate, crl::no_such};
use crate::error::{Error, Result};
use crate::journal::{Act, Record};
use crate::model::{
    environment::{Environment, Intermediate},
    name::{Name, ObjectRef, Scope},
    rule::Rule,
};
use crate::pki::{
    inspect::{Certificate, sha256},
    pem,
    request::Request,
    subject::Subject,
};
use crate::store::Output;

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
        history.check_compromise(&key)?;
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
