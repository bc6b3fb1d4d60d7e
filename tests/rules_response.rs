//! What comes back from a ceremony: no byte of it is believed that the root's key does not stand for.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod sides;
#[path = "common/ssh.rs"]
mod ssh;

use common::{Run, Site, assert_plain};
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use rootward::ceremony::conclude::{JOURNAL, Reached, closing};
use rootward::ceremony::plan::{Plan, Step};
use rootward::ceremony::response::Response;
use rootward::ceremony::{
    medium,
    transcript::{self, Transcript},
};
use rootward::context::Context;
use rootward::custody::{sealed, soft::SoftKey};
use rootward::journal::{Act, Journal, Origin, Record, chain};
use rootward::model::{key::Algorithm, text::hex};
use rootward::pki::{crl, inspect::sha256, pem};
use rootward::store::Output;
use sides::Pair;
use ssh::{NAMESPACE, Ssh};
use std::fs;
use std::sync::LazyLock;
use time::OffsetDateTime;

/// Neither verified nor imported, by that rule; nothing changes.
#[track_caller]
fn declines(pair: &Pair, rule: &str) {
    for verify in [Pair::verify, Pair::import] {
        let before = pair.on.snapshot();
        let run = verify(pair).fails(3, &format!("{rule}: "));
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
        assert_plain(&run);
        assert_eq!(pair.on.snapshot(), before);
    }
}

/// The response as it came is imported after all.
#[track_caller]
fn imports(pair: &Pair, response: &[u8]) {
    fs::write(pair.response_file(), response).unwrap();
    pair.verify().ok();
    pair.import().ok();
    pair.same();
}

/// Whoever has an ECDSA signature (r, s) can write (r, n - s), which verifies as well.
fn other_way(signature: &[u8]) -> Vec<u8> {
    use der::{Decode, Encode, asn1::UintRef};
    use num_bigint::BigUint;
    const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
                              581a0db248b0a77aecec196accc52973";
    let order = BigUint::parse_bytes(P384_ORDER.as_bytes(), 16).unwrap();
    let Signature { r, s } = Signature::from_der(signature).unwrap();
    let other = (order - BigUint::from_bytes_be(s.as_bytes())).to_bytes_be();
    Signature { r, s: UintRef::new(&other).unwrap() }.to_der().unwrap()
}

/// Ecdsa-Sig-Value (RFC 3279 section 2.2.3).
#[derive(der::Sequence)]
struct Signature<'a> {
    r: der::asn1::UintRef<'a>,
    s: der::asn1::UintRef<'a>,
}

#[test]
fn a_signature_that_is_written_in_another_way_changes_no_journal() {
    let pair = Pair::held();
    pair.change_response(|response| {
        let body = transcript::body(&response.transcript).to_owned();
        let block = &response.transcript[body.len()..];
        let made = pem::read_one("transcript", "ROOTWARD SIGNATURE", block.as_bytes()).unwrap();
        let other = pem::encode("ROOTWARD SIGNATURE", &other_way(&made)).unwrap();
        assert_ne!(other, block);
        response.transcript = body + &other;
    });
    pair.verify().ok();
    pair.import().ok();
    pair.same();
}

#[test]
fn a_response_is_imported_once() {
    let pair = Pair::held();
    let response = fs::read(pair.response_file()).unwrap();
    imports(&pair, &response);
    pair.on.declines("RESPONSE-REPLAYED", |_| pair.import());
    // Years later as well, and the one before it.
    pair.plan(&["--crl"]).ok();
    pair.complete();
    let archived = pair.on.path("ca/ceremonies/0001/response.toml");
    for response in [response, fs::read(archived).unwrap()] {
        fs::write(pair.response_file(), response).unwrap();
        pair.on.declines("RESPONSE-REPLAYED", |_| pair.import());
        pair.verify().ok();
    }
}

#[test]
fn a_response_that_continues_another_journal_is_refused() {
    let pair = Pair::held();
    let plan = pair.plan_file().display().to_string();
    pair.on.run(&["ceremony", "plan", "--withdraw"]).ok();
    pair.on.keyed(&["intermediate", "crl", "test/identity", "--now"]).ok();
    let response = pair.response_file().display().to_string();
    let import = ["ceremony", "import", &response, "--plan", &plan];
    pair.on.declines("RESPONSE-FORKED", |on| on.run(&import));
    // One of another workspace.
    let other = Pair::rooted();
    other.on.declines("RESPONSE-FORKED", |on| on.run(&import));
}

#[test]
fn a_response_to_another_plan_is_refused() {
    let pair = Pair::held();
    pair.on.run(&["ceremony", "plan", "--withdraw"]).ok();
    pair.plan(&["--crl", "--operator", "somebody else"]).ok();
    declines(&pair, "RESPONSE-FOREIGN");
}

#[test]
fn a_part_of_a_response_is_refused() {
    let pair = Pair::held();
    let whole = fs::read(pair.response_file()).unwrap();
    let before = pair.on.snapshot();
    let lengths = (0..whole.len()).step_by(200).chain([whole.len() - 1, whole.len() - 2]);
    for length in lengths {
        let error = Response::parse("response", &whole[..length]).err().unwrap();
        assert!(error.messages()[0].starts_with("RESPONSE-TRUNCATED: "), "{length}: {error:?}");
    }
    for length in (0..whole.len()).step_by(whole.len() / 9) {
        fs::write(pair.response_file(), &whole[..length]).unwrap();
        declines(&pair, "RESPONSE-TRUNCATED");
    }
    assert_eq!(pair.on.snapshot(), before);
    fs::write(pair.response_file(), vec![b'#'; 70 << 20]).unwrap();
    pair.import().fails(1, "");
    let deep = format!("version = {}\n", "[".repeat(100_000));
    let deep = format!("{deep}# sha256 {}\n", sha256(deep.as_bytes()));
    fs::write(pair.response_file(), deep).unwrap();
    assert_plain(&pair.import().fails(2, "response.toml:"));
    assert_eq!(pair.on.snapshot(), before);
    imports(&pair, &whole);
}

static HELD: LazyLock<(Pair, Vec<u8>)> = LazyLock::new(|| {
    let pair = Pair::held();
    let response = fs::read(pair.response_file()).unwrap();
    (pair, response)
});

/// One changed bit; `repaired`: and a last line that fits.
fn flipped(at: usize, bit: u32, repaired: bool) -> Vec<u8> {
    let mut bytes = HELD.1.clone();
    let last = bytes.len() - "# sha256 \n".len() - 64;
    if !repaired {
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        return bytes;
    }
    bytes.truncate(last);
    bytes[at % last] ^= 1 << bit;
    let digest = sha256(&bytes);
    [bytes, format!("# sha256 {digest}\n").into_bytes()].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_is_refused(at in any::<usize>(), bit in 0..8_u32) {
        let error = Response::parse("response", &flipped(at, bit, false)).err().unwrap();
        let message = &error.messages()[0];
        let known = ["RESPONSE-CHANGED: ", "RESPONSE-TRUNCATED: "];
        prop_assert!(known.iter().any(|rule| message.starts_with(rule)), "{}", message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whoever changes a byte computes the last line, too.
    #[test]
    fn a_changed_byte_under_a_right_last_line_is_refused(at in any::<usize>(), bit in 0..8_u32) {
        let (pair, _) = &*HELD;
        let file = pair.on.beside("flipped.toml");
        fs::write(&file, flipped(at, bit, true)).unwrap();
        let before = pair.on.snapshot();
        let run = pair.on.run(&["ceremony", "import", &file.display().to_string()]);
        prop_assert!(run.code != 0, "{run:?}");
        prop_assert_eq!(pair.on.snapshot(), before);
        assert_plain(&run);
    }
}

// --- whoever computes every digest, and lacks the root's key -----------------------------------

/// The lines of a response after a change, each with hashes that fit.
fn rechained(pair: &Pair, response: &Response, change: impl Fn(usize, &mut Record)) -> String {
    let written = pair.on.read("ca/journal.jsonl");
    let head = pair.on.read("ca/journal.head");
    let mut journal = Journal::parse(&written, Some(head.as_bytes())).unwrap();
    for (index, line) in response.lines.lines().enumerate() {
        let mut record: Record = serde_json::from_str(line).unwrap();
        change(index, &mut record);
        let now = chain::instant(&record.time).unwrap();
        let origin = Origin { host: record.host.clone(), user: record.user.clone(), now };
        journal.append(&origin, record).unwrap();
    }
    journal.lines
}

#[track_caller]
fn forged(rule: &str, change: impl Fn(usize, &mut Record)) {
    let pair = Pair::held();
    pair.change_response(|response| response.lines = rechained(&pair, response, change));
    declines(&pair, rule);
}

#[test]
fn no_entry_of_the_journal_can_be_changed() {
    // As it is, it holds.
    let pair = Pair::held();
    pair.change_response(|response| response.lines = rechained(&pair, response, |_, _| {}));
    pair.verify().ok();
    let changes: [fn(&mut Record); 8] = [
        |record| record.host = "elsewhere".into(),
        |record| record.user = "somebody".into(),
        |record| record.serial = Some(format!("01{}", "00".repeat(16))),
        |record| record.cn = Some("other".into()),
        |record| record.number = Some(9),
        |record| record.reason = Some("superseded".into()),
        |record| record.not_after = Some("2099-01-01T00:00:00Z".into()),
        |record| record.waivers = vec!["NETWORK-UP until 2099-01-01T00:00:00Z: none".into()],
    ];
    for change in changes {
        for at in 0..3 {
            forged("RESPONSE-CHANGED", |index, record| {
                if index == at {
                    change(record);
                }
            });
        }
    }
    // All of them at another time.
    forged("RESPONSE-CHANGED", |_, record| record.time = "2099-01-01T00:00:00Z".into());
    forged("RESPONSE-CHANGED", |_, record| record.plan = Some("00".repeat(32)));
}

#[test]
fn entries_cannot_be_added_or_left_out() {
    let held = Pair::held();
    let whole = fs::read(held.response_file()).unwrap();
    let lines: Vec<String> = held.response().lines.lines().map(str::to_owned).collect();
    let (first, crl, last) = (&lines[0], &lines[1], &lines[2]);
    for lines in [
        vec![first, last],
        vec![first, crl],
        vec![crl, first, last],
        vec![first, crl, crl, last],
        vec![first, crl, last, last],
        vec![],
    ] {
        let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
        held.change_response(|response| {
            response.lines = text;
            response.lines = rechained(&held, response, |_, _| {});
        });
        declines(&held, "RESPONSE-CHANGED");
        fs::write(held.response_file(), &whole).unwrap();
    }
}

#[test]
fn every_file_is_one_of_the_journal() {
    type Change = fn(&mut Response);
    let changes: [Change; 7] = [
        |response| drop(response.files.remove(0)),
        |response| response.files.push(response.files[0].clone()),
        |response| response.files[0].path = "ca/root/g1/key.pem".into(),
        |response| response.files[0].path = "../../x".into(),
        |response| response.files[0].text = response.files[1].text.clone(),
        |response| response.files[0].text.insert_str(0, "Subject: somebody else\n"),
        |response| {
            let mut other = response.files[0].clone();
            other.path = "ca/test/identity/g9/cert.pem".into();
            response.files.push(other);
        },
    ];
    for change in changes {
        let pair = Pair::held();
        pair.change_response(|response| {
            change(response);
            for content in &mut response.files {
                content.sha256 = sha256(content.text.as_bytes());
            }
        });
        let before = pair.on.snapshot();
        for run in [pair.verify(), pair.import()] {
            assert!(run.code == 3 && run.stderr.contains("RESPONSE-CHANGED: "), "{run:?}");
        }
        assert_eq!(pair.on.snapshot(), before);
    }
}

/// A transcript in which a line was changed and each line's hash was computed anew.
fn rewritten(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}: {text}");
    let (body, block) = text.split_at(text.find("-----BEGIN").unwrap());
    let title: String = body.split_inclusive('\n').take(2).collect();
    let mut chain = digest(&SHA256, title.as_bytes()).as_ref().to_vec();
    let mut made = title;
    for line in body.lines().skip(2) {
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        let entry = parts[2].replace(from, to);
        chain = digest(&SHA256, &[&chain, entry.as_bytes()].concat()).as_ref().to_vec();
        made += &format!("{} {} {entry}\n", parts[0], hex(&chain[..4]));
    }
    made + block
}

#[test]
fn no_line_of_the_transcript_can_be_changed() {
    let pair = Pair::held();
    let whole = fs::read(pair.response_file()).unwrap();
    let text = pair.response().transcript;
    let replaced = |transcript: String| {
        fs::write(pair.response_file(), &whole).unwrap();
        pair.change_response(|response| {
            response.transcript = transcript;
            let digest = sha256(transcript::body(&response.transcript).as_bytes());
            response.lines = rechained(&pair, response, |_, record| {
                if record.act == Act::Ceremony {
                    record.transcript = Some(digest.clone());
                }
            });
        });
    };
    replaced(text.clone());
    pair.verify().ok();
    for (from, to) in [
        ("typed from a watch: ", "typed from a watch: 1"),
        ("network up: none", "network up: eth0"),
        ("rehearsed every step passed", "rehearsed nothing was tried"),
        ("CRL number 2", "CRL number 3"),
    ] {
        replaced(rewritten(&text, from, to));
        declines(&pair, "TRANSCRIPT-CHANGED");
        replaced(text.replace(from, to));
        declines(&pair, "TRANSCRIPT-CHANGED");
    }
    // A line less, no signature, another ceremony's transcript, one that another key has signed.
    let at = text.find("0005 ").unwrap();
    let line = text[at..].split_inclusive('\n').next().unwrap();
    replaced(text.replacen(line, "", 1));
    declines(&pair, "TRANSCRIPT-CHANGED");
    replaced(text[..text.find("-----BEGIN").unwrap()].to_owned());
    declines(&pair, "TRANSCRIPT-CHANGED");
    replaced(pair.on.read("ca/ceremonies/0001/transcript.txt"));
    declines(&pair, "TRANSCRIPT-CHANGED");
    // The same signature, written otherwise: both machines would have another journal.
    for other in [text.trim_end().to_owned(), format!("{text}\n"), format!("{text}more\n")] {
        replaced(other);
        declines(&pair, "TRANSCRIPT-CHANGED");
    }
    let plan = pair.reviewed();
    let body = &text[..text.find("-----BEGIN").unwrap()];
    let mut transcript = Transcript::begin(&plan, body, Box::new(|_| Ok(()))).unwrap();
    let rng = SystemRandom::new();
    let key = rootward::custody::soft::generate(Algorithm::P384, &rng).unwrap();
    let key = SoftKey::open(&key, &rng).unwrap();
    replaced(transcript.sign("root@g1", &key).unwrap());
    declines(&pair, "TRANSCRIPT-CHANGED");
    imports(&pair, &whole);
}

// --- whoever has the root's key, and an older copy of the rest ---------------------------------

fn root_key<'r>(pair: &Pair, rng: &'r SystemRandom) -> SoftKey<'r> {
    let sealed_key = fs::read(pair.off.path("ca/root/g1/key.pem")).unwrap();
    let key = sealed::open("key", &sealed_key, common::PASSPHRASE.as_bytes()).unwrap();
    SoftKey::open(key.as_bytes(), rng).unwrap()
}

/// A ceremony that issues this CRL, by the root's real key, without any rule.
fn rogue(pair: &Pair, revoked: Vec<crl::Revoked>, number: u64) {
    let rng = SystemRandom::new();
    let now = OffsetDateTime::now_utc();
    let origin = Origin { host: "off".into(), user: "mallory".into(), now };
    let context = Context { origin, rng: &rng };
    let planned = |plan: &mut Plan| {
        for step in &mut plan.steps {
            let Step::CrlIssue { number: n, revoked: r, .. } = step else { panic!() };
            *n = number;
            *r = revoked.iter().map(|entry| entry.serial.clone()).collect();
        }
    };
    pair.change_plan(planned);
    let plan = pair.reviewed();
    let Step::CrlIssue { object, next_update, .. } = &plan.plan.steps[0] else { panic!() };

    let mut estate = medium::change(&pair.off.root(), &plan, &context).unwrap().estate;
    let key = root_key(pair, &rng);
    let issuer = estate.issuer(object).unwrap();
    let said = crl::Plan {
        number,
        this_update: now.replace_nanosecond(0).unwrap(),
        next_update: *next_update,
        revoked,
    };
    let issued = crl::issue(&said, &issuer, None, &estate.history(), &key).unwrap();
    let record = Record {
        fingerprint: Some(issued.fingerprint()),
        number: Some(number),
        not_before: Some(chain::timestamp(issued.this_update)),
        not_after: Some(chain::timestamp(issued.next_update)),
        ..Record::new(Act::CrlIssue, object)
    };
    let text = pem::encode("X509 CRL", &issued.der).unwrap();
    estate.stage(vec![Output::public("ca/root/g1/crl.pem", text)], vec![record]).unwrap();
    let mut transcript = Transcript::begin(&plan, "", Box::new(|_| Ok(()))).unwrap();
    let reached = Reached { entries: estate.journal.len(), head: estate.journal.hash() };
    transcript.note(JOURNAL, &reached.lines(&plan.plan.journal).join(" ")).unwrap();
    let transcript = transcript.sign("root@g1", &key).unwrap();
    estate.stage(Vec::new(), vec![closing(&plan, object, &transcript)]).unwrap();
    let response = Response::of(&estate, &plan, &transcript).unwrap();
    drop(estate);
    unlocked(&pair.off);
    fs::write(pair.response_file(), response.text().unwrap()).unwrap();
    // The online side's plan is as changed as the other.
    let path = pair.on.path(&pair.of_ceremony("plan.toml"));
    fs::write(path, pair.plan_text()).unwrap();
}

#[test]
fn a_crl_that_goes_back_is_not_imported() {
    let pair = Pair::rooted();
    revoke(&pair.on, "test/identity@g1");
    pair.plan(&[]).ok();
    pair.hold();
    pair.import().ok();
    let there = pem::read_one("crl", "X509 CRL", pair.on.read("ca/root/g1/crl.pem").as_bytes());
    let there = crl::Crl::parse("crl", there.unwrap()).unwrap();
    assert_eq!((there.number, there.revoked.len()), (2, 1));
    pair.plan(&["--crl"]).ok();
    let plan = pair.plan_text();
    for number in [1, 2] {
        rogue(&pair, there.revoked.clone(), number);
        declines(&pair, "CRL-NUMBER");
        fs::write(pair.plan_file(), &plan).unwrap();
    }
    rogue(&pair, Vec::new(), 3);
    declines(&pair, "CRL-SHRINKS");
    fs::write(pair.plan_file(), &plan).unwrap();
    // So is the very same way of a ceremony when its CRL is the next.
    rogue(&pair, there.revoked, 3);
    pair.verify().ok();
    pair.import().ok();
}

/// The line that a revocation is.
fn revoke(site: &Site, object: &str) {
    let rng = SystemRandom::new();
    let now = OffsetDateTime::now_utc();
    let context =
        Context { origin: Origin { host: "on".into(), user: "op".into(), now }, rng: &rng };
    let (mut estate, _) = rootward::authority::Estate::change(&site.root(), &context).unwrap();
    let object = object.parse().unwrap();
    let made = estate.history().certificate(&object).unwrap().clone();
    let record = Record {
        serial: made.serial,
        issuer: made.issuer,
        reason: Some("superseded".into()),
        ..Record::new(Act::Revoke, &object)
    };
    estate.commit(Vec::new(), vec![record]).unwrap();
    drop(estate);
    unlocked(site);
}

/// Waits until the lock is free: what other tests start has a copy of it for a moment.
fn unlocked(site: &Site) {
    let mut flock = std::process::Command::new(common::tool("flock", "util-linux"));
    assert!(flock.arg(site.path("ca")).arg("true").status().unwrap().success());
}

// --- declarations that were edited after the plan ----------------------------------------------

const DECLARED: &str = "ca/prod/environment.toml";

/// Fewer addresses than what was certified may have.
fn narrow(text: &str) -> String {
    let narrow = text.replace("ip = [\"10.0.0.0/8\"]", "ip = [\"10.1.0.0/16\"]");
    assert_ne!(narrow, text);
    narrow
}

#[test]
fn an_edit_after_the_plan_does_not_block_what_was_planned() {
    let declared = Pair::held().on.read(DECLARED);
    for edited in [narrow(&declared), format!("{declared}\nthis is no TOML\n")] {
        let pair = Pair::held();
        pair.on.write(DECLARED, &edited);
        pair.verify().ok();
        let said = pair.import().ok().stderr;
        assert!(said.contains(&format!("warning: {DECLARED} is not what was planned")), "{said}");
        // The edit is people's own, and stays; all else is as it was planned.
        assert_eq!(pair.on.read(DECLARED), edited);
        for file in ["ca/prod/identity/g2/cert.pem", "ca/prod/identity/g2/chain.pem"] {
            assert_eq!(pair.on.read(file), pair.off.read(file), "{file}");
        }
        pair.on.write(DECLARED, &declared);
        pair.same();
    }
    let said = Pair::held().import().ok().stderr;
    assert!(!said.contains("not what was planned"), "{said}");
}

/// The same products under another plan, signed by the root's real key.
fn resign(pair: &Pair) {
    let plan = pair.reviewed();
    let rng = SystemRandom::new();
    let key = root_key(pair, &rng);
    let lines = pair.response().lines;
    let line = lines.lines().rev().nth(1).unwrap();
    let last: Record = serde_json::from_str(line).unwrap();
    let reached = Reached { entries: last.seq, head: &last.hash };
    let mut transcript = Transcript::begin(&plan, "", Box::new(|_| Ok(()))).unwrap();
    transcript.note(JOURNAL, &reached.lines(&plan.plan.journal).join(" ")).unwrap();
    let transcript = transcript.sign("root@g1", &key).unwrap();
    pair.change_response(|response| {
        response.plan.clone_from(&plan.digest);
        response.transcript = transcript;
        let digest = sha256(transcript::body(&response.transcript).as_bytes());
        response.lines = rechained(pair, response, |_, record| {
            if record.act == Act::Ceremony {
                record.plan = Some(plan.digest.clone());
                record.transcript = Some(digest.clone());
            }
        });
    });
    fs::write(pair.on.path(&pair.of_ceremony("plan.toml")), &plan.text).unwrap();
}

#[test]
fn an_edit_after_the_plan_lets_nothing_through() {
    let pair = Pair::held();
    resign(&pair);
    pair.verify().ok();
    // By the declaration that is here the certificate would do, by that of its plan it does not.
    pair.change_plan(|plan| {
        let mut declared = plan.declarations.iter_mut();
        let declared = declared.find(|content| content.path == DECLARED).unwrap();
        declared.text = narrow(&declared.text);
    });
    resign(&pair);
    declines(&pair, "NAME-CONSTRAINTS");
}

// --- witnesses ---------------------------------------------------------------------------------

#[test]
fn every_witness_has_signed_this_transcript() {
    let pair = Pair::planned();
    pair.hold();
    let kind: &[&str] = &["-t", "ed25519"];
    let people = Ssh::new(&[("bob", kind), ("carol", kind), ("mallory", kind)]);
    let transcript = pair.response().transcript;
    let allowed = pair.on.beside("allowed_signers");
    let options = format!("namespaces=\"{NAMESPACE}\"");
    let lines = ["bob", "carol"].map(|name| people.line(name, &options));
    fs::write(&allowed, lines.concat()).unwrap();
    let signed = |name: &str, transcript: &str| {
        let file = pair.on.beside(&format!("{name}.sig"));
        let signature = people.sign(name, NAMESPACE, "sha512", transcript.as_bytes());
        fs::write(&file, signature).unwrap();
        file
    };
    let verify = |signatures: &[&std::path::Path]| -> Run {
        let mut command = pair.on.command(&["ceremony", "verify", "--witnesses"]);
        command.arg(&allowed).arg(pair.response_file());
        for file in signatures {
            command.arg("--signature").arg(file);
        }
        Run::of(command.output().unwrap())
    };
    let [bob, carol, mallory] = ["bob", "carol", "mallory"].map(|name| signed(name, &transcript));
    verify(&[&bob, &carol]).ok();
    verify(&[&bob]).fails(3, "WITNESS-MISSING: ");
    verify(&[]).fails(3, "WITNESS-MISSING: ");
    verify(&[&bob, &bob]).fails(3, "WITNESS-MISSING: ");
    verify(&[&bob, &mallory]).fails(3, "WITNESS-UNKNOWN: ");
    let other = signed("carol", &transcript.replace("network up: none", "network up: eth0"));
    verify(&[&bob, &other]).fails(3, "WITNESS-SIGNATURE: ");
}
