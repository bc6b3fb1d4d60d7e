//! `rootward identity add ENV/NAME --kind KIND`

use super::{parts, words};
use crate::authority::{
    Outcome,
    identity::{
        add::{self, Wanted},
        grants,
    },
};
use crate::commands::{Session, member};
use crate::error::{Error, Result};
use crate::model::{
    identity::{Auth, Identity, KeyPlace, Kind},
    name::{Name, ObjectRef},
    span::Span,
};
use crate::store::layout;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::process::ExitCode;

/// Declare one more identity, and show what it may do
///
/// Writes identities/ENV/NAME/identity.toml, and nothing else: what is declared takes effect when
/// its certificate is issued and the environment's server is brought up to date. It may do what
/// its policies say, and nothing without one. The server's certificate, a listener, is declared by
/// hand.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity add prod/web --kind app --policy kv-read --key host
  $ rootward identity add test/alice --kind user --unix-user alice --lifetime 7d")]
pub struct Args {
    /// The identity, such as prod/web
    #[arg(value_parser = member, value_name = "ENV/NAME")]
    object: ObjectRef,
    /// What it is: app, proxy or user
    #[arg(long, value_name = "KIND", value_parser = kinds(), hide_possible_values = true)]
    kind: Kind,
    /// The Unix user that it runs as
    #[arg(long, value_name = "USER")]
    unix_user: Option<String>,
    /// What it may do: a file of identities/policies, without .hcl; given for each
    #[arg(long, value_name = "POLICY", value_parser = named)]
    policy: Vec<Name>,
    /// The same for whoever provisions it, which its CI does (--auth jwt)
    #[arg(long, value_name = "POLICY", value_parser = named)]
    ops: Vec<Name>,
    /// How it logs in: cert, approle, jwt or kubernetes; given for each [default: cert]
    #[arg(long, value_name = "METHOD", value_parser = methods(), hide_possible_values = true)]
    auth: Vec<Auth>,
    /// With jwt: whose tokens are its CI's, such as example/web
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// With kubernetes: of its service account [default: NAME]
    #[arg(long, value_name = "NAMESPACE", value_parser = named)]
    namespace: Option<Name>,
    /// With kubernetes: the service account of its pods [default: NAME]
    #[arg(long, value_name = "ACCOUNT", value_parser = named)]
    service_account: Option<Name>,
    /// Of its certificate, such as 7d [default: as the environment says]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    lifetime: Option<Span>,
    /// Where its key is made: host or here [default: here, unless a request is brought]
    #[arg(long, value_name = "PLACE", value_parser = places(), hide_possible_values = true)]
    key: Option<KeyPlace>,
}

fn named(text: &str) -> Result<Name, String> {
    text.parse()
}

fn span(text: &str) -> Result<Span, String> {
    text.parse()
}

/// clap's value parser for the word of one of these.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let words: Vec<&'static str> = all.iter().map(|it| word(*it)).collect();
    PossibleValuesParser::new(words).try_map(move |text| {
        all.iter().copied().find(|it| word(*it) == text).ok_or("it is none of them")
    })
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    one_of(&[Kind::App, Kind::Proxy, Kind::User], Kind::word)
}

fn methods() -> impl TypedValueParser<Value = Auth> {
    one_of(&Auth::ALL, Auth::word)
}

fn places() -> impl TypedValueParser<Value = KeyPlace> {
    one_of(&[KeyPlace::Host, KeyPlace::Here], KeyPlace::word)
}

/// Declares it, says what that grants, and what comes next.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let (environment, name) = parts(&args.object)?;
    let wanted = args.wanted()?;
    let mut estate = session.change_in_any_case()?;
    let added = add::add(&mut estate, environment, name, &wanted)?;
    let ui = session.ui;
    let path = layout::declaration(environment, name);
    let is_new = matches!(added, Outcome::Done(_));
    match is_new {
        true => ui.status(&format!("declared {} in {path}", args.object)),
        false => ui.status(&format!("{} is already declared so in {path}", args.object)),
    }
    let identity = added.into_inner();
    let grants = grants::of(&estate, &identity)?;
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1, "object": args.object.to_string(), "declared": is_new, "file": path,
            "may": words::json(&grants.runtime), "ops_may": words::json(&grants.ops),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    words::say(ui, &identity, &grants)?;
    next(session, &identity);
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn wanted(&self) -> Result<Wanted> {
        let auth = if self.auth.is_empty() { vec![Auth::Cert] } else { self.auth.clone() };
        let needs = [
            ("--subject", self.subject.is_some(), Auth::Jwt),
            ("--ops", !self.ops.is_empty(), Auth::Jwt),
            ("--namespace", self.namespace.is_some(), Auth::Kubernetes),
            ("--service-account", self.service_account.is_some(), Auth::Kubernetes),
        ];
        for (option, given, method) in needs {
            if given && !auth.contains(&method) {
                let message = format!("got {option} without --auth {method}, expected both");
                return Err(Error::usage(message));
            }
        }
        if auth.contains(&Auth::Jwt) && self.subject.is_none() {
            return Err(Error::usage("got --auth jwt without --subject, expected both")
                .hint("the subject is what the tokens of its CI say, such as example/web"));
        }
        Ok(Wanted {
            kind: self.kind,
            unix_user: self.unix_user.clone(),
            policies: self.policy.clone(),
            ops: self.ops.clone(),
            auth,
            subject: self.subject.clone(),
            namespace: self.namespace.clone(),
            service_account: self.service_account.clone(),
            lifetime: self.lifetime,
            key: self.key,
        })
    }
}

/// What is typed next: on its host, or here.
fn next(session: &Session, identity: &Identity) {
    let ui = session.ui;
    let object = ObjectRef::member(&identity.environment, &identity.name);
    if !identity.declared.auth.contains(&Auth::Cert) {
        return ui.next(&format!("rootward identity show {object}"));
    }
    match identity.declared.key {
        Some(KeyPlace::Host) => {
            let user = identity.declared.unix_user.as_ref();
            let user = user.map(|user| format!(" --unix-user {user}")).unwrap_or_default();
            ui.hint("on its host, where no workspace is needed:");
            ui.next(&format!("rootward identity request {}{user}", identity.name));
        }
        _ => ui.next(&format!("rootward identity issue {object}")),
    }
}
