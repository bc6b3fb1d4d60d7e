//! One server: started, asked, stopped, started again, sealed, slowed.

use super::eventually;
use super::setup::{Setup, configure, set_secret};
use crate::common::Site;
use crate::common::bao;
use reqwest::blocking::Client;
use rustix::process::{Pid, Signal, kill_process};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A status and a body; status 0 is no answer at all, with the reason.
pub type Answer = (u16, Value);

/// An unsealed OpenBao; it ends with the test.
pub struct Server<'s> {
    pub site: &'s Site,
    pub environment: &'static str,
    pub dir: PathBuf,
    listener: PathBuf,
    port: u16,
    child: Option<Child>,
    keys: Value,
    clients: Mutex<BTreeMap<String, Client>>,
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

impl<'s> Server<'s> {
    /// With its storage in memory, on certificates of the environment.
    pub fn start(site: &'s Site, environment: &'static str) -> Self {
        Self::with(site, environment, Setup::default())
    }

    pub fn with(site: &'s Site, environment: &'static str, setup: Setup) -> Self {
        let dir = site.beside(&format!("server-{environment}"));
        fs::create_dir_all(dir.join("data")).unwrap();
        let own = site.path(&format!("identities/{environment}/vault-server"));
        let listener = setup.listener.clone().unwrap_or(own);
        let clients = match setup.clients.is_empty() {
            true => vec![environment],
            false => setup.clients.clone(),
        };
        let ca = |name: &&str| site.read(&format!("ca/{name}/identity/g1/cert.pem"));
        fs::write(dir.join("clients.pem"), clients.iter().map(ca).collect::<String>()).unwrap();
        let port = configure(&dir, &listener, environment, setup.raft);
        let mut server = Self {
            site,
            environment,
            dir,
            listener,
            port,
            child: None,
            keys: Value::Null,
            clients: Mutex::default(),
        };
        server.run();
        let init = json!({"secret_shares": 1, "secret_threshold": 1});
        assert!(eventually(|| server.health().0 == 501), "{}", server.log());
        server.keys = server.ask(None, "PUT", "sys/init", &init).1;
        fs::write(server.dir.join("token"), server.keys["root_token"].as_str().unwrap()).unwrap();
        set_secret(&server.dir.join("token"));
        server.unseal();
        server
    }

    /// Starts the process, which is sealed then.
    pub fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.dir.join("log")).unwrap();
        let mut command = Command::new(bao());
        command.arg("server").arg("-config").arg(self.dir.join("server.hcl"));
        command.env_clear().env("HOME", &self.dir).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.clients.lock().unwrap().clear();
    }

    /// Whose certificates get through the handshake after the next start: PEM.
    pub fn let_in(&self, cas: &str) {
        fs::write(self.dir.join("clients.pem"), cas).unwrap();
    }

    /// Stopped and started again: what a listener trusts is not loaded otherwise.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
        self.unseal();
    }

    pub fn unseal(&self) {
        let key = json!({ "key": self.keys["keys_base64"][0] });
        assert!(eventually(|| self.health().0 != 0), "{}", self.log());
        let (status, said) = self.ask(None, "PUT", "sys/unseal", &key);
        assert_eq!(status, 200, "{said}");
        let active = || {
            self.health().0 == 200
                && self.ask(Some(&self.token()), "GET", "sys/mounts", &Value::Null).0 == 200
        };
        assert!(eventually(active), "{}", self.log());
    }

    pub fn seal(&self) {
        self.api("PUT", "sys/seal", &Value::Null);
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = kill_process(Pid::from_child(&child), Signal::CONT);
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child.as_ref().unwrap()), signal).unwrap();
    }

    pub fn health(&self) -> Answer {
        self.ask(None, "GET", "sys/health", &Value::Null)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// What the audit device has recorded.
    pub fn audit(&self) -> String {
        fs::read_to_string(self.dir.join("audit.log")).unwrap_or_default()
    }

    /// How many requests it has answered.
    pub fn requests(&self) -> usize {
        self.audit().matches("\"type\":\"request\"").count()
    }

    /// How many of them may have changed something.
    pub fn writes(&self) -> usize {
        let audit = self.audit();
        let requests = audit.lines().filter(|line| line.contains("\"type\":\"request\""));
        let operations = ["create", "update", "patch", "delete"];
        let marks = operations.map(|name| format!("\"operation\":\"{name}\""));
        requests.filter(|line| marks.iter().any(|mark| line.contains(mark))).count()
    }

    pub fn host(&self) -> String {
        format!("vault.{}.example.internal", self.environment)
    }

    pub fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// By its name, for a client that knows where that is.
    pub fn url(&self) -> String {
        format!("https://{}:{}", self.host(), self.port)
    }

    pub fn socket(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub fn token(&self) -> String {
        self.keys["root_token"].as_str().unwrap_or_default().to_owned()
    }

    pub fn token_file(&self) -> PathBuf {
        self.dir.join("token")
    }

    /// As the operator of the environment, with that token.
    pub fn ask(&self, token: Option<&str>, method: &str, path: &str, body: &Value) -> Answer {
        let operator = format!("{}/operator", self.environment);
        self.ask_as(&operator, token, method, path, body)
    }

    /// With the certificate of an identity, `ENV/NAME`.
    pub fn ask_as(
        &self,
        client: &str,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answer {
        let http = {
            let mut clients = self.clients.lock().unwrap();
            clients.entry(client.to_owned()).or_insert_with(|| self.client(client)).clone()
        };
        let url = format!("{}/v1/{path}", self.url());
        let is_patch = method == "PATCH";
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = http.request(method, url);
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token);
        }
        if !body.is_null() {
            let kind = if is_patch { "application/merge-patch+json" } else { "application/json" };
            request = request.header("Content-Type", kind).body(body.to_string());
        }
        match request.send() {
            Err(error) => (0, json!(format!("{error:?}"))),
            Ok(response) => {
                let status = response.status().as_u16();
                let text = response.text().unwrap_or_default();
                (status, serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
            }
        }
    }

    /// With the root token; it must succeed.
    #[track_caller]
    pub fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(Some(&self.token()), method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// The client of an identity is read again: it has another certificate now.
    pub fn forget(&self, client: &str) {
        self.clients.lock().unwrap().remove(client);
    }

    fn client(&self, identity: &str) -> Client {
        let dir = self.site.path(&format!("identities/{identity}"));
        self.client_of(
            &fs::read(dir.join("chain.pem")).unwrap(),
            &fs::read(dir.join("key.pem")).unwrap(),
        )
    }

    /// A client that shows this chain.
    pub fn client_of(&self, chain: &[u8], key: &[u8]) -> Client {
        let trust = fs::read(self.listener.join("chain.pem")).unwrap();
        let trust = match self.listener.starts_with(self.site.root()) {
            true => {
                fs::read(self.site.path(&format!("ca/{}/trust.pem", self.environment))).unwrap()
            }
            false => trust,
        };
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates(&trust));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(store)
            .with_client_auth_cert(certificates(chain), PrivateKeyDer::from_pem_slice(key).unwrap())
            .unwrap();
        Client::builder()
            .tls_backend_preconfigured(config)
            .no_proxy()
            .resolve(&self.host(), self.socket())
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .unwrap()
    }
}

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).map(Result::unwrap).collect()
}
