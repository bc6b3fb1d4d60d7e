//! `rootward identity request NAME`: on the host

use super::host::{self, word};
use crate::commands::Session;
use crate::error::Result;
use crate::host::{
    KEY,
    request::{Asked, request},
};
use crate::model::key::Algorithm;
use crate::store::file::shown;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::process::ExitCode;

/// On its host: make its key, which stays, and a request
///
/// DIR gets key.pem (0400, the Unix user's) and NAME.csr, which goes to the workspace; no workspace
/// is needed here. Typed by that user, or by root. A key that is there is never overwritten: typed
/// again, it makes a new request for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity request web
  $ rootward identity request turn --dir tls --algorithm p384")]
pub struct Args {
    #[command(flatten)]
    host: host::Where,
    /// Of a new key: p256, p384 or ed25519 [default: p256]
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithms(), hide_possible_values = true)]
    algorithm: Option<(&'static str, Algorithm)>,
}

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("p256", Algorithm::P256), ("p384", Algorithm::P384), ("ed25519", Algorithm::Ed25519)];

fn algorithms() -> impl TypedValueParser<Value = (&'static str, Algorithm)> {
    PossibleValuesParser::new(ALGORITHMS.map(|(word, _)| word)).try_map(|text| {
        ALGORITHMS.into_iter().find(|(word, _)| *word == text).ok_or("it is none of them")
    })
}

/// Makes both, says where they are and what to do with the request.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let rest = args.algorithm.map(|(word, _)| format!(" --algorithm {word}")).unwrap_or_default();
    let host = args.host.host(session, "rootward identity request", &rest)?;
    let asked = Asked {
        name: &host.name,
        place: &host.place,
        user: &host.user,
        algorithm: args.algorithm.map(|(_, algorithm)| algorithm),
    };
    let made = request(&asked, session.context.rng)?;
    let ui = session.ui;
    let dir = shown(host.place.path());
    let (key, csr) = (format!("{dir}/{KEY}"), format!("{dir}/{}", made.file));
    let what = if made.is_new_key { "made key and request" } else { "made a request for the key" };
    ui.status(&format!("{what} of {}", host.name));
    ui.status(&format!("  subject  CN={} ({})", host.name, made.key.algorithm));
    ui.status(&format!("  request  sha256 {}", made.digest));
    ui.status(&format!("  key      {key}, {}'s alone", host.user.name));
    ui.status(&format!("  file     {csr}"));
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1, "name": host.name.as_str(), "unix_user": host.user.name,
            "key": key, "key_made": made.is_new_key,
            "request": csr, "sha256": made.digest,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    ui.hint("the key stays here; bring the request to the workspace, and type there:");
    let file = word(std::path::Path::new(&made.file));
    ui.next(&format!("rootward identity issue {}/{} --csr {file}", host.environment, host.name));
    Ok(ExitCode::SUCCESS)
}
