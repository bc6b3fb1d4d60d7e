//! The host of an identity: a directory that knows of no workspace, and who types there.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use super::common::{Run, Site, libfaketime, output, tool};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A second Unix user, which every Linux has.
pub const OTHER: &str = "daemon";

/// The system calls by which a request or an installation changes something.
pub const CHANGING: [&str; 8] =
    ["mkdirat", "write", "fsync", "fchmod", "linkat", "renameat", "symlinkat", "unlinkat"];

/// Removed with the test.
pub struct Host {
    dir: tempfile::TempDir,
    tls: PathBuf,
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Who runs the tests.
pub fn myself() -> String {
    output(Command::new("id").arg("-un")).trim().to_owned()
}

impl Host {
    /// An empty directory of its own in a directory that others may enter.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::create_dir(dir.path().join("tls")).unwrap();
        set(dir.path(), 0o755);
        set(&dir.path().join("tls"), 0o700);
        Self { tls: dir.path().join("tls"), dir }
    }

    /// The same in another place, with owners and modes.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        let from = format!("{}/.", self.dir().display());
        output(Command::new("cp").arg("-a").arg(from).arg(copy.dir()));
        copy
    }

    /// Where the key is.
    pub fn dir(&self) -> &Path {
        &self.tls
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        self.chmod(name, mode);
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn mode(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.path(name)).unwrap().mode() & 0o7777
    }

    /// The name of a file's owner.
    pub fn owner(&self, name: &str) -> String {
        let stat = Command::new("stat").args(["-L", "-c", "%U"]).arg(self.path(name)).output();
        String::from_utf8(stat.unwrap().stdout).unwrap().trim().to_owned()
    }

    /// To another user, as root can.
    pub fn give(&self, name: &str, user: &str) {
        output(Command::new("chown").arg(user).arg(self.path(name)));
    }

    /// What is in the directory, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// How many installations are kept.
    pub fn versions(&self) -> usize {
        let entries = fs::read_dir(self.path(".installed")).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_dir()).count()
    }

    /// A copy of what was brought, for everybody to read; its path.
    pub fn brought(&self, from: &Path) -> String {
        let count = fs::read_dir(self.dir.path()).unwrap().count();
        let to = self.dir.path().join(format!("brought-{count}"));
        fs::create_dir(&to).unwrap();
        for name in ["cert.pem", "chain.pem"] {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
        to.display().to_string()
    }

    /// As whoever runs the tests, in the directory of the key.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.of(Command::new(env!("CARGO_BIN_EXE_rootward")).args(arguments))
    }

    /// As another user, which root can be.
    pub fn run_as(&self, user: &str, arguments: &[&str]) -> Run {
        let user = [format!("--reuid={user}"), format!("--regid={OTHER}")];
        let mut command = Command::new(tool("setpriv", "util-linux"));
        command.args(user).arg("--clear-groups").arg(env!("CARGO_BIN_EXE_rootward"));
        self.of(command.args(arguments))
    }

    /// At another time.
    pub fn at(&self, clock: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
        command.env("LD_PRELOAD", libfaketime()).env("FAKETIME", clock);
        self.of(command.args(arguments))
    }

    /// Killed when it does this system call for that time; `false`, when it never came to that.
    pub fn killed_at(&self, call: &str, count: usize, arguments: &[&str]) -> bool {
        let mut command = Command::new(tool("strace", "strace"));
        command.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={call}"));
        command.arg("-e").arg(format!("inject={call}:signal=SIGKILL:when={count}"));
        command.arg(env!("CARGO_BIN_EXE_rootward")).args(arguments);
        let run = self.of(&mut command);
        assert!(run.code == 0 || run.code == -1, "{run:?}");
        run.code != 0
    }

    fn of(&self, command: &mut Command) -> Run {
        command.current_dir(self.dir()).stdin(Stdio::null()).env_remove("NO_COLOR");
        Run::of(command.output().unwrap())
    }
}

pub const ADD: [&str; 9] =
    ["identity", "add", "prod/web", "--kind", "app", "--policy", "kv-read", "--key", "host"];

/// A workspace in which prod/web is declared, and its host with the key and the request.
pub fn requested() -> (Site, Host) {
    let site = Site::prepared();
    site.run(&ADD).ok();
    let host = Host::new();
    host.run(&["identity", "request", "web"]).ok();
    (site, host)
}

/// The same with its certificate issued.
pub fn issued() -> (Site, Host) {
    let (site, host) = requested();
    issue(&site, &host);
    (site, host)
}

pub fn issue(site: &Site, host: &Host) {
    let csr = host.path("web.csr").display().to_string();
    site.keyed(&["identity", "issue", "prod/web", "--csr", &csr]).ok();
}

/// Where the certificate lies in the workspace.
pub fn from(site: &Site) -> String {
    site.path("identities/prod/web").display().to_string()
}

/// Refused by that rule.
#[track_caller]
pub fn by(rule: &str, run: Run) -> Run {
    run.fails(3, &format!("{rule}: "))
}

pub fn install(site: &Site, host: &Host) -> Run {
    host.run(&["identity", "install", "web", "--from", &from(site)])
}
