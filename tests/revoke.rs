//! Revocation by command: what lands on which CRL, what is issued again, and what is refused.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{Run, Site, output, suite, tool};
use rootward::pki::{crl::Crl, pem};
use std::process::Command;

const IDENTITY_CRL: &str = "ca/prod/identity/g1/crl.pem";
const ROOT_CRL: &str = "ca/root/g1/crl.pem";

fn crl(site: &Site, path: &str) -> Crl {
    let der = pem::read_one(path, "X509 CRL", site.read(path).as_bytes()).unwrap();
    Crl::parse(path, der).unwrap()
}

/// Serial numbers and reasons, in order.
fn named(crl: &Crl) -> Vec<(String, String)> {
    let reason = |entry: &rootward::pki::crl::Revoked| {
        entry.reason.map_or_else(|| "none".to_owned(), |reason| reason.to_string())
    };
    crl.revoked.iter().map(|entry| (entry.serial.clone(), reason(entry))).collect()
}

fn revoke(site: &Site, object: &str, reason: &str) -> Run {
    site.keyed(&["revoke", object, "--reason", reason, "--yes"])
}

/// The serial number of an object's last certificate.
fn serial(site: &Site, object: &str) -> String {
    let shown = site.run(&["journal", "show", "--object", object, "--json"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let entries = value["entries"].as_array().unwrap();
    let mut serials = entries.iter().filter_map(|entry| entry["serial"].as_str());
    serials.next_back().unwrap().to_owned()
}

fn state(site: &Site, object: &str) -> String {
    let shown = site.run(&["status", "--json"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let row = value["objects"].as_array().unwrap().iter().find(|row| row["object"] == object);
    row.unwrap()["state"].as_str().unwrap().to_owned()
}

#[test]
fn an_identity_lands_on_its_issuer_s_crl_and_stays_there() {
    let site = Site::prepared();
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    let first = serial(&site, "prod/hello");
    let run = revoke(&site, "prod/hello", "keycompromise").ok();
    assert!(run.stderr.contains("issued CRL 2 of prod/identity@g1"), "{}", run.stderr);
    assert!(run.stderr.contains(" vault apply prod\n"), "{}", run.stderr);
    let now = crl(&site, IDENTITY_CRL);
    assert_eq!((now.number, named(&now)), (2, vec![(first.clone(), "keyCompromise".into())]));
    assert_eq!(state(&site, "prod/hello"), "revoked");
    site.run(&["verify"]).ok();

    // Once more: nothing new. Another: the set grows, and so does the number.
    let before = site.snapshot();
    let again = revoke(&site, "prod/hello", "superseded").ok();
    assert!(again.stderr.contains("prod/hello is already revoked"), "{}", again.stderr);
    assert_eq!(site.snapshot(), before);
    let second = serial(&site, "prod/vault-server");
    revoke(&site, "prod/vault-server", "unspecified").ok();
    let now = crl(&site, IDENTITY_CRL);
    let both = vec![(first, "keyCompromise".to_owned()), (second, "none".to_owned())];
    assert_eq!((now.number, named(&now)), (3, both.clone()));
    site.keyed(&["intermediate", "crl", "prod/identity", "--now"]).ok();
    let now = crl(&site, IDENTITY_CRL);
    assert_eq!((now.number, named(&now)), (4, both));
    site.run(&["verify"]).ok();

    let mut verify = Command::new(tool("openssl", "openssl"));
    verify.args(["verify", "-crl_check", "-CAfile"]).arg(site.path("ca/prod/trust.pem"));
    verify.arg("-untrusted").arg(site.path("identities/prod/hello/chain.pem"));
    verify.arg("-CRLfile").arg(site.path(IDENTITY_CRL));
    let said = verify.arg(site.path("identities/prod/hello/cert.pem")).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("certificate revoked"), "{said:?}");
}

#[test]
fn one_certificate_of_two_is_revoked_by_its_serial() {
    let site = Site::prepared();
    let old = serial(&site, "prod/hello");
    site.edit("identities/prod/hello/identity.toml", "\"kv-read\", ", "");
    site.keyed(&["identity", "issue", "prod/hello"]).ok();
    let colons: Vec<String> =
        old.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).to_uppercase()).collect();
    let reason = ["--reason", "superseded", "--yes", "--serial"];
    let revoke =
        |serial: &str| site.keyed(&[&["revoke", "prod/hello"], &reason[..], &[serial]].concat());
    revoke(&colons.join(":")).ok();
    assert_eq!(named(&crl(&site, IDENTITY_CRL)), [(old, "superseded".to_owned())]);
    assert_eq!(state(&site, "prod/hello"), "valid");
    site.fails(2, "prod/hello never had a certificate with serial 01ab", |_| revoke("01AB"));
    site.run(&["verify"]).ok();
}

#[test]
fn what_was_compromised_is_issued_again_and_what_ended_is_not() {
    let site = Site::prepared();
    for reason in ["keyCompromise", "superseded", "unspecified"] {
        let key = site.read("identities/prod/hello/key.pem");
        revoke(&site, "prod/hello", reason).ok();
        let issued = site.keyed(&["identity", "issue", "--env", "prod"]).ok();
        assert!(issued.stderr.contains("issued   prod/hello"), "{}", issued.stderr);
        assert_ne!(site.read("identities/prod/hello/key.pem"), key);
        assert_eq!(state(&site, "prod/hello"), "valid");
    }
    for (number, reason) in
        ["cessationOfOperation", "privilegeWithdrawn", "affiliationChanged"].iter().enumerate()
    {
        let name = format!("app{number}");
        let declared = site.read("identities/prod/hello/identity.toml");
        std::fs::create_dir(site.path(&format!("identities/prod/{name}"))).unwrap();
        site.write(&format!("identities/prod/{name}/identity.toml"), &declared);
        let object = format!("prod/{name}");
        site.keyed(&["identity", "issue", &object]).ok();
        revoke(&site, &object, reason).ok();
        let run = site.keyed(&["identity", "issue", "--env", "prod"]).ok();
        assert!(run.stderr.contains(&format!("revoked  {object} ({reason})")), "{}", run.stderr);
        site.refuses("IDENTITY-REVOKED", |site| site.keyed(&["identity", "issue", &object]));
        assert_eq!(state(&site, &object), "revoked");
    }
    site.run(&["verify"]).ok();
}

#[test]
fn a_compromised_key_is_not_certified_again() {
    let site = Site::prepared();
    std::fs::create_dir(site.path("identities/prod/remote")).unwrap();
    let declared = site.read("identities/prod/hello/identity.toml");
    let declared = declared.replace("#key = \"host\"", "key = \"host\"");
    site.write("identities/prod/remote/identity.toml", &declared);
    let request = |name: &str, key: &str| {
        let (csr, key) = (site.beside(name), site.beside(key));
        let mut make = Command::new(tool("openssl", "openssl"));
        make.args(["req", "-new", "-subj", "/CN=remote", "-nodes", "-out"]).arg(&csr);
        if key.exists() {
            make.arg("-key").arg(key);
        } else {
            make.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout"]).arg(key);
        }
        output(&mut make);
        csr.display().to_string()
    };
    let issue = |csr: &str| site.keyed(&["identity", "issue", "prod/remote", "--csr", csr]);
    issue(&request("one.csr", "key")).ok();
    revoke(&site, "prod/remote", "superseded").ok();
    issue(&request("one.csr", "key")).ok();
    revoke(&site, "prod/remote", "keyCompromise").ok();
    let same = request("two.csr", "key");
    site.refuses("KEY-COMPROMISED", |_| issue(&same));
    issue(&request("three.csr", "other")).ok();

    let csr = suite("openbao-csr/rsa4096.csr").display().to_string();
    site.keyed(&["intermediate", "sign", "prod/vault", "--csr", &csr]).ok();
    revoke(&site, "prod/vault@g1", "keyCompromise").ok();
    site.declines("KEY-COMPROMISED", |site| {
        site.run(&["intermediate", "request", "prod/vault@g2", "--csr", &csr])
    });
}

#[test]
fn an_intermediate_lands_on_the_root_s_crl_and_signs_no_more() {
    let site = Site::prepared();
    let serial = serial(&site, "prod/identity@g1");
    let run = revoke(&site, "prod/identity@g1", "cACompromise").ok();
    assert!(run.stderr.contains("issued CRL 2 of root@g1"), "{}", run.stderr);
    let now = crl(&site, ROOT_CRL);
    assert_eq!((now.number, named(&now)), (2, vec![(serial, "cACompromise".to_owned())]));
    site.run(&["verify"]).ok();
    assert_eq!(state(&site, "prod/identity@g1"), "revoked");
    assert_eq!(state(&site, "prod/hello"), "due");
    site.edit("identities/prod/hello/identity.toml", "\"kv-read\", ", "");
    site.refuses("ISSUER-UNFIT", |site| site.keyed(&["identity", "issue", "prod/hello"]));
    let next = site.run(&["status"]).ok().stderr;
    assert!(next.contains(" rotate prepare prod/identity"), "{next}");
    // Its own certificates can be revoked all the same; it has no CRL any more.
    let run = revoke(&site, "prod/hello", "superseded").ok();
    assert!(run.stderr.contains("prod/identity@g1 is not in force itself"), "{}", run.stderr);
    site.run(&["verify"]).ok();
}

#[test]
fn without_the_key_it_is_recorded_and_the_crl_is_due() {
    let site = Site::prepared();
    for key in ["ca/root/g1/key.pem", "ca/prod/identity/g1/key.pem"] {
        std::fs::rename(site.path(key), site.beside(&key.replace('/', "~"))).unwrap();
    }
    let run = revoke(&site, "prod/hello", "keyCompromise").ok();
    assert!(run.stderr.contains("the CRL of prod/identity@g1 is due"), "{}", run.stderr);
    assert_eq!(crl(&site, IDENTITY_CRL).number, 1);
    assert_eq!(state(&site, "prod/identity@g1 CRL"), "due");
    let key = "ca/prod/identity/g1/key.pem";
    std::fs::rename(site.beside(&key.replace('/', "~")), site.path(key)).unwrap();
    // Not yet half its life is over, but it lacks something.
    site.keyed(&["intermediate", "crl", "prod/identity"]).ok();
    assert_eq!(crl(&site, IDENTITY_CRL).revoked.len(), 1);
    assert_eq!(state(&site, "prod/identity@g1 CRL"), "valid");

    let run = revoke(&site, "prod/identity@g1", "superseded").ok();
    assert!(run.stderr.contains("on the CRL of root@g1 at the next ceremony"), "{}", run.stderr);
    assert!(run.stderr.contains(" ceremony plan\n"), "{}", run.stderr);
    assert_eq!(state(&site, "root@g1 CRL"), "due");
    let key = "ca/root/g1/key.pem";
    std::fs::rename(site.beside(&key.replace('/', "~")), site.path(key)).unwrap();
    site.keyed(&["root", "crl"]).ok();
    assert_eq!(crl(&site, ROOT_CRL).revoked.len(), 1);
    site.run(&["verify"]).ok();
}

#[test]
fn what_cannot_be_revoked_is_refused() {
    let site = Site::prepared();
    let declines = |rule: &str, object: &str, reason: &str| {
        site.declines(rule, |site| revoke(site, object, reason))
    };
    declines("CRL-REASON", "prod/hello", "cACompromise");
    declines("CRL-REASON", "prod/hello", "certificateHold");
    declines("CRL-REASON", "prod/identity@g1", "removeFromCRL");
    let fails = |code, text: &str, object: &str| {
        site.fails(code, text, |site| revoke(site, object, "superseded"))
    };
    fails(2, "prod/vault-server never had a certificate", "prod/vault-server");
    fails(2, "expected a generation such as prod/identity@g1", "prod/identity");
    fails(2, "prod/identity@g2 never had a certificate", "prod/identity@g2");
    fails(2, "expected ENV/NAME", "root@g1");
    site.fails(2, "expected --yes", |site| {
        site.keyed(&["revoke", "prod/hello", "--reason", "superseded"])
    });
    site.fails(2, "got \"because\"", |site| revoke(site, "prod/hello", "because"));
    site.declines("REVOKE-EXPIRED", |site| {
        let late = ["revoke", "prod/hello", "--reason", "superseded", "--yes"];
        site.keyed_at("+40d", &late)
    });
    site.declines("CLOCK-BEHIND-JOURNAL", |site| {
        let early = ["revoke", "prod/hello", "--reason", "superseded", "--yes"];
        site.keyed_at("-1h", &early)
    });
}
