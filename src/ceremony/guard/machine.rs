//! The machine as it is, and whether a root key may be unlocked on it.

use super::sandbox::Support;
use crate::error::{Explain, Result};
use crate::model::{
    rule::{Finding, Rule},
    text::{clean, hex},
};
use crate::store::file;
use ring::digest::{SHA256, digest};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use std::path::Path;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The kernel's release, as `uname -r` says.
    pub kernel: String,
    /// The program that is running.
    pub program: Program,
    /// All network interfaces of this process's network namespace but the loopback.
    pub interfaces: Vec<Interface>,
    /// Partitions and files that are swapped to; compressed memory (zram) counts, as it can be
    /// written back to a disk.
    pub swaps: Vec<String>,
    /// What would become of the memory in a crash.
    pub cores: Cores,
    /// What the kernel has for the sandbox.
    pub support: Support,
    /// Free bytes where the workspace is.
    pub free: u64,
}

/// The program that is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it was started from.
    pub path: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// A network interface that is not the loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    /// Was it switched on? `None`: it cannot be seen.
    pub up: Option<bool>,
}

/// See core(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cores {
    /// RLIMIT_CORE in bytes; `None` is no limit.
    pub limit: Option<u64>,
    /// May the kernel write out this process at all (PR_SET_DUMPABLE)?
    pub dumpable: bool,
    /// /proc/sys/kernel/core_pattern: a file, a program (`|`) or a socket (`@`).
    pub pattern: String,
}

impl Cores {
    /// Can a crash write memory somewhere? A program that takes core dumps is not bound by
    /// RLIMIT_CORE (core(5), "Piping core dumps to a program"); a process that is not dumpable
    /// leaves none in any way.
    fn can_happen(&self) -> bool {
        let is_taken = self.pattern.starts_with(['|', '@']);
        self.dumpable && (is_taken || self.limit != Some(0))
    }
}

/// Switches core dumps off for this process, for good. Another process of the same user can then
/// no longer attach to it either (ptrace(2)). [`Machine::look`] says what came of it.
pub fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Lowering a limit needs no right; what failed is seen by looking.
    let _ = rustix::process::setrlimit(Resource::Core, none);
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

impl Machine {
    /// Looks, without changing anything. `medium`: a directory of the workspace's file system.
    ///
    /// # Errors
    /// Failed, when /proc cannot be read or `medium` is not there.
    pub fn look(medium: &Path) -> Result<Self> {
        let free = rustix::fs::statvfs(medium);
        let free = free.context(format!("cannot look at {}", file::shown(medium)))?;
        Ok(Self {
            kernel: clean(&rustix::system::uname().release().to_string_lossy()),
            program: program()?,
            interfaces: interfaces()?,
            swaps: swaps(&text("/proc/swaps")?),
            cores: Cores {
                limit: rustix::process::getrlimit(Resource::Core).current,
                dumpable: rustix::process::dumpable_behavior()? != DumpableBehavior::NotDumpable,
                pattern: clean(text("/proc/sys/kernel/core_pattern")?.trim()),
            },
            support: Support::look()?,
            free: free.f_bavail.saturating_mul(free.f_frsize),
        })
    }

    /// What was seen, a name and a value a line, for a transcript.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let limit = self.cores.limit.map_or("none".to_owned(), |bytes| bytes.to_string());
        let dumpable = if self.cores.dumpable { "dumpable" } else { "not dumpable" };
        let cores = format!("limit {limit}, {dumpable}, pattern {}", self.cores.pattern);
        let up: Vec<String> =
            self.interfaces.iter().filter(|one| one.up != Some(false)).map(named).collect();
        vec![
            ("kernel", self.kernel.clone()),
            ("program", self.program.path.clone()),
            ("program sha256", self.program.sha256.clone()),
            ("network up", listed(&up)),
            ("swap", listed(&self.swaps)),
            ("core dumps", cores),
            ("sandbox support", self.support.to_string()),
            ("free bytes", self.free.to_string()),
        ]
    }
}

/// NETWORK-UP, SWAP-ON, CORE-DUMPS, SANDBOX-MISSING, NO-SPACE. `needed`: bytes that the work will
/// write at most.
pub fn judge(machine: &Machine, needed: u64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let up: Vec<String> =
        machine.interfaces.iter().filter(|one| one.up != Some(false)).map(named).collect();
    if !up.is_empty() {
        let message = format!("got {}, expected none up but the loopback", up.join(", "));
        findings.push(Rule::NetworkUp.found(message));
    }
    if !machine.swaps.is_empty() {
        let message = format!("got {}, expected no swap", machine.swaps.join(", "));
        findings.push(Rule::SwapOn.found(message));
    }
    if machine.cores.can_happen() {
        let Cores { limit, pattern, .. } = &machine.cores;
        let limit = limit.map_or("no limit".to_owned(), |bytes| format!("a limit of {bytes}"));
        let message = format!("got {limit} and the pattern {pattern:?}, expected none possible");
        findings.push(Rule::CoreDumps.found(message));
    }
    let gaps = machine.support.gaps();
    findings.extend(gaps.into_iter().map(|gap| Rule::SandboxMissing.found(gap)));
    if machine.free < needed {
        let message = format!("got {} free bytes, expected {needed} or more", machine.free);
        findings.push(Rule::NoSpace.found(message));
    }
    findings
}

fn named(interface: &Interface) -> String {
    match interface.up {
        Some(_) => interface.name.clone(),
        None => format!("{} (state unknown)", interface.name),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn text(path: &str) -> Result<String> {
    let bytes = file::read(Path::new(path), file::SMALL)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn program() -> Result<Program> {
    const SELF: &str = "/proc/self/exe";
    let path = rustix::fs::readlink(SELF, Vec::new()).context(format!("cannot read {SELF}"))?;
    let bytes = file::read(Path::new(SELF), file::LARGE)?;
    Ok(Program {
        path: clean(&path.to_string_lossy()),
        sha256: hex(digest(&SHA256, &bytes).as_ref()),
    })
}

/// The file names what is swapped to, below a heading (proc(5)).
fn swaps(text: &str) -> Vec<String> {
    let lines = text.lines().skip(1);
    lines.filter_map(|line| line.split_whitespace().next()).map(clean).collect()
}

/// /proc/self/net is this process's network namespace; /sys may be another one's, whose flags say
/// nothing of ours.
fn interfaces() -> Result<Vec<Interface>> {
    let names = names(&text("/proc/self/net/dev")?);
    let flags = |name: &str| text(&format!("/sys/class/net/{name}/flags")).ok();
    let mut seen: Vec<String> =
        file::entries(Path::new("/sys/class/net"))?.into_iter().map(|entry| entry.name).collect();
    seen.retain(|name| flags(name).is_some());
    seen.sort();
    let is_ours = seen == names;
    let interface = |name: &String| {
        let flags = if is_ours { flags(name).and_then(|text| number(&text)) } else { None };
        let is_loopback = flags.map_or(name == "lo", |flags| flags & IFF_LOOPBACK != 0);
        let up = flags.map(|flags| flags & IFF_UP != 0);
        (!is_loopback).then(|| Interface { name: clean(name), up })
    };
    Ok(names.iter().filter_map(interface).collect())
}

/// netdevice(7)
const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;

/// The names in /proc/net/dev, sorted: two lines of headings, then `NAME: NUMBERS`.
fn names(text: &str) -> Vec<String> {
    let lines = text.lines().skip(2).filter_map(|line| line.split_once(':'));
    let mut names: Vec<String> = lines.map(|(name, _)| name.trim().to_owned()).collect();
    names.sort();
    names
}

fn number(hexadecimal: &str) -> Option<u32> {
    u32::from_str_radix(hexadecimal.trim().strip_prefix("0x")?, 16).ok()
}
