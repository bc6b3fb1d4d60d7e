//! The declarations of another revision, as git has them: git is a program of the host, run without
//! a shell, and asked for nothing but objects.

use crate::error::{Error, Explain, Result};
use crate::model::text::clean;
use crate::store::{Output, Workspace, file};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What decides over rights, beneath the workspace.
const DECLARED: [&str; 2] = ["ca", "identities"];

/// The workspace as it was in that revision: its declarations and templates.
///
/// # Errors
/// Usage: a revision that git does not know, or that is an option. Failed: git is not installed, the
/// workspace is in no repository.
pub fn revision(dir: &Path, revision: &str) -> Result<Workspace> {
    let shown = clean(revision);
    if revision.starts_with('-') || revision.is_empty() || revision.contains(char::is_whitespace) {
        return Err(Error::usage(format!(
            "got the revision {shown:?}, expected one such as HEAD~1"
        )));
    }
    let prefix = ask(dir, &["rev-parse", "--show-prefix"], None).hint(
        "git init puts the workspace under version control; or name another workspace: --with DIR",
    )?;
    let prefix = String::from_utf8_lossy(&prefix).trim_end_matches('\n').to_owned();
    let commit = format!("{revision}^{{commit}}");
    let commit = ask(dir, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], None);
    let commit = commit.map_err(|_| {
        Error::usage(format!("git knows no revision {shown:?}")).hint("git log --oneline")
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let paths: Vec<String> = DECLARED.iter().map(|path| format!("{prefix}{path}")).collect();
    let list = ["ls-tree", "-r", "-z", "--full-tree", &commit, "--", &paths[0], &paths[1]];
    let listing = ask(dir, &list, None)?;
    let entries: Vec<(String, String)> =
        listing.split(|byte| *byte == 0).filter_map(|line| entry(line, &prefix)).collect();
    if !entries.iter().any(|(_, path)| path.starts_with("ca/")) {
        return Err(Error::usage(format!("there is no workspace here in the revision {shown:?}")));
    }
    let wanted: String = entries.iter().map(|(object, _)| format!("{object}\n")).collect();
    let blobs = ask(dir, &["cat-file", "--batch"], Some(wanted.as_bytes()))?;
    let mut rest = blobs.as_slice();
    let mut files = Vec::with_capacity(entries.len());
    for (_, path) in entries {
        let bytes = next_blob(&mut rest).ok_or_else(|| Error::failed("git gave no such object"))?;
        files.push(Output::public(&path, bytes));
    }
    Ok(Workspace::in_memory(files))
}

/// `MODE blob OBJECT\tPATH`: object and path of what may be a declaration.
fn entry(line: &[u8], prefix: &str) -> Option<(String, String)> {
    let line = std::str::from_utf8(line).ok()?;
    let (head, path) = line.split_once('\t')?;
    let path = path.strip_prefix(prefix)?;
    let mut words = head.split(' ');
    let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
    let declares = path.ends_with(".toml") || path.ends_with(".hcl");
    (mode.starts_with("100") && kind == "blob" && declares)
        .then(|| (object.to_owned(), path.to_owned()))
}

/// `OBJECT blob SIZE\nBYTES\n`
fn next_blob(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let size = std::str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse::<usize>().ok()?;
    let bytes = rest.get(end + 1..end + 1 + size)?.to_vec();
    *rest = rest.get(end + 2 + size..)?;
    Some(bytes)
}

/// Standard output of one git command.
fn ask(dir: &Path, arguments: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).arg("--no-optional-locks").args(arguments);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run git").hint("sudo apt-get install git")?;
    let feeder = input.map(<[u8]>::to_vec).zip(child.stdin.take()).map(|(bytes, mut stdin)| {
        // Beside the reading: git answers while it is asked.
        std::thread::spawn(move || stdin.write_all(&bytes))
    });
    let output = child.wait_with_output().context("cannot read from git")?;
    if let Some(feeder) = feeder {
        let _ = feeder.join();
    }
    if !output.status.success() {
        let said = clean(String::from_utf8_lossy(&output.stderr).trim());
        let verb = arguments[0];
        let place = file::shown(dir);
        return Err(Error::failed(format!("git {verb} failed in {place}: {said}")));
    }
    Ok(output.stdout)
}
