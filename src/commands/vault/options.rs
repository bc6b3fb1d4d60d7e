//! Options of every verb that talks to a server.

use super::found::{self, Found};
use crate::error::{Error, Result};
use crate::model::name::Name;
use std::path::PathBuf;

/// Which server, and as whom; in the place of each the variable BAO_* or VAULT_*.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[group(id = "connection")]
#[command(next_help_heading = "Connection (else BAO_*, VAULT_*, as declared)")]
pub struct Args {
    /// The server, https://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub address: Option<String>,
    /// The name on the server's certificate, where it is not the host
    #[arg(long, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// CAs of the server, in the place of the environment's own
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// The certificate to show, with the ones above it
    #[arg(long, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// A file with the token; else ~/.vault-token
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The namespace that everything is in
    #[arg(long, value_name = "PATH")]
    pub namespace: Option<String>,
    /// How long to wait for an answer [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: Option<u64>,
    /// For one of several servers: variables, and what a login left, are of one that is not named.
    #[arg(skip)]
    pub(super) is_of_several: bool,
}

/// In a file name: the environment, where several are asked.
const EACH: &str = "{env}";

impl Args {
    /// For the server of that environment, one of several, with its name in the place of `{env}`.
    ///
    /// # Errors
    /// Usage: what can be of one server alone.
    pub fn each(&self, environment: &Name) -> Result<Self> {
        let one = |flag: &str| {
            Error::usage(format!("{flag} is of one server, and several are asked"))
                .hint(format!("name the environment: rootward status --live {environment}"))
        };
        let file = |flag: &str, path: &Option<PathBuf>| match path {
            None => Ok(None),
            Some(path) => match path.to_str().filter(|path| path.contains(EACH)) {
                Some(path) => Ok(Some(path.replace(EACH, environment.as_str()).into())),
                None => Err(one(flag).hint(format!("{flag} FILE, with {EACH} in its name"))),
            },
        };
        let single = [("--address", &self.address), ("--tls-server-name", &self.tls_server_name)];
        if let Some((flag, _)) = single.into_iter().find(|(_, value)| value.is_some()) {
            return Err(one(flag));
        }
        Ok(Self {
            address: None,
            tls_server_name: None,
            cacert: file("--cacert", &self.cacert)?,
            client_cert: file("--client-cert", &self.client_cert)?,
            client_key: file("--client-key", &self.client_key)?,
            token_file: file("--token-file", &self.token_file)?,
            namespace: self.namespace.clone(),
            timeout: self.timeout,
            is_of_several: true,
        })
    }

    /// The option, else the variable.
    pub(super) fn text(
        &self,
        option: Option<&str>,
        flag: &str,
        name: &str,
    ) -> Result<Option<Found<String>>> {
        if option.is_none() && self.is_of_several {
            return Ok(None);
        }
        found::text(option, flag, name)
    }

    /// The same for a file.
    pub(super) fn path(
        &self,
        option: Option<&PathBuf>,
        flag: &str,
        name: &str,
    ) -> Result<Option<Found<PathBuf>>> {
        if option.is_none() && self.is_of_several {
            return Ok(None);
        }
        found::path(option, flag, name)
    }
}
