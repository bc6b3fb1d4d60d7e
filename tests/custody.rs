//! Custody by the command line: shares of custodians and a token unlock the root, others do not.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Run, Site, Template, output, suite, tool};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::LazyLock;

const DECLARED: &str = "custody = \"passphrase\"";
const SHARED: &str = "custody = \"shares\"";
const THREE_OF_FIVE: &str = "[shares]\nneeded = 3\nof = 5\n";

fn declare_shares(site: &Site, shares: &str) {
    site.edit("ca/root/root.toml", DECLARED, SHARED);
    site.write("ca/root/root.toml", &format!("{}\n{shares}", site.read("ca/root/root.toml")));
}

/// A root whose key five custodians share; prod/identity and test/identity wait for it. The shares
/// lie in the workspace, so that a copy has them.
static SHARES: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::declared();
    declare_shares(&site, THREE_OF_FIVE);
    let dir = site.path("shares").display().to_string();
    site.run(&["root", "create", "--shares-dir", &dir]).ok();
    for environment in ["prod", "test"] {
        site.keyed(&["intermediate", "request", &format!("{environment}/identity")]).ok();
    }
    Template::of(&site)
});

/// With these shares of that set.
fn with(site: &Site, arguments: &[&str], set: &str, shares: &[u8]) -> Run {
    let files = shares.iter().flat_map(|share| {
        let path = site.path(&format!("{set}/share-{share}.txt"));
        ["--share-file".to_owned(), path.display().to_string()]
    });
    let mut command = site.command(arguments);
    Run::of(command.args(files).output().unwrap())
}

fn given(site: &Site, arguments: &[&str], shares: &[u8]) -> Run {
    with(site, arguments, "shares", shares)
}

#[test]
fn any_three_of_five_custodians_unlock_the_root() {
    let site = SHARES.site();
    for share in 1..=5 {
        let mode = fs::metadata(site.path(&format!("shares/share-{share}.txt"))).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    given(&site, &["intermediate", "sign", "prod/identity"], &[1, 3, 5]).ok();
    given(&site, &["intermediate", "sign", "test/identity"], &[2, 3, 4]).ok();
    given(&site, &["root", "crl", "--now"], &[5, 4, 3, 2, 1]).ok();
    // Who opened the key is in the signed transcript, and no word of a share is.
    let set = site.read("ca/root/g1/custody.toml");
    let set = set.lines().find_map(|line| line.strip_prefix("set = ")).unwrap().trim_matches('"');
    for (ceremony, shares) in [(2, "1, 3, 5"), (3, "2, 3, 4"), (4, "1, 2, 3, 4, 5")] {
        let transcript = site.read(&format!("ca/ceremonies/{ceremony:04}/transcript.txt"));
        let text = |line: &str| line.get(24..).unwrap_or_default().to_owned();
        let transcript = transcript.lines().map(text).collect::<Vec<_>>().join(" ");
        let line = format!("root@g1 is opened with shares {shares} (3 of 5, set {set})");
        assert!(transcript.contains(&line), "{transcript}");
    }
    let recorded = format!("\"custody\":\"shares (3 of 5, set {set})\"");
    assert!(site.journal()[0].contains(&recorded), "{}", site.journal()[0]);
    let share = site.read("shares/share-1.txt");
    let some: Vec<&str> = share.split(' ').skip(9).take(3).collect();
    for (path, bytes) in site.snapshot() {
        let is_share = path.to_string_lossy().contains("/share-");
        assert!(is_share || !String::from_utf8_lossy(&bytes).contains(&some.join(" ")), "{path:?}");
    }
    site.run(&["verify"]).ok();
}

#[test]
fn what_is_not_enough_is_refused_and_recorded() {
    let site = SHARES.site();
    let sign = ["intermediate", "sign", "prod/identity"];
    let word = site.read("shares/share-2.txt").replacen(" hard ", " hrd ", 1);
    site.write("shares/share-6.txt", &word);
    let other = SHARES_OF_ANOTHER.read("shares/share-2.txt");
    site.write("shares/share-7.txt", &other);
    site.write("shares/share-8.txt", "\u{1b}[2J");
    for (rule, shares) in [
        ("SHARES-TOO-FEW", [1, 2].as_slice()),
        ("SHARE-REPEATED", &[1, 2, 1]),
        ("SHARE-MISTYPED", &[1, 6, 3]),
        ("SHARE-MISTYPED", &[1, 8, 3]),
        ("SHARE-FOREIGN", &[1, 7, 3]),
        ("SHARE-FOREIGN", &[1, 2, 3, 7]),
    ] {
        let run = site.refuses(rule, |site| given(site, &sign, shares));
        common::assert_plain(&run);
        site.declines(rule, |site| given(site, &["custody", "test"], shares));
    }
    assert!(!site.journal().concat().contains("hrd"), "a word of a share was recorded");
    site.fails(1, "--share-file FILE", |site| site.run(&["custody", "test"]));
    given(&site, &["custody", "test"], &[5, 1, 2]).ok();
}

static SHARES_OF_ANOTHER: LazyLock<Site> = LazyLock::new(|| {
    let site = Site::declared();
    declare_shares(&site, "[shares]\nneeded = 2\nof = 2\n");
    let dir = site.path("shares").display().to_string();
    site.run(&["root", "create", "--shares-dir", &dir]).ok();
    site
});

#[test]
fn a_new_set_replaces_the_old_one_without_a_new_root() {
    let site = SHARES.site();
    let certificate = site.read("ca/root/g1/cert.pem");
    let old_key = site.read("ca/root/g1/key.pem");
    let dir = site.path("new").display().to_string();
    let seal = ["custody", "seal", "root", "--shares-dir", &dir];
    site.edit("ca/root/root.toml", "of = 5", "of = 4");
    site.refuses("SHARES-TOO-FEW", |site| given(site, &seal, &[1, 2]));
    assert_eq!(site.read("ca/root/g1/key.pem"), old_key);
    given(&site, &seal, &[1, 2, 4]).ok();
    assert_eq!(site.read("ca/root/g1/cert.pem"), certificate);
    let last = site.journal().pop().unwrap();
    assert!(last.contains("\"act\":\"custody.seal\"") && last.contains("3 of 4, set"), "{last}");
    site.declines("SHARE-FOREIGN", |site| given(site, &["custody", "test"], &[1, 2, 4]));
    with(&site, &["custody", "test"], "new", &[1, 2, 4]).ok();
    with(&site, &["intermediate", "sign", "prod/identity"], "new", &[2, 3, 4]).ok();
    site.run(&["verify"]).ok();
    // What is said of the key is what was recorded.
    site.edit("ca/root/g1/custody.toml", "of = 4", "of = 5");
    site.run(&["verify"]).fails(1, "custody.toml says shares (3 of 5, set ");
}

#[test]
fn a_passphrase_is_one_that_openssl_takes() {
    let site = Site::prepared();
    let new = site.beside("new");
    let seal = ["custody", "seal", "root", "--new-passphrase-file", new.to_str().unwrap()];
    for wrong in [&[b'a'; 1024][..], b"before\0and after", &[0xff; 4096]] {
        fs::write(&new, wrong).unwrap();
        site.fails(1, "expected at most 1023, none of them zero", |site| site.keyed(&seal));
    }
    fs::write(&new, "\u{e4}".repeat(12)).unwrap();
    assert!(site.keyed(&seal).ok().stderr.contains("has 12 characters; 16 or more are advised"));
    let open = |passphrase: &str, key: &str| {
        let mut openssl = Command::new(tool("openssl", "openssl"));
        openssl.args(["pkey", "-noout", "-in"]).arg(site.path(key));
        openssl.args(["-passin", &format!("file:{passphrase}")]);
        assert!(openssl.status().unwrap().success());
    };
    let key = "ca/root/g1/key.pem";
    open(new.to_str().unwrap(), key);
    let long = site.beside("long");
    fs::write(&long, [b'z'; 1023]).unwrap();
    let (new, long) = (new.display().to_string(), long.display().to_string());
    let files = ["--passphrase-file", &new, "--new-passphrase-file", &long];
    site.run(&[&["custody", "seal", "root"][..], &files].concat()).ok();
    open(&long, key);
}

#[test]
fn a_passphrase_becomes_shares_and_shares_a_passphrase() {
    let site = Site::prepared();
    site.keyed(&["custody", "test"]).ok();
    site.keyed(&["custody", "test", "prod/identity@g1"]).ok();
    let new = site.beside("new");
    fs::write(&new, "a quite different passphrase\n").unwrap();
    let new = new.display().to_string();
    let seal = ["custody", "seal", "root@g1", "--new-passphrase-file", &new];
    site.fails(1, "wrong passphrase", |site| {
        site.run(&[&seal[..], &["--passphrase-file", &new]].concat())
    });
    site.keyed(&seal).ok();
    site.fails(1, "wrong passphrase", |site| site.keyed(&["custody", "test"]));
    site.run(&["custody", "test", "--passphrase-file", &new]).ok();
    declare_shares(&site, THREE_OF_FIVE);
    let dir = site.path("shares").display().to_string();
    let seal = ["custody", "seal", "root"];
    site.run(&[&seal[..], &["--passphrase-file", &new, "--shares-dir", &dir]].concat()).ok();
    given(&site, &["custody", "test"], &[3, 4, 5]).ok();
    let text = site.read("ca/root/root.toml").replace(SHARED, DECLARED);
    site.write("ca/root/root.toml", &text.replace(THREE_OF_FIVE, ""));
    given(&site, &[&seal[..], &["--new-passphrase-file", &new]].concat(), &[1, 2, 3]).ok();
    let test = site.run(&["custody", "test", "--json", "--passphrase-file", &new]).ok();
    assert!(test.stdout.contains("\"custody\": \"passphrase\""), "{}", test.stdout);
    site.run(&["verify"]).ok();
    site.run(&["custody", "seal", "prod/identity"]).fails(2, "expected root or root@g1");
}

#[test]
fn a_key_that_is_not_the_certificates_is_no_key() {
    let site = Site::prepared();
    fs::copy(site.path("ca/prod/identity/g1/key.pem"), site.path("ca/root/g1/key.pem")).unwrap();
    site.declines("ISSUER-KEY", |site| site.keyed(&["custody", "test"]));
    site.refuses("ISSUER-KEY", |site| site.keyed(&["custody", "seal", "root"]));
    fs::remove_file(site.path("ca/root/g1/key.pem")).unwrap();
    site.fails(1, "key.pem is not here", |site| site.keyed(&["custody", "test"]));
}

#[test]
fn openssl_opens_the_key_with_what_the_shares_give() {
    let site = SHARES.site();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/recover-shares.py");
    let mut recover = Command::new(tool("python3", "python3"));
    recover.arg(script).current_dir(site.path("shares"));
    recover.args(["share-5.txt", "share-2.txt", "share-3.txt"]);
    let passphrase = site.beside("recovered");
    fs::write(&passphrase, output(&mut recover)).unwrap();
    let openssl = |arguments: &[&str]| {
        let mut openssl = Command::new(tool("openssl", "openssl"));
        output(openssl.args(arguments).current_dir(site.path("ca/root/g1")))
    };
    let from = format!("file:{}", passphrase.display());
    let key = openssl(&["pkey", "-in", "key.pem", "-passin", &from, "-pubout"]);
    assert_eq!(key, openssl(&["x509", "-in", "cert.pem", "-noout", "-pubkey"]));
}

#[test]
fn custodians_write_down_and_type_at_a_terminal() {
    let site = Site::declared();
    declare_shares(&site, "[shares]\nneeded = 2\nof = 3\n");
    let mut python = Command::new(tool("python3", "python3"));
    python.arg(suite("custodians.py")).arg(env!("CARGO_BIN_EXE_rootward")).arg(site.root());
    output(&mut python);
    site.run(&["verify"]).ok();
}

#[cfg(feature = "pkcs11")]
mod token {
    use super::*;

    const PIN: &str = "648219";
    const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

    /// A workspace whose root is to be in the token "rootward" of a SoftHSM of its own.
    struct Token(Site);

    impl Token {
        fn new() -> Self {
            let site = Site::declared();
            site.edit("ca/root/root.toml", DECLARED, "custody = \"pkcs11\"");
            let tokens = site.beside("tokens");
            fs::create_dir(&tokens).unwrap();
            let text = format!("directories.tokendir = {}\n", tokens.display());
            fs::write(site.beside("softhsm2.conf"), text).unwrap();
            for (name, pin) in [("pin", PIN), ("wrong", "000000")] {
                fs::write(site.beside(name), format!("{pin}\n")).unwrap();
                let mode = fs::Permissions::from_mode(0o600);
                fs::set_permissions(site.beside(name), mode).unwrap();
            }
            let token = Self(site);
            let init = ["--init-token", "--free", "--label", "rootward", "--so-pin", "12345678"];
            output(token.environment(
                Command::new(tool("softhsm2-util", "softhsm2")).args(init).args(["--pin", PIN]),
            ));
            token
        }

        fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
            command.env("SOFTHSM2_CONF", self.0.beside("softhsm2.conf"))
        }

        fn name(&self, token: &str) {
            let tokens = self.0.beside("tokens");
            let text = format!(
                "version = 1\n[pkcs11]\nmodule = \"{MODULE}\"\ntoken = \"{token}\"\npaths = [{tokens:?}]\n"
            );
            self.0.write("ca/site.toml", &text);
        }

        fn with_pin(&self, arguments: &[&str], pin: &str) -> Run {
            let mut command = self.0.command(arguments);
            command.arg("--pin-file").arg(self.0.beside(pin));
            Run::of(self.environment(&mut command).output().unwrap())
        }

        fn pkcs11_tool(&self, arguments: &[&str]) -> String {
            let mut command = Command::new(tool("pkcs11-tool", "opensc"));
            command.args(["--module", MODULE, "--token-label", "rootward", "--login"]);
            output(self.environment(command.args(["--pin", PIN]).args(arguments)))
        }
    }

    #[test]
    fn a_root_in_a_token_signs() {
        let token = Token::new();
        let site = &token.0;
        let create = ["root", "create"];
        token.with_pin(&create, "pin").fails(1, "ca/site.toml names none");
        token.name("elsewhere");
        site.refuses("TOKEN-MISSING", |_| token.with_pin(&create, "pin"));
        token.name("rootward");
        site.refuses("PIN-WRONG", |_| token.with_pin(&create, "wrong"));
        token.with_pin(&create, "pin").ok();
        assert!(!site.path("ca/root/g1/key.pem").exists());
        let key = token.pkcs11_tool(&["--list-objects", "--type", "privkey"]);
        assert!(key.contains("rootward-root-g1") && key.contains("never extractable"), "{key}");
        site.keyed(&["intermediate", "request", "prod/identity"]).ok();
        let sign = ["intermediate", "sign", "prod/identity"];
        site.refuses("PIN-WRONG", |_| token.with_pin(&sign, "wrong"));
        token.with_pin(&sign, "pin").ok();
        let mut openssl = Command::new(tool("openssl", "openssl"));
        openssl.args(["verify", "-x509_strict", "-CAfile", "ca/prod/trust.pem"]);
        output(openssl.arg("ca/prod/identity/g1/cert.pem").current_dir(site.root()));
        site.keyed(&["identity", "issue", "prod/hello"]).ok();
        site.run(&["verify"]).ok();

        token.with_pin(&["custody", "test"], "pin").ok();
        site.declines("PIN-WRONG", |_| token.with_pin(&["custody", "test"], "wrong"));
        token.with_pin(&["custody", "seal", "root"], "pin").fails(1, "which it never leaves");
        token.name("elsewhere");
        site.declines("TOKEN-MISSING", |_| token.with_pin(&["custody", "test"], "pin"));
        token.name("rootward");
        token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--label", "rootward-root-g1"]);
        site.declines("TOKEN-KEY", |_| token.with_pin(&["custody", "test"], "pin"));
    }

    #[test]
    fn a_key_that_an_interrupted_run_left_is_used() {
        let token = Token::new();
        token.name("rootward");
        let make = |curve| {
            let label = ["--label", "rootward-root-g1", "--sensitive"];
            token.pkcs11_tool(&[&["--keypairgen", "--key-type", curve], &label[..]].concat());
        };
        make("EC:prime256v1");
        token.0.refuses("TOKEN-KEY", |_| token.with_pin(&["root", "create"], "pin"));
        for kind in ["privkey", "pubkey"] {
            token.pkcs11_tool(&["--delete-object", "--type", kind, "--label", "rootward-root-g1"]);
        }
        make("EC:secp384r1");
        token.with_pin(&["root", "create"], "pin").ok();
        let transcript = token.0.read("ca/ceremonies/0001/transcript.txt");
        assert!(transcript.contains("one that an interrupted run left"), "{transcript}");
        token.with_pin(&["custody", "test"], "pin").ok();
    }

    #[test]
    fn a_sealed_key_does_not_move_into_a_token_and_a_token_makes_no_rsa() {
        let site = Site::prepared();
        site.edit("ca/root/root.toml", DECLARED, "custody = \"pkcs11\"");
        site.fails(1, "cannot move there", |site| site.keyed(&["custody", "seal", "root"]));
        // The key that is here is still held as it was sealed.
        site.keyed(&["custody", "test"]).ok();
        site.edit("ca/root/root.toml", "algorithm = \"p384\"", "algorithm = \"ed25519\"");
        site.run(&["status"]).fails(2, "expected p384 or p256 for a key in a token");
    }
}
