//! What `request` and `install` have in common: whose identity it is, where on this host, and who
//! is typing.

use crate::authority::identity;
use crate::commands::Session;
use crate::error::{Error, Explain, Result};
use crate::host::user::{self, User};
use crate::model::name::{Name, ObjectRef, Scope};
use crate::store::file::place::Place;
use crate::ui::lines::quoted;
use std::path::{Path, PathBuf};

/// The options of both.
#[derive(Debug, clap::Args)]
pub struct Where {
    /// The identity's name; in a workspace also ENV/NAME, whose Unix user is declared there
    #[arg(value_name = "NAME", value_parser = read)]
    identity: Named,
    /// Where its key is [default: the working directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The Unix user that it runs as [default: as declared, or who types this]
    #[arg(long, value_name = "USER")]
    unix_user: Option<String>,
}

/// `NAME`, or `ENV/NAME` where there is a workspace.
#[derive(Clone, Debug)]
enum Named {
    Here(Name),
    Declared(Name, Name),
}

fn read(text: &str) -> Result<Named, String> {
    if !text.contains('/') {
        return text.parse().map(Named::Here);
    }
    match text.parse()? {
        ObjectRef { scope: Scope::Member { environment, name }, generation: None } => {
            Ok(Named::Declared(environment, name))
        }
        other => Err(format!("got {other}, expected NAME or ENV/NAME")),
    }
}

/// Judged: it is root or that user who types.
pub struct Host {
    pub name: Name,
    /// `ENV`, as far as it is known here: to be named in what is typed in the workspace.
    pub environment: String,
    pub place: Place,
    pub user: User,
}

impl Where {
    /// `command` is what is being typed, with what follows these options in `rest`, for who is to
    /// type it instead.
    ///
    /// # Errors
    /// Failed: no such user, no such directory, another user is typing. Usage: ENV/NAME outside a
    /// workspace.
    pub fn host(&self, session: &Session, command: &str, rest: &str) -> Result<Host> {
        let (name, environment, declared) = match &self.identity {
            Named::Here(name) => (name, "ENV".to_owned(), None),
            Named::Declared(environment, name) => {
                let estate =
                    session.read().hint(format!("without a workspace: {command} {name}"))?;
                let env = estate.environment(environment)?;
                let (identity, _) = identity::load(&estate, env, name)?;
                (name, environment.to_string(), identity.declared.unix_user)
            }
        };
        let typing = rustix::process::geteuid().as_raw();
        let user = match self.unix_user.as_deref().or(declared.as_deref()) {
            Some(user) => user::named(user)?,
            None => user::of_uid(typing)
                .ok_or_else(|| Error::failed(format!("the user {typing} has no name")))?,
        };
        let dir = self.dir.as_deref().unwrap_or(Path::new("."));
        if typing != 0 && typing != user.owner.uid {
            let who =
                user::of_uid(typing).map_or_else(|| format!("uid {typing}"), |user| user.name);
            let message = format!("{name} runs as {}, got the user {who}", user.name);
            let line = self.line(&user, command, rest);
            return Err(Error::failed(message).hint(line));
        }
        let make = || format!("install -d -m 0700 -o {} {}", user.name, word(dir));
        let place = Place::open(dir).hint(make())?;
        Ok(Host { name: name.clone(), environment, place, user })
    }

    /// The same command, typed by that user.
    fn line(&self, user: &User, command: &str, rest: &str) -> String {
        let name = match &self.identity {
            Named::Here(name) => name.to_string(),
            Named::Declared(environment, name) => format!("{environment}/{name}"),
        };
        let mut line = format!("sudo -u {} {command} {name}", user.name);
        for (option, value) in
            [("--dir", self.dir.as_deref().map(word)), ("--unix-user", self.unix_user.clone())]
        {
            if let Some(value) = value {
                line.push_str(&format!(" {option} {value}"));
            }
        }
        line + rest
    }
}

/// A path as a shell reads it.
pub fn word(path: &Path) -> String {
    quoted(&crate::model::text::clean(&path.to_string_lossy()))
}
