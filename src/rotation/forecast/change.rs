//! What would be if something else were declared: `root.crl=180d`.

use crate::authority::{Estate, cadence::Ca, estate::Declared};
use crate::error::{Error, Result};
use crate::model::{
    cadence,
    environment::{IdentityDefaults, KeyHome},
    name::{Name, ObjectRef, Scope},
    span::Span,
    text::nearest,
};
use std::{fmt, str::FromStr};
use time::Duration;

/// Another length of time than is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub of: Of,
    pub span: Span,
}

/// What a length of time is declared of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// The certificate of a CA: `root`, `prod/identity`.
    Ca(Scope),
    /// Its CRLs: `root.crl`.
    Crl(Scope),
    /// How long it takes to arrange a ceremony for its certificate: `root.lead`.
    Lead(Scope),
    /// The same for its CRLs: `root.crl.lead`.
    CrlLead(Scope),
    /// The certificates of an environment's identities: `prod.identity`.
    Identities(Name),
}

impl FromStr for Of {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scope = |text: &str| match text.parse() {
            Ok(ObjectRef { scope, generation: None }) => Ok(scope),
            _ => Err(format!(
                "got {text:?}, expected root, root.crl, ENV/NAME, ENV/NAME.crl (or one of these \
                 with .lead) or ENV.identity"
            )),
        };
        if let Some(ca) = text.strip_suffix(".crl.lead") {
            return scope(ca).map(Of::CrlLead);
        }
        if let Some(ca) = text.strip_suffix(".lead") {
            return scope(ca).map(Of::Lead);
        }
        if let Some(ca) = text.strip_suffix(".crl") {
            return scope(ca).map(Of::Crl);
        }
        match text.strip_suffix(".identity") {
            Some(environment) => environment.parse().map(Of::Identities),
            None => scope(text).map(Of::Ca),
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Of::Ca(scope) => write!(f, "{scope}"),
            Of::Crl(scope) => write!(f, "{scope}.crl"),
            Of::Lead(scope) => write!(f, "{scope}.lead"),
            Of::CrlLead(scope) => write!(f, "{scope}.crl.lead"),
            Of::Identities(environment) => write!(f, "{environment}.identity"),
        }
    }
}

impl Of {
    /// In words.
    pub fn described(&self) -> String {
        match self {
            Of::Ca(scope) => format!("lifetime of {scope}"),
            Of::Crl(scope) => format!("lifetime of {scope}'s CRLs"),
            Of::Lead(scope) => format!("lead of {scope}"),
            Of::CrlLead(scope) => format!("lead of {scope}'s CRLs"),
            Of::Identities(environment) => format!("lifetime of {environment}'s identities"),
        }
    }
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (of, span) = text
            .split_once('=')
            .ok_or_else(|| format!("got {text:?}, expected NAME=TIME such as root.crl=180d"))?;
        let change = Self { of: of.parse()?, span: span.parse()? };
        let limit = Duration::days(365);
        if matches!(change.of, Of::Crl(_)) && change.span.approximate() > limit {
            return Err(format!("got {text:?}, expected at most 365d (CA/B BR 4.9.7)"));
        }
        Ok(change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.of, self.span)
    }
}

/// The CAs with these changes made to them, and what follows: a CA signs as long as what it issues
/// can live.
///
/// # Errors
/// Usage, when that is not declared.
pub fn apply(changes: &[Change], estate: &Estate, cas: &[Ca]) -> Result<Vec<Ca>> {
    let mut cas = cas.to_vec();
    for change in changes {
        if let Of::Identities(environment) = &change.of {
            identities_live(changes, estate, environment, &mut cas)?;
            continue;
        }
        let (Of::Ca(scope) | Of::Crl(scope) | Of::Lead(scope) | Of::CrlLead(scope)) = &change.of
        else {
            continue;
        };
        let found = cas.iter_mut().find(|ca| ca.scope == *scope);
        let Some(ca) = found else { return Err(unknown(&change.of, estate, &cas)) };
        let lead = cadence::Declared { lead: Some(change.span), ..Default::default() };
        match &change.of {
            Of::Ca(_) => ca.lifetime = change.span,
            Of::Crl(_) => ca.crl_lifetime = change.span,
            Of::Lead(_) => ca.cadence = ca.cadence.clone().with(&lead),
            Of::CrlLead(_) => ca.crl_cadence = ca.crl_cadence.clone().with(&lead),
            Of::Identities(_) => {}
        }
    }
    let lives = cas.iter().filter(|ca| !ca.is_root()).map(|ca| ca.lifetime.approximate());
    let longest = lives.max().unwrap_or_default();
    cas.iter_mut().filter(|ca| ca.is_root()).for_each(|root| root.child = longest);
    Ok(cas)
}

/// What an environment would declare of its identities.
pub fn of_identities(changes: &[Change], declared: &Declared) -> IdentityDefaults {
    let name = &declared.environment.name;
    let mut defaults = declared.environment.declared.identity.clone();
    for change in changes.iter().filter(|change| change.of == Of::Identities(name.clone())) {
        defaults.lifetime = change.span;
    }
    defaults
}

fn identities_live(
    changes: &[Change],
    estate: &Estate,
    environment: &Name,
    cas: &mut [Ca],
) -> Result<()> {
    let found = estate.environments.iter().find(|it| it.environment.name == *environment);
    let Some(declared) = found else {
        return Err(unknown(&Of::Identities(environment.clone()), estate, cas));
    };
    let before = declared.environment.declared.identity.longest();
    let after = of_identities(changes, declared).longest();
    let is_issuer =
        |ca: &&mut Ca| ca.key == KeyHome::Local && ca.scope.environment() == Some(environment);
    for ca in cas.iter_mut().filter(is_issuer) {
        // An identity that declares a longer life keeps it.
        ca.child = if ca.child == before { after } else { ca.child.max(after) };
    }
    Ok(())
}

fn unknown(of: &Of, estate: &Estate, cas: &[Ca]) -> Error {
    let scopes = cas.iter().map(|ca| ca.scope.clone());
    let mut names: Vec<String> = scopes
        .flat_map(|it| {
            [Of::Ca(it.clone()), Of::Crl(it.clone()), Of::Lead(it.clone()), Of::CrlLead(it)]
        })
        .map(|of| of.to_string())
        .collect();
    let identities = estate.environments.iter();
    names.extend(identities.map(|it| Of::Identities(it.environment.name.clone()).to_string()));
    let error = Error::usage(format!("got {of}, expected the lifetime of something declared"));
    match nearest(&of.to_string(), names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("what is declared: rootward status"),
    }
}
