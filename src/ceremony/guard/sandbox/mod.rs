//! The walls around the process that unlocks a root key: Landlock for files, seccomp for all else.
//! Landlock alone leaves UDP and exec open, seccomp cannot tell one file from another.

mod calls;
mod files;

use crate::error::Result;
use crate::model::rule::{Finding, Rule};
use crate::store::file;
use std::fmt;
use std::path::{Path, PathBuf};

/// What the process will need from now on; all else is taken from it.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    /// Files beneath these are read, made, renamed, linked and removed. Nothing is executed.
    pub write: Vec<PathBuf>,
    /// These, and what is beneath them, are read.
    pub read: Vec<PathBuf>,
    /// Unix sockets are connected to: by a PKCS#11 module whose token has a daemon.
    pub unix_sockets: bool,
}

/// What the running kernel has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// The version of Landlock; 0 is none.
    pub landlock: u32,
    /// Can system calls be refused?
    pub seccomp: bool,
}

impl Support {
    /// Asks the kernel; nothing is enforced yet.
    ///
    /// # Errors
    /// Failed, when Landlock can neither be asked nor be ruled out.
    pub fn look() -> Result<Self> {
        Ok(Self { landlock: files::abi()?, seccomp: calls::are_filtered() })
    }

    /// What the sandbox cannot hold on this kernel.
    pub fn gaps(&self) -> Vec<String> {
        let calls = (!self.seccomp).then(|| calls::open("this kernel has no seccomp filters"));
        files::gap(self.landlock).into_iter().chain(calls).collect()
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.landlock {
            0 => f.write_str("no Landlock")?,
            abi => write!(f, "Landlock ABI {abi}")?,
        }
        f.write_str(if self.seccomp { ", seccomp" } else { ", no seccomp" })
    }
}

/// What holds from now on, until the process ends.
#[derive(Clone, Debug)]
pub struct Entered {
    /// What is enforced.
    pub held: Support,
    /// What is not, in words.
    pub gaps: Vec<String>,
    sandbox: Sandbox,
}

/// Enters the sandbox, as far as the kernel has it; there is no way back. To be called before the
/// process has other threads. A second time can only make it narrower, for the calling thread and
/// those it starts.
///
/// # Errors
/// Failed, when a path of `sandbox` is not there. What the kernel lacks is no error:
/// [`Entered::findings`] has it.
pub fn enter(sandbox: &Sandbox) -> Result<Entered> {
    let confined = files::confine(&sandbox.write, &sandbox.read)?;
    let calls_open = calls::refuse(sandbox.unix_sockets).err();
    let held = Support { landlock: confined.abi, seccomp: calls_open.is_none() };
    let gaps = confined.gaps.into_iter().chain(calls_open).collect();
    Ok(Entered { held, gaps, sandbox: sandbox.clone() })
}

impl Entered {
    /// SANDBOX-MISSING, one for each gap.
    pub fn findings(&self) -> Vec<Finding> {
        self.gaps.iter().map(|gap| Rule::SandboxMissing.found(gap)).collect()
    }
}

/// `sandbox: no sockets, no exec, files only beneath DIR (Landlock ABI 6, seccomp)`
impl fmt::Display for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut walls = Vec::new();
        if self.held.seccomp {
            let sockets =
                if self.sandbox.unix_sockets { "no sockets but Unix" } else { "no sockets" };
            walls.push(format!("{sockets}, no exec"));
        }
        if self.held.landlock > 0 {
            walls.push(format!("files only beneath {}", listed(&self.sandbox.write)));
            if !self.sandbox.read.is_empty() {
                walls.push(format!("read only: {}", listed(&self.sandbox.read)));
            }
        }
        let walls = if walls.is_empty() { "none".to_owned() } else { walls.join(", ") };
        write!(f, "sandbox: {walls} ({})", self.held)?;
        self.gaps.iter().try_for_each(|gap| write!(f, "; not held: {gap}"))
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| file::shown(Path::new(path))).collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(" and ") }
}
