//! The one thing of a Kubernetes cluster that a login asks: its TokenReview API
//! (`authentication.k8s.io/v1`), over HTTPS. It knows the tokens of its pods, and believes a
//! reviewer that shows one of them.

use base64ct::{Base64UrlUnpadded, Encoding};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub struct Cluster {
    pub port: u16,
    /// PEM of the CA of its API.
    pub ca: String,
    /// Token -> namespace and account.
    pods: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Cluster {
    /// It answers until the test ends.
    pub fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let (config, pods) = (Arc::new(config), Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let known = pods.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let tls = ServerConnection::new(config.clone()).unwrap();
                let _ = answer(StreamOwned::new(tls, socket), &known.lock().unwrap());
            }
        });
        Self { port, ca: made.cert.pem(), pods }
    }

    /// The token of a new pod of that service account, as a projected volume has it.
    pub fn pod(&self, namespace: &str, account: &str) -> String {
        let claims = json!({
            "iss": "https://kubernetes.default.svc", "aud": ["vault"],
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
            "exp": 4_000_000_000_u64, "nbf": 1_000_000_000, "iat": 1_000_000_000,
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": {"name": account, "uid": uid(namespace, account)},
            },
        });
        let token = super::jwt_signed_by(&super::new_jwt_key(), claims);
        let pod = (token.clone(), namespace.to_owned(), account.to_owned());
        self.pods.lock().unwrap().push(pod);
        token
    }
}

fn uid(namespace: &str, account: &str) -> String {
    Base64UrlUnpadded::encode_string(format!("{namespace}/{account}").as_bytes())
}

type Pods = [(String, String, String)];

fn answer(stream: StreamOwned<ServerConnection, TcpStream>, pods: &Pods) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut bearer) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or_default(),
            "authorization" => bearer = value.trim_start_matches("Bearer ").to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let of = |token: &str| pods.iter().find(|(known, ..)| known == token);
    let status = match (of(&bearer), of(asked["spec"]["token"].as_str().unwrap_or_default())) {
        (None, _) => None,
        (Some(_), None) => Some(json!({"authenticated": false})),
        (Some(_), Some((_, namespace, account))) => Some(json!({
            "authenticated": true, "audiences": ["vault"],
            "user": {
                "username": format!("system:serviceaccount:{namespace}:{account}"),
                "uid": uid(namespace, account),
                "groups": ["system:serviceaccounts"],
            },
        })),
    };
    let head = match &status {
        Some(_) => "201 Created",
        None => "401 Unauthorized",
    };
    let review = json!({
        "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": status,
    });
    let text = review.to_string();
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 {head}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{text}",
        text.len()
    )?;
    stream.flush()?;
    stream.conn.send_close_notify();
    stream.flush()
}
