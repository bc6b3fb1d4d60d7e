//! A real nginx, in a directory of its own.

use super::{Answer, INTERMEDIATE, Server, free_port, within_ten_seconds};
use crate::common::{Site, output, tool};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An nginx that asks everybody for a certificate under the root, and checks it against the CRLs
/// that were loaded when it started or reloaded.
pub struct Nginx {
    server: Server,
    dir: PathBuf,
}

impl Nginx {
    /// `crls` is the file of `ssl_crl`. It lets in whom the intermediate of prod has certified.
    pub fn start(site: &Site, crls: &str) -> Self {
        let dir = site.beside("nginx");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("crls.pem"), crls).unwrap();
        let (port, shown) = (free_port(), site.path("identities/prod/vault-server"));
        let (trust, issuer) = (site.path("ca/prod/trust.pem"), name_of(&site.path(INTERMEDIATE)));
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("  {what}_temp_path {}/{what};\n", dir.display()))
            .concat();
        let config = format!(
            "daemon off;\nworker_processes 1;\npid {dir}/pid;\nerror_log {dir}/error info;\n\
             events {{}}\nhttp {{\n  access_log off;\n{temporary}\
             map $ssl_client_i_dn $of_prod {{ \"{issuer}\" 1; default 0; }}\n\
             server {{\n  listen 127.0.0.1:{port} ssl;\n\
             ssl_certificate {shown}/chain.pem;\n  ssl_certificate_key {shown}/key.pem;\n\
             ssl_verify_client on;\n  ssl_verify_depth 2;\n\
             ssl_client_certificate {trust};\n  ssl_crl {dir}/crls.pem;\n\
             location / {{\n  if ($of_prod = 0) {{ return 403; }}\n\
             return 200 \"$ssl_client_s_dn\";\n}}\n}}\n}}\n",
            dir = dir.display(),
            shown = shown.display(),
            trust = trust.display(),
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = Self::command(&dir);
        let server = Server::start(site, port, dir.join("log"), &mut command);
        Self { server, dir }
    }

    pub(super) fn command(dir: &Path) -> Command {
        let sbin = Path::new("/usr/sbin/nginx"); // not on everybody's path
        let nginx = Some(sbin.to_owned()).filter(|file| file.is_file());
        let mut command = Command::new(nginx.unwrap_or_else(|| tool("nginx", "nginx-light")));
        command.arg("-p").arg(dir).arg("-e").arg(dir.join("error"));
        command.arg("-c").arg(dir.join("nginx.conf"));
        command
    }

    /// Loads another file of CRLs: waits until `seen` says that it is in force.
    pub fn load_crls(&self, crls: &str, mut seen: impl FnMut(&Self) -> bool) {
        fs::write(self.dir.join("crls.pem"), crls).unwrap();
        output(Self::command(&self.dir).args(["-s", "reload"]));
        assert!(within_ten_seconds(|| seen(self)), "not reloaded: {}", self.log());
    }

    /// As that identity, `ENV/NAME`.
    pub fn visit(&self, identity: &str) -> Answer {
        self.server.ask(Some(identity), &[], "/", "")
    }

    /// What it said of the certificates that it refused.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("error")).unwrap_or_default() + &self.server.said()
    }
}

/// As nginx writes it (RFC 2253).
fn name_of(certificate: &Path) -> String {
    let mut openssl = Command::new(tool("openssl", "openssl"));
    openssl.args(["x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in"]).arg(certificate);
    output(&mut openssl).trim().strip_prefix("subject=").unwrap().to_owned()
}
