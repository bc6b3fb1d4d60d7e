//! The policies of identities: templates, rendered for one of them.

use super::Estate;
use crate::error::{Error, Result};
use crate::model::{
    environment::Environment, identity::Identity, name::Name, template, text::nearest,
};
use crate::store::{Workspace, layout};
use std::collections::BTreeMap;

/// All templates of a workspace, read once.
pub struct Templates(BTreeMap<Name, String>);

/// A template with an identity's words in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file of the template; lines are the template's.
    pub source: String,
    /// HCL.
    pub text: String,
}

/// What an identity may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// What its logins have at run time.
    pub runtime: Vec<Rendered>,
    /// What whoever provisions it has; empty when none is declared.
    pub ops: Vec<Rendered>,
}

impl Templates {
    /// Reads `identities/policies/*.hcl`.
    ///
    /// # Errors
    /// Usage: a file name that is no name, text that is not UTF-8.
    pub fn read(estate: &Estate) -> Result<Self> {
        Self::read_in(&estate.workspace)
    }

    /// The same of any workspace.
    ///
    /// # Errors
    /// As for [`Templates::read`].
    pub fn read_in(workspace: &Workspace) -> Result<Self> {
        let mut templates = BTreeMap::new();
        for entry in workspace.entries(layout::POLICIES)? {
            let Some(stem) = entry.name.strip_suffix(".hcl").filter(|_| !entry.is_dir) else {
                continue;
            };
            let name: Name = stem.parse().map_err(|error| {
                Error::usage(format!("{}/{}: {error}", layout::POLICIES, entry.name))
            })?;
            let path = layout::policy(&name);
            let bytes = workspace.read(&path)?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Error::usage(format!("{path}: got bytes that are not UTF-8")))?;
            templates.insert(name, text.to_owned());
        }
        Ok(Self(templates))
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// File and text of each, not rendered.
    pub fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().map(|(name, text)| (layout::policy(name), text.as_str()))
    }

    /// The text of one for an identity that names it.
    ///
    /// # Errors
    /// Usage: it is not there.
    pub fn text(&self, identity: &Identity, name: &Name) -> Result<&str> {
        let text = self.0.get(name).map(String::as_str);
        text.ok_or_else(|| self.missing(identity, name))
    }

    /// The policies of one identity.
    ///
    /// # Errors
    /// Usage: a template that is not there, a placeholder that nothing stands behind.
    pub fn of(&self, env: &Environment, identity: &Identity) -> Result<Set> {
        let render = |names: &[Name]| -> Result<Vec<Rendered>> {
            names.iter().map(|name| self.render(env, identity, name)).collect()
        };
        Ok(Set {
            runtime: render(&identity.declared.policies)?,
            ops: render(&identity.declared.ops)?,
        })
    }

    fn render(&self, env: &Environment, identity: &Identity, name: &Name) -> Result<Rendered> {
        let source = layout::policy(name);
        let text = self.text(identity, name)?;
        let text = template::render(&source, text, env, identity)?;
        Ok(Rendered { source, text })
    }

    fn missing(&self, identity: &Identity, name: &Name) -> Error {
        let file = layout::declaration(&identity.environment, &identity.name);
        let error = Error::usage(format!(
            "{file}: got the policy {name}, expected a file {}",
            layout::policy(name)
        ));
        match nearest(name.as_str(), self.names().map(Name::as_str)) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error,
        }
    }
}
