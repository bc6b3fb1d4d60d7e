//! A root key in a token: SoftHSM, asked through PKCS#11, with pkcs11-tool and openssl as judges.
//!
//! SoftHSM finds its tokens by an environment variable, and a module is started once in a process:
//! each test runs itself again in a process of its own.
#![cfg(feature = "pkcs11")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod ca;
mod common;

use ca::rules;
use common::{output, tool};
use rootward::custody::{
    Signer,
    pkcs11::{Token, TokenKey},
};
use rootward::error::{Error, Result};
use rootward::model::{
    key::Algorithm,
    rule::Rule,
    site::{Role, Site},
    text::hex,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const CONFIGURATION: &str = "SOFTHSM2_CONF";
const PIN: &str = "648219";

#[track_caller]
fn module() -> PathBuf {
    let file = Path::new("/usr/lib/softhsm/libsofthsm2.so");
    assert!(file.is_file(), "SoftHSM is missing; install it: sudo apt-get install softhsm2");
    file.to_owned()
}

/// Runs the test of that name in a process with a directory of tokens of its own, in which there
/// is the token "rootward".
fn with_token(test: &str, body: impl FnOnce(&Path)) {
    if let Some(configuration) = std::env::var_os(CONFIGURATION) {
        return body(Path::new(&configuration).parent().unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let (tokens, configuration) = (dir.path().join("tokens"), dir.path().join("softhsm2.conf"));
    fs::create_dir(&tokens).unwrap();
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
    fs::write(&configuration, text).unwrap();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", test, "--nocapture"]).env(CONFIGURATION, &configuration);
    initialise(&configuration, "rootward");
    let run = again.output().unwrap();
    let text = [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(run.status.success() && text[0].contains("1 passed"), "{}{}", text[0], text[1]);
}

fn initialise(configuration: &Path, label: &str) {
    let mut command = Command::new(tool("softhsm2-util", "softhsm2"));
    command.args([
        "--init-token",
        "--free",
        "--label",
        label,
        "--so-pin",
        "12345678",
        "--pin",
        PIN,
    ]);
    output(command.env(CONFIGURATION, configuration));
}

/// As the token "rootward" with its PIN; everything there is in the output.
fn pkcs11_tool(arguments: &[&str]) -> String {
    let mut command = Command::new(tool("pkcs11-tool", "opensc"));
    command.arg("--module").arg(module()).args(["--token-label", "rootward", "--login"]);
    output(command.args(["--pin", PIN]).args(arguments))
}

fn open() -> Arc<Token> {
    let token = Token::open(&module(), "rootward").unwrap();
    token.login(PIN).unwrap();
    token
}

#[track_caller]
fn refusal<T>(result: Result<T>) -> (Rule, String, String) {
    let error: Error = result.map(|_| ()).unwrap_err();
    let finding = error.findings.first().unwrap_or_else(|| panic!("{error:?}"));
    (finding.rule, finding.detail.clone(), error.hint.unwrap())
}

/// openssl's own judgement of a signature.
fn verify(dir: &Path, key: &TokenKey, hash: &str) {
    let message = b"what is to be signed";
    let signature = key.sign(message).unwrap();
    for (name, bytes) in
        [("message", &message[..]), ("signature", &signature), ("public.der", &key.public().spki)]
    {
        fs::write(dir.join(name), bytes).unwrap();
    }
    let mut openssl = Command::new(tool("openssl", "openssl"));
    openssl.args(["dgst", hash, "-verify", "public.der", "-keyform", "DER"]);
    openssl.args(["-signature", "signature", "message"]).current_dir(dir);
    assert_eq!(output(&mut openssl), "Verified OK\n");
}

#[test]
fn a_key_is_made_in_the_token_and_signs() {
    with_token("a_key_is_made_in_the_token_and_signs", |dir| {
        {
            let token = open();
            let made = token.generate("root-g1", Algorithm::P384).unwrap();
            let found = token.key("root-g1").unwrap();
            assert_eq!(made.public(), found.public());
            assert_eq!(found.public().algorithm, Algorithm::P384);
            // Often enough that r or s begins with a zero or a high bit.
            for _ in 0..40 {
                verify(dir, &found, "-sha384");
            }
            let other = token.generate("other", Algorithm::P256).unwrap();
            assert_ne!(other.public(), made.public());
            verify(dir, &other, "-sha256");
        }
        let listed = pkcs11_tool(&["--list-objects", "--type", "privkey", "--label", "root-g1"]);
        for expected in [
            "Private Key Object; EC",
            "label:      root-g1",
            "sensitive",
            "always sensitive",
            "never extractable",
            "local",
        ] {
            assert!(listed.contains(expected), "{expected} in {listed}");
        }
        // Opened again, it is the same key, also to pkcs11-tool.
        let token = open();
        let key = token.key("root-g1").unwrap();
        verify(dir, &key, "-sha384");
        let listed = pkcs11_tool(&["--list-objects", "--type", "pubkey", "--label", "root-g1"]);
        let point = hex(&key.public().bits);
        assert!(listed.contains(&format!("EC_POINT:   0461{point}")), "{point} in {listed}");
    });
}

#[test]
fn a_root_certificate_is_signed_by_the_token() {
    with_token("a_root_certificate_is_signed_by_the_token", |dir| {
        use rootward::journal::History;
        use rootward::pki::{issue, profile::Profile};
        let token = open();
        let key = token.generate("root-g1", Algorithm::P384).unwrap();
        let draft = ca::draft(Profile::Root, "Root", key.public(), "20y");
        let object = ca::object("root@g1");
        let linted = issue::lint(&object, &draft, None, &History::default(), ca::NOW).unwrap();
        let certificate = linted.sign(None, &key).unwrap();
        fs::write(dir.join("root.der"), &certificate.der).unwrap();
        let mut openssl = Command::new(tool("openssl", "openssl"));
        openssl.args(["x509", "-inform", "DER", "-in", "root.der", "-out", "root.pem"]);
        output(openssl.current_dir(dir));
        let mut openssl = Command::new(tool("openssl", "openssl"));
        openssl.args(["verify", "-x509_strict", "-check_ss_sig", "-attime", "1800000000"]);
        openssl.args(["-CAfile", "root.pem", "root.pem"]).current_dir(dir);
        assert_eq!(output(&mut openssl), "root.pem: OK\n");
    });
}

#[test]
fn the_documented_site_file_is_understood() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let readme = readme.unwrap();
    let blocks = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains("[pkcs11]")).unwrap();
    for (text, role) in [(block, Role::Online), (&block.replace("#role", "role"), Role::Offline)] {
        let site = Site::parse("ca/site.toml", text.as_bytes()).unwrap();
        assert_eq!((site.role, site.pkcs11.unwrap().module), (role, module()));
    }
}

#[test]
fn a_missing_module_or_token_is_refused() {
    with_token("a_missing_module_or_token_is_refused", |dir| {
        for path in ["/nowhere/module.so", "/etc/passwd"] {
            let (rule, detail, _) = refusal(Token::open(Path::new(path), "rootward"));
            assert_eq!(rule, Rule::TokenMissing);
            assert!(
                detail.starts_with(&format!("the module {path} cannot be loaded (")),
                "{detail}"
            );
        }
        initialise(&dir.join("softhsm2.conf"), "sp\u{e4}re");
        let (rule, detail, _) = refusal(Token::open(&module(), "root"));
        assert_eq!(rule, Rule::TokenMissing);
        assert!(detail.contains("\"rootward\"") && detail.contains("\"späre\""), "{detail}");
        assert!(detail.ends_with(", expected \"root\""), "{detail}");
    });
}

#[test]
fn without_any_token_that_is_said() {
    with_token("without_any_token_that_is_said", |dir| {
        fs::remove_dir_all(dir.join("tokens")).unwrap();
        fs::create_dir(dir.join("tokens")).unwrap();
        let (rule, detail, _) = refusal(Token::open(&module(), "rootward"));
        assert_eq!((rule, &*detail), (Rule::TokenMissing, "got no token, expected \"rootward\""));
    });
}

#[test]
fn of_two_tokens_with_one_label_neither_is_opened() {
    with_token("of_two_tokens_with_one_label_neither_is_opened", |dir| {
        initialise(&dir.join("softhsm2.conf"), "rootward");
        let (rule, detail, _) = refusal(Token::open(&module(), "rootward"));
        assert_eq!(rule, Rule::TokenMissing);
        assert_eq!(detail, "got 2 tokens \"rootward\", expected one");
    });
}

#[test]
fn a_wrong_pin_is_refused() {
    with_token("a_wrong_pin_is_refused", |_| {
        let token = Token::open(&module(), "rootward").unwrap();
        let mut details = Vec::new();
        for pin in ["000000", "1", ""] {
            let (rule, detail, hint) = refusal(token.login(pin));
            assert_eq!(rule, Rule::PinWrong, "{detail}");
            assert!(detail.starts_with("the token did not accept the PIN") && !hint.is_empty());
            details.push(detail);
        }
        // SoftHSM lowers its flag after the first wrong PIN, and never locks.
        assert!(details[1].contains("few tries are left"), "{details:?}");
        token.login(PIN).unwrap();
        assert_eq!(rules(token.key("root-g1")), [Rule::TokenKey]);
    });
}

#[test]
fn a_locked_token_has_no_keys() {
    with_token("a_locked_token_has_no_keys", |_| {
        pkcs11_tool(&["--keypairgen", "--key-type", "EC:secp384r1", "--label", "root-g1"]);
        let token = Token::open(&module(), "rootward").unwrap();
        assert_eq!(rules(token.key("root-g1")), [Rule::TokenKey]);
        assert!(token.generate("root-g2", Algorithm::P384).is_err());
    });
}

#[test]
fn a_key_that_is_not_the_one_is_refused() {
    with_token("a_key_that_is_not_the_one_is_refused", |_| {
        let make = |kind: &str, label: &str, more: &[&str]| {
            pkcs11_tool(&[&["--keypairgen", "--key-type", kind, "--label", label], more].concat());
        };
        make("EC:secp384r1", "twice", &["--id", "01"]);
        make("EC:secp384r1", "twice", &["--id", "02"]);
        make("EC:secp384r1", "loose", &["--id", "03", "--extractable"]);
        make("EC:secp521r1", "large", &["--id", "04"]);
        make("rsa:2048", "rsa", &["--id", "05"]);
        make("EC:secp384r1", "half", &["--id", "06"]);
        pkcs11_tool(&["--delete-object", "--type", "pubkey", "--label", "half"]);
        let token = open();
        for (label, message) in [
            ("none", "got 0 private keys \"none\", expected one"),
            ("twice", "got 2 private keys \"twice\", expected one"),
            ("loose", "the key \"loose\" can be taken out of the token"),
            ("large", "the key \"large\" is on another curve"),
            ("rsa", "the key \"rsa\" is no EC key that signs"),
            ("half", "got 0 public keys \"half\", expected one"),
        ] {
            let (rule, detail, _) = refusal(token.key(label));
            assert_eq!(rule, Rule::TokenKey);
            assert!(detail.starts_with(message), "{detail}");
        }
        for (label, algorithm, message) in [
            ("twice", Algorithm::P384, "got \"twice\", which the token has"),
            ("new", Algorithm::Ed25519, "got Ed25519, expected P-256 or P-384"),
            ("new", Algorithm::Rsa, "got RSA, expected P-256 or P-384"),
        ] {
            let (rule, detail, _) = refusal(token.generate(label, algorithm));
            assert_eq!(rule, Rule::TokenKey);
            assert!(detail.starts_with(message), "{detail}");
        }
    });
}

#[test]
fn a_key_made_by_another_program_serves() {
    with_token("a_key_made_by_another_program_serves", |dir| {
        pkcs11_tool(&[
            "--keypairgen",
            "--key-type",
            "EC:prime256v1",
            "--label",
            "root-g1",
            "--sensitive",
        ]);
        let token = open();
        let key = token.key("root-g1").unwrap();
        assert_eq!(key.public().algorithm, Algorithm::P256);
        verify(dir, &key, "-sha256");
        // Two sessions of one process, as when a key is tested and then used.
        let second = Token::open(&module(), "rootward").unwrap();
        assert_eq!(second.key("root-g1").unwrap().public(), key.public());
    });
}
