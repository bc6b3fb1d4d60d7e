//! Is what servers show and use what was issued? Listeners are looked at by anybody's means, a TLS
//! handshake; what a server has loaded is asked over a connection to the one that is meant.

mod loaded;
mod shown;

use super::connection::Connection;
use super::desired::Desired;
use super::look::look;
use super::{parallel, route};
use crate::authority::{Estate, estate::Declared, identity};
use crate::error::{Error, Result};
use crate::model::{
    address::{Address, Host},
    kind::Kind,
    name::{Name, ObjectRef},
};
use shown::Known;
use std::fmt;

/// The server of one environment.
pub struct Target<'e> {
    pub declared: &'e Declared,
    /// Without a token, only what anybody may ask is asked.
    pub connection: Connection,
}

/// What one look has shown.
#[derive(Clone, Debug)]
pub struct Seen {
    pub environment: Name,
    /// What it is about: the listener, or what the server has loaded.
    pub object: String,
    /// Where it was looked for: `HOST:PORT`, or a path on the server.
    pub place: String,
    pub verdict: Verdict,
    /// In words.
    pub text: String,
    /// What to type, or to do.
    pub hint: Option<String>,
}

/// Whether it is as it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    AsIssued,
    Differs,
    /// Nobody may say without a token or a certificate.
    NotAsked,
}

impl Verdict {
    /// As `--json` has it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::AsIssued => "as issued",
            Verdict::Differs => "differs",
            Verdict::NotAsked => "not asked",
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.object, self.place, self.text)
    }
}

/// A verdict in words, before it is known what it is about.
struct Judged {
    verdict: Verdict,
    text: String,
    hint: Option<String>,
}

impl Judged {
    fn new(verdict: Verdict, text: impl Into<String>) -> Self {
        Self { verdict, text: text.into(), hint: None }
    }

    fn as_issued(text: impl Into<String>) -> Self {
        Self::new(Verdict::AsIssued, text)
    }

    fn differs(text: impl Into<String>) -> Self {
        Self::new(Verdict::Differs, text)
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn of(self, environment: &Name, object: impl Into<String>, place: impl Into<String>) -> Seen {
        let Self { verdict, text, hint } = self;
        let (object, place) = (object.into(), place.into());
        Seen { environment: environment.clone(), object, place, verdict, text, hint }
    }
}

/// One thing to look at; all of them at once.
struct Job<'t> {
    target: &'t Target<'t>,
    desired: &'t Desired,
    /// Whose certificate is expected; `None`: any listener's.
    listener: Option<ObjectRef>,
    address: Address,
    called: String,
    /// Is it the server of the environment, which is asked, too?
    is_server: bool,
}

/// Looks at the server of each target, and at each declared listener at its own names, with the port
/// of the environment's address. A server that is down is seen to be, and stops nothing.
///
/// # Errors
/// What is wrong with the workspace.
pub fn served(estate: &Estate, targets: &[Target]) -> Result<Vec<Seen>> {
    let known = Known::of(estate)?;
    let desired = targets.iter().map(|target| Desired::of_cas(estate, target.declared));
    let desired = desired.collect::<Result<Vec<Desired>>>()?;
    let mut jobs = Vec::new();
    for (target, desired) in targets.iter().zip(&desired) {
        jobs.extend(of_target(estate, &known, target, desired)?);
    }
    let seen = parallel::each(&jobs, |job| Ok(job.seen(&known)))?;
    Ok(seen.into_iter().flatten().collect())
}

fn of_target<'t>(
    estate: &Estate,
    known: &Known,
    target: &'t Target,
    desired: &'t Desired,
) -> Result<Vec<Job<'t>>> {
    let declared = &target.declared.environment.declared;
    let port = declared.address.parse::<Address>().map_err(Error::usage)?.port;
    let connection = &target.connection;
    let job = |listener, address: Address, called, is_server| Job {
        target,
        desired,
        listener,
        address,
        called,
        is_server,
    };
    let mut jobs = vec![job(None, connection.address.clone(), connection.called(), true)];
    for (listener, host) in listeners(estate, known, target.declared)? {
        let address = Address { host, port };
        let called = route::called(&address, None);
        match called == jobs[0].called {
            true => jobs[0].listener = Some(listener),
            false => jobs.push(job(Some(listener), address, called, false)),
        }
    }
    Ok(jobs)
}

/// Each declared listener that has a certificate, and each of its names.
fn listeners(
    estate: &Estate,
    known: &Known,
    declared: &Declared,
) -> Result<Vec<(ObjectRef, Host)>> {
    let environment = &declared.environment.name;
    let mut listeners = Vec::new();
    for name in identity::declared(estate, environment)? {
        let object = ObjectRef::member(environment, &name);
        // Most identities are none, which the journal knows without a file being read.
        if known.kind(&object) != Some(Kind::Listener) {
            continue;
        }
        let (identity, _) = identity::load(estate, declared, &name)?;
        let names = identity.declared.dns.into_iter().map(Host::Name);
        let hosts = names.chain(identity.declared.ip.into_iter().map(Host::Ip));
        listeners.extend(hosts.map(|host| (object.clone(), host)));
    }
    Ok(listeners)
}

impl Job<'_> {
    /// A server that shows nothing is not asked either.
    fn seen(&self, known: &Known) -> Vec<Seen> {
        let connection = &self.target.connection;
        let environment = &self.target.declared.environment.name;
        let object =
            self.listener.as_ref().map_or_else(|| environment.to_string(), ToString::to_string);
        let url = self.address.to_string();
        let place = url.strip_prefix("https://").unwrap_or(&url);
        let shown = route::addresses(&self.address).map_err(|error| {
            let said = error.messages().join(": ");
            said.strip_prefix(&format!("{url}: ")).unwrap_or(&said).to_owned()
        });
        let shown =
            shown.and_then(|servers| look(&servers, &self.called, connection.timeouts.connect));
        match shown {
            Err(why) => vec![Judged::differs(why).of(environment, object, place)],
            Ok(chain) => {
                let judged = known.judge(environment, self.listener.as_ref(), &chain);
                let is_sound = judged.verdict == Verdict::AsIssued;
                let mut seen = vec![judged.of(environment, object, place)];
                if self.is_server {
                    seen.extend(loaded::seen(self.target, self.desired, known, is_sound));
                }
                seen
            }
        }
    }
}
