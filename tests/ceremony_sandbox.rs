//! A whole ceremony seen from outside: what the process asks of the kernel once it is in the
//! sandbox, and what the kernel says of it while the root key is open.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod sides;

use common::{output, tool};
use sides::Pair;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The run without a network, under strace; its log.
fn traced(pair: &Pair, options: &[&str]) -> (Command, PathBuf) {
    let log = pair.off.beside("strace.log");
    let run = pair.offline(&pair.right());
    let mut words = run.get_args();
    let mut command = Command::new(run.get_program());
    command.arg(words.next().unwrap()).arg(tool("strace", "strace"));
    command.args(["-f", "-qq", "-s", "200", "-o"]).arg(&log).args(options).args(words);
    command.stdin(Stdio::null());
    (command, log)
}

/// Calls that must not succeed any more.
const FORBIDDEN: [&str; 12] = [
    "socket",
    "socketpair",
    "connect",
    "bind",
    "accept",
    "accept4",
    "sendto",
    "recvfrom",
    "execve",
    "execveat",
    "ptrace",
    "mount",
];

#[test]
fn after_the_sandbox_line_there_is_no_socket_and_no_exec() {
    let pair = Pair::planned();
    let (mut command, log) = traced(&pair, &[]);
    output(&mut command);
    let log = fs::read_to_string(log).unwrap();
    // The line that is written to the draft as soon as the process is inside.
    let at = log.find(" sandbox   no sockets, no exec").unwrap();
    let after = &log[at..];
    assert!(after.contains(" step 1    root.create"), "the key was made before");
    let mut opened = 0;
    for line in after.lines().skip(1) {
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        let Some((name, arguments)) = call.split_once('(') else { continue };
        if call.contains(" = -1 ") {
            continue;
        }
        assert!(!FORBIDDEN.contains(&name), "{line}");
        if ["open", "openat", "openat2"].contains(&name) {
            opened += 1;
            let path = Path::new(arguments.split('"').nth(1).unwrap());
            let is_ours = path.starts_with(pair.off.root())
                || path == pair.off.passphrase()
                || path == Path::new("/dev/tty")
                || path.starts_with("/proc/self");
            assert!(is_ours, "{line}");
        }
    }
    assert!(opened > 10, "{opened}");
}

/// Ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn while_the_key_is_open_the_kernel_says_so() {
    let pair = Pair::planned();
    let pending = pair.off.path("ca/.pending").display().to_string();
    // Looked for, then written for what the plan brings; the third time is when all is signed and
    // the key still open, and is made to take a while.
    let slow = "inject=openat:delay_enter=5000000:when=3";
    let (mut command, log) = traced(&pair, &["-P", &pending, "-e", "trace=openat", "-e", slow]);
    let said = pair.off.beside("said");
    command.stdout(Stdio::null()).stderr(fs::File::create(&said).unwrap());
    let said = || fs::read_to_string(&said).unwrap();
    let mut run = Running(command.spawn().unwrap());
    let begun = Instant::now();
    while !pair.draft().contains(" signed    by root@g1") {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", pair.draft());
        assert!(run.0.try_wait().unwrap().is_none(), "{}{}", pair.draft(), said());
        std::thread::sleep(Duration::from_millis(10));
    }
    let process = fs::read_to_string(log).unwrap();
    let process = process.split_whitespace().next().unwrap();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let says = |line: &str| status.lines().any(|other| other.replace('\t', " ") == line);
    assert!(says("Name: rootward"), "{status}");
    assert!(says("Seccomp: 2") && says("NoNewPrivs: 1"), "{status}");
    // Nothing of what was signed is there yet.
    assert!(!pair.off.path("ca/root/g1/cert.pem").exists());
    assert!(run.0.wait().unwrap().success());
    assert!(pair.off.path("ca/root/g1/cert.pem").exists());
}
