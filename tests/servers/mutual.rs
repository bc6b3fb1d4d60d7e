//! A real OpenBao that is configured by `rootward vault config prod`: mutual TLS, raft storage. It
//! can be sealed, stopped and started again.

use super::{Answer, HOST, INTERMEDIATE, Server, free_port, within_ten_seconds};
use crate::common::{Run, Site, Template, bao, output};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// With both environments: their identity intermediates, listeners and prod/hello, test/hello.
static BOTH: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::prepared();
    site.keyed(&["intermediate", "request", "test/identity"]).ok();
    site.keyed(&["intermediate", "sign", "test/identity"]).ok();
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    site.keyed(&["identity", "issue", "--env", "test"]).ok();
    Template::of(&site)
});

/// A workspace with everything that servers of both environments show, and ask for.
pub fn both() -> Site {
    BOTH.site()
}

/// The server of prod.
pub struct Mutual<'s> {
    site: &'s Site,
    server: Option<Server>,
    pub port: u16,
    dir: PathBuf,
    key: Value,
}

impl<'s> Mutual<'s> {
    /// Started, not initialised.
    pub fn new(site: &'s Site) -> Self {
        let dir = site.beside("mutual");
        let tls = dir.join("tls");
        fs::create_dir_all(&tls).unwrap();
        fs::create_dir(dir.join("data")).unwrap();
        fs::set_permissions(dir.join("data"), fs::Permissions::from_mode(0o700)).unwrap();
        let port = free_port();
        site.edit("ca/prod/environment.toml", &format!("{HOST}:8200"), &format!("{HOST}:{port}"));
        let declared = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\ndata = \"{0}/data\"\n\
             audit = \"{0}/audit.log\"\ntls = \"{0}/tls\"\n",
            dir.display()
        );
        site.edit("ca/prod/environment.toml", "[server]\n", &declared);
        let hcl = dir.join("server.hcl").display().to_string();
        site.run(&["vault", "config", "prod", "-o", &hcl]).ok();
        // As the head of the file says.
        for name in ["chain.pem", "key.pem"] {
            fs::copy(site.path("identities/prod/vault-server").join(name), tls.join(name)).unwrap();
        }
        fs::copy(site.path(INTERMEDIATE), tls.join("client-ca.pem")).unwrap();
        let mut this = Self { site, server: None, port, dir, key: Value::Null };
        this.start();
        this
    }

    /// Initialised and unsealed; the root token is in a file.
    pub fn open(site: &'s Site) -> Self {
        let mut this = Self::new(site);
        let init = json!({"secret_shares": 1, "secret_threshold": 1});
        let made = this.api("", "PUT", "sys/init", &init);
        this.write_token("token", made["root_token"].as_str().unwrap());
        this.key = made["keys_base64"][0].clone();
        this.unseal();
        this
    }

    /// What the server is started with.
    pub fn config(&self) -> PathBuf {
        self.dir.join("server.hcl")
    }

    /// The server itself finds nothing wrong with its configuration.
    pub fn validate(&self) -> String {
        let mut command = Command::new(bao());
        command.args(["operator", "validate-config", "-config"]).arg(self.config());
        output(command.env("NO_COLOR", "1"))
    }

    pub fn start(&mut self) {
        let mut command = Command::new(bao());
        command.args(["server", "-config"]).arg(self.config());
        command.env_clear().env("HOME", &self.dir);
        let log = self.dir.join("log");
        self.server = Some(Server::start(self.site, self.port, log, &mut command));
    }

    pub fn stop(&mut self) {
        self.server = None;
    }

    pub fn unseal(&self) {
        self.api("", "PUT", "sys/unseal", &json!({"key": self.key}));
        let active = || self.ask(Some("prod/hello"), "GET", "sys/health", "").0 == 200;
        assert!(within_ten_seconds(active), "{}", self.said());
    }

    pub fn seal(&self) {
        self.api("token", "PUT", "sys/seal", &Value::Null);
    }

    /// Its log.
    pub fn said(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Its audit log: who asked for what.
    pub fn audited(&self) -> String {
        fs::read_to_string(self.dir.join("audit.log")).unwrap_or_default()
    }

    /// A file with a token, beside the one of root, `token`.
    pub fn write_token(&self, name: &str, token: &str) -> String {
        let path = self.dir.join(name);
        fs::write(&path, format!("{token}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// A token with these policies.
    pub fn token_of(&self, policies: &[&str]) -> String {
        let made = self.api("token", "POST", "auth/token/create", &json!({"policies": policies}));
        self.write_token(&policies.join("-"), made["auth"]["client_token"].as_str().unwrap())
    }

    /// As the client of that certificate, or as none.
    pub fn ask(&self, client: Option<&str>, method: &str, path: &str, body: &str) -> Answer {
        let server = self.server.as_ref().unwrap();
        server.ask(client, &["-X", method, "--data-binary", "@-"], &format!("/v1/{path}"), body)
    }

    /// With the token of that file; it must succeed.
    #[track_caller]
    pub fn api(&self, token: &str, method: &str, path: &str, body: &Value) -> Value {
        let header = self.dir.join("header");
        let token = fs::read_to_string(self.dir.join(token)).unwrap_or_default();
        fs::write(&header, format!("X-Vault-Token: {token}")).unwrap();
        let header = format!("@{}", header.display());
        let arguments = ["-X", method, "-H", &header, "--data-binary", "@-"];
        let server = self.server.as_ref().unwrap();
        let path = format!("/v1/{path}");
        let (status, answer) = server.ask(Some("prod/hello"), &arguments, &path, &body.to_string());
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// rootward as the client prod/hello with the root token, and what else is named.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let token = self.dir.join("token").display().to_string();
        let connection = connection(self.site, "prod/hello", self.port, &token);
        let connection: Vec<&str> = connection.iter().map(String::as_str).collect();
        run(self.site, &[arguments, &connection].concat(), &[])
    }
}

/// Options that lead to a server on a port of the loopback interface.
pub fn connection(site: &Site, client: &str, port: u16, token: &str) -> Vec<String> {
    let dir = site.path("identities").join(client);
    let file = |name: &str| dir.join(name).display().to_string();
    let (chain, key, address) =
        (file("chain.pem"), file("key.pem"), format!("https://127.0.0.1:{port}"));
    [
        ["--address", &address],
        ["--tls-server-name", HOST],
        ["--client-cert", &chain],
        ["--client-key", &key],
        ["--token-file", token],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

/// rootward with nothing of the tester's own connections in its environment, but with these
/// variables.
pub fn run(site: &Site, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = site.command(arguments);
    for name in ["ADDR", "TOKEN", "CACERT", "CLIENT_CERT", "CLIENT_KEY", "NAMESPACE"] {
        command.env_remove(format!("BAO_{name}")).env_remove(format!("VAULT_{name}"));
    }
    command.env_remove("VAULT_TLS_SERVER_NAME").env_remove("BAO_TLS_SERVER_NAME");
    command.env_remove("VAULT_CLIENT_TIMEOUT").env_remove("BAO_CLIENT_TIMEOUT");
    command.env("HOME", site.beside("home")).envs(variables.iter().copied());
    Run::of(command.output().unwrap())
}
