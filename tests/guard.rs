//! Before a root key is unlocked: the machine and the clock, judged by table. The sandbox itself
//! is in `sandbox.rs`.

use rootward::ceremony::guard::{
    clock::{self, Known},
    machine::{Cores, Interface, Machine, Program, judge},
    sandbox::Support,
};
use rootward::model::rule::{Finding, Rule};
use time::{Duration, OffsetDateTime, macros::datetime};

/// A machine on which a root key may be unlocked.
fn sound() -> Machine {
    Machine {
        kernel: "6.12.0".to_owned(),
        program: Program { path: "/medium/rootward".to_owned(), sha256: "00".repeat(32) },
        interfaces: vec![interface("eth0", Some(false))],
        swaps: Vec::new(),
        cores: Cores { limit: Some(0), dumpable: false, pattern: "core".to_owned() },
        support: Support { landlock: 6, seccomp: true },
        free: 1 << 20,
    }
}

fn interface(name: &str, up: Option<bool>) -> Interface {
    Interface { name: name.to_owned(), up }
}

fn cores(limit: Option<u64>, dumpable: bool, pattern: &str) -> Cores {
    Cores { limit, dumpable, pattern: pattern.to_owned() }
}

#[track_caller]
fn says(findings: &[Finding], expected: &[(Rule, &str)]) {
    let found: Vec<_> =
        findings.iter().map(|finding| (finding.rule, finding.detail.as_str())).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn machine(change: impl FnOnce(&mut Machine), expected: &[(Rule, &str)]) {
    let mut machine = sound();
    change(&mut machine);
    says(&judge(&machine, 1 << 20), expected);
}

#[test]
fn a_sound_machine_passes() {
    machine(|_| {}, &[]);
    machine(|machine| machine.interfaces.clear(), &[]);
    machine(|machine| machine.support.landlock = 3, &[]);
}

#[test]
fn a_network_that_is_up_or_cannot_be_seen_is_refused() {
    let up =
        (Rule::NetworkUp, "got eth0, wlan0 (state unknown), expected none up but the loopback");
    let interfaces = vec![
        interface("eth0", Some(true)),
        interface("eth1", Some(false)),
        interface("wlan0", None),
    ];
    machine(|machine| machine.interfaces = interfaces, &[up]);
}

#[test]
fn swap_is_refused_and_zram_is_swap() {
    let on = (Rule::SwapOn, "got /dev/sda2, /dev/zram0, expected no swap");
    let swaps = vec!["/dev/sda2".to_owned(), "/dev/zram0".to_owned()];
    machine(|machine| machine.swaps = swaps, &[on]);
}

#[test]
fn core_dumps_are_refused_wherever_they_would_go() {
    let piped = "|/usr/lib/systemd/systemd-coredump %P";
    let none = [
        cores(Some(0), true, "core"),
        cores(None, false, "core"),
        cores(None, false, piped),
        cores(Some(0), false, "@/run/dumps"),
    ];
    for cores in none {
        machine(|machine| machine.cores = cores, &[]);
    }
    let some = [
        (cores(None, true, "core"), "no limit and the pattern \"core\""),
        (cores(Some(1), true, "core"), "a limit of 1 and the pattern \"core\""),
        (cores(Some(0), true, "|/bin/take"), "a limit of 0 and the pattern \"|/bin/take\""),
        (cores(Some(0), true, "@/run/take"), "a limit of 0 and the pattern \"@/run/take\""),
    ];
    for (cores, got) in some {
        let expected = format!("got {got}, expected none possible");
        machine(|machine| machine.cores = cores, &[(Rule::CoreDumps, &expected)]);
    }
}

#[test]
fn a_kernel_without_walls_is_refused() {
    let support = |landlock, seccomp| Support { landlock, seccomp };
    let files = (Rule::SandboxMissing, "files are open: this kernel has no Landlock");
    let calls =
        (Rule::SandboxMissing, "sockets and exec are open: this kernel has no seccomp filters");
    let emptied = (
        Rule::SandboxMissing,
        "files elsewhere can be emptied: got Landlock ABI 2, expected 3 \
                   or newer",
    );
    machine(|machine| machine.support = support(0, true), &[files]);
    machine(|machine| machine.support = support(0, false), &[files, calls]);
    machine(|machine| machine.support = support(2, true), &[emptied]);
    machine(|machine| machine.support = support(9, false), &[calls]);
}

#[test]
fn a_full_medium_is_refused() {
    let full = (Rule::NoSpace, "got 1048575 free bytes, expected 1048576 or more");
    machine(|machine| machine.free -= 1, &[full]);
}

#[test]
fn this_machine_can_be_looked_at() {
    let machine = Machine::look(&std::env::temp_dir()).unwrap();
    assert_eq!(machine.program.sha256.len(), 64);
    assert!(machine.free > 0 && machine.support.seccomp, "{machine:?}");
    assert!(machine.interfaces.iter().all(|one| one.name != "lo"), "{machine:?}");
    assert!(machine.interfaces.iter().all(|one| one.up.is_some()), "{machine:?}");
    let error = Machine::look("/none".as_ref()).unwrap_err();
    assert_eq!(error.messages()[0], "cannot look at /none");
}

/// The journal ends at 10:00, the plan was made at 10:05 and ends a week later, a person types
/// 10:30.
const KNOWN: Known = Known {
    last_entry: Some(datetime!(2026-11-22 10:00:00 UTC)),
    plan_created: Some(datetime!(2026-11-22 10:05:00 UTC)),
    plan_expires: Some(datetime!(2026-11-29 10:05:00 UTC)),
    typed: Some(datetime!(2026-11-22 10:30:00 UTC)),
};

#[track_caller]
fn clock_says(now: OffsetDateTime, expected: &[Rule]) {
    let findings = clock::judge(now, &KNOWN);
    let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, expected, "{now}");
}

#[test]
fn a_right_clock_passes_up_to_its_bounds() {
    clock_says(datetime!(2026-11-22 10:30:00 UTC), &[]);
    clock_says(datetime!(2026-11-22 10:20:00 UTC), &[]);
    clock_says(datetime!(2026-11-22 10:40:00 UTC), &[]);
    clock_says(datetime!(2026-11-22 12:30:00 +02:00), &[]);
    says(&clock::judge(datetime!(1970-01-01 00:00:00 UTC), &Known::default()), &[]);
    let typed = None;
    for now in [KNOWN.plan_created, KNOWN.plan_expires] {
        says(&clock::judge(now.unwrap(), &Known { typed, ..KNOWN }), &[]);
    }
}

#[test]
fn a_wrong_clock_is_refused() {
    clock_says(datetime!(2026-11-22 10:19:59 UTC), &[Rule::ClockTyped]);
    clock_says(datetime!(2026-11-22 10:40:01 UTC), &[Rule::ClockTyped]);
    clock_says(datetime!(2026-11-22 10:04:59 UTC), &[Rule::ClockBehindPlan, Rule::ClockTyped]);
    let behind = [Rule::ClockBehindJournal, Rule::ClockBehindPlan, Rule::ClockTyped];
    clock_says(datetime!(2026-11-22 09:00:00 UTC), &behind);
    clock_says(datetime!(1970-01-02 00:00:00 UTC), &behind);
    clock_says(datetime!(2026-11-29 10:05:01 UTC), &[Rule::PlanStale, Rule::ClockTyped]);
    clock_says(datetime!(2100-01-01 00:00:00 UTC), &[Rule::PlanStale, Rule::ClockTyped]);
}

#[test]
fn a_wrong_clock_is_told_what_it_was_held_against() {
    let now = datetime!(2026-11-22 09:00:00.9 UTC);
    says(
        &clock::judge(now, &KNOWN),
        &[
            (
                Rule::ClockBehindJournal,
                "the clock says 2026-11-22T09:00:00Z, the journal's last entry \
             was made at 2026-11-22T10:00:00Z",
            ),
            (
                Rule::ClockBehindPlan,
                "the clock says 2026-11-22T09:00:00Z, the plan was made at \
             2026-11-22T10:05:00Z",
            ),
            (
                Rule::ClockTyped,
                "the clock says 2026-11-22T09:00:00Z, you typed 2026-11-22T10:30:00Z, \
             expected at most 10 minutes between them",
            ),
        ],
    );
    let stale = clock::judge(now + Duration::days(400), &Known { typed: None, ..KNOWN });
    says(
        &stale,
        &[(
            Rule::PlanStale,
            "the clock says 2027-12-27T09:00:00Z, the plan ended at \
           2026-11-29T10:05:00Z",
        )],
    );
}

#[test]
fn a_time_is_read_as_people_type_it() {
    let texts = [
        "2026-11-22 10:05",
        "2026-11-22T10:05Z",
        "2026-11-22t10:05z",
        "  2026-11-22   10:05:00 \n",
        "2026-11-22 10:05 UTC",
        "2026-11-22T10:05:00Z",
        "2026-11-22T12:05:00+02:00",
    ];
    for text in texts {
        assert_eq!(clock::parse(text).unwrap(), datetime!(2026-11-22 10:05:00 UTC), "{text:?}");
    }
    assert_eq!(clock::parse("2026-1-2 3:04").unwrap(), datetime!(2026-01-02 03:04:00 UTC));
    let wrong = [
        "",
        "now",
        "10:05",
        "2026-11-22",
        "22.11.2026 10:05",
        "2026-13-22 10:05",
        "2026-02-30 10:05",
        "2026-11-22 24:05",
        "26-11-22 10:05",
        "2026-11-22 10:05 CET",
        "2026-11-22 10:05 10:05",
        "2026-11-22 10:05\u{202e}",
    ];
    for text in wrong {
        let error = clock::parse(text).unwrap_err();
        let message = &error.messages()[0];
        assert!(message.starts_with("got ") && message.contains("2026-11-22 10:05"), "{message}");
        assert!(!message.contains('\u{202e}') && error.hint.is_some(), "{message}");
    }
}
