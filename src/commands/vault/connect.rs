//! How a connection comes of options, variables and declarations.

pub use super::options::Args;

use super::found::{self, Found};
use crate::authority::Estate;
use crate::commands::{Session, read_named, unlock};
use crate::error::{Error, Explain, Kind, Result};
use crate::model::{address::Address, name::Name, net::DnsName};
use crate::store::file;
use crate::vault::{self, Client, ClientCertificate, Connection, Timeouts, Token, Trust};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// A client of the environment's server, which has been found to be initialised and unsealed.
///
/// # Errors
/// As for [`settings`] and [`Settings::connect`].
pub fn connect(
    args: &Args,
    session: &Session,
    estate: &Estate,
    environment: &Name,
) -> Result<Client> {
    settings(args, session, estate, environment)?.connect()
}

/// All that a connection takes; nothing was sent yet.
pub struct Settings {
    connection: Connection,
    /// Where it was not declared.
    address: Option<Found<String>>,
}

impl Settings {
    /// # Errors
    /// Failed: the server cannot be reached, is sealed. WRONG-ENVIRONMENT.
    pub fn connect(self) -> Result<Client> {
        let client = Client::new(&self.connection)?;
        client.need_open().map_err(|error| match self.address {
            // What a shell was set to is what a person forgets.
            Some(Found { source, .. }) if error.kind == Kind::Refused && source != "--address" => {
                error.hint(format!("unset {source}"))
            }
            _ => error,
        })?;
        Ok(client)
    }
}

/// From options, variables and declarations.
///
/// # Errors
/// Usage: a setting that cannot be understood, no token.
pub fn settings(
    args: &Args,
    session: &Session,
    estate: &Estate,
    environment: &Name,
) -> Result<Settings> {
    if let Some(Found { source, .. }) = found::variable("SKIP_VERIFY")? {
        session.ui.warn(&format!("{source} is not heeded: every server is verified"));
    }
    let address = args.text(args.address.as_deref(), "--address", "ADDR")?;
    let connection = connection(args, session, estate, environment, address.as_ref())?;
    if connection.token.is_none() {
        return Err(no_token());
    }
    Ok(Settings { connection, address })
}

/// Everything for a client, before anything is connected to; perhaps without a token.
///
/// # Errors
/// Usage: a setting that cannot be understood. Failed: no server can be trusted yet.
pub fn prepare(
    args: &Args,
    session: &Session,
    estate: &Estate,
    environment: &Name,
) -> Result<Connection> {
    let address = args.text(args.address.as_deref(), "--address", "ADDR")?;
    connection(args, session, estate, environment, address.as_ref())
}

fn connection(
    args: &Args,
    session: &Session,
    estate: &Estate,
    environment: &Name,
    address: Option<&Found<String>>,
) -> Result<Connection> {
    let declared = &estate.environment(environment)?.environment.declared;
    let server_name =
        args.text(args.tls_server_name.as_deref(), "--tls-server-name", "TLS_SERVER_NAME")?;
    let namespace = args.text(args.namespace.as_deref(), "--namespace", "NAMESPACE")?;
    Ok(Connection {
        address: match address {
            Some(found) => self::address(found)?,
            None => declared.address.parse::<Address>().map_err(Error::usage)?,
        },
        server_name: server_name
            .map(|found| found.parse(|name| name.parse::<DnsName>()))
            .transpose()?,
        trust: Arc::new(trust(args, estate, environment)?),
        certificate: certificate(args, session, environment)?,
        token: token(args, session)?,
        namespace: namespace.map(|found| vault::namespace(&found.value)).transpose()?,
        timeouts: timeouts(args)?,
        seed: seed(session)?,
    })
}

/// A plain-http address is a mistake with a name: a token would be for everybody to read.
fn address(found: &Found<String>) -> Result<Address> {
    let error = match found.parse(|text| text.parse::<Address>()) {
        Ok(address) => return Ok(address),
        Err(error) => error,
    };
    Err(match found.value.strip_prefix("http://") {
        Some(rest) => error.hint(format!("only TLS is spoken: --address https://{rest}")),
        None => error.hint("such as --address https://vault.prod.example.internal:8200"),
    })
}

fn trust(args: &Args, estate: &Estate, environment: &Name) -> Result<Trust> {
    /// As large as the bundles of operating systems are.
    const BUNDLE: u64 = 4 << 20;
    let Some(found) = args.path(args.cacert.as_ref(), "--cacert", "CACERT")? else {
        return Trust::of(estate, environment, None);
    };
    let pem = file::read(&found.value, BUNDLE).context(&found.source)?;
    Trust::of(estate, environment, Some((&file::shown(&found.value), &pem)))
}

fn certificate(
    args: &Args,
    session: &Session,
    environment: &Name,
) -> Result<Option<ClientCertificate>> {
    let chain = args.path(args.client_cert.as_ref(), "--client-cert", "CLIENT_CERT")?;
    let key = args.path(args.client_key.as_ref(), "--client-key", "CLIENT_KEY")?;
    let (chain, key) = match (chain, key) {
        (None, None) => return Ok(None),
        (Some(chain), Some(key)) => (chain, key),
        (Some(one), None) => {
            return Err(half(&one, "key", "--client-key identities/ENV/NAME/key.pem"));
        }
        (None, Some(one)) => {
            return Err(half(&one, "certificate", "--client-cert identities/ENV/NAME/chain.pem"));
        }
    };
    let (chain_pem, key_pem) = (read(&chain)?, read(&key)?);
    unlock::warn_if_open(session, &key.value);
    let (chain_name, key_name) = (file::shown(&chain.value), file::shown(&key.value));
    let parsed = ClientCertificate::parse(
        (&chain_name, &chain_pem),
        (&key_name, &key_pem),
        session.context.now(),
    );
    parsed.hint(format!("rootward identity issue --env {environment}")).map(Some)
}

fn half(found: &Found<PathBuf>, missing: &str, hint: &str) -> Error {
    Error::usage(format!("{} is given without its {missing}", found.source)).hint(hint)
}

fn read(found: &Found<PathBuf>) -> Result<Zeroizing<Vec<u8>>> {
    read_named(&found.value).context(&found.source)
}

/// From a file, a variable, or where `bao login` and `vault login` leave it.
fn token(args: &Args, session: &Session) -> Result<Option<Token>> {
    let of_file = |path: &Path| {
        let bytes = read_named(path)?;
        unlock::warn_if_open(session, path);
        Token::parse(&file::shown(path), &bytes).map(Some)
    };
    if let Some(path) = &args.token_file {
        return of_file(path);
    }
    if args.is_of_several {
        return Ok(None);
    }
    if let Some(Found { value, source }) = found::variable("TOKEN")? {
        return Token::parse(&source, Zeroizing::new(value).as_bytes()).map(Some);
    }
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let left = home.map(|home| Path::new(&home).join(".vault-token"));
    match left.filter(|path| file::exists(path)) {
        Some(path) => of_file(&path),
        None => Ok(None),
    }
}

fn no_token() -> Error {
    Error::usage(
        "there is no token: expected --token-file, BAO_TOKEN, VAULT_TOKEN or ~/.vault-token",
    )
    .hint("bao login -method=cert, or vault login -method=cert; or --token-file FILE")
}

/// `BAO_CLIENT_TIMEOUT` is a number of seconds or as Go writes durations, `60s`, `2m`.
fn timeouts(args: &Args) -> Result<Timeouts> {
    let seconds = match (args.timeout, found::variable("CLIENT_TIMEOUT")?) {
        (Some(seconds), _) => Some(seconds),
        (None, None) => None,
        (None, Some(found)) => Some(found.parse(|text| seconds(text))?),
    };
    let default = Timeouts::default();
    let request = seconds.map_or(default.request, Duration::from_secs);
    Ok(Timeouts { connect: default.connect.min(request), request })
}

fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(number) => (number, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| (1..=3600).contains(seconds))
        .ok_or_else(|| format!("got {text:?}, expected seconds such as 60 or 60s, at most 3600"))
}

fn seed(session: &Session) -> Result<u64> {
    let mut seed = [0; 8];
    let filled = session.context.rng.fill(&mut seed);
    filled.map_err(|_| Error::failed("the operating system gives no randomness"))?;
    Ok(u64::from_le_bytes(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_written_as_bao_and_vault_read_them() {
        assert_eq!(seconds("60"), Ok(60));
        assert_eq!(seconds("60s"), Ok(60));
        assert_eq!(seconds("2m"), Ok(120));
        for bad in ["", "0", "s", "-1", "1h", "61m", "18446744073709551615m"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
