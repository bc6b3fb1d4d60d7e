//! How a server is configured, and which program it is.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How a server is set up.
#[derive(Default)]
pub struct Setup {
    /// Survives a restart.
    pub raft: bool,
    /// A directory with chain.pem and key.pem; else those of `ENV/vault-server`.
    pub listener: Option<PathBuf>,
    /// Environments whose identities get through the handshake; else its own alone.
    pub clients: Vec<&'static str>,
}

/// Writes its configuration and gives its port.
pub fn configure(dir: &Path, listener: &Path, environment: &str, raft: bool) -> u16 {
    let free: Vec<TcpListener> =
        (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let ports: Vec<u16> = free.iter().map(|free| free.local_addr().unwrap().port()).collect();
    let (shown, listener) = (dir.display(), listener.display());
    let storage = match raft {
        true => format!(
            "storage \"raft\" {{\n  path = \"{shown}/data\"\n  node_id = \"{environment}\"\n  \
             performance_multiplier = 1\n}}\n"
        ),
        false => "storage \"inmem\" {}\n".to_owned(),
    };
    let text = format!(
        "ui = false\n{storage}\
         api_addr = \"https://vault.{environment}.example.internal:{0}\"\n\
         cluster_addr = \"https://127.0.0.1:{1}\"\n\
         listener \"tcp\" {{\n  address = \"127.0.0.1:{0}\"\n  cluster_address = \"127.0.0.1:{1}\"\n  \
         tls_cert_file = \"{listener}/chain.pem\"\n  tls_key_file = \"{listener}/key.pem\"\n  \
         tls_client_ca_file = \"{shown}/clients.pem\"\n  tls_require_and_verify_client_cert = true\n}}\n\
         audit \"file\" \"file\" {{\n  options {{ file_path = \"{shown}/audit.log\" }}\n}}\n",
        ports[0], ports[1],
    );
    fs::write(dir.join("server.hcl"), text).unwrap();
    ports[0]
}

pub fn set_secret(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
