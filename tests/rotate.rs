//! Rotation by command line: prepare, activate, taint, revoke; and who verifies what at each stage.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod parties;

use common::{Run, Site, Template, suite};
use parties::{NEW, OLD, accept, openssl, refuse, webpki};
use rootward::authority::Estate;
use rootward::ceremony::{medium, plan, plan::Terms, rehearse};
use rootward::context::Context;
use rootward::journal::Origin;
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime};

const HELLO: &str = "identities/prod/hello/chain.pem";
const LISTENER: &str = "identities/prod/vault-server/chain.pem";
const OLD_LINK: &str = "ca/root/g2/old-with-new-link.pem";

/// A root, prod/identity and both of its identities, test/identity and none.
static ISSUED: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::ready();
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    Template::of(&site)
});

/// The same with root@g2 prepared.
static PREPARED: LazyLock<Template> = LazyLock::new(|| {
    let site = ISSUED.site();
    site.keyed(&["rotate", "prepare", "root"]).ok();
    Template::of(&site)
});

fn rotate(site: &Site, verb: &str, object: &str) -> Run {
    let mut arguments = vec!["rotate", verb, object];
    match verb {
        "prepare" => site.keyed(&arguments),
        "revoke" => {
            arguments.extend(["--reason", "superseded", "--yes"]);
            site.keyed(&arguments)
        }
        _ => site.run(&arguments),
    }
}

fn row(site: &Site, object: &str) -> (String, String) {
    let shown = site.run(&["status", "--json"]).ok().stdout;
    let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let row = value["objects"].as_array().unwrap().iter().find(|row| row["object"] == object);
    let row = row.unwrap_or_else(|| panic!("{object} is not in {shown}"));
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("next"))
}

#[track_caller]
fn is(site: &Site, object: &str, state: &str, next: &str) {
    let got = row(site, object);
    assert_eq!((got.0.as_str(), got.1.as_str()), (state, next), "{object}");
}

fn certificates(site: &Site, path: &str) -> usize {
    site.read(path).matches("BEGIN CERTIFICATE").count()
}

/// A second intermediate of prod, which signs, and one identity under it.
fn next_intermediate(site: &Site) {
    rotate(site, "prepare", "prod/identity").ok();
    site.keyed(&["intermediate", "sign", "prod/identity@g2"]).ok();
    rotate(site, "activate", "prod/identity@g2").ok();
    site.keyed(&["identity", "issue", "prod/hello"]).ok();
}

#[test]
fn whoever_trusts_either_root_verifies_every_live_chain_at_every_stage() {
    let both: [&[&str]; 3] = [&[OLD], &[NEW], &[OLD, NEW]];
    let stage = |site: &Site, trusts: &[&[&str]]| {
        for chain in [HELLO, LISTENER] {
            trusts.iter().for_each(|trust| accept(site, chain, trust));
            accept(site, chain, &["ca/prod/trust.pem"]);
        }
        site.run(&["verify"]).ok();
    };
    let site = ISSUED.site();
    stage(&site, &[&[OLD]]);

    rotate(&site, "prepare", "root").ok();
    is(&site, "root@g1", "valid", "");
    is(&site, "root@g2", "prepared", "rootward rotate activate root@g2");
    for environment in ["prod", "test"] {
        assert_eq!(certificates(&site, &format!("ca/{environment}/trust.pem")), 2);
    }
    stage(&site, &both);

    rotate(&site, "activate", "root@g2").ok();
    is(&site, "root@g1", "superseded", "rootward rotate taint root@g1");
    is(&site, "root@g2", "valid", "");
    stage(&site, &both);

    // One chain under each root.
    next_intermediate(&site);
    let journal = site.journal();
    let signed = journal.iter().rfind(|line| line.contains("intermediate.sign")).unwrap();
    assert!(signed.contains("\"issuer\":\"root@g2\""), "{signed}");
    stage(&site, &both);

    rotate(&site, "taint", "root@g1").ok();
    // What is under it and still signs would be due; what does not is on its way out.
    is(&site, "root@g1", "tainted", "");
    stage(&site, &both);
    let crls = ["ca/root/g1", "ca/root/g2", "ca/prod/identity/g1", "ca/prod/identity/g2"];
    let crls = crls.map(|dir| format!("{dir}/crl.pem"));
    let crls: Vec<&str> = crls.iter().map(String::as_str).collect();
    for (chain, trust) in [HELLO, LISTENER].iter().flat_map(|chain| both.map(|it| (chain, it))) {
        let said = openssl(&site, chain, trust, &crls);
        assert!(said.ends_with(": OK\n"), "{chain}, {trust:?}: {said}");
    }

    let old_chain = site.read(LISTENER);
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    rotate(&site, "taint", "prod/identity@g1").ok();
    rotate(&site, "revoke", "prod/identity@g1").ok();
    is(&site, "root@g1", "tainted", "rootward rotate revoke root@g1 --reason superseded");
    stage(&site, &both);

    rotate(&site, "revoke", "root@g1").ok();
    is(&site, "root@g1", "revoked", "");
    assert_eq!(certificates(&site, "ca/prod/trust.pem"), 1);
    assert_eq!(site.read("ca/test/trust.pem"), site.read(NEW));
    stage(&site, &[&[NEW], &[OLD, NEW]]);
    refuse(&site, HELLO, &[OLD]);
    // Who kept a chain with the link learns it from the new root's CRL.
    site.write("../w/kept.pem", &old_chain);
    let crls = together_all(&site);
    let crls: Vec<&str> = crls.iter().map(String::as_str).collect();
    let said = openssl(&site, "kept.pem", &[NEW], &crls);
    assert!(said.contains("certificate revoked"), "{said}");
    assert_eq!(row(&site, "root@g2 CRL").0, "valid");
}

fn together_all(site: &Site) -> Vec<String> {
    let dirs = ["ca/root/g1", "ca/root/g2", "ca/prod/identity/g1", "ca/prod/identity/g2"];
    let paths = dirs.iter().map(|dir| format!("{dir}/crl.pem"));
    paths.filter(|path| site.path(path).exists()).collect()
}

#[test]
fn a_compromised_root_is_dropped_at_once() {
    let site = PREPARED.site();
    site.declines("ROTATE-ORDER", |site| {
        site.keyed(&["rotate", "revoke", "root@g1", "--reason", "cACompromise", "--yes"])
    });
    rotate(&site, "activate", "root@g2").ok();
    accept(&site, HELLO, &[NEW]);
    let compromise = ["rotate", "revoke", "root@g1", "--reason", "caCompromise", "--yes"];
    let run = site.keyed(&compromise).ok();
    assert!(run.stderr.contains("1 intermediates under root@g1 stop working"), "{}", run.stderr);
    assert!(run.stderr.contains("issued CRL 2 of root@g2"), "{}", run.stderr);
    assert_eq!(site.read("ca/prod/trust.pem"), site.read(NEW));
    assert_eq!(certificates(&site, HELLO), 2);
    refuse(&site, HELLO, &[NEW]);
    is(&site, "prod/identity@g1", "due", "rootward rotate prepare prod/identity");
    site.run(&["verify"]).ok();
    next_intermediate(&site);
    accept(&site, HELLO, &[NEW]);
    refuse(&site, HELLO, &[OLD]);
    site.run(&["verify"]).ok();
    // Once more: said, nothing done.
    site.fails(0, "root@g1 is already revoked", |site| site.keyed(&compromise));
}

#[test]
fn a_successor_can_be_given_up() {
    let site = PREPARED.site();
    rotate(&site, "taint", "root@g2").ok();
    is(&site, "root@g2", "tainted", "rootward rotate revoke root@g2 --reason superseded");
    rotate(&site, "revoke", "root@g2").ok();
    assert_eq!(site.read("ca/prod/trust.pem"), site.read(OLD));
    assert_eq!(certificates(&site, HELLO), 2);
    accept(&site, HELLO, &[OLD]);
    site.run(&["verify"]).ok();
    rotate(&site, "prepare", "root").ok();
    is(&site, "root@g3", "prepared", "rootward rotate activate root@g3");
    accept(&site, HELLO, &["ca/root/g3/cert.pem"]);
    site.run(&["verify"]).ok();
}

#[test]
fn three_roots_are_linked_in_a_row() {
    let site = PREPARED.site();
    rotate(&site, "activate", "root@g2").ok();
    rotate(&site, "prepare", "root").ok();
    assert_eq!(certificates(&site, "ca/prod/trust.pem"), 3);
    // hello is under g1: by g2's link for g1, and g3's for g2.
    assert_eq!(certificates(&site, HELLO), 4);
    accept(&site, HELLO, &["ca/root/g3/cert.pem"]);
    // GnuTLS goes to the end of the line and looks no further.
    for root in [OLD, NEW] {
        assert!(openssl(&site, HELLO, &[root], &[]).ends_with(": OK\n"));
        assert!(webpki(&site, HELLO, &[root]));
    }
    site.run(&["verify"]).ok();
}

#[test]
fn an_intermediate_goes_through_every_stage() {
    let site = ISSUED.site();
    let order = |verb: &str, object: &str, hint: &str| {
        let run = site.declines("ROTATE-ORDER", |site| rotate(site, verb, object));
        assert!(run.stderr.contains(hint), "{hint}: {}", run.stderr);
    };
    order("activate", "prod/identity@g2", "rotate prepare prod/identity\n");
    order("taint", "prod/identity@g1", "rotate prepare prod/identity\n");
    order("revoke", "prod/identity@g1", "rotate prepare prod/identity\n");

    rotate(&site, "prepare", "prod/identity").ok();
    site.fails(0, "prod/identity@g2 is prepared already", |site| {
        rotate(site, "prepare", "prod/identity")
    });
    is(&site, "prod/identity@g2", "requested", "rootward intermediate sign prod/identity");
    order("activate", "prod/identity@g2", "intermediate sign prod/identity@g2\n");
    site.keyed(&["intermediate", "sign", "prod/identity@g2"]).ok();
    is(&site, "prod/identity@g1", "valid", "");
    is(&site, "prod/identity@g2", "prepared", "rootward rotate activate prod/identity@g2");
    order("taint", "prod/identity@g1", "rotate activate prod/identity@g2\n");

    rotate(&site, "activate", "prod/identity@g2").ok();
    site.fails(0, "is active already", |site| rotate(site, "activate", "prod/identity@g2"));
    is(&site, "prod/identity@g1", "superseded", "rootward rotate taint prod/identity@g1");
    is(&site, "prod/hello", "valid", "");
    order("revoke", "prod/identity@g1", "rotate taint prod/identity@g1\n");
    order("revoke", "prod/identity@g2", "rotate prepare prod/identity\n");

    rotate(&site, "taint", "prod/identity@g1").ok();
    site.fails(0, "tainted or revoked already", |site| rotate(site, "taint", "prod/identity@g1"));
    order("activate", "prod/identity@g1", "explain ROTATE-ORDER\n");
    is(&site, "prod/identity@g1", "tainted", "");
    is(&site, "prod/hello", "due", "rootward identity issue prod/hello");
    let run = site.declines("ROTATE-IN-USE", |site| rotate(site, "revoke", "prod/identity@g1"));
    assert!(run.stderr.contains("2 certificates in use"), "{}", run.stderr);
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    is(&site, "prod/hello", "valid", "");
    let revoke = "rootward rotate revoke prod/identity@g1 --reason superseded";
    is(&site, "prod/identity@g1", "tainted", revoke);

    rotate(&site, "revoke", "prod/identity@g1").ok();
    site.fails(0, "already revoked", |site| rotate(site, "revoke", "prod/identity@g1"));
    is(&site, "prod/identity@g1", "revoked", "");
    order("activate", "prod/identity@g1", "explain ROTATE-ORDER\n");
    accept(&site, HELLO, &[OLD]);
    site.run(&["verify"]).ok();
}

#[test]
fn a_compromised_intermediate_is_revoked_in_use() {
    let site = ISSUED.site();
    next_intermediate(&site);
    let compromise = ["rotate", "revoke", "prod/identity@g1", "--reason", "keyCompromise", "--yes"];
    site.keyed(&compromise).ok();
    is(&site, "prod/vault-server", "due", "rootward identity issue prod/vault-server");
    site.run(&["verify"]).ok();
}

#[test]
fn a_key_in_vault_brings_its_request() {
    let site = ISSUED.site();
    let csr = |name: &str| suite(&format!("openbao-csr/{name}.csr")).display().to_string();
    site.keyed(&["intermediate", "sign", "prod/vault", "--csr", &csr("ec384")]).ok();
    let text = " intermediate request prod/vault@g2 --from-vault, or --csr FILE";
    site.fails(2, text, |site| rotate(site, "prepare", "prod/vault"));
    site.run(&["rotate", "prepare", "prod/vault", "--csr", &csr("rsa4096")]).ok();
    site.keyed(&["intermediate", "sign", "prod/vault@g2"]).ok();
    rotate(&site, "activate", "prod/vault@g2").ok();
    rotate(&site, "taint", "prod/vault@g1").ok();
    rotate(&site, "revoke", "prod/vault@g1").ok();
    is(&site, "prod/vault@g2", "valid", "");
    site.run(&["verify"]).ok();
}

#[test]
fn what_is_not_a_ca_or_has_no_such_generation_is_not_rotated() {
    let site = ISSUED.site();
    site.fails(2, "expected a root or an intermediate", |site| {
        rotate(site, "prepare", "prod/hello")
    });
    site.fails(2, "expected a generation such as root@g1", |site| rotate(site, "taint", "root"));
    site.fails(2, "got root@g4, expected root@g2", |site| rotate(site, "prepare", "root@g4"));
    site.declines("CRL-REASON", |site| {
        site.keyed(&["rotate", "revoke", "root@g1", "--reason", "certificateHold", "--yes"])
    });
    let bare = Site::declared();
    bare.fails(1, "there is no root yet", |site| rotate(site, "prepare", "root"));
}

#[test]
fn a_successor_must_not_end_before_the_root_that_it_follows() {
    let site = ISSUED.site();
    site.edit("ca/root/root.toml", "root = \"20y\"", "root = \"19y\"");
    let run = site.declines("LINK-DATES", |site| rotate(site, "prepare", "root"));
    assert!(run.stderr.contains("root@g2 would end"), "{}", run.stderr);
}

#[test]
fn verify_finds_links_and_bundles_that_are_not_as_they_should_be() {
    let site = PREPARED.site();
    let finds = |text: &str| site.run(&["verify"]).fails(1, text);
    for (path, says) in [
        ("ca/test/trust.pem", "ca/test/trust.pem is not exactly the roots in force"),
        (HELLO, "chain.pem is not the certificate, its issuer and their links"),
        ("ca/prod/identity/g1/chain.pem", "is not the certificate and its root or links"),
    ] {
        let sound = site.read(path);
        let (one, _) = sound
            .split_once("-----BEGIN CERTIFICATE-----\n")
            .map(|_| {
                let end = sound.rfind("-----BEGIN").unwrap();
                sound.split_at(end)
            })
            .unwrap();
        site.write(path, one);
        finds(says);
        site.write(path, &sound);
        site.run(&["verify"]).ok();
    }
    let (link, other) = (site.read(OLD_LINK), site.read("ca/root/g2/new-with-old-link.pem"));
    site.write(OLD_LINK, &other);
    finds("old-with-new-link.pem is not the certificate that the journal recorded");
    // Nothing is derived from it, either.
    let run = site.keyed(&["root", "crl", "--now"]);
    run.fails(3, "NOT-AS-RECORDED: ");
    site.write(OLD_LINK, &link);
    site.run(&["verify"]).ok();
}

#[test]
fn without_the_root_key_the_next_ceremony_makes_it() {
    let site = ISSUED.site();
    let (key, away) = (site.path("ca/root/g1/key.pem"), site.beside("key.pem"));
    std::fs::rename(&key, &away).unwrap();
    let run = rotate(&site, "prepare", "root").ok();
    assert!(run.stderr.contains(" ceremony plan\n"), "{}", run.stderr);
    site.fails(0, "root@g2 waits for the ceremony", |site| rotate(site, "prepare", "root"));
    is(&site, "root@g2", "requested", "rootward ceremony plan");
    assert_eq!(certificates(&site, "ca/prod/trust.pem"), 1);

    let rng = ring::rand::SystemRandom::new();
    let now = OffsetDateTime::now_utc();
    let origin = Origin { host: "here".into(), user: "me".into(), now };
    let context = Context { origin, rng: &rng };
    let estate = Estate::read(&site.root(), &context).unwrap();
    let wanted = plan::wanted(&estate, false).unwrap();
    let terms = Terms {
        operator: "me".into(),
        witnesses: Vec::new(),
        expires: now + Duration::DAY,
        waivers: Vec::new(),
        travels: true,
    };
    let reviewed = plan::make(&estate, &wanted, terms).unwrap();
    let acts: Vec<String> = reviewed
        .plan
        .steps
        .iter()
        .map(|step| format!("{} {}", step.act(), step.object()))
        .collect();
    assert_eq!(acts, ["root.create root@g2", "root.link root@g2", "root.link root@g1"]);
    let mut there = medium::read(&site.root(), &reviewed, &context).unwrap();
    let rehearsed = rehearse::rehearse(&mut there.estate, &reviewed, Box::new(|_| Ok(()))).unwrap();
    assert_eq!(rehearsed.made.len(), 4, "a root, its CRL, two links");
    let link = rehearsed.files.iter().any(|(path, _)| path == OLD_LINK);
    assert!(link && rehearsed.transcript.contains("root.link root@g1"));

    std::fs::rename(&away, &key).unwrap();
    rotate(&site, "prepare", "root").ok();
    is(&site, "root@g2", "prepared", "rootward rotate activate root@g2");
    site.run(&["verify"]).ok();
}

#[test]
fn the_old_root_keeps_its_crl_as_long_as_something_under_it_lasts() {
    let site = PREPARED.site();
    rotate(&site, "activate", "root@g2").ok();
    let number = |path: &str| {
        let der = rootward::pki::pem::read_one(path, "X509 CRL", site.read(path).as_bytes());
        rootward::pki::crl::Crl::parse(path, der.unwrap()).unwrap().number
    };
    let shown = site.run(&["status", "--at", "2099-01-01"]).ok().stdout;
    assert!(!shown.contains("root@g1 CRL"), "{shown}");
    site.keyed(&["root", "crl", "--now"]).ok();
    assert_eq!((number("ca/root/g1/crl.pem"), number("ca/root/g2/crl.pem")), (1, 2));
    site.keyed(&["root", "crl", "--now", "--generation", "1"]).ok();
    assert_eq!((number("ca/root/g1/crl.pem"), number("ca/root/g2/crl.pem")), (2, 2));
    site.run(&["verify"]).ok();
}
