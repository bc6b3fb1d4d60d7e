//! What identities may do on their servers, from the declarations alone: who holds which policies,
//! as ACLs that answer as the server would.

mod change;
mod holders;
mod issue;

pub use change::{Change, Delta, What, changes};
pub use holders::Loader;
pub use issue::{Issues, issues, mounts};

use crate::authority::{Estate, estate, identity, policies::Templates};
use crate::error::{Error, Result, none_of};
use crate::model::{
    environment::Environment,
    estate::shared,
    identity::{Auth, Identity},
    name::Name,
    server::Dialect,
};
use crate::policy::{Acl, Invalid, Policy};
use crate::store::Workspace;
use std::fmt;
use std::sync::Arc;
use time::OffsetDateTime;

/// Which of the two policies of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `NAME`: what its logins have at run time.
    Runtime,
    /// `NAME-ops`: what whoever provisions it has.
    Ops,
}

/// One policy on a server, and whose it is.
#[derive(Debug)]
pub struct Holder {
    /// Whose.
    pub identity: Arc<Identity>,
    /// Which of its two.
    pub part: Part,
    /// Whose rules decide.
    pub dialect: Dialect,
    /// The templates that it is made of, rendered; each knows its file.
    pub policies: Vec<Arc<Policy>>,
}

impl fmt::Display for Holder {
    /// `ENV/POLICY`: `prod/synapse`, `prod/synapse-ops`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.identity.environment, self.policy()))
    }
}

impl Holder {
    /// The name of the policy on the server.
    pub fn policy(&self) -> String {
        match self.part {
            Part::Runtime => self.identity.runtime_policy(),
            Part::Ops => format!("{}-ops", self.identity.name),
        }
    }

    /// What it allows; roles leave the server's default policy out, so there is nothing else.
    pub fn acl(&self) -> Acl<'_> {
        Acl::of(self.policies.iter().map(AsRef::as_ref), self.dialect)
    }

    /// The ways to log in that give it.
    pub fn logins(&self) -> impl Iterator<Item = Auth> {
        let policy = self.policy();
        let auth = self.identity.declared.auth.iter().copied();
        auth.filter(move |auth| self.identity.policy_of(*auth) == policy)
    }

    /// `ENV/NAME`.
    pub fn object(&self) -> String {
        format!("{}/{}", self.identity.environment, self.identity.name)
    }
}

/// Whose rights are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    /// Of this environment alone.
    pub environment: Option<&'a Name>,
    /// Of this identity alone.
    pub identity: Option<&'a Name>,
}

/// What is declared, and what it lets whom do.
pub struct Rights {
    /// In order of their names.
    pub environments: Vec<Environment>,
    /// In order of environment and name; those without a way to log in, too.
    pub identities: Vec<Arc<Identity>>,
    /// Two at most for each identity that logs in.
    pub holders: Vec<Holder>,
    /// Not rendered.
    pub templates: Templates,
    /// Templates that are no policies, once each.
    pub invalid: Vec<Invalid>,
    /// Is this everybody, or whom somebody asked for?
    pub is_whole: bool,
}

impl Rights {
    /// Of an open workspace.
    ///
    /// # Errors
    /// Usage: no such environment or identity; what is wrong with a declaration.
    pub fn of(estate: &Estate, scope: Scope) -> Result<Self> {
        let mut environments = Vec::new();
        match scope.environment {
            Some(name) => environments.push(estate.environment(name)?.environment.clone()),
            None => environments
                .extend(estate.environments.iter().map(|declared| declared.environment.clone())),
        }
        Self::load(&estate.workspace, environments, scope, estate.context.now())
    }

    /// Of any workspace, whose journal is not looked at.
    ///
    /// # Errors
    /// What is wrong with a declaration. ENVIRONMENTS-SHARE.
    pub fn of_workspace(workspace: &Workspace, now: OffsetDateTime) -> Result<Self> {
        let declared = estate::environments(workspace)?;
        let environments: Vec<_> = declared.into_iter().map(|one| one.environment).collect();
        none_of(shared(&environments))?;
        Self::load(workspace, environments, Scope::default(), now)
    }

    fn load(
        workspace: &Workspace,
        environments: Vec<Environment>,
        scope: Scope,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let templates = Templates::read_in(workspace)?;
        let (mut identities, mut holders, mut invalid) = (Vec::new(), Vec::new(), Vec::new());
        for environment in &environments {
            let declared = identity::load_those(workspace, environment, scope.identity)?;
            let declared: Vec<_> = declared.into_iter().map(Arc::new).collect();
            let loader = Loader::new(&templates, environment, now);
            let (found, faults) = loader.holders(&declared)?;
            identities.extend(declared);
            holders.extend(found);
            invalid.extend(faults);
        }
        invalid.sort_by(|a: &Invalid, b| (&a.source, a.line).cmp(&(&b.source, b.line)));
        invalid.dedup();
        let is_whole = scope.environment.is_none();
        Ok(Self { environments, identities, holders, templates, invalid, is_whole })
    }

    /// All of it, when every template is a policy.
    ///
    /// # Errors
    /// Usage: the first that is none.
    pub fn sound(self) -> Result<Self> {
        match self.invalid.first() {
            None => Ok(self),
            Some(invalid) => Err(Error::usage(invalid).hint("rootward policy lint")),
        }
    }

    /// An environment that a holder is of.
    pub fn environment(&self, name: &Name) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name == *name)
    }

    /// The policies of one identity.
    pub fn held_by(&self, identity: &Identity) -> impl Iterator<Item = &Holder> {
        let (environment, name) = (identity.environment.clone(), identity.name.clone());
        self.holders.iter().filter(move |holder| {
            holder.identity.name == name && holder.identity.environment == environment
        })
    }
}
