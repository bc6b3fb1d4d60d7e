//! The mail program of this machine.

use super::failure;
use crate::error::{Error, Explain, Result};
use crate::store::file::shown;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(20);

/// `-t`: recipients are in the headers; `-oi`: a line with a dot ends nothing. What the program
/// prints is thrown away: a job with nothing to say is silent.
///
/// # Errors
/// Failed: it is not there, says no, or takes too long, and is then ended with all that it began.
pub(super) fn send(program: &Path, mail: &[u8], timeout: Duration) -> Result<()> {
    let until = Instant::now() + timeout;
    let name = shown(program);
    let mut child = Command::new(program)
        .args(["-t", "-oi"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context(format!("cannot start {name}"))
        .hint("install a mail program that has sendmail's options, or use type = \"smtp\"")?;
    // A program that reads nothing blocks this thread until it ends.
    let (stdin, mail) = (child.stdin.take(), mail.to_vec());
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&mail)));
    let Some(status) = wait(&mut child, until)? else {
        end(&mut child);
        return Err(failure::late(timeout));
    };
    if !status.success() {
        return Err(Error::failed(format!("{name} {}", ended(status))));
    }
    match writer.join() {
        Ok(Some(Ok(()))) => Ok(()),
        _ => Err(Error::failed(format!("{name} did not read the mail to its end"))),
    }
}

fn wait(child: &mut Child, until: Instant) -> Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

/// With its children.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// By sysexits(3), where it says more than a number.
fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(75) => "has put it off (exit 75): it is sent again at the next run".to_owned(),
        Some(67) => "does not know the recipient (exit 67)".to_owned(),
        Some(code) => format!("ended with exit {code}"),
        None => "was ended by a signal".to_owned(),
    }
}
