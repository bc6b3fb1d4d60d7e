//! stock openssl as a second opinion, where it is installed.

use crate::error::{Explain, Result};
use crate::model::rule::Rule;
use crate::pki::pem;
use rustix::fs::MemfdFlags;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Output, Stdio};

/// Asks openssl about every CRL and every chain among the files: strictly, with the chain's root
/// as what is trusted. Gives its version; `None` when it is not installed.
///
/// # Errors
/// CHAIN-REJECTED with its words.
pub fn check(files: &[(String, Vec<u8>)]) -> Result<Option<String>> {
    let Ok(version) = openssl(&["version"]) else { return Ok(None) };
    // What was there before is signed by the real keys, which the rehearsal does not have.
    let is_made = |path: &str| {
        let certificate = path.replace("chain.pem", "cert.pem");
        files.iter().any(|(there, _)| *there == certificate)
    };
    for (path, bytes) in files {
        let output = match path.rsplit('/').next() {
            Some("chain.pem") if is_made(path) => chain(path, bytes)?,
            Some("crl.pem") => {
                let crl = memory(bytes.as_slice())?;
                openssl(&["crl", "-noout", "-in", &crl.1])?
            }
            _ => continue,
        };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let message = format!("{path}: openssl says {}", said.trim().replace('\n', ", "));
            return Err(Rule::ChainRejected.found(message).into());
        }
    }
    Ok(Some(String::from_utf8_lossy(&version.stdout).trim().to_owned()))
}

fn chain(path: &str, bytes: &[u8]) -> Result<Output> {
    let ders = pem::read_certificates(path, bytes)?;
    let file =
        |ders: &[Vec<u8>]| memory(pem::certificates(ders.iter().map(Vec::as_slice))?.as_bytes());
    let (last, below) = ders
        .split_last()
        .map_or((&[][..], &[][..]), |(last, below)| (std::slice::from_ref(last), below));
    let (last, below, first) = (file(last)?, file(below)?, file(&ders[..1])?);
    // The last is a root, or, while roots are linked, a root's key under another root.
    let strictly = ["verify", "-x509_strict", "-partial_chain", "-no-CApath", "-no-CAstore"];
    let files = ["-CAfile", &last.1, "-untrusted", &below.1, &first.1];
    openssl(&[&strictly[..], &files].concat())
}

/// A file that is on no disk, and the name under which a child process opens it.
fn memory(bytes: &[u8]) -> Result<(File, String)> {
    let file = rustix::fs::memfd_create("rehearsal", MemfdFlags::empty());
    let mut file = File::from(file.context("cannot make a file in memory")?);
    file.write_all(bytes)?;
    let name = format!("/dev/fd/{}", file.as_raw_fd());
    Ok((file, name))
}

fn openssl(arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new("openssl");
    Ok(command.args(arguments).stdin(Stdio::null()).output()?)
}
