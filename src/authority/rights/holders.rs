//! From templates to the policies of identities. A template in which words of the identity stand in
//! paths alone is parsed once, and its paths are rendered; any other is rendered and then parsed.

use super::{Holder, Part};
use crate::authority::policies::Templates;
use crate::error::Result;
use crate::model::{environment::Environment, identity::Identity, name::Name, template};
use crate::policy::{self, Entity, Invalid, Pattern, Policy, Terms};
use crate::store::layout;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use time::OffsetDateTime;

/// Makes the policies of one environment.
pub struct Loader<'t> {
    templates: &'t Templates,
    environment: &'t Environment,
    terms: Terms,
    parsed: BTreeMap<&'t Name, OnceLock<Form>>,
}

/// What a template is before it is rendered.
enum Form {
    /// The same for everybody.
    Fixed(Arc<Policy>),
    /// Its paths have to be rendered.
    Paths(Policy),
    /// It has to be parsed for each identity.
    Text,
}

impl<'t> Loader<'t> {
    /// Of these templates; tokens are looked at as they are `now`.
    pub fn new(
        templates: &'t Templates,
        environment: &'t Environment,
        now: OffsetDateTime,
    ) -> Self {
        let terms = Terms { dialect: environment.declared.server.dialect, now };
        let parsed = templates.names().map(|name| (name, OnceLock::new())).collect();
        Self { templates, environment, terms, parsed }
    }

    /// The policies of all that log in, and the templates that are none.
    pub(super) fn holders(
        &self,
        identities: &[Arc<Identity>],
    ) -> Result<(Vec<Holder>, Vec<Invalid>)> {
        let of = |identity: &Arc<Identity>| self.holders_of(identity);
        let all: Vec<_> = identities.par_iter().with_min_len(32).map(of).collect::<Result<_>>()?;
        let (holders, invalid): (Vec<_>, Vec<_>) = all.into_iter().flatten().unzip();
        Ok((holders, invalid.into_iter().flatten().collect()))
    }

    /// The policies of one identity, when it logs in; each with the templates that are none.
    ///
    /// # Errors
    /// Usage: a template that is not there, a placeholder that nothing stands behind.
    pub fn holders_of(&self, identity: &Arc<Identity>) -> Result<Vec<(Holder, Vec<Invalid>)>> {
        let declared = &identity.declared;
        if declared.auth.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for (part, names) in [(Part::Runtime, &declared.policies), (Part::Ops, &declared.ops)] {
            if part == Part::Ops && names.is_empty() {
                continue;
            }
            let (mut policies, mut invalid) = (Vec::new(), Vec::new());
            for name in names {
                match self.policy(identity, name)? {
                    Ok(policy) => policies.push(policy),
                    Err(fault) => invalid.push(fault),
                }
            }
            let dialect = self.terms.dialect;
            all.push((Holder { identity: identity.clone(), part, dialect, policies }, invalid));
        }
        Ok(all)
    }

    fn policy(&self, identity: &Identity, name: &Name) -> Result<Result<Arc<Policy>, Invalid>> {
        let source = layout::policy(name);
        let text = self.templates.text(identity, name)?;
        let form = self.parsed.get(name).map(|cell| cell.get_or_init(|| self.form(&source, text)));
        let rendered = match form {
            Some(Form::Fixed(policy)) => return Ok(Ok(policy.clone())),
            Some(Form::Paths(policy)) => self.render(identity, policy),
            _ => None,
        };
        let policy = match rendered {
            Some(policy) => policy,
            None => {
                let text = template::render(&source, text, self.environment, identity)?;
                match Policy::parse(&source, &text, self.terms) {
                    Ok(policy) => policy,
                    Err(invalid) => return Ok(Err(invalid)),
                }
            }
        };
        if !policy.is_templated() {
            return Ok(Ok(Arc::new(policy)));
        }
        let resolved = policy.resolve(&entity(identity), self.terms.dialect);
        Ok(resolved.map(|policy| Arc::new(policy.into_owned())))
    }

    fn form(&self, source: &str, text: &str) -> Form {
        let Ok(policy) = Policy::parse(source, text, self.terms) else { return Form::Text };
        let paths = policy.rules.iter().map(|rule| template::placeholders(rule.pattern.text()));
        match (template::placeholders(text), paths.sum::<usize>()) {
            (0, _) if !policy.is_templated() => Form::Fixed(Arc::new(policy)),
            (all, in_paths) if all == in_paths => Form::Paths(policy),
            _ => Form::Text,
        }
    }

    /// None where something is wrong: the whole text says what, and where.
    fn render(&self, identity: &Identity, policy: &Policy) -> Option<Policy> {
        let mut rendered = policy.clone();
        for rule in &mut rendered.rules {
            let text = rule.pattern.text();
            let path = template::render("", text, self.environment, identity).ok()?;
            rule.pattern = Pattern::parse(&path).ok()?;
        }
        Some(rendered)
    }
}

/// As the server knows it. Its id and its aliases' accessors are the server's own: rules that need
/// them match nothing here.
fn entity(identity: &Identity) -> policy::Identity {
    let object = format!("{}/{}", identity.environment, identity.name);
    let metadata = BTreeMap::from([("rootward".to_owned(), object)]);
    let name = identity.name.to_string();
    policy::Identity {
        entity: Some(Entity { name, metadata, ..Entity::default() }),
        groups: Vec::new(),
    }
}
