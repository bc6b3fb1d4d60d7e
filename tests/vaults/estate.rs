//! The example estate of the repository with all its certificates, and the CI servers whose jobs
//! log in to it.

use crate::common::{Site, Template};
use base64ct::{Base64UrlUnpadded, Encoding};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rootward::pki::pem;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// A key that signs tokens of CI jobs, PKCS#8.
pub fn new_jwt_key() -> Vec<u8> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    made.unwrap().as_ref().to_vec()
}

static KEYS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [new_jwt_key(), new_jwt_key()]);

fn jwt_key(environment: &str) -> &'static [u8] {
    &KEYS[usize::from(environment == "prod")]
}

fn pair(key: &[u8]) -> EcdsaKeyPair {
    let rng = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key, &rng).unwrap()
}

/// PEM of the public half (RFC 5480).
pub fn jwt_public(key: &[u8]) -> String {
    const P256: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    pem::encode("PUBLIC KEY", &[P256, pair(key).public_key().as_ref()].concat()).unwrap()
}

/// A token of a job of that repository, signed by the environment's CI server.
pub fn jwt(environment: &str, repository: &str) -> String {
    let host = |what: &str| format!("https://{what}.{environment}.example.internal");
    let claims = json!({
        "iss": host("git"), "aud": host("vault"), "sub": "job", "repository": repository,
    });
    jwt_signed_by(jwt_key(environment), claims)
}

/// A compact JWS with ES256 (RFC 7515, RFC 7518), good for ten minutes.
pub fn jwt_signed_by(key: &[u8], mut claims: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    claims["iat"] = json!(now - 10);
    claims["nbf"] = json!(now - 10);
    claims["exp"] = json!(now + 600);
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({"alg": "ES256", "typ": "JWT"})), part(&claims));
    let signature = pair(key).sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(signature.as_ref()))
}

/// A root, both identity intermediates, every certificate, as `scripts/quickstart` makes them.
static ESTATE: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::empty();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    for dir in ["ca", "identities"] {
        copy(&repository.join(dir), &site.path(dir));
    }
    for environment in ["test", "prod"] {
        site.write(&format!("ca/{environment}/jwt.pem"), &jwt_public(jwt_key(environment)));
    }
    site.keyed(&["root", "create"]).ok();
    for environment in ["test", "prod"] {
        let intermediate = format!("{environment}/identity");
        site.keyed(&["intermediate", "request", &intermediate]).ok();
        site.keyed(&["intermediate", "sign", &intermediate]).ok();
    }
    site.keyed(&["identity", "issue", "--all"]).ok();
    Template::of(&site)
});

/// A copy of the estate, for one test.
pub fn estate() -> Site {
    ESTATE.site()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => std::fs::copy(&path, to.join(name)).map(|_| ()).unwrap(),
        }
    }
}
