//! The response: what a ceremony gives back to the side that planned it. One text file, small,
//! whose last line is the SHA-256 of all lines before it.

use super::plan::{Content, Reviewed};
use crate::authority::Estate;
use crate::error::{Error, Explain, Result};
use crate::model::{
    declaration,
    rule::{Finding, Rule},
};
use crate::pki::inspect::sha256;
use serde::{Deserialize, Serialize};

/// `response.toml`, version 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    version: declaration::Version,
    /// Of the ceremony.
    pub number: u64,
    /// SHA-256 of the plan that was carried out.
    pub plan: String,
    /// How many entries of the journal were there before.
    pub since: u64,
    /// The hash of the last of them.
    pub follows: String,
    /// The entries of this ceremony, as they are in the journal.
    pub lines: String,
    /// Signed by the root.
    pub transcript: String,
    /// Certificates and CRLs.
    #[serde(rename = "file")]
    pub files: Vec<Content>,
}

/// The most that is read of a response.
pub const LIMIT: u64 = 4 << 20;

const HEADER: &str = "\
# The response of a ceremony of rootward.
# Check it: rootward ceremony verify FILE; file it: rootward ceremony import FILE
";
const TRAILER: &str = "# sha256 ";

/// RESPONSE-CHANGED, and why.
pub fn changed(why: impl std::fmt::Display) -> Error {
    Rule::ResponseChanged.found(why).into()
}

/// The products that travel; the rest is derived from them.
pub fn travels(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("ca/") && matches!(name, "cert.pem" | "crl.pem") || name.ends_with("-link.pem")
}

impl Response {
    /// What an estate in which everything is staged gives back.
    pub fn of(estate: &Estate, plan: &Reviewed, transcript: &str) -> Result<Self> {
        let before = &plan.plan.journal;
        let mut files = Vec::new();
        for (path, bytes) in estate.workspace.staged() {
            if travels(path) {
                let text = String::from_utf8_lossy(bytes).into_owned();
                files.push(Content { path: path.to_owned(), sha256: sha256(bytes), text });
            }
        }
        Ok(Self {
            version: declaration::Version,
            number: plan.plan.number,
            plan: plan.digest.clone(),
            since: before.entries,
            follows: before.head.clone(),
            lines: estate.lines_after(before.entries)?,
            transcript: transcript.to_owned(),
            files,
        })
    }

    /// The whole file.
    ///
    /// # Errors
    /// Failed: nobody would read a file of that size.
    pub fn text(&self) -> Result<String> {
        let text = format!("{HEADER}\n{}\n", toml::to_string_pretty(self)?);
        let text = format!("{text}{TRAILER}{}\n", sha256(text.as_bytes()));
        if text.len() as u64 <= LIMIT {
            return Ok(text);
        }
        let got = text.len();
        Err(Error::failed(format!("the response would have {got} bytes, expected at most {LIMIT}"))
            .hint("fewer steps in one ceremony; without its draft-*.txt a long transcript begins anew"))
    }

    /// # Errors
    /// RESPONSE-TRUNCATED, RESPONSE-CHANGED; usage with file:line:column.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        whole(file, bytes)?;
        let response: Self =
            declaration::parse(file, bytes).hint("bring the response file once more")?;
        if response.text()?.as_bytes() == bytes {
            return Ok(response);
        }
        Err(changed(format!("{file}: it is not written as a response is")))
    }
}

/// Is the last line there, and does it fit the lines before?
fn whole(file: &str, bytes: &[u8]) -> Result<(), Finding> {
    let cut = || Rule::ResponseTruncated.found(format!("{file}: got no last line {TRAILER:?}"));
    let body = bytes.strip_suffix(b"\n").ok_or_else(cut)?;
    let at = body.iter().rposition(|byte| *byte == b'\n').ok_or_else(cut)? + 1;
    let digest = body[at..].strip_prefix(TRAILER.as_bytes()).ok_or_else(cut)?;
    if digest.len() != 64 {
        return Err(cut());
    }
    if digest != sha256(&bytes[..at]).as_bytes() {
        let message = format!("{file}: its lines are not those that its last line is about");
        return Err(Rule::ResponseChanged.found(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_written_that_is_too_large_to_be_read() {
        let mut response = Response {
            version: declaration::Version,
            number: 1,
            plan: String::new(),
            since: 0,
            follows: String::new(),
            lines: String::new(),
            transcript: "x".repeat(1 << 20),
            files: Vec::new(),
        };
        let text = response.text().unwrap();
        assert_eq!(Response::parse("response.toml", text.as_bytes()).unwrap().number, 1);
        response.transcript = "x".repeat(usize::try_from(LIMIT).unwrap());
        let message = &response.text().unwrap_err().messages()[0];
        assert!(message.starts_with("the response would have 41945"), "{message}");
    }
}
