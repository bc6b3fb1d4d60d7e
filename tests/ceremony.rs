//! Ceremonies between two sides, from the plan to the auditor.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod sides;
#[path = "common/ssh.rs"]
mod ssh;

use base64ct::{Base64, Encoding};
use common::{Run, Site, Template};
use sides::Pair;
use ssh::{NAMESPACE, Ssh};
use std::fs;

/// The acts of the journal, in order.
fn acts(site: &Site) -> Vec<String> {
    let field = |line: &String| {
        let record: rootward::journal::Record = serde_json::from_str(line).unwrap();
        format!("{} {}", record.act, record.object)
    };
    site.journal().iter().map(field).collect()
}

#[test]
fn two_ceremonies_and_what_happens_between_them() {
    let pair = Pair::rooted();
    pair.same();
    let first = [
        "intermediate.request prod/identity@g1",
        "intermediate.request test/identity@g1",
        "root.create root@g1",
        "crl.issue root@g1",
        "intermediate.sign prod/identity@g1",
        "intermediate.sign test/identity@g1",
        "ceremony root@g1",
    ];
    assert_eq!(acts(&pair.on), first);
    // What is not in the journal: keys stay where they are made, all else is on both sides.
    assert!(!pair.on.path("ca/root/g1/key.pem").exists());
    assert!(!pair.off.path("ca/prod/identity/g1/key.pem").exists());
    for file in ["ca/root/g1/cert.pem", "ca/root/g1/crl.pem", "ca/prod/identity/g1/chain.pem"] {
        assert_eq!(pair.on.read(file), pair.off.read(file), "{file}");
    }

    pair.on.keyed(&["identity", "issue", "prod/hello"]).ok();
    pair.on.keyed(&["intermediate", "request", "prod/identity@g2"]).ok();
    pair.plan(&["--crl"]).ok();
    // The plan brings the lines since the last ceremony.
    assert!(pair.plan_text().contains("\"act\":\"identity.issue\""));
    pair.complete();
    let second = acts(&pair.off);
    assert_eq!(second[..first.len()], first);
    let after = second[first.len()..].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(
        after[after.len() - 3..],
        ["intermediate.sign prod/identity@g2", "crl.issue root@g1", "ceremony root@g1"]
    );
    assert!(after.contains(&"identity.issue prod/hello"), "{after:?}");
    pair.plan(&[]).fails(1, "nothing waits for the root key");
}

#[test]
fn a_plan_that_is_done_is_not_done_again() {
    let pair = Pair::planned();
    pair.hold();
    let (before, response) = (pair.snapshot(), fs::read(pair.response_file()).unwrap());
    let again = pair.off.beside("again.toml");
    let mut command = pair.offline(&pair.right());
    // No key is asked for, and no question: it is said what is there.
    let run = Run::of(command.arg("-o").arg(&again).output().unwrap()).ok();
    assert!(run.stderr.contains("carried out before; nothing was signed"), "{}", run.stderr);
    assert_eq!(fs::read(again).unwrap(), response);
    assert!(pair.snapshot() == before);
    pair.import().ok();
    pair.same();
    // After a further ceremony, too.
    pair.plan(&["--crl"]).ok();
    pair.complete();
    let before = pair.off.snapshot();
    fs::copy(pair.on.path("ca/ceremonies/0001/plan.toml"), pair.plan_file()).unwrap();
    pair.run(&pair.right()).ok();
    assert_eq!(pair.off.snapshot(), before);
}

#[test]
fn a_response_is_verified_before_the_import_and_years_after() {
    let pair = Pair::planned();
    pair.hold();
    let before = pair.on.snapshot();
    let said = pair.verify().ok().stderr;
    assert!(said.contains("the transcript is signed by root@g1"), "{said}");
    assert!(said.contains("the signatures of bob, carol were not checked"), "{said}");
    assert!(said.contains("ceremony 1: all is well"), "{said}");
    assert_eq!(pair.on.snapshot(), before);
    pair.import().ok();
    pair.verify().ok();

    // An auditor has what is in Git, years later, and after a further ceremony.
    pair.plan(&["--crl"]).ok();
    pair.complete();
    pair.on.edit("ca/prod/environment.toml", "ip = [\"10.0.0.0/8\"]", "ip = [\"10.1.0.0/16\"]");
    let auditor = Template::of(&pair.on).site();
    let keys = ["ca/prod/identity/g1/key.pem", "ca/test/identity/g1/key.pem"];
    keys.iter().for_each(|key| fs::remove_file(auditor.path(key)).unwrap());
    for number in ["0001", "0002"] {
        let response = auditor.path(&format!("ca/ceremonies/{number}/response.toml"));
        let response = response.display().to_string();
        auditor.at("+5y", &["ceremony", "verify", &response]).ok();
        let shown = auditor.run(&["ceremony", "verify", &response, "--json"]).ok().stdout;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["signed_by"], "root@g1");
    }
}

#[test]
fn openssl_verifies_the_transcript() {
    let pair = Pair::rooted();
    let text = pair.off.read("ca/ceremonies/0001/transcript.txt");
    let (body, block) = text.split_at(text.find("-----BEGIN").unwrap());
    let base64: String = block.lines().filter(|line| !line.starts_with('-')).collect();
    let signature = Base64::decode_vec(&base64).unwrap();
    let [message, signed, key] = ["message", "signed", "key"].map(|name| pair.off.beside(name));
    fs::write(&message, body).unwrap();
    fs::write(&signed, signature).unwrap();
    let openssl = || std::process::Command::new(common::tool("openssl", "openssl"));
    let certificate = pair.off.path("ca/root/g1/cert.pem");
    let public = openssl().args(["x509", "-pubkey", "-noout", "-in"]).arg(certificate).output();
    fs::write(&key, public.unwrap().stdout).unwrap();
    let mut verify = openssl();
    verify.args(["dgst", "-sha384", "-verify"]).arg(&key).arg("-signature").arg(&signed);
    assert_eq!(common::output(verify.arg(&message)), "Verified OK\n");
}

#[test]
fn both_witnesses_sign_what_they_saw() {
    let pair = Pair::rooted();
    let people = Ssh::new(&[("bob", &["-t", "ed25519"]), ("carol", &["-t", "ecdsa", "-b", "256"])]);
    let dir = pair.on.path("ca/ceremonies/0001");
    let transcript = fs::read(dir.join("transcript.txt")).unwrap();
    for name in ["bob", "carol"] {
        let signature = people.sign(name, NAMESPACE, "sha512", &transcript);
        fs::write(dir.join(format!("transcript.txt.{name}.sig")), signature).unwrap();
    }
    let allowed = pair.on.beside("allowed_signers");
    let namespaces = format!("namespaces=\"{NAMESPACE}\"");
    let lines = ["bob", "carol"].map(|name| people.line(name, &namespaces));
    fs::write(&allowed, lines.concat()).unwrap();
    let response = dir.join("response.toml").display().to_string();
    let allowed = allowed.display().to_string();
    let said = pair.on.run(&["ceremony", "verify", &response, "--witnesses", &allowed]).ok();
    for name in ["bob", "carol"] {
        assert!(said.stderr.contains(&format!("by the witness {name}")), "{}", said.stderr);
    }
    assert!(!said.stderr.contains("not checked"), "{}", said.stderr);
}

#[test]
fn the_signatures_of_the_witnesses_are_filed_with_the_response() {
    let pair = Pair::planned();
    pair.change_plan(|plan| plan.witnesses = vec!["bob".into(), "Zoë/../x".into()]);
    let waiting = pair.on.path(&pair.of_ceremony("plan.toml"));
    fs::copy(pair.plan_file(), waiting).unwrap();
    pair.hold();
    let people = Ssh::new(&[("bob", &["-t", "ed25519"]), ("zoe", &["-t", "ed25519"])]);
    let transcript = pair.response().transcript;
    let sign = |name: &str| {
        let signature = people.sign(name, NAMESPACE, "sha512", transcript.as_bytes());
        fs::write(pair.on.beside(&format!("transcript.txt.{name}.sig")), &signature).unwrap();
        signature
    };
    let allowed = pair.on.beside("allowed_signers");
    let lines = people.line("bob", "") + &people.line("zoe", "").replacen("zoe", "Zoë*", 1);
    fs::write(&allowed, &lines).unwrap();
    let allowed = allowed.display().to_string();
    let options = ["--yes", "--witnesses", &allowed];

    // Each of them, or nothing is filed.
    let bob = sign("bob");
    pair.on.declines("WITNESS-MISSING", |_| pair.import_with(&options));
    fs::write(pair.on.beside("transcript.txt.zoe.sig"), &bob[..40]).unwrap();
    pair.on.declines("WITNESS-SIGNATURE", |_| pair.import_with(&options));
    let zoe = sign("zoe");
    let said = pair.import_with(&options).ok().stderr;
    assert!(said.contains("and by the witness bob"), "{said}");
    assert!(!said.contains("not checked"), "{said}");
    pair.same();

    // No name leaves the directory. What is filed is found by itself, from anywhere.
    for (name, bytes) in [
        ("transcript.txt.bob.sig", bob.as_slice()),
        ("transcript.txt.witness-2.sig", &zoe),
        ("allowed_signers", lines.as_bytes()),
    ] {
        let file = pair.on.path(&pair.of_ceremony(name));
        assert_eq!(fs::read(file).unwrap(), bytes, "{name}");
    }
    let response = pair.on.path(&pair.of_ceremony("response.toml")).display().to_string();
    let verify = ["ceremony", "verify", &response];
    let said = pair.on.at("+5y", &verify).ok().stderr;
    assert!(said.contains("and by the witness bob"), "{said}");
    assert!(said.contains("with the keys of ") && said.contains("as they were filed"), "{said}");
    let other = pair.on.beside("others");
    fs::write(&other, people.line("bob", "")).unwrap();
    let other = other.display().to_string();
    let named = [verify.as_slice(), &["--witnesses", &other]].concat();
    pair.on.run(&named).fails(3, "WITNESS-UNKNOWN: ");
    // Keys that lie beside a response that was brought are nobody's choice.
    let said = pair.verify().ok().stderr;
    assert!(said.contains("were not checked"), "{said}");
    fs::remove_file(pair.on.path(&pair.of_ceremony("transcript.txt.bob.sig"))).unwrap();
    pair.on.run(&verify).fails(3, "WITNESS-MISSING: ");
}

#[test]
fn an_import_says_when_nobody_looked_at_the_signatures() {
    let pair = Pair::held();
    let said = pair.import().ok().stderr;
    assert!(said.contains("warning: the signatures of bob were not checked"), "{said}");
    let hint = said.lines().find_map(|line| line.split_once("ceremony verify ")).unwrap().1;
    let response = pair.on.path("ca/ceremonies/0002/response.toml");
    assert_eq!(hint, format!("{} --witnesses ALLOWED_SIGNERS", response.display()));
    assert!(!pair.on.path("ca/ceremonies/0002/allowed_signers").exists());
}

#[test]
fn a_new_root_is_compared_with_the_paper() {
    let pair = Pair::planned();
    pair.hold();
    let run = pair.on.fails(2, "expected --yes", |_| pair.import_with(&[]));
    let certificate = pair.response().files.into_iter();
    let root = certificate.into_iter().find(|file| file.path == "ca/root/g1/cert.pem").unwrap();
    let der = rootward::pki::pem::read_one("root", "CERTIFICATE", root.text.as_bytes()).unwrap();
    let fingerprint = rootward::pki::inspect::sha256(&der);
    let words = rootward::model::words::of_hex(&fingerprint).unwrap();
    let hex = rootward::model::text::unhex(&fingerprint).unwrap();
    let hex = rootward::model::text::colons(&hex);
    for part in [&hex[..47], &hex[48..], &words[..6].join(" "), &words[18..].join(" ")] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }

    // At a terminal one is asked, also one who wants to hear little.
    let ask = |options: &str, answer: &str| {
        let command = format!(
            "{} {options} -C {} ceremony import {}",
            env!("CARGO_BIN_EXE_rootward"),
            pair.on.root().display(),
            pair.response_file().display()
        );
        let mut script = std::process::Command::new(common::tool("script", "bsdutils"));
        script.args(["-qec", &command, "/dev/null"]).stdin(std::process::Stdio::piped());
        script.stdout(std::process::Stdio::piped());
        let mut child = script.spawn().unwrap();
        use std::io::Write;
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        Run::of(child.wait_with_output().unwrap())
    };
    let before = pair.on.snapshot();
    for (options, answer, code) in [("", "n\n", 1), ("-q", "\n", 1)] {
        let run = ask(options, answer);
        assert_eq!(run.code, code, "{}", run.stdout);
        assert!(run.stdout.contains("on the paper?"), "{}", run.stdout);
        let shown = run.stdout.contains(&fingerprint) || run.stdout.contains(&hex[..47]);
        assert!(shown, "{}", run.stdout);
        assert_eq!(pair.on.snapshot(), before);
    }
    assert_eq!(ask("", "y\n").code, 0);
    pair.same();
    // What brings no root asks nothing.
    pair.plan(&["--crl"]).ok();
    pair.hold();
    pair.import_with(&[]).ok();
}

#[test]
fn nothing_changes_while_a_plan_waits() {
    let pair = Pair::second();
    let changing: [&[&str]; 6] = [
        &["root", "create"],
        &["root", "crl", "--now"],
        &["intermediate", "request", "test/identity@g2"],
        &["intermediate", "sign", "prod/identity"],
        &["intermediate", "crl", "prod/identity", "--now"],
        &["identity", "issue", "prod/hello"],
    ];
    for command in changing {
        pair.on.declines("PLAN-OPEN", |on| on.keyed(command));
    }
    // Looking is not changing; the same plan is given once more.
    pair.on.run(&["status"]).ok();
    pair.on.run(&["verify"]).ok();
    let text = pair.plan_text();
    let run = pair.plan(&["--operator", "mallory"]).ok();
    assert!(run.stderr.contains("this plan waits already"), "{}", run.stderr);
    assert_eq!(pair.plan_text(), text);

    pair.on.run(&["ceremony", "plan", "--withdraw"]).ok();
    pair.on.keyed(&["identity", "issue", "prod/hello"]).ok();
    // Its ceremony is held all the same, on a machine that cannot know: it is not imported.
    pair.hold();
    let plan = pair.plan_file().display().to_string();
    let response = pair.response_file().display().to_string();
    pair.on.declines("RESPONSE-FORKED", |on| {
        on.run(&["ceremony", "import", &response, "--plan", &plan])
    });
}
