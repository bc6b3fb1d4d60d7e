//! A real nginx with whatever is to stand between rootward and a server, or in its place.

use super::{Nginx, Server, free_port};
use crate::common::{Site, output};
use std::fs;
use std::path::PathBuf;

/// An nginx whose `server` block is a test's own.
pub struct Front {
    server: Server,
    dir: PathBuf,
}

/// Shows the certificate of that identity.
pub fn showing(site: &Site, identity: &str) -> String {
    let dir = site.path("identities").join(identity).display().to_string();
    format!("listen PORT ssl; ssl_certificate {dir}/chain.pem; ssl_certificate_key {dir}/key.pem;")
}

impl Front {
    /// `block` listens on PORT, which stands for its address.
    pub fn start(site: &Site, block: &str) -> Self {
        let (port, count) = (free_port(), fs::read_dir(site.beside(".")).unwrap().count());
        let dir = site.beside(&format!("front{count}"));
        fs::create_dir(&dir).unwrap();
        write(&dir, port, block);
        let server = Server::start(site, port, dir.join("log"), &mut Nginx::command(&dir));
        Self { server, dir }
    }

    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// From now on with another block.
    pub fn becomes(&self, block: &str) {
        write(&self.dir, self.server.port, block);
        output(Nginx::command(&self.dir).args(["-s", "reload"]));
    }

    /// One line for each request: status, method, path, and whether a token came with it.
    pub fn requests(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.join("requests")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn write(dir: &std::path::Path, port: u16, block: &str) {
    let shown = dir.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {shown}/{what};\n"))
        .concat();
    let block = block.replace("PORT", &format!("127.0.0.1:{port}"));
    let config = format!(
        "daemon off;\nworker_processes 1;\npid {shown}/pid;\nerror_log {shown}/error info;\n\
         events {{}}\nhttp {{\n{temporary}\
         map $http_x_vault_token $token {{ \"\" none; default token; }}\n\
         log_format short '$status $request_method $uri $token $http_host';\n\
         access_log {shown}/requests short;\nserver {{\n{block}\n}}\n}}\n"
    );
    fs::write(dir.join("nginx.conf"), config).unwrap();
}
