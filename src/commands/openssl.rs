//! stock openssl as a second opinion, where it is installed.

use crate::error::{Explain, Result};
use crate::model::rule::Rule;
use crate::pki::{inspect::Certificate, pem};
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
    for (path, bytes) in files {
        let output = match path.rsplit('/').next() {
            Some("chain.pem") => chain(path, bytes)?,
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
    let certificates = pem::read_certificates(path, bytes)?.into_iter();
    let certificates = certificates.map(|der| Certificate::parse(path, der));
    let certificates = certificates.collect::<Result<Vec<_>>>()?;
    let (roots, others): (Vec<_>, Vec<_>) =
        certificates.iter().partition(|certificate| certificate.is_self_issued());
    let file = |certificates: &[&Certificate]| {
        let ders = certificates.iter().map(|certificate| certificate.der.as_slice());
        memory(pem::certificates(ders)?.as_bytes())
    };
    let (roots, others) = (file(&roots)?, file(&others)?);
    let strictly = ["verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile"];
    openssl(&[&strictly[..], &[&roots.1, "-untrusted", &others.1, &others.1]].concat())
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
