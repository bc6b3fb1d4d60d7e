//! The sandbox from within and from outside: this program runs itself as the process that enters.
//! Without the test harness, whose own thread would stay outside.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::print_stdout, reason = "this is its own harness")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{Run, tool};
use rootward::ceremony::guard::{
    machine::{self, Machine},
    sandbox::{Sandbox, enter},
};
use rootward::journal::{Act, Journal, Origin, Record};
use rootward::{cli::Cli, custody, model::key::Algorithm, store::file, ui::Ui};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, socket};
use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "inside", dir] => inside(Path::new(dir)),
        [_, "commands", dir] => commands(Path::new(dir)),
        [_, "terminal", dir] => terminal(Path::new(dir)),
        [_, "unix", dir] => unix(Path::new(dir)),
        [_, "late", dir] => late(Path::new(dir)),
        _ => all(),
    }
}

const TESTS: [(&str, fn()); 8] = [
    ("everything_but_the_work_is_refused", everything_but_the_work_is_refused),
    ("an_ordinary_user_is_confined_as_well", an_ordinary_user_is_confined_as_well),
    ("without_a_network_too", without_a_network_too),
    ("the_kernel_says_so_and_strace_sees_it", the_kernel_says_so_and_strace_sees_it),
    ("every_signing_command_works_inside", every_signing_command_works_inside),
    ("prompts_reach_the_terminal", prompts_reach_the_terminal),
    ("unix_sockets_alone_where_asked_for", unix_sockets_alone_where_asked_for),
    ("older_threads_are_named", older_threads_are_named),
];

fn all() {
    for (name, test) in TESTS {
        test();
        println!("test {name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed; 0 ignored; 0 filtered out", TESTS.len());
}

// --- the process that enters ------------------------------------------------------------------

fn long_journal() {
    let now = time::macros::datetime!(2026-11-22 10:00:00 UTC);
    let origin = Origin { host: "host".into(), user: "user".into(), now };
    let mut journal = Journal::parse("", None).unwrap();
    for _ in 0..5_000 {
        let record = Record::new(Act::Refused, &"prod/web".parse().unwrap());
        journal.append(&origin, record).unwrap();
    }
    let head = journal.head();
    assert_eq!(Journal::parse(&journal.lines, Some(head.as_bytes())).unwrap().len(), 5_000);
}

fn sandbox(dir: &Path) -> Sandbox {
    Sandbox { write: vec![dir.join("w")], read: vec![dir.join("r")], unix_sockets: false }
}

/// Seen before the walls close, then entered twice, then everything tried.
fn inside(dir: &Path) {
    machine::harden();
    let machine = Machine::look(dir).unwrap();
    for (name, value) in machine.facts() {
        println!("{name}: {value}");
    }
    assert!(!machine.cores.dumpable && machine.cores.limit == Some(0), "{machine:?}");
    let old = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();

    // Several threads read a long journal; they are no more when the sandbox is entered.
    long_journal();
    let entered = enter(&sandbox(dir)).unwrap();
    println!("{entered}");
    let again = enter(&sandbox(dir)).unwrap();
    assert_eq!(again.to_string(), entered.to_string());
    assert!(entered.findings().is_empty(), "{entered}");

    work(&dir.join("w"), &dir.join("r"));
    sockets(&old);
    files(dir);
    programs();
    std::thread::spawn(|| assert!(UnixStream::pair().is_err())).join().unwrap();
    if entered.held.landlock >= 6 {
        let parent = rustix::process::getppid().unwrap();
        refused(rustix::process::test_kill_process(parent), Errno::PERM);
    }

    println!("all refused");
    let passphrase = file::read_descriptor(0, file::SMALL).unwrap();
    println!("read {} bytes", passphrase.len());
}

#[track_caller]
fn refused<T: Debug>(result: Result<T, impl Into<io::Error>>, expected: Errno) {
    let error = result.map_err(Into::into).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(expected.raw_os_error()), "{error}");
}

/// Landlock answers as if it were another file system, where a file would gain rights.
#[track_caller]
fn stays(result: io::Result<()>) {
    let error = result.unwrap_err().raw_os_error();
    let expected = [Errno::XDEV, Errno::ACCESS].map(|error| Some(error.raw_os_error()));
    assert!(expected.contains(&error), "{error:?}");
}

/// All that rootward does with files, and threads, memory, randomness.
fn work(w: &Path, r: &Path) {
    fs::create_dir_all(w.join("a/b")).unwrap();
    fs::create_dir(w.join("c")).unwrap();
    file::replace(&w.join("a/b/new"), b"text", 0o600, true).unwrap();
    file::replace(&w.join("a/b/new"), b"text again", 0o600, false).unwrap();
    file::append(&w.join("a/b/new"), b", more").unwrap();
    file::truncate(&w.join("a/b/new"), 4).unwrap();
    file::link(&w.join("a/b/new"), &w.join("c/twin")).unwrap();
    fs::rename(w.join("a/b/new"), w.join("c/moved")).unwrap();
    file::sync_dir(&w.join("c")).unwrap();
    file::sync_all_under(w).unwrap();
    file::remove(&w.join("c/moved")).unwrap();
    fs::remove_dir(w.join("a/b")).unwrap();
    drop(file::lock(w).unwrap());
    assert_eq!(&**file::read(&w.join("c/twin"), 9).unwrap(), b"text");
    assert_eq!(&**file::read(&r.join("there"), 9).unwrap(), b"there");
    assert_eq!(file::entries(r).unwrap().len(), 1);
    OpenOptions::new().write(true).open("/dev/null").unwrap();

    let rng = ring::rand::SystemRandom::new();
    let key = custody::soft::generate(Algorithm::P256, &rng).unwrap();
    let sealed = custody::sealed::seal(&key, b"a passphrase", &rng).unwrap();
    assert!(sealed.starts_with(b"-----BEGIN ENCRYPTED"));
    let threads = (0..4).map(|n| std::thread::spawn(move || vec![n; 1 << 20].len()));
    assert!(threads.map(|thread| thread.join().unwrap()).all(|length| length == 1 << 20));
}

fn sockets(old: &UdpSocket) {
    let families =
        [AddressFamily::INET, AddressFamily::INET6, AddressFamily::UNIX, AddressFamily::NETLINK];
    for family in families.into_iter().chain([AddressFamily::PACKET, AddressFamily::VSOCK]) {
        for kind in [SocketType::STREAM, SocketType::DGRAM, SocketType::RAW] {
            refused(socket(family, kind, None), Errno::PERM);
        }
    }
    refused(UnixStream::pair(), Errno::PERM);
    refused(UnixDatagram::unbound(), Errno::PERM);
    refused(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Errno::PERM);
    // Through a socket from before.
    let address = old.local_addr().unwrap();
    refused(old.connect(address), Errno::PERM);
    refused(old.send_to(b"out", address), Errno::PERM);
    refused(old.recv_from(&mut [0; 9]), Errno::PERM);
}

fn files(dir: &Path) {
    let (w, outside) = (dir.join("w"), dir.join("outside"));
    for path in ["/etc/passwd", "/proc/self/environ", "/proc/self/status", "/proc/1/status"] {
        refused(fs::read(path), Errno::ACCESS);
    }
    refused(fs::read(&outside), Errno::ACCESS);
    refused(fs::read_dir("/"), Errno::ACCESS);
    refused(fs::write(&outside, "text"), Errno::ACCESS);
    refused(fs::write(dir.join("new"), "text"), Errno::ACCESS);
    refused(fs::write(dir.join("r/there"), "text"), Errno::ACCESS);
    refused(fs::create_dir(dir.join("r/new")), Errno::ACCESS);
    refused(fs::remove_file(&outside), Errno::ACCESS);
    stays(fs::rename(&outside, w.join("in")));
    stays(fs::rename(w.join("c/twin"), dir.join("out")));
    stays(fs::hard_link(&outside, w.join("in")));
    refused(symlink(&outside, w.join("link")), Errno::ACCESS);
    let fifo = rustix::fs::FileType::Fifo;
    let made = rustix::fs::mknodat(rustix::fs::CWD, w.join("fifo"), fifo, 0o600.into(), 0);
    refused(made, Errno::ACCESS);
    // A link that somebody else made leads nowhere.
    refused(fs::read(w.join("astray")), Errno::ACCESS);
    assert_eq!(
        rustix::fs::statat(rustix::fs::CWD, &outside, rustix::fs::AtFlags::empty())
            .unwrap()
            .st_size,
        7,
        "it was emptied"
    );
}

fn programs() {
    refused(Command::new("/bin/true").status(), Errno::PERM);
    refused(Command::new(std::env::args().next().unwrap()).status(), Errno::PERM);
    refused(rustix::process::chroot("/"), Errno::PERM);
}

/// rootward's own commands, from an empty workspace to issued certificates.
fn commands(dir: &Path) {
    let (workspace, passphrase) = (dir.join("w"), dir.join("r/passphrase"));
    fs::write(&passphrase, "correct horse battery staple\n").unwrap();
    println!("{}", enter(&sandbox(dir)).unwrap());
    let passphrase = format!("--passphrase-file={}", passphrase.display());
    for line in [
        "init",
        "root create KEY",
        "root crl KEY",
        "intermediate request prod/identity KEY",
        "intermediate sign prod/identity KEY",
        "identity issue --env prod KEY",
        "verify",
    ] {
        let mut words = vec!["rootward", "-C", workspace.to_str().unwrap()];
        words.extend(line.split(' ').map(|word| if word == "KEY" { &passphrase } else { word }));
        let words: Vec<_> = words.into_iter().map(OsString::from).collect();
        let cli = Cli::read(&words).unwrap();
        cli.run(&Ui::new(cli.color, cli.json, cli.quiet, true)).unwrap();
    }
}

/// What a prompt does with the terminal.
fn terminal(dir: &Path) {
    enter(&sandbox(dir)).unwrap();
    let mut tty = OpenOptions::new().read(true).write(true).open("/dev/tty").unwrap();
    let mut modes = rustix::termios::tcgetattr(&tty).unwrap();
    modes.local_modes.remove(rustix::termios::LocalModes::ECHO);
    rustix::termios::tcsetattr(&tty, rustix::termios::OptionalActions::Now, &modes).unwrap();
    tty.write_all(b"asked at the terminal\n").unwrap();
}

fn unix(dir: &Path) {
    let entered = enter(&Sandbox { unix_sockets: true, ..sandbox(dir) }).unwrap();
    println!("{entered}");
    let mut stream = UnixStream::connect(dir.join("w/daemon")).unwrap();
    stream.write_all(b"hello").unwrap();
    UnixStream::pair().unwrap();
    for family in [AddressFamily::INET, AddressFamily::INET6, AddressFamily::NETLINK] {
        refused(socket(family, SocketType::DGRAM, None), Errno::PERM);
    }
    refused(Command::new("/bin/true").status(), Errno::PERM);
}

/// Entered too late: another thread is there already.
fn late(dir: &Path) {
    let (send, receive) = std::sync::mpsc::channel::<()>();
    let older = std::thread::spawn(move || {
        receive.recv().unwrap();
        (UnixStream::pair().is_err(), File::open("/etc/passwd").is_err())
    });
    let entered = enter(&sandbox(dir)).unwrap();
    println!("{entered}");
    send.send(()).unwrap();
    let (no_socket, no_file) = older.join().unwrap();
    assert!(no_socket, "seccomp is for all threads");
    assert_eq!(no_file, entered.findings().is_empty(), "{entered}");
    for finding in entered.findings() {
        println!("{finding}");
    }
}

// --- from outside -----------------------------------------------------------------------------

/// A directory to write beneath, one to read, and what is outside of both.
fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["w", "r"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("r/there"), "there").unwrap();
    fs::write(dir.path().join("outside"), "outside").unwrap();
    symlink(dir.path().join("outside"), dir.path().join("w/astray")).unwrap();
    dir
}

fn this() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// Runs `command`, which ends in this program, `inside` a place; the passphrase comes in a pipe.
#[track_caller]
fn runs(mut command: Command, dir: &Path) -> String {
    command.arg("inside").arg(dir).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"passphrase").unwrap();
    let run = Run::of(child.wait_with_output().unwrap()).ok();
    assert!(run.stdout.ends_with("all refused\nread 10 bytes\n"), "{run:?}");
    let line = format!(
        "sandbox: no sockets, no exec, files only beneath {0}/w, read only: {0}/r (Landlock ABI ",
        dir.display()
    );
    assert!(run.stdout.contains(&line) && run.stdout.contains(", seccomp)\n"), "{run:?}");
    run.stdout
}

fn everything_but_the_work_is_refused() {
    let dir = place();
    let facts = runs(Command::new(this()), dir.path());
    assert!(facts.contains("\ncore dumps: limit 0, not dumpable, pattern "), "{facts}");
    assert!(facts.contains(&format!("\nprogram: {}\n", this().display())), "{facts}");
    let sum = common::output(Command::new("sha256sum").arg(this()));
    assert!(facts.contains(&format!("\nprogram sha256: {}\n", &sum[..64])), "{facts}");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn an_ordinary_user_is_confined_as_well() {
    if !is_root() {
        return; // the test before was that
    }
    const NOBODY: u32 = 65534;
    let dir = place();
    let program = dir.path().join("program");
    fs::copy(this(), &program).unwrap();
    for name in ["", "w", "r", "r/there", "outside"] {
        chown(dir.path().join(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = Command::new(tool("setpriv", "util-linux"));
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    // A pipe of its own: one that root made could not be opened again by number.
    command.args(["--bounding-set=-all", "--inh-caps=-all", "sh", "-c", "cat | \"$@\"", "sh"]);
    command.arg(&program);
    runs(command, dir.path());
}

fn without_a_network_too() {
    let dir = place();
    let mut command = Command::new(tool("unshare", "util-linux"));
    command.args(if is_root() { &["--net"][..] } else { &["--map-root-user", "--net"] });
    command.args(["sh", "-c", "\"$@\"", "sh"]).arg(this());
    let facts = runs(command, dir.path());
    assert!(facts.contains("\nnetwork up: none\n"), "{facts}");
}

fn the_kernel_says_so_and_strace_sees_it() {
    let dir = place();
    let log = dir.path().join("log");
    let mut command = Command::new(tool("strace", "strace"));
    command.args(["-f", "-qq", "-s", "9", "-o"]).arg(&log).arg(this()).arg("inside");
    let command = command.arg(dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "all refused"));

    let traced = fs::read_to_string(&log).unwrap();
    let process = traced.split_whitespace().next().unwrap();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let says = |line: &str| status.lines().any(|other| other.replace('\t', " ") == line);
    assert!(says("Seccomp: 2") && says("NoNewPrivs: 1"), "{status}");
    child.stdin.take().unwrap().write_all(b"passphrase").unwrap();
    assert!(lines.any(|line| line.unwrap() == "read 10 bytes"));
    assert!(child.wait().unwrap().success());

    let traced = fs::read_to_string(&log).unwrap();
    let (_, after) = traced.split_once("write(1, \"sandbox: \"...").unwrap();
    let forbidden = [
        "socket(",
        "socketpair(",
        "connect(",
        "bind(",
        "sendto(",
        "recvfrom(",
        "execve(",
        "chroot(",
    ];
    for call in forbidden {
        let tried: Vec<&str> = after.lines().filter(|line| line.contains(call)).collect();
        let is_refused = |line: &&str| line.contains(" = -1 EPERM ");
        assert!(tried.iter().all(is_refused), "{tried:?}");
        assert!(!tried.is_empty() || call == "bind(", "{call} was not tried");
    }
}

fn every_signing_command_works_inside() {
    let dir = place();
    common::output(Command::new(this()).arg("commands").arg(dir.path()));
    let journal = fs::read_to_string(dir.path().join("w/ca/journal.jsonl")).unwrap();
    assert!(journal.contains("\"act\":\"identity.issue\""), "{journal}");
}

fn prompts_reach_the_terminal() {
    let dir = place();
    let inner = format!("{} terminal {}", this().display(), dir.path().display());
    let mut command = Command::new(tool("script", "bsdutils"));
    let shown = common::output(command.args(["-qec", &inner, "/dev/null"]));
    assert!(shown.contains("asked at the terminal"), "{shown}");
}

fn unix_sockets_alone_where_asked_for() {
    let dir = place();
    let daemon = std::os::unix::net::UnixListener::bind(dir.path().join("w/daemon")).unwrap();
    let shown = common::output(Command::new(this()).arg("unix").arg(dir.path()));
    assert!(shown.starts_with("sandbox: no sockets but Unix, no exec, files only "), "{shown}");
    let (stream, _) = daemon.accept().unwrap();
    assert_eq!(io::read_to_string(stream).unwrap(), "hello");
}

fn older_threads_are_named() {
    let dir = place();
    let shown = common::output(Command::new(this()).arg("late").arg(dir.path()));
    // From Landlock ABI 8 on they are confined as well.
    let named = "\nSANDBOX-MISSING: files are open to 1 older threads\n";
    assert!(shown.contains(named) != shown.contains("Landlock ABI 8"), "{shown}");
}
