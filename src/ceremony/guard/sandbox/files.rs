//! Landlock: which files, and where the kernel can, no TCP and no signals to other processes.

use crate::error::{Error, Result};
use crate::store::file;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, RestrictSelf,
    RestrictSelfAttr, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The rights that are asked for: those of the newest ABI that the tests have run on. An older
/// kernel enforces what it knows of them.
const ASKED: ABI = ABI::V6;

/// The first ABI that confines every way of changing a file: it added truncation (Linux 6.2).
const WHOLE: u32 = 3;

/// What came of it.
pub struct Confined {
    /// The kernel's ABI; 0 when nothing is enforced.
    pub abi: u32,
    /// What is not enforced, in words.
    pub gaps: Vec<String>,
}

/// The kernel's ABI; 0 when it has no Landlock.
pub fn abi() -> Result<u32> {
    // Without flags, this asks and enforces nothing.
    Ok(number(RestrictSelf::default().no_new_privs(false).apply()?.landlock))
}

fn number(status: LandlockStatus) -> u32 {
    match status {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    }
}

/// What an ABI does not confine, of what must be.
pub fn gap(abi: u32) -> Option<String> {
    match abi {
        0 => Some("files are open: this kernel has no Landlock".to_owned()),
        1..WHOLE => Some(format!(
            "files elsewhere can be emptied: got Landlock ABI {abi}, expected {WHOLE} or newer"
        )),
        _ => None,
    }
}

/// Confines this process to files beneath `write` and `read`, and to the terminal.
///
/// # Errors
/// Failed, when one of the paths is not there.
pub fn confine(write: &[PathBuf], read: &[PathBuf]) -> Result<Confined> {
    let older_threads = older_threads()?;
    let mut beneath = Vec::new();
    for path in write {
        beneath.push((open(path)?, writing()));
    }
    for path in read {
        beneath.push((open(path)?, reading()));
    }
    // Prompts open the terminal by this name.
    let terminal = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    beneath.extend(PathFd::new("/dev/tty").ok().map(|tty| (tty, terminal)));
    let null = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    beneath.extend(PathFd::new("/dev/null").ok().map(|null_device| (null_device, null)));
    Ok(match enforce(beneath) {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => {
            let abi = number(status.landlock);
            // Before ABI 8, Landlock is for the thread that calls and those it starts.
            let is_partial = older_threads > 0 && !status.all_threads;
            if !is_partial {
                ALL_THREADS.store(true, Ordering::Relaxed);
            }
            let threads =
                is_partial.then(|| format!("files are open to {older_threads} older threads"));
            Confined { abi, gaps: gap(abi).into_iter().chain(threads).collect() }
        }
        Ok(_) => Confined { abi: 0, gaps: gap(0).into_iter().collect() },
        Err(error) => Confined { abi: 0, gaps: vec![format!("files are open: {error}")] },
    })
}

/// Were all threads confined before? Then those that came since are.
static ALL_THREADS: AtomicBool = AtomicBool::new(false);

/// How many threads there are that may be outside, besides the one that calls.
fn older_threads() -> Result<usize> {
    if ALL_THREADS.load(Ordering::Relaxed) {
        return Ok(0);
    }
    Ok(file::entries(Path::new("/proc/self/task"))?.len().saturating_sub(1))
}

fn open(path: &Path) -> Result<PathFd> {
    let failed = |_| Error::failed(format!("the sandbox needs {}: not found", file::shown(path)));
    PathFd::new(path).map_err(failed)
}

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// Neither execute nor devices, sockets, pipes and symbolic links, which rootward never makes.
fn writing() -> BitFlags<AccessFs> {
    reading()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}

fn enforce(beneath: Vec<(PathFd, BitFlags<AccessFs>)>) -> Result<RestrictionStatus, RulesetError> {
    let rules = beneath.into_iter().map(|(path, rights)| PathBeneath::new(path, rights));
    Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))?
        .handle_access(AccessNet::from_all(ASKED))?
        .scope(Scope::from_all(ASKED))?
        .create()?
        .add_rules(rules.map(Ok::<_, RulesetError>))?
        .all_threads(true)?
        .restrict_self()
}
