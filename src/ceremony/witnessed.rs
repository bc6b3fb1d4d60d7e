//! What the witnesses signed: checked against the plan, and filed beside the transcript.

use super::plan::Plan;
use super::response::Response;
use crate::error::{Error, Result, none_of};
use crate::journal::{Journal, chain::instant};
use crate::store::{Output, layout};
use crate::witness::{self, AllowedSigners, Principal};

/// The namespace of the witnesses' signatures.
pub const NAMESPACE: &str = "rootward-transcript";

/// A file that people brought.
pub struct Brought {
    /// For messages.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A transcript that every witness of its plan has signed.
pub struct Witnessed {
    allowed: Vec<u8>,
    signatures: Vec<Brought>,
    /// Whose they are, in the same order.
    pub by: Vec<Principal>,
}

/// Checks every signature: by a key that is in `allowed`, and was allowed at the time of the
/// ceremony.
///
/// # Errors
/// WITNESS-SIGNATURE, WITNESS-UNKNOWN, WITNESS-MISSING; usage, for a line of `allowed`.
pub fn check(
    plan: &Plan,
    response: &Response,
    allowed: Brought,
    signatures: Vec<Brought>,
) -> Result<Witnessed> {
    let signers = AllowedSigners::parse(&allowed.name, &allowed.bytes)?;
    let records = Journal::segment("", response.since, &response.follows, &response.lines)?;
    let held = records.last().and_then(|record| instant(&record.time));
    let held = held.ok_or_else(|| Error::failed("the response has no time"))?;
    let transcript = response.transcript.as_bytes();
    let mut by = Vec::new();
    for signature in &signatures {
        let principal = witness::verify(transcript, &signature.bytes, &signers, NAMESPACE, held);
        by.push(principal.map_err(|error| error.context(&signature.name))?);
    }
    none_of(witness::missing(&plan.witnesses, &by))?;
    Ok(Witnessed { allowed: allowed.bytes, signatures, by })
}

impl Witnessed {
    /// The signatures and the keys that they were checked with, for the ceremony's directory.
    pub fn archive(&self, plan: &Plan) -> Vec<Output> {
        let archived = |name: &str, bytes: &[u8]| {
            Output::public(layout::ceremony(plan.number, name), bytes.to_vec())
        };
        let mut outputs = vec![archived(layout::ALLOWED_SIGNERS, &self.allowed)];
        let mut places: Vec<usize> =
            witness::seats(&plan.witnesses, &self.by).into_iter().flatten().collect();
        // Who signed without being asked is kept as well, once.
        for (place, principal) in self.by.iter().enumerate() {
            let is_same = |other: &usize| self.by[*other].fingerprint() == principal.fingerprint();
            if !places.iter().any(is_same) {
                places.push(place);
            }
        }
        for (number, place) in places.into_iter().enumerate() {
            let name = signature_file(&plan.witnesses, number);
            outputs.push(archived(&name, &self.signatures[place].bytes));
        }
        outputs
    }
}

/// `transcript.txt.NAME.sig`: the witness's own name where that is a safe name of a file and nobody
/// else's, whatever case a file system ignores.
fn signature_file(witnesses: &[String], number: usize) -> String {
    let is_taken = |name: &str| {
        let mut earlier = witnesses.iter().take(number);
        earlier.any(|other| other.eq_ignore_ascii_case(name))
    };
    let own = witnesses.get(number).filter(|name| is_safe(name) && !is_taken(name));
    let name = own.cloned().unwrap_or_else(|| format!("witness-{}", number + 1));
    format!("{}.{name}.sig", layout::TRANSCRIPT)
}

fn is_safe(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len())
        && name.bytes().all(is_plain)
        && !name.to_ascii_lowercase().starts_with("witness-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_as_that_of_a_file_and_nobody_elses() {
        let names = ["bob", "Bob", "../x", "Zoë", "", "-n_1", "witness-1", "a b", ".."];
        let witnesses = names.map(str::to_owned);
        let files: Vec<String> = (0..10).map(|number| signature_file(&witnesses, number)).collect();
        let expected = ["bob", "witness-2", "witness-3", "witness-4", "witness-5", "-n_1"]
            .into_iter()
            .chain(["witness-7", "witness-8", "witness-9", "witness-10"]);
        let expected: Vec<String> =
            expected.map(|name| format!("transcript.txt.{name}.sig")).collect();
        assert_eq!(files, expected);
        assert!(!is_safe(&"x".repeat(65)));
    }
}
