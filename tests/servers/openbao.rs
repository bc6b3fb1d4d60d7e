//! A real OpenBao, asked with curl.

use super::{Answer, HOST, INTERMEDIATE, Server, free_port, within_ten_seconds};
use crate::common::{Site, bao};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An unsealed OpenBao whose storage is its memory, with `auth/cert`.
pub struct OpenBao {
    server: Server,
    /// The root token, as a header file of curl.
    token: PathBuf,
}

/// What a login gave.
#[derive(Debug)]
pub struct Login {
    pub token: String,
    pub entity: String,
}

impl OpenBao {
    pub fn start(site: &Site) -> Self {
        let dir = site.beside("openbao");
        fs::create_dir(&dir).unwrap();
        let (port, shown) = (free_port(), site.path("identities/prod/vault-server"));
        let config = format!(
            "storage \"inmem\" {{}}\napi_addr = \"https://{HOST}:{port}\"\n\
             listener \"tcp\" {{\n  address = \"127.0.0.1:{port}\"\n  \
             tls_cert_file = \"{0}/chain.pem\"\n  tls_key_file = \"{0}/key.pem\"\n}}\n",
            shown.display()
        );
        fs::write(dir.join("server.hcl"), config).unwrap();
        let mut command = Command::new(bao());
        command.args(["server", "-config"]).arg(dir.join("server.hcl"));
        command.env_clear().env("HOME", &dir);
        let server = Server::start(site, port, dir.join("log"), &mut command);
        let this = Self { server, token: dir.join("token") };
        this.open();
        this
    }

    fn open(&self) {
        fs::write(&self.token, "").unwrap();
        let made = self.api("PUT", "sys/init", &json!({"secret_shares": 1, "secret_threshold": 1}));
        let token = made["root_token"].as_str().unwrap();
        fs::write(&self.token, format!("X-Vault-Token: {token}")).unwrap();
        self.api("PUT", "sys/unseal", &json!({"key": made["keys_base64"][0]}));
        let active = || self.server.ask(None, &[], "/v1/sys/health", "").0 == 200;
        assert!(within_ten_seconds(active), "{}", self.server.said());
        self.api("POST", "sys/auth/cert", &json!({"type": "cert"}));
    }

    /// With a token, from a header file: it is no argument.
    fn call(&self, token: &Path, method: &str, path: &str, body: &Value) -> Answer {
        let token = format!("@{}", token.display());
        let arguments = ["-X", method, "-H", &token, "--data-binary", "@-"];
        self.server.ask(None, &arguments, &format!("/v1/{path}"), &body.to_string())
    }

    /// With the root token; what it says when it refuses.
    pub fn asked(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call(&self.token, method, path, body)
    }

    /// With the root token; it must succeed.
    #[track_caller]
    pub fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.asked(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Who shows a certificate of prod's identity intermediate with that name is that app.
    pub fn role(&self, site: &Site, name: &str) {
        let role = json!({
            "certificate": site.read(INTERMEDIATE),
            "display_name": name,
            "allowed_common_names": [name],
            "allowed_uri_sans": [format!("spiffe://prod.example.internal/app/{name}")],
        });
        self.api("POST", &format!("auth/cert/certs/{name}"), &role);
    }

    /// The payload: the PEM of the CRL, under any name. Writing it again replaces it.
    pub fn load_crl(&self, name: &str, pem: &str) {
        self.api("POST", &format!("auth/cert/crls/{name}"), &json!({"crl": pem}));
    }

    /// Of prod's identity with that name; else what the server said.
    pub fn login(&self, name: &str) -> Result<Login, Answer> {
        let body = json!({ "name": name }).to_string();
        let arguments = ["-X", "POST", "--data-binary", "@-"];
        let client = format!("prod/{name}");
        let answer = self.server.ask(Some(&client), &arguments, "/v1/auth/cert/login", &body);
        let value: Value = serde_json::from_str(&answer.1).unwrap_or_default();
        let of = |key: &str| value["auth"][key].as_str().map(str::to_owned);
        let login = || Some(Login { token: of("client_token")?, entity: of("entity_id")? });
        login().ok_or(answer)
    }

    /// Is its token good for anything?
    pub fn serves(&self, login: &Login) -> bool {
        self.asked_by(&login.token, "GET", "auth/token/lookup-self", &Value::Null).0 == 200
    }

    /// With that token.
    pub fn asked_by(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let file = self.token.with_file_name("client");
        fs::write(&file, format!("X-Vault-Token: {token}")).unwrap();
        self.call(&file, method, path, body)
    }
}
