//! What a ceremony refuses before anything is signed: the clock, the machine, and plans.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod sides;

use common::{Run, assert_plain};
use proptest::prelude::*;
use rootward::ceremony::plan::{Plan, Reviewed, Step};
use sides::{Answers, Pair, in_, watch, words};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime};

// --- the clock and the machine ----------------------------------------------------------------

/// Refused, and said in the transcript of the ceremony that is held after all.
#[track_caller]
fn then_holds(pair: &Pair, refusals: &[&str]) {
    pair.hold();
    let transcript = pair.off.read(&pair.of_ceremony("transcript.txt"));
    for rule in refusals {
        assert!(transcript.contains(&format!(" refused   {rule}: ")), "{transcript}");
    }
    assert_eq!(pair.draft(), "");
    pair.verify().ok();
    pair.import().ok();
    pair.same();
}

#[test]
fn a_clock_of_another_time_is_refused() {
    let pair = Pair::second();
    for machine in ["@1970-01-02 00:00:00", "-1h", "@1999-12-31 23:59:59"] {
        for rule in ["CLOCK-BEHIND-JOURNAL", "CLOCK-BEHIND-PLAN", "CLOCK-TYPED"] {
            pair.refuses(rule, |pair| pair.run_at(machine, &pair.right()));
        }
    }
    // Whoever reads the time from that very machine.
    let typed = Answers { clock: in_(Duration::hours(-1)), ..pair.right() };
    pair.refuses("CLOCK-BEHIND-PLAN", |pair| pair.run_at("-1h", &typed));
    pair.refuses("PLAN-STALE", |pair| pair.run_at("@2100-01-01 00:00:00", &pair.right()));
    let typed = Answers { clock: "2100-01-01 00:00".into(), ..pair.right() };
    pair.refuses("PLAN-STALE", |pair| pair.run_at("@2100-01-01 00:00:00", &typed));
    then_holds(&pair, &["CLOCK-BEHIND-JOURNAL", "CLOCK-BEHIND-PLAN", "PLAN-STALE", "CLOCK-TYPED"]);
}

#[test]
fn a_plan_that_waited_too_long_is_refused() {
    let pair = Pair::second();
    let typed = Answers { clock: in_(Duration::days(31)), ..pair.right() };
    let run = pair.refuses("PLAN-STALE", |pair| pair.run_at("+31d", &typed));
    assert!(!run.stderr.contains("CLOCK-TYPED"), "{}", run.stderr);
    let typed = Answers { clock: in_(Duration::days(29)), ..pair.right() };
    pair.run_at("+29d", &typed).ok();
}

#[test]
fn a_typed_time_is_compared() {
    let pair = Pair::second();
    for minutes in [-12, 12, 24 * 60] {
        let typed = Answers { clock: in_(Duration::minutes(minutes)), ..pair.right() };
        pair.refuses("CLOCK-TYPED", |pair| pair.run(&typed));
    }
    let typed = Answers { clock: "half past ten".into(), ..pair.right() };
    let before = pair.snapshot();
    pair.run(&typed).fails(2, "expected a date and a time");
    assert!(pair.snapshot() == before);
    assert!(pair.draft().contains(" failed    got \"half past ten\""), "{}", pair.draft());
    then_holds(&pair, &["CLOCK-TYPED"]);
}

/// On this machine as it is, which has a network.
fn with_network(pair: &Pair) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    pair.arguments(&mut command, &pair.right());
    Run::of(command.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_network_is_refused_unless_waived() {
    let pair = Pair::second();
    pair.refuses("NETWORK-UP", with_network);
    then_holds(&pair, &["NETWORK-UP"]);

    let pair = Pair::rooted();
    let reason = "the laptop has no switch";
    let waiver = format!("network-up={reason}");
    let until = (OffsetDateTime::now_utc() + Duration::days(9)).date().to_string();
    pair.plan(&["--crl", "--waive", &waiver, "--until", &until]).ok();
    let run = with_network(&pair).ok();
    assert!(run.stderr.contains(&format!("waived    NETWORK-UP until {until}")), "{}", run.stderr);
    let transcript = pair.off.read(&pair.of_ceremony("transcript.txt"));
    let line = transcript.lines().find(|line| line.contains(" waived ")).unwrap();
    assert!(line.contains("NETWORK-UP: got "), "{line}");
    assert!(transcript.replace("\n", " ").contains("no switch"), "{transcript}");
    let journal = pair.off.journal();
    let last = journal.last().unwrap();
    assert!(last.contains("\"waivers\":[\"NETWORK-UP until ") && last.contains(reason), "{last}");
    // The waived plan holds without a network as well, later; here it is done already.
    pair.run(&pair.right()).ok();
}

#[test]
fn a_waiver_is_for_some_rules_with_a_reason_and_an_end() {
    let pair = Pair::rooted();
    let later = (OffsetDateTime::now_utc() + Duration::days(2)).date().to_string();
    let waived = |waiver: &str, until: &str| {
        let before = pair.on.snapshot();
        let run = pair.plan(&["--crl", "--waive", waiver, "--until", until]);
        assert_eq!(pair.on.snapshot(), before);
        run
    };
    for rule in ["PLAN-DIFFERS", "CLOCK-TYPED", "PLAN-STALE", "NO-SPACE", "NETWORK", ""] {
        waived(&format!("{rule}=because"), &later).fails(3, "WAIVER-UNFIT: ");
    }
    waived("NETWORK-UP= ", &later).fails(3, "WAIVER-UNFIT: ");
    waived("SWAP-ON=because", "2020-01-01").fails(3, "WAIVER-UNFIT: ");
    waived("SWAP-ON", &later).fails(2, "expected RULE=REASON");

    // Written into the plan by hand, and the paper printed from it.
    let pair = Pair::second();
    let before = pair.plan_text();
    let now = OffsetDateTime::now_utc();
    let unfit = [
        ("PLAN-DIFFERS", "because", now + Duration::days(1)),
        ("NETWORK-UP", "", now + Duration::days(1)),
        ("NETWORK-UP", "because", now - Duration::days(1)),
    ];
    for (rule, reason, until) in unfit {
        fs::write(pair.plan_file(), &before).unwrap();
        let until = until.replace_nanosecond(0).unwrap();
        let waiver =
            rootward::ceremony::plan::Waiver { rule: rule.into(), reason: reason.into(), until };
        pair.change_plan(|plan| plan.waivers = vec![waiver]);
        pair.refuses("WAIVER-UNFIT", |pair| pair.run(&pair.right()));
    }
}

// --- a plan that is not what was reviewed ------------------------------------------------------

#[test]
fn other_words_are_another_plan() {
    let pair = Pair::second();
    let right = pair.words();
    let two = right.rsplit_once(' ').unwrap().0;
    let other = words(b"another plan");
    let garbage = format!("{right} and so on");
    for confirm in [&other, two, "", &garbage, &right.replace(' ', "-")] {
        let answers = Answers { confirm: confirm.to_owned(), ..pair.right() };
        pair.refuses("PLAN-CHANGED", |pair| pair.run(&answers));
    }
    // A person may type capitals, and more words than three.
    let answers = Answers { confirm: right.to_uppercase(), ..pair.right() };
    pair.run(&answers).ok();
}

static SECOND: LazyLock<(Vec<u8>, String)> = LazyLock::new(|| {
    let pair = Pair::second();
    (pair.plan_text().into_bytes(), pair.words())
});

fn flipped(at: usize, bit: u32) -> Vec<u8> {
    let mut bytes = SECOND.0.clone();
    let at = at % bytes.len();
    bytes[at] ^= 1 << bit;
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The words of the paper are those of no other plan.
    #[test]
    fn no_changed_byte_is_confirmed(at in any::<usize>(), bit in 0..8_u32) {
        let confirmed = Reviewed::parse("plan", &flipped(at, bit))
            .and_then(|plan| plan.confirm(&SECOND.1));
        prop_assert!(confirmed.is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The same in a whole run: whatever the changed byte means, nothing is signed.
    #[test]
    fn no_changed_byte_is_signed(at in any::<usize>(), bit in 0..8_u32) {
        let pair = Pair::second();
        fs::write(pair.plan_file(), flipped(at, bit)).unwrap();
        let before = pair.off.journal();
        let run = pair.run(&Answers { clock: watch(), confirm: SECOND.1.clone() });
        prop_assert!(run.code == 2 || run.code == 3, "{run:?}");
        prop_assert!(run.code == 2 || run.stderr.contains("error: PLAN-"), "{run:?}");
        prop_assert_eq!(pair.off.journal(), before);
        assert_plain(&run);
    }
}

fn sign_step(plan: &mut Plan) -> &mut Step {
    &mut plan.steps[0]
}

type Change = fn(&mut Plan);

/// Changes of one thing in a plan, after which all of its digests fit.
fn changes() -> Vec<(&'static str, Change)> {
    vec![
        ("subject", |plan| {
            let Step::IntermediateSign { subject, .. } = sign_step(plan) else { panic!() };
            *subject = subject.replace("prod", "test");
        }),
        ("algorithm", |plan| {
            let Step::IntermediateSign { algorithm, .. } = sign_step(plan) else { panic!() };
            *algorithm = "P-384".into();
        }),
        ("issuer", |plan| {
            let Step::IntermediateSign { issuer, .. } = sign_step(plan) else { panic!() };
            *issuer = "root@g2".parse().unwrap();
        }),
        ("request", |plan| {
            let Step::IntermediateSign { request, .. } = sign_step(plan) else { panic!() };
            *request = "00".repeat(32);
        }),
        ("request text", |plan| {
            plan.requests[0].text = STRANGE.clone();
        }),
        ("request and its text", |plan| {
            let Step::IntermediateSign { request, .. } = sign_step(plan) else { panic!() };
            let read = rootward::pki::request::Request::parse(STRANGE.as_bytes());
            *request = read.unwrap().digest();
            plan.requests[0].text = STRANGE.clone();
        }),
        ("object", |plan| {
            let Step::IntermediateSign { object, .. } = sign_step(plan) else { panic!() };
            *object = "prod/identity@g3".parse().unwrap();
            plan.requests[0].path = "ca/prod/identity/g3/request.csr".into();
        }),
        ("CRL number", |plan| {
            let Step::CrlIssue { number, .. } = &mut plan.steps[1] else { panic!() };
            *number += 1;
        }),
        ("CRL number back", |plan| {
            let Step::CrlIssue { number, .. } = &mut plan.steps[1] else { panic!() };
            *number = 1;
        }),
        ("CRL set", |plan| {
            let Step::CrlIssue { revoked, .. } = &mut plan.steps[1] else { panic!() };
            revoked.push(format!("01{}", "00".repeat(16)));
        }),
        ("a root that is there", |plan| {
            let Step::CrlIssue { next_update, .. } = plan.steps[1].clone() else { panic!() };
            let step = Step::RootCreate {
                object: "root@g1".parse().unwrap(),
                subject: "O=Example Home, CN=Example Home Root".into(),
                algorithm: "P-384".into(),
                not_after: next_update + Duration::days(19 * 365),
                crl_next_update: next_update,
            };
            plan.steps.insert(0, step);
        }),
        ("declared subject", |plan| {
            let text = &mut plan.declarations[0].text;
            *text = text.replace("organization = \"Example Home\"", "organization = \"Evil\"");
        }),
    ]
}

/// A request of somebody else's key.
static STRANGE: LazyLock<String> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let mut openssl = Command::new(common::tool("openssl", "openssl"));
    openssl.args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    openssl.args(["-nodes", "-subj", "/CN=x", "-keyout"]).arg(dir.path().join("key"));
    common::output(&mut openssl)
});

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let pair = Pair::second();
    let before = pair.plan_text();
    for (what, change) in changes() {
        fs::write(pair.plan_file(), &before).unwrap();
        pair.change_plan(change);
        let before = pair.snapshot();
        let run = pair.run(&pair.right());
        assert!(run.code == 3 && run.stderr.contains("PLAN-DIFFERS: "), "{what}: {run:?}");
        assert!(pair.snapshot() == before, "{what}");
    }
    // The same file with a digest that does not fit.
    for (from, to) in [("Example Home", "Example Hole"), ("MIH", "MIJ")] {
        assert!(before.contains(from));
        fs::write(pair.plan_file(), before.replace(from, to)).unwrap();
        let before = pair.snapshot();
        pair.run(&Answers { clock: watch(), confirm: String::new() }).fails(3, "PLAN-DIFFERS: ");
        assert!(pair.snapshot() == before);
    }
    // Of times that the profile allows as well, only the planned one is signed.
    for days in [-1, 1] {
        fs::write(pair.plan_file(), &before).unwrap();
        pair.change_plan(|plan| {
            let Step::IntermediateSign { not_after, .. } = sign_step(plan) else { panic!() };
            *not_after += Duration::days(days);
        });
        let before = pair.snapshot();
        let run = pair.run(&Answers { clock: watch(), confirm: words(b"the paper") });
        let rule = if days < 0 { "PLAN-CHANGED: " } else { "VALIDITY-BOUNDS: " };
        run.fails(3, rule);
        assert!(pair.snapshot() == before);
    }
    fs::write(pair.plan_file(), &before).unwrap();
    then_holds(&pair, &[]);
}

#[test]
fn a_plan_of_another_root_is_refused() {
    let (pair, other) = (Pair::second(), Pair::planned());
    other.complete();
    fs::copy(pair.plan_file(), other.plan_file()).unwrap();
    let before = other.snapshot();
    other.run(&other.right()).fails(3, "PLAN-FOREIGN: ");
    assert!(other.snapshot() == before);
    // A root that is to be made where there is one.
    fs::copy(Pair::planned().plan_file(), other.plan_file()).unwrap();
    let entries = other.off.journal().len() as u64;
    other.change_plan(|plan| {
        plan.journal.entries = entries;
        plan.journal.since = entries;
        plan.journal.lines.clear();
    });
    other.declines("PLAN-FOREIGN", |other| other.run(&other.right()));
}

#[test]
fn a_medium_that_is_not_the_newest_is_refused() {
    // An older copy: from before the first ceremony's end, and from before the second.
    let (planned, rooted) = (Pair::planned(), Pair::rooted());
    let held = Pair::held();
    held.import().ok();
    held.plan(&["--crl"]).ok();
    fs::copy(held.plan_file(), rooted.plan_file()).unwrap();
    rooted.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
    // An empty directory instead of the medium.
    fs::copy(held.plan_file(), planned.plan_file()).unwrap();
    fs::create_dir(planned.off.path("ca")).unwrap();
    planned.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
    // The right one.
    held.complete();
    // A plan of a ceremony that was held, and would be held again otherwise.
    let pair = Pair::second();
    pair.change_plan(|plan| plan.number = 1);
    pair.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
    pair.change_plan(|plan| plan.number = 7);
    pair.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
}

#[test]
fn a_journal_that_went_another_way_is_refused() {
    let pair = Pair::second();
    // Another history of the same length, online.
    pair.change_plan(|plan| plan.journal.head = "00".repeat(32));
    pair.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
    let pair = Pair::second();
    pair.change_plan(|plan| plan.journal.lines = plan.journal.lines.replace("prod", "test"));
    pair.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
    let pair = Pair::second();
    pair.change_plan(|plan| plan.journal.lines.clear());
    pair.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
    // The medium itself signed something meanwhile, where nothing said that it is one.
    let pair = Pair::second();
    pair.off.write("ca/site.toml", "version = 1\n");
    pair.off.keyed(&["root", "crl", "--now"]).ok();
    pair.declines("PLAN-FORKED", |pair| pair.run(&pair.right()));
}

// --- plans that somebody made to hurt ----------------------------------------------------------

#[test]
fn a_plan_brings_declarations_and_requests_alone() {
    let paths = [
        "ca/root/g1/key.pem",
        "ca/root/g1/cert.pem",
        "ca/journal.jsonl",
        "ca/site.toml",
        "ca/.pending",
        "../x",
        "/tmp/x",
        "ca/../environment.toml",
        "ca/prod/../../environment.toml",
        "ca//environment.toml",
        "ca/./environment.toml",
        "ca/prod/environment.toml/",
        "ca/pr\u{1b}[2Jod/environment.toml",
        "",
    ];
    let pair = Pair::second();
    let text = pair.plan_text();
    for path in paths {
        for is_request in [false, true] {
            fs::write(pair.plan_file(), &text).unwrap();
            pair.change_plan(|plan| {
                let content = match is_request {
                    true => &mut plan.requests[0],
                    false => &mut plan.declarations[1],
                };
                content.path = path.into();
            });
            let before = pair.snapshot();
            for run in [pair.run(&pair.right()), rehearse(&pair)] {
                assert_plain(&run);
                assert!(run.stderr.contains("the plan brings "), "{run:?}");
                assert_eq!(run.code, 2, "{run:?}");
            }
            assert!(pair.snapshot() == before);
        }
    }
}

fn rehearse(pair: &Pair) -> Run {
    let plan = pair.plan_file().display().to_string();
    pair.off.run(&["ceremony", "rehearse", &plan])
}

#[test]
fn a_huge_or_deep_plan_is_refused_at_once() {
    let pair = Pair::second();
    let text = pair.plan_text();
    let fails = |bytes: &[u8], code: i32, why: &str| {
        fs::write(pair.plan_file(), bytes).unwrap();
        let before = pair.snapshot();
        let answers = Answers { clock: watch(), confirm: String::new() };
        let run = pair.run(&answers).fails(code, why);
        assert_plain(&run);
        assert!(pair.snapshot() == before);
    };
    fails(&vec![b'#'; 70 << 20], 1, "");
    fails(format!("{text}deep = {}\n", "[".repeat(100_000)).as_bytes(), 2, "plan.toml:");
    fails(format!("{text}[{}]\n", "a.".repeat(50_000)).as_bytes(), 2, "plan.toml:");
    fails(&[text.as_bytes(), b"\xff"].concat(), 2, "not UTF-8");
    fails(b"", 2, "plan.toml:");
    fails(text.replacen("version = 1", "version = 2", 1).as_bytes(), 2, "version 2");
    let unknown = text.replacen("operator", "skip_guard = true\noperator", 1);
    fails(unknown.as_bytes(), 2, "skip_guard");
    let without = text.split("[[step]]").next().unwrap();
    fails(without.as_bytes(), 2, "plan.toml:");
}

#[test]
fn nothing_in_a_plan_is_obeyed_by_a_terminal() {
    let pair = Pair::second();
    let hostile = "bob\u{1b}[2J\u{202e}\u{7}\r\nend";
    pair.change_plan(|plan| {
        plan.operator = hostile.into();
        let Step::IntermediateSign { subject, algorithm, .. } = sign_step(plan) else { panic!() };
        *subject = hostile.into();
        *algorithm = hostile.into();
    });
    let plan = pair.plan_file().display().to_string();
    let shown = pair.off.run(&["ceremony", "plan", "--show", &plan]);
    for run in [pair.run(&pair.right()), rehearse(&pair), shown] {
        assert_plain(&run);
    }
    assert_eq!(pair.draft().chars().find(|c| c.is_control() && *c != '\n'), None);
    pair.change_plan(|plan| plan.witnesses = vec![hostile.into()]);
    let run = pair.off.run(&["ceremony", "plan", "--show", &plan]).fails(2, "got the name");
    assert_plain(&run);
}
