//! What a server says of itself, to anybody.

use super::answer;
use super::client::Client;
use super::request::{Request, Verb};
use crate::error::{Error, Result};
use crate::model::text::clean;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub initialised: bool,
    pub sealed: bool,
    /// It forwards to the active server of its cluster.
    pub standby: bool,
    pub version: String,
    /// Unknown while it is sealed.
    pub cluster: Option<String>,
}

/// By default the status tells the state, for which a proxy's own could be taken.
const ALWAYS_200: &[(&str, &str)] = &[
    ("standbyok", "true"),
    ("perfstandbyok", "true"),
    ("sealedcode", "200"),
    ("uninitcode", "200"),
    ("drsecondarycode", "200"),
];

impl Client {
    /// Asked without token and namespace, so anybody can, also of a sealed server.
    ///
    /// # Errors
    /// As for [`Client::read`].
    pub fn health(&self) -> Result<Health> {
        let health = Request::new(Verb::Read, "sys/health");
        let body = self.ask(&Request { query: ALWAYS_200, anonymous: true, ..health })?;
        let body = body.unwrap_or_default();
        let flag = |key: &str| body[key].as_bool();
        let (Some(initialised), Some(sealed)) = (flag("initialized"), flag("sealed")) else {
            let address = &self.connection().address;
            return Err(Error::failed(format!(
                "{address}: sys/health is not that of Vault or OpenBao"
            )));
        };
        let text = |key: &str| body[key].as_str().map(clean);
        Ok(Health {
            initialised,
            sealed,
            standby: flag("standby").unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            cluster: text("cluster_name"),
        })
    }

    /// # Errors
    /// Failed: it is not initialised, or sealed.
    pub fn need_open(&self) -> Result<Health> {
        let health = self.health()?;
        match health {
            Health { initialised: false, .. } => Err(answer::not_initialised(self.connection())),
            Health { sealed: true, .. } => Err(answer::sealed(self.connection())),
            health => Ok(health),
        }
    }
}
