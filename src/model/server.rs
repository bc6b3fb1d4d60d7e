//! `[server]` of an environment: how its Vault or OpenBao itself is configured, for
//! `rootward vault config`. No secret belongs here.

use super::text::clean;
use crate::error::{Error, Result};
use serde::Deserialize;

/// `[server]`; every key has a default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Whose server it is: they differ in a rule of ACLs and in where audit devices are declared.
    #[serde(default)]
    pub dialect: Dialect,
    /// Where it listens, `ADDRESS:PORT`; undeclared: every address, the port of `address`.
    pub listen: Option<String>,
    /// The directory of its raft storage; undeclared: that of the dialect.
    pub data: Option<String>,
    /// The file of its audit device; undeclared: that of the dialect.
    pub audit: Option<String>,
    /// The directory with chain.pem, key.pem and client-ca.pem; undeclared: that of the dialect.
    pub tls: Option<String>,
    /// How it is unsealed.
    #[serde(default)]
    pub seal: Seal,
}

/// Which program the server is. They differ in the order of rules for LIST, in capabilities and
/// keys of policies, and in whether the values of an identity may be wildcards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// OpenBao 2.6 and newer.
    #[default]
    OpenBao,
    /// HashiCorp Vault.
    Vault,
}

impl std::str::FromStr for Dialect {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "openbao" => Ok(Dialect::OpenBao),
            "vault" => Ok(Dialect::Vault),
            _ => Err(format!("got dialect {word:?}, expected \"openbao\" or \"vault\"")),
        }
    }
}

/// `[server.seal]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Seal {
    /// By people with shares of its key.
    #[default]
    Shamir,
    /// By the transit engine of another server; its token stands in that server's own
    /// environment, never here.
    Transit {
        /// `https://HOST:PORT` of the other server.
        address: String,
        /// Of the key in its transit engine.
        key: String,
        /// Where that engine is mounted.
        #[serde(default = "Seal::default_mount")]
        mount: String,
    },
    /// By a key in Azure Key Vault, with the machine's managed identity.
    AzureKeyVault {
        /// Of the key vault.
        vault_name: String,
        /// Of the key in it.
        key_name: String,
        /// The directory (tenant) that the vault belongs to.
        tenant_id: String,
    },
}

impl Seal {
    fn default_mount() -> String {
        "transit".to_owned()
    }
}

impl Server {
    /// # Errors
    /// Usage: a value that would break out of the configuration that it is rendered into.
    pub fn check(&self, file: &str) -> Result<()> {
        let mut values: Vec<(&str, &str)> = Vec::new();
        let optional = [
            ("listen", &self.listen),
            ("data", &self.data),
            ("audit", &self.audit),
            ("tls", &self.tls),
        ];
        values.extend(optional.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))));
        match &self.seal {
            Seal::Shamir => {}
            Seal::Transit { address, key, mount } => {
                values.extend([("seal.address", address.as_str()), ("seal.key", key)]);
                values.push(("seal.mount", mount));
                if !address.starts_with("https://") {
                    let got = clean(address);
                    let message = format!(
                        "{file}: server.seal.address: got {got:?}, expected https://HOST:PORT"
                    );
                    return Err(Error::usage(message));
                }
            }
            Seal::AzureKeyVault { vault_name, key_name, tenant_id } => values.extend([
                ("seal.vault_name", vault_name.as_str()),
                ("seal.key_name", key_name),
                ("seal.tenant_id", tenant_id),
            ]),
        }
        let plain = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !"\"\\${}".contains(c))
        };
        match values.into_iter().find(|(_, value)| !plain(value)) {
            None => Ok(()),
            Some((key, value)) => {
                let got = clean(value);
                let message = format!("{file}: server.{key}: got {got:?}, expected plain ASCII");
                Err(Error::usage(message))
            }
        }
    }
}
