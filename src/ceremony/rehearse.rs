//! The rehearsal: every step of a plan with throw-away keys, in memory. What the rules, the probes
//! and the second implementation object to is known before a real key is touched.

use super::conclude::{begin, conclude};
use super::plan::Reviewed;
use super::response::Response;
use super::steps::{self, Made};
use super::transcript::{Transcript, Watcher};
use crate::authority::ca::ca_dir;
use crate::authority::{Estate, Keys, Secrets};
use crate::context::Rng;
use crate::custody::{
    Signer,
    shares::{Progress, Share},
    soft,
};
use crate::error::{Error, Result};
use crate::model::{
    key::Algorithm,
    name::{ObjectRef, Scope},
    text::hex,
};
use crate::pki::{
    encode,
    inspect::{Certificate, sha256},
    issue::assemble,
    pem,
    profile::{Draft, Profile, Serial},
    subject::Subject,
};
use crate::store::Output;
use zeroize::Zeroizing;

/// What a rehearsal made; none of it is written.
pub struct Rehearsed {
    pub made: Vec<Made>,
    /// With throw-away keys, serials and signatures.
    pub transcript: String,
    /// The public files of what was made, path and content.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Carries out the plan on an estate in which it is staged. What is staged afterwards is of no use:
/// see [`super::medium::restage`].
///
/// # Errors
/// Every rule that the real run would be refused by.
pub fn rehearse(estate: &mut Estate, plan: &Reviewed, watcher: Watcher) -> Result<Rehearsed> {
    let mut secrets = ThrowAway(estate.context.rng);
    let mut keys = Keys::rehearsal(&mut secrets);
    let generations = estate.history().certified_generations(&Scope::Root);
    for generation in generations {
        stand_in(estate, &mut keys, &ObjectRef::root(generation))?;
    }
    let mut transcript = Transcript::begin(plan, "", watcher)?;
    transcript.note("begin", &begin(estate))?;
    transcript.note("rehearsal", "with throw-away keys: nothing here is a real signature")?;
    let made = steps::perform(estate, &mut keys, &plan.plan, &mut transcript)?;
    let transcript = conclude(estate, &mut keys, plan, &mut transcript)?;
    // What would be too large to come back is not signed.
    Response::of(estate, plan, &transcript)?.text()?;
    // The chains of what was there before have a stand-in for their root.
    let dirs: Vec<String> = made.iter().map(|made| format!("{}/", ca_dir(&made.object))).collect();
    let is_new = |path: &str| dirs.iter().any(|dir| path.starts_with(dir));
    let files = estate.workspace.staged().filter(|(path, _)| is_new(path));
    let files = files.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    Ok(Rehearsed { made, transcript, files })
}

/// Puts a root with a throw-away key into the place of a real one, in memory: the same subject and
/// validity.
fn stand_in<'c>(
    estate: &mut Estate<'c>,
    keys: &mut Keys<'_, 'c>,
    object: &ObjectRef,
) -> Result<()> {
    let real = estate.recorded_certificate(object, &ca_dir(object))?;
    let rng = estate.context.rng;
    let algorithm = match real.facts.key.algorithm {
        Algorithm::Rsa => Algorithm::P384,
        other => other,
    };
    let key = soft::SoftKey::open(&soft::generate(algorithm, rng)?, rng)?;
    let draft = Draft {
        profile: Profile::Root,
        subject: Subject::of_root(&estate.root, object.generation.unwrap_or(1)),
        key: key.public().clone(),
        serial: Serial::random(rng)?,
        not_before: real.facts.not_before,
        not_after: real.facts.not_after,
        lifetime: estate.root.lifetime.root,
    };
    let der = assemble(&encode::certificate(&draft, None)?, &key)?;
    let root = Certificate::parse("the stand-in of the root", der)?;
    for record in estate.journal.records_mut() {
        if record.fingerprint.as_deref() == Some(&real.fingerprint()) {
            record.fingerprint = Some(root.fingerprint());
            record.key = Some(sha256(&root.facts.key.spki));
            record.serial = Some(root.facts.serial.clone());
        }
    }
    let path = format!("{}/cert.pem", ca_dir(object));
    estate.workspace.stage(vec![Output::public(path, pem::certificate(&root.der)?)]);
    keys.hold(object, Box::new(key));
    Ok(())
}

/// Seals what is thrown away.
struct ThrowAway<'r>(&'r Rng);

impl ThrowAway<'_> {
    fn not_open<T>(&self, object: &ObjectRef) -> Result<T> {
        Err(Error::failed(format!("the rehearsal would open the key of {object}, and must not")))
    }
}

impl Secrets for ThrowAway<'_> {
    fn open(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        self.not_open(object)
    }

    fn share(&mut self, object: &ObjectRef, _: Progress) -> Result<Option<Zeroizing<String>>> {
        self.not_open(object)
    }

    fn again(&mut self, refusal: Error, _: usize) -> Result<()> {
        Err(refusal)
    }

    fn show_share(&mut self, _: &ObjectRef, _: &Share, _: u8) -> Result<()> {
        Ok(())
    }

    fn pin(&mut self, object: &ObjectRef, _: &str) -> Result<Zeroizing<String>> {
        self.not_open(object)
    }

    fn create(&mut self, _: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new([0; 32]);
        let filled = self.0.fill(bytes.as_mut());
        filled.map_err(|_| Error::failed("no randomness: nothing was rehearsed"))?;
        Ok(Zeroizing::new(hex(bytes.as_ref()).into_bytes()))
    }
}
