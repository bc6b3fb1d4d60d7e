//! What `rootward init` writes: a workspace of two environments that passes as it is, with
//! comments that say what else could stand there. Texts only; the caller writes them.

use crate::model::{
    net::DnsName,
    text::{clean, is_plain},
};
use crate::store::layout;

/// Whose workspace it is to be.
#[derive(Clone, Copy, Debug)]
pub struct Scaffold<'a> {
    /// The organization; the root is called after it.
    pub name: &'a str,
    /// Every environment has its own domain below this one.
    pub domain: &'a DnsName,
}

/// What the environments differ in; their texts are the same.
struct Stage {
    name: &'static str,
    purpose: &'static str,
    /// Of the mounts: no two environments have the same.
    prefix: &'static str,
    range: &'static str,
    /// An example inside `range`.
    address: &'static str,
}

const STAGES: [Stage; 2] = [
    Stage {
        name: "test",
        purpose: "Where everything is tried first: made like prod, apart from it.",
        prefix: "test-",
        range: "192.168.0.0/16",
        address: "192.168.20.5",
    },
    Stage {
        name: "prod",
        purpose: "Production.",
        prefix: "",
        range: "10.0.0.0/8",
        address: "10.1.20.5",
    },
];

/// The same policies as in the example estate.
const POLICIES: [(&str, &str); 2] = [
    ("kv-read", include_str!("../../identities/policies/kv-read.hcl")),
    ("self-renew", include_str!("../../identities/policies/self-renew.hcl")),
];

/// A common name may have 58 characters: see [`crate::model::root::Root::parse`].
const LONGEST_NAME: usize = 58 - " Root".len();

/// A DNS name may have 253 characters (RFC 1035 section 2.3.4); the longest in a scaffold is the
/// listener's.
const LONGEST_DOMAIN: usize = 253 - "vault.prod.".len();

impl<'a> Scaffold<'a> {
    /// # Errors
    /// In words: a name that cannot stand in a subject and, as it is, between quotes; a domain
    /// that leaves no room for the names below it.
    pub fn new(name: &'a str, domain: &'a DnsName) -> Result<Self, String> {
        let allowed = |c| is_plain(c) && c != '"' && c != '\\';
        let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
        if !fits || name.trim() != name || !name.chars().all(allowed) {
            return Err(format!(
                "got the name {:?}, expected 1 to {LONGEST_NAME} plain characters without double \
                 quotes, backslashes or spaces around",
                clean(name)
            ));
        }
        let length = domain.as_str().len();
        if length > LONGEST_DOMAIN {
            return Err(format!(
                "got a domain of {length} characters, expected at most {LONGEST_DOMAIN}"
            ));
        }
        Ok(Self { name, domain })
    }

    /// Path, relative to the workspace, and text of every file.
    pub fn files(&self) -> Vec<(String, String)> {
        let root = include_str!("scaffold/root.toml").replace("@NAME@", self.name);
        let mut files = vec![
            (".gitignore".to_owned(), include_str!("scaffold/gitignore").to_owned()),
            (layout::ROOT.to_owned(), root),
        ];
        for (name, text) in POLICIES {
            files.push((format!("{}/{name}.hcl", layout::POLICIES), text.to_owned()));
        }
        for stage in &STAGES {
            let env = stage.name;
            let mut file =
                |path: String, template: &str| files.push((path, self.fill(template, stage)));
            file(format!("ca/{env}/environment.toml"), include_str!("scaffold/environment.toml"));
            file(
                format!("identities/{env}/vault-server/identity.toml"),
                include_str!("scaffold/listener.toml"),
            );
            file(
                format!("identities/{env}/hello/identity.toml"),
                include_str!("scaffold/app.toml"),
            );
        }
        files
    }

    fn fill(&self, template: &str, stage: &Stage) -> String {
        template
            .replace("@PURPOSE@", stage.purpose)
            .replace("@ENV@", stage.name)
            .replace("@PREFIX@", stage.prefix)
            .replace("@RANGE@", stage.range)
            .replace("@ADDRESS@", stage.address)
            .replace("@DOMAIN@", self.domain.as_str())
    }
}

#[cfg(test)]
mod tests;
