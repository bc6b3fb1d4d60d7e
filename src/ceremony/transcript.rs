//! The transcript: what happened in the room, one line each, chained by hashes and signed by the
//! root key. Readable as it is, and verified by machine years later.
//!
//! A line is `NUMBER HASH KIND TEXT`; HASH is the beginning of the SHA-256 over the hash before it
//! (32 octets; that of the first line's predecessor is the SHA-256 of the title) and `KIND TEXT`.
//! The signature covers every byte before its PEM block: openssl verifies it with the root's public
//! key (README, "What an auditor does").

use super::plan::Reviewed;
use crate::custody::Signer;
use crate::error::{Error, Result};
use crate::model::{
    key::PublicKey,
    rule::Rule,
    text::{clean, hex, wrap},
};
use crate::pki::{inspect::sha256, pem, signature};
use ring::digest::{Context, SHA256, digest};

/// A transcript that is being written.
pub struct Transcript<'a> {
    text: String,
    chain: [u8; 32],
    count: usize,
    watcher: Watcher<'a>,
}

/// Sees each line as it is written, with its line feed: shows it, keeps it.
pub type Watcher<'a> = Box<dyn FnMut(&str) -> Result<()> + 'a>;

const LABEL: &str = "ROOTWARD SIGNATURE";
const BEGIN: &str = "-----BEGIN ROOTWARD SIGNATURE-----";
const TITLE: &str = "rootward transcript 1";

/// How long the text of an entry may be for a line of 80 columns.
const WIDTH: usize = 80 - 24;

/// The first two lines; the second is the plan's digest alone.
fn title(plan: &Reviewed) -> String {
    format!(
        "{TITLE}: ceremony {}, of the plan with the SHA-256\n{}\n",
        plan.plan.number, plan.digest
    )
}

fn next(chain: &[u8; 32], entry: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(chain);
    context.update(entry.as_bytes());
    array(context.finish().as_ref())
}

fn array(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    array.copy_from_slice(bytes);
    array
}

impl<'a> Transcript<'a> {
    /// The transcript of this plan. `draft` is what an earlier attempt wrote: it is continued, as
    /// far as its chain holds.
    pub fn begin(plan: &Reviewed, draft: &str, watcher: Watcher<'a>) -> Result<Self> {
        let title = title(plan);
        let chain = array(digest(&SHA256, title.as_bytes()).as_ref());
        let mut transcript = Self { text: title.clone(), chain, count: 0, watcher };
        if draft.is_empty() {
            (transcript.watcher)(&title)?;
            return Ok(transcript);
        }
        let lines = draft.strip_prefix(&title).unwrap_or_default();
        let whole = lines.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        for line in whole {
            match transcript.follows(line) {
                Some(chain) => transcript.take(line, chain),
                None => break,
            }
        }
        if transcript.text != draft {
            transcript
                .note("draft", "an earlier attempt's draft ends torn; it is continued here")?;
        }
        Ok(transcript)
    }

    /// The chain after this line, when it follows.
    fn follows(&self, line: &str) -> Option<[u8; 32]> {
        let line = line.strip_suffix('\n')?;
        let mut parts = line.splitn(3, ' ');
        let (number, hash, entry) = (parts.next()?, parts.next()?, parts.next()?);
        let chain = next(&self.chain, entry);
        let expected = (format!("{:04}", self.count + 1), hex(&chain[..4]));
        ((number.to_owned(), hash.to_owned()) == expected).then_some(chain)
    }

    fn take(&mut self, line: &str, chain: [u8; 32]) {
        self.text.push_str(line);
        self.chain = chain;
        self.count += 1;
    }

    /// One more entry, in as many lines as it takes. `kind` is one short word.
    pub fn note(&mut self, kind: &str, text: &str) -> Result<()> {
        let text = clean(text);
        if text.chars().count() <= WIDTH {
            return self.line(kind, &text);
        }
        let lines = wrap(&text, WIDTH);
        let mut lines = lines.iter();
        self.line(kind, lines.next().map_or("", String::as_str))?;
        lines.try_for_each(|line| self.line("", line))
    }

    /// What happened to keys: what opened them, what was refused.
    pub fn custody(&mut self, notes: Vec<String>) -> Result<()> {
        notes.iter().try_for_each(|note| self.note("custody", note))
    }

    /// The same with a digest in two halves.
    pub fn digest(&mut self, kind: &str, text: &str, digest: &str) -> Result<()> {
        let (first, second) = digest.split_at(digest.len() / 2);
        self.note(kind, &format!("{text} {first} {second}"))
    }

    fn line(&mut self, kind: &str, text: &str) -> Result<()> {
        let entry = format!("{kind:<9} {text}");
        let chain = next(&self.chain, &entry);
        let line = format!("{:04} {} {entry}\n", self.count + 1, hex(&chain[..4]));
        self.take(&line, chain);
        (self.watcher)(&line)
    }

    /// The lines so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The finished file: the lines, and the root's signature over them.
    pub fn sign(&mut self, by: &str, signer: &dyn Signer) -> Result<String> {
        let public = signer.public();
        let key = sha256(&public.spki);
        let algorithm = signature::name(public);
        self.digest("signed", &format!("by {by}, {algorithm}, SHA-256 of its public key"), &key)?;
        let made = signer.sign(self.text.as_bytes())?;
        let text = format!("{}{}", self.text, pem::encode(LABEL, &made)?);
        verify("the transcript just made", &text, public)?;
        Ok(text)
    }
}

/// Is every line in its place, and the whole signed with this key?
///
/// # Errors
/// TRANSCRIPT-CHANGED, with the first line that is not as it was.
pub fn verify(file: &str, text: &str, key: &PublicKey) -> Result<()> {
    let changed = |why: String| Err(Error::from(Rule::TranscriptChanged.found(why)));
    let Some(at) = text.find(BEGIN) else { return changed(format!("{file}: it is not signed")) };
    let (body, block) = text.split_at(at);
    let ends: Vec<usize> = body.match_indices('\n').map(|(at, _)| at + 1).take(2).collect();
    let Some(end) = ends.get(1).filter(|_| body.starts_with(TITLE)) else {
        return changed(format!("{file}:1: got another title, expected {TITLE:?}"));
    };
    let (title, lines) = body.split_at(*end);
    let chain = array(digest(&SHA256, title.as_bytes()).as_ref());
    let watcher: Watcher = Box::new(|_| Ok(()));
    let mut read = Transcript { text: title.to_owned(), chain, count: 0, watcher };
    for line in lines.split_inclusive('\n') {
        match read.follows(line) {
            Some(chain) => read.take(line, chain),
            None => {
                return changed(format!(
                    "{file}:{}: the line is not the one that was written",
                    read.count + 3
                ));
            }
        }
    }
    let made = match pem::read_one(file, LABEL, block.as_bytes()) {
        Ok(made) => made,
        Err(error) => return changed(error.messages().join(": ")),
    };
    // The block can be written in one way alone, but for the signature in it.
    if pem::encode(LABEL, &made)? != block {
        return changed(format!("{file}: its signature is not written as it was"));
    }
    if signature::verifies(key, body.as_bytes(), &made) {
        return Ok(());
    }
    changed(format!("{file}: the root's signature does not verify"))
}

/// The lines alone: what the root signs. A signature can be written in more ways than one by whoever
/// has it (ECDSA: s and n - s), so it is these bytes that the journal names.
pub fn body(text: &str) -> &str {
    text.find(BEGIN).map_or(text, |at| &text[..at])
}

/// The digest of the plan that the title names.
pub fn plan_of(text: &str) -> Option<&str> {
    text.lines().nth(1)
}

/// What its last entry of this kind says, continuation lines included.
pub fn said(text: &str, kind: &str) -> Option<String> {
    let mut words: Option<Vec<&str>> = None;
    let mut is_in = false;
    for line in text.lines().skip(2).take_while(|line| *line != BEGIN) {
        let entry = line.splitn(3, ' ').nth(2)?;
        let is_new = !entry.starts_with(' ');
        if is_new {
            is_in = entry.split(' ').next() == Some(kind);
            if is_in {
                words = Some(Vec::new());
            }
        }
        if let (true, Some(words)) = (is_in, &mut words) {
            words.extend(entry.split_whitespace().skip(usize::from(is_new)));
        }
    }
    words.map(|words| words.join(" "))
}
