//! The way from a right to another identity, in words.

use super::{Ground, targets::Gives};
use crate::authority::rights::Holder;
use crate::model::identity::Identity;
use crate::policy::{Capability, Grant};

/// A part of a target that a rule grants.
pub struct Hit<'a> {
    /// By which rule.
    pub grant: &'a Grant<'a>,
    /// What it grants.
    pub capability: Capability,
    /// On which paths; where a name can be chosen, with somebody's in it.
    pub path: String,
    /// Whose name that is, where it is an identity's.
    pub whose: Option<&'a Identity>,
    /// What stands in the place of the name, where there is one.
    pub named: Option<String>,
}

/// `prod/caddy may update pki/issue/synapse and so become ..., expected ...`
pub fn escalation(ground: &Ground, holder: &Holder, gives: Gives, hit: &Hit) -> String {
    let Hit { grant, capability, path, .. } = hit;
    let by = match grant.pattern.text() == path {
        true => String::new(),
        false => format!(" (by {})", grant.pattern),
    };
    let so = consequence(ground, holder, gives, hit);
    let expected = expected(holder, gives, hit);
    format!("{holder} may {capability} {path}{by} and so {so}, expected {expected}")
}

fn consequence(ground: &Ground, holder: &Holder, gives: Gives, hit: &Hit) -> String {
    let environment = &ground.environment.name;
    let somebody = || ground.victim(&holder.identity);
    let named = hit.named.as_deref().unwrap_or_default();
    let object = |whose: &Identity| format!("{environment}/{}", whose.name);
    match (gives, hit.whose) {
        (Gives::Role, Some(whose)) => format!("become {}", server(whose)),
        (Gives::Role, None) if named.contains(['+', '*']) => {
            "become whatever any role there allows".to_owned()
        }
        (Gives::Role, None) => {
            format!("become whatever the role {named} allows, which rootward does not declare")
        }
        (Gives::AnyName, _) => match somebody() {
            Some(whose) => format!("become {}, or any other name", server(whose)),
            None => "become any name of the environment".to_owned(),
        },
        (Gives::PkiRoles, _) => match somebody() {
            Some(whose) => format!("let itself become {}, or any other name", server(whose)),
            None => "let itself become any name of the environment".to_owned(),
        },
        (Gives::Ca, _) => {
            format!("decide who issues certificates in {environment}, and become any name")
        }
        (Gives::SecretId, Some(whose)) => format!("log in as {}", object(whose)),
        (Gives::SecretId, None) => format!("log in by the role {named}"),
        (Gives::LoginRoles, _) => "let itself log in with any policy".to_owned(),
        (Gives::Revoked, _) => "let revoked certificates log in".to_owned(),
        (Gives::Tokens, _) => "make tokens that outlive its login".to_owned(),
        (Gives::Entities, _) => "take over entities, their aliases and groups".to_owned(),
        (Gives::Policies, _) => "give itself any right".to_owned(),
        (Gives::Server, _) => "change what everybody logs in by and reads".to_owned(),
        (Gives::Key, Some(whose)) => format!("sign or decrypt as {}", object(whose)),
        (Gives::Ssh, Some(whose)) => format!("log in by SSH as {}", object(whose)),
        (Gives::Database, Some(whose)) => format!("become {} in the database", object(whose)),
        (Gives::Codes, Some(whose)) => {
            format!("know the one-time passwords of {}", object(whose))
        }
        (Gives::Key, None) => format!("use the key {named}"),
        (Gives::Ssh, None) => "log in by SSH as others".to_owned(),
        (Gives::Database, None) => "become others in the database".to_owned(),
        (Gives::Codes, None) => "know others' one-time passwords".to_owned(),
    }
}

/// As its clients know it.
fn server(whose: &Identity) -> String {
    match whose.dns.first() {
        Some(name) => format!("TLS server {name}"),
        None => format!("{}/{}", whose.environment, whose.name),
    }
}

/// The same path with its own name, where there is a place for names.
fn expected(holder: &Holder, gives: Gives, hit: &Hit) -> String {
    let own = &holder.identity.name;
    match (&hit.named, gives) {
        (Some(named), _) => {
            let of =
                |segment: &str| if segment == named { own.to_string() } else { segment.to_owned() };
            let path: Vec<String> = hit.path.split('/').map(of).collect();
            format!("{} at most", path.join("/"))
        }
        (None, Gives::AnyName | Gives::PkiRoles | Gives::Ca) => "its own role alone".to_owned(),
        (None, _) => "nobody but rootward to".to_owned(),
    }
}
