//! What stands between the door and the key: the guard looks at the machine and the clock, the
//! sandbox takes from the process what signing does not need. Both are in the transcript.

use super::guard::{
    clock,
    machine::{self, Machine},
    sandbox::{self, Entered, Sandbox},
};
use super::plan::{Plan, Waiver};
use super::run::{Question, Room};
use super::transcript::Transcript;
use crate::authority::{Estate, Keys};
use crate::error::{Result, none_of};
use crate::journal::chain::instant;
use crate::model::rule::{Finding, Rule};
use time::OffsetDateTime;

/// Free bytes that a medium must have: everything is written twice for a moment.
const NEEDED: u64 = 16 << 20;

/// The rules that people may agree to waive beforehand: where the ceremony is held, never what is
/// signed.
pub const WAIVABLE: [Rule; 4] =
    [Rule::NetworkUp, Rule::SwapOn, Rule::CoreDumps, Rule::SandboxMissing];

/// Looks at the machine and the clock, and asks for the time on a watch.
///
/// # Errors
/// CLOCK-*, PLAN-STALE, NETWORK-UP, SWAP-ON, CORE-DUMPS, NO-SPACE, SANDBOX-MISSING, unless waived;
/// WAIVER-UNFIT.
pub fn guard(
    estate: &Estate,
    plan: &Plan,
    room: &dyn Room,
    transcript: &mut Transcript,
) -> Result<()> {
    let now = estate.context.now();
    none_of(unfit(&plan.waivers, now))?;
    machine::harden();
    let machine = Machine::look(estate.workspace.root())?;
    for (name, value) in machine.facts() {
        match value.len() {
            64 => transcript.digest("machine", &format!("{name}:"), &value)?,
            _ => transcript.note("machine", &format!("{name}: {value}"))?,
        }
    }
    let typed = room.ask(Question::Clock)?;
    transcript.note("clock", &format!("typed from a watch: {typed}"))?;
    let last = estate.journal.records.last();
    let known = clock::Known {
        last_entry: last.and_then(|record| instant(&record.time)),
        plan_created: Some(plan.created),
        plan_expires: Some(plan.expires),
        typed: Some(clock::parse(&typed)?),
    };
    let mut findings = clock::judge(now, &known);
    findings.extend(machine::judge(&machine, NEEDED));
    waive(findings, plan, transcript)
}

/// Enters the sandbox, for good, with what the keys need besides. What the kernel cannot hold is in
/// the transcript; the caller decides about it.
///
/// # Errors
/// Failed: a path that is not there, a token that cannot be opened.
pub fn enter<'c>(
    estate: &Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    sandbox: &Sandbox,
    transcript: &mut Transcript,
) -> Result<Vec<Finding>> {
    let entered = confine(estate, keys, sandbox)?;
    let said = entered.to_string();
    transcript.note("sandbox", said.strip_prefix("sandbox: ").unwrap_or(&said))?;
    Ok(entered.findings())
}

/// The same without a transcript: for what opens a key and signs nothing.
///
/// # Errors
/// As for [`enter`].
pub fn confine<'c>(
    estate: &Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    sandbox: &Sandbox,
) -> Result<Entered> {
    machine::harden();
    let needs = keys.prepare(estate)?;
    let mut sandbox = sandbox.clone();
    sandbox.write.extend(needs.write);
    sandbox.unix_sockets |= needs.unix_sockets;
    sandbox::enter(&sandbox)
}

/// Notes what is waived; what is not stops everything.
///
/// # Errors
/// Every finding that is not waived.
pub fn waive(findings: Vec<Finding>, plan: &Plan, transcript: &mut Transcript) -> Result<()> {
    let mut rest = Vec::new();
    for finding in findings {
        match plan.waivers.iter().find(|waiver| waiver.rule == finding.rule.id()) {
            Some(waiver) => transcript.note("waived", &format!("{finding}; {}", waiver.reason))?,
            None => rest.push(finding),
        }
    }
    none_of(rest)
}

/// The waivers that do not hold.
pub fn unfit(waivers: &[Waiver], now: OffsetDateTime) -> Vec<Finding> {
    let mut findings = Vec::new();
    for waiver in waivers {
        let rule = &waiver.rule;
        let mut found = |why: String| findings.push(Rule::WaiverUnfit.found(why));
        if !WAIVABLE.iter().any(|known| known.id() == rule) {
            let known = WAIVABLE.map(Rule::id).join(", ");
            found(format!("{rule} cannot be waived, expected one of {known}"));
        }
        if waiver.reason.trim().is_empty() {
            found(format!("the waiver of {rule} has no reason, expected one"));
        }
        if now > waiver.until {
            let until = crate::journal::chain::timestamp(waiver.until);
            found(format!("the waiver of {rule} ended at {until}"));
        }
    }
    findings
}
