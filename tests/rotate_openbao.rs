//! A real OpenBao meets revocation and rotation: CRLs and trust of its cert auth, and chains with
//! links for its PKI engine.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod parties;

use common::{Site, bao, tool};
use parties::{NEW, OLD, openssl};
use serde_json::{Value, json};
use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const HOST: &str = "vault.prod.example.internal";

/// A server on certificates of a workspace; it ends with the test.
struct Server<'s> {
    site: &'s Site,
    child: Child,
    port: u16,
    token: String,
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl<'s> Server<'s> {
    fn start(site: &'s Site) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, cluster) = (free(), free());
        let listener = site.path("identities/prod/vault-server").display().to_string();
        let config = site.beside("server.hcl");
        let text = format!(
            "storage \"inmem\" {{}}\napi_addr = \"https://{HOST}:{port}\"\n\
             listener \"tcp\" {{\n  address = \"127.0.0.1:{port}\"\n  \
             cluster_address = \"127.0.0.1:{cluster}\"\n  \
             tls_cert_file = \"{listener}/chain.pem\"\n  tls_key_file = \"{listener}/key.pem\"\n}}\n"
        );
        std::fs::write(&config, text).unwrap();
        let log = File::create(site.beside("server.log")).unwrap();
        let mut command = Command::new(bao());
        command.arg("server").arg(format!("-config={}", config.display()));
        command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        let mut server = Self { site, child: command.spawn().unwrap(), port, token: String::new() };
        let init = json!({ "secret_shares": 1, "secret_threshold": 1 });
        let opened = server.eventually("PUT", "sys/init", &init);
        server.token = opened["root_token"].as_str().unwrap().to_owned();
        server.call("PUT", "sys/unseal", &json!({ "key": opened["keys_base64"][0] })).unwrap();
        server.eventually("GET", "sys/health", &Value::Null);
        server
    }

    fn eventually(&self, method: &str, path: &str, body: &Value) -> Value {
        for _ in 0..150 {
            if let Ok(answer) = self.call(method, path, body) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{}", std::fs::read_to_string(self.site.beside("server.log")).unwrap());
    }

    fn curl(&self, method: &str, path: &str, body: &Value) -> Command {
        let mut curl = Command::new(tool("curl", "curl"));
        curl.args(["-q", "-sS", "--fail-with-body", "--max-time", "30", "--noproxy", "*"]);
        curl.arg("--resolve").arg(format!("{HOST}:{}:127.0.0.1", self.port));
        curl.arg("--cacert").arg(self.site.path("ca/prod/trust.pem"));
        curl.args(["-X", method, "-H", &format!("X-Vault-Token: {}", self.token)]);
        if !body.is_null() {
            curl.args(["--data-binary", &body.to_string()]);
        }
        curl.arg(format!("https://{HOST}:{}/v1/{path}", self.port));
        curl
    }

    fn sent(mut curl: Command) -> Result<Value, String> {
        let output = curl.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        match output.status.success() {
            true => Ok(serde_json::from_str(&text).unwrap_or_default()),
            false => Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))),
        }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        Self::sent(self.curl(method, path, body))
    }

    /// The role of prod/hello trusts these.
    fn trust(&self, paths: &[&str]) {
        let text: String = paths.iter().map(|path| self.site.read(path)).collect();
        let role = json!({ "certificate": text, "allowed_common_names": ["hello"] });
        self.call("POST", "auth/cert/certs/hello", &role).unwrap();
    }

    fn login(&self) -> Result<Value, String> {
        let mut curl = self.curl("POST", "auth/cert/login", &json!({ "name": "hello" }));
        let file = |name: &str| self.site.path(&format!("identities/prod/hello/{name}"));
        curl.arg("--cert").arg(file("chain.pem")).arg("--key").arg(file("key.pem"));
        Self::sent(curl)
    }
}

#[test]
fn cert_auth_and_pki_follow_revocation_and_rotation() {
    let site = Site::ready();
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    let server = Server::start(&site);
    let enable =
        |path: &str, kind: &str| server.call("POST", path, &json!({ "type": kind })).unwrap();
    enable("sys/auth/cert", "cert");
    enable("sys/mounts/pki", "pki");
    server.trust(&["ca/prod/identity/g1/cert.pem"]);
    server.login().unwrap();

    // The CRL, as `revoke` says it is to be loaded.
    site.keyed(&["revoke", "prod/hello", "--reason", "superseded", "--yes"]).ok();
    let crl = json!({ "crl": site.read("ca/prod/identity/g1/crl.pem") });
    server.call("POST", "auth/cert/crls/prod-identity", &crl).unwrap();
    let refused = server.login().unwrap_err();
    assert!(refused.contains("no chain matching all constraints"), "{refused}");
    site.keyed(&["identity", "issue", "prod/hello"]).ok();
    server.login().unwrap();

    // A second root: chains carry a link, and a role may trust either root.
    site.keyed(&["rotate", "prepare", "root"]).ok();
    for trusted in ["ca/prod/identity/g1/cert.pem", OLD, NEW, "ca/prod/trust.pem"] {
        server.trust(&[trusted]);
        server.login().unwrap_or_else(|error| panic!("{trusted}: {error}"));
    }

    // The key in the server gets a chain with a link, under each root.
    for generation in [1, 2] {
        let request = json!({ "common_name": "requested", "key_type": "ec", "key_bits": 384 });
        let answer = server.call("POST", "pki/intermediate/generate/internal", &request).unwrap();
        site.write("../vault.csr", answer["data"]["csr"].as_str().unwrap());
        let csr = site.beside("vault.csr").display().to_string();
        site.run(&["rotate", "prepare", "prod/vault", "--csr", &csr]).ok();
        let object = format!("prod/vault@g{generation}");
        site.keyed(&["intermediate", "sign", &object]).ok();
        site.run(&["rotate", "activate", &object]).ok();
        let chain = site.read(&format!("ca/prod/vault/g{generation}/chain.pem"));
        assert_eq!(chain.matches("BEGIN").count(), 2);
        let set = json!({ "certificate": chain });
        let answer = server.call("POST", "pki/intermediate/set-signed", &set).unwrap();
        let mapping = answer["data"]["mapping"].as_object().unwrap();
        let (own, _) = mapping.iter().find(|(_, key)| *key != "").unwrap();
        let issuers = json!({ "default": own });
        server.call("POST", "pki/config/issuers", &issuers).unwrap();
        let role = json!({ "allowed_domains": ["prod.example.internal"], "allow_subdomains": true,
            "allow_ip_sans": false, "key_type": "ec", "key_bits": 256, "max_ttl": "24h" });
        server.call("POST", "pki/roles/workload", &role).unwrap();
        let wanted = json!({ "common_name": "web.prod.example.internal" });
        let issued = server.call("POST", "pki/issue/workload", &wanted).unwrap();
        let text = |value: &Value| format!("{}\n", value.as_str().unwrap());
        let above = issued["data"]["ca_chain"].as_array().unwrap().iter().map(text);
        let chain: String =
            [text(&issued["data"]["certificate"])].into_iter().chain(above).collect();
        site.write("leaf.pem", &chain);
        for trust in [&[OLD][..], &[NEW], &[OLD, NEW]] {
            let said = openssl(&site, "leaf.pem", trust, &[]);
            assert!(said.ends_with(": OK\n"), "g{generation}, {trust:?}: {said}\n{chain}");
        }
        if generation == 1 {
            site.run(&["rotate", "activate", "root@g2"]).ok();
        }
    }
}
