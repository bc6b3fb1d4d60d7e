//! The configuration of the server itself, in HCL: what it listens on, whom it lets in, where it
//! keeps what. Everything comes from the declarations; no secret is in it.

use crate::authority::{Estate, ca::ca_dir, estate::Declared, identity};
use crate::error::{Error, Result};
use crate::model::{
    address::{Address, Host},
    environment::{Environment, ISSUER},
    identity::Kind,
    name::{Name, ObjectRef},
    server::{Dialect, Seal, Server},
};
use crate::store::layout;
use std::fmt::Write as _;

/// What a server is started with.
pub struct ServerConfig {
    /// The file itself.
    pub hcl: String,
    /// Where the server looks for the files beside it.
    pub tls: String,
    /// Name below `tls`, and the files of the workspace that it is put together from.
    pub files: Vec<(&'static str, Vec<String>)>,
}

/// Of the environment's server.
///
/// # Errors
/// Usage: there is no such environment; no listener is declared for its address; a declaration
/// that cannot be read.
pub fn server(estate: &Estate, environment: &Name) -> Result<ServerConfig> {
    let declared = estate.environment(environment)?;
    let environment = &declared.environment;
    let server = &environment.declared.server;
    let address: Address = environment.declared.address.parse().map_err(Error::usage)?;
    let tls = server.tls.as_deref().unwrap_or(defaults(server.dialect).tls);
    let files = files(estate, declared, &address)?;
    let mut hcl = head(environment, tls, &files);
    hcl += &listener(server, &address, tls)?;
    let data = server.data.as_deref().unwrap_or(defaults(server.dialect).data);
    let _ = write!(
        hcl,
        "\nstorage \"raft\" {{\n  path                   = \"{data}\"\n  \
         performance_multiplier = 1\n}}\n"
    );
    hcl += &audit(server);
    hcl += &seal(server);
    Ok(ServerConfig { hcl, tls: tls.to_owned(), files })
}

struct Defaults {
    data: &'static str,
    audit: &'static str,
    tls: &'static str,
}

/// Where their packages put things.
fn defaults(dialect: Dialect) -> Defaults {
    match dialect {
        Dialect::OpenBao => Defaults {
            data: "/opt/openbao/data",
            audit: "/var/log/openbao/audit.log",
            tls: "/opt/openbao/tls",
        },
        Dialect::Vault => Defaults {
            data: "/opt/vault/data",
            audit: "/var/log/vault/audit.log",
            tls: "/opt/vault/tls",
        },
    }
}

/// What goes beside the configuration. The CA for clients is the environment's own intermediate,
/// not the root: the certificates of other environments already fail in the handshake.
fn files(
    estate: &Estate,
    declared: &Declared,
    address: &Address,
) -> Result<Vec<(&'static str, Vec<String>)>> {
    let environment = &declared.environment;
    let listener = layout::identity(&environment.name, &listener_of(estate, declared, address)?);
    let name = ISSUER.parse().map_err(Error::usage)?;
    let issuer = ObjectRef::member(&environment.name, &name);
    let mut cas: Vec<String> = estate
        .live_generations(&issuer)
        .into_iter()
        .map(|ca| format!("{}/cert.pem", ca_dir(&ca)))
        .collect();
    if cas.is_empty() {
        cas.push(format!("{}/cert.pem", ca_dir(&issuer.at(1))));
    }
    Ok(vec![
        ("chain.pem", vec![format!("{listener}/chain.pem")]),
        ("key.pem", vec![format!("{listener}/key.pem")]),
        ("client-ca.pem", cas),
    ])
}

/// The listener whose certificate is for the host of the address.
fn listener_of(estate: &Estate, declared: &Declared, address: &Address) -> Result<Name> {
    let environment = &declared.environment.name;
    for name in identity::declared(estate, environment)? {
        let (identity, _) = identity::load(estate, declared, &name)?;
        let is_for_host = match &address.host {
            Host::Name(host) => identity.dns.contains(host),
            Host::Ip(host) => identity.declared.ip.contains(host),
        };
        if identity.declared.kind == Kind::Listener && is_for_host {
            return Ok(name);
        }
    }
    let host = &address.host;
    let message = format!("{environment} declares no listener for {host}");
    Err(Error::usage(message).hint(format!(
        "declare one, kind = \"listener\", dns = [\"{host}\"], in identities/{environment}/NAME/identity.toml"
    )))
}

fn head(environment: &Environment, tls: &str, files: &[(&'static str, Vec<String>)]) -> String {
    let mut text = format!(
        "# The server of {0}, as declared in {1};\n# rootward vault config {0} writes it. \
         {tls} has\n",
        environment.name,
        layout::environment(&environment.name)
    );
    for (name, sources) in files {
        for (index, source) in sources.iter().enumerate() {
            let name = if index == 0 { name } else { &"and" };
            let _ = writeln!(text, "#   {name:<13}  {source}");
        }
    }
    text
}

fn listener(server: &Server, address: &Address, tls: &str) -> Result<String> {
    let (host, port) = (&address.host, address.port);
    let cluster = port.checked_add(1).ok_or_else(|| {
        Error::usage(format!(
            "the port of {address} leaves none for the cluster, expected a lower one"
        ))
    })?;
    let listen = server.listen.clone().unwrap_or_else(|| format!("0.0.0.0:{port}"));
    let mlock = match server.dialect {
        // It has no such option any more: it never locks.
        Dialect::OpenBao => "",
        Dialect::Vault => {
            "disable_mlock = true # raft maps its file into memory: switch swap off instead\n"
        }
    };
    Ok(format!(
        "\nui            = false\n{mlock}\
         api_addr      = \"https://{host}:{port}\"\n\
         cluster_addr  = \"https://{host}:{cluster}\"\n\
         \n\
         listener \"tcp\" {{\n  \
           address                            = \"{listen}\"\n  \
           tls_cert_file                      = \"{tls}/chain.pem\"\n  \
           tls_key_file                       = \"{tls}/key.pem\"\n  \
           tls_min_version                    = \"tls12\"\n  \
           tls_client_ca_file                 = \"{tls}/client-ca.pem\"\n  \
           tls_require_and_verify_client_cert = true\n\
         }}\n"
    ))
}

fn audit(server: &Server) -> String {
    let file = server.audit.as_deref().unwrap_or(defaults(server.dialect).audit);
    match server.dialect {
        Dialect::OpenBao => format!(
            "\naudit \"file\" \"file\" {{\n  options {{\n    file_path = \"{file}\"\n    \
             mode      = \"0600\"\n  }}\n}}\n"
        ),
        Dialect::Vault => format!(
            "\n# Once it is unsealed, as Vault does not take this from a file:\n\
             #   vault audit enable file file_path={file} mode=0600\n"
        ),
    }
}

fn seal(server: &Server) -> String {
    match &server.seal {
        Seal::Shamir => String::new(),
        Seal::Transit { address, key, mount } => {
            let variable = match server.dialect {
                Dialect::OpenBao => "BAO_TOKEN or VAULT_TOKEN",
                Dialect::Vault => "VAULT_TOKEN",
            };
            format!(
                "\n# Its token is not here: {variable} of the server's own environment.\n\
                 seal \"transit\" {{\n  address    = \"{address}\"\n  key_name   = \"{key}\"\n  \
                 mount_path = \"{}/\"\n}}\n",
                mount.trim_matches('/')
            )
        }
        Seal::AzureKeyVault { vault_name, key_name, tenant_id } => format!(
            "\n# No secret is here: the machine's managed identity, or AZURE_CLIENT_ID and\n\
             # AZURE_CLIENT_SECRET of the server's own environment.\n\
             seal \"azurekeyvault\" {{\n  tenant_id  = \"{tenant_id}\"\n  \
             vault_name = \"{vault_name}\"\n  key_name   = \"{key_name}\"\n}}\n"
        ),
    }
}
