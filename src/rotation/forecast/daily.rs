//! What is done without the root key, as soon as it is due: CRLs of intermediates, certificates of
//! identities.

use super::change::{self, Change};
use super::issuer::Issuer;
use super::known::life;
use super::window::Window;

use super::{Event, Reason, Task};
use crate::authority::{Estate, cadence::Ca, estate::Declared, identity};
use crate::error::Result;
use crate::journal::{History, Record};
use crate::model::{
    cadence::Cadence,
    environment::IdentityDefaults,
    identity::Identity,
    kind::Kind,
    name::{Name, ObjectRef},
    span::Span,
};
use crate::rotation::ca::is_under_tainted;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use time::{Duration, OffsetDateTime, Time};

/// The CRLs of intermediates.
pub fn crls(
    cas: &[Ca],
    issuers: &[Issuer],
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Vec<Event> {
    let mut events = Vec::new();
    for issuer in issuers.iter().filter(|issuer| !cas[issuer.ca].is_root()) {
        let (ca, mut issuer) = (&cas[issuer.ca], issuer.clone());
        while let Some(window) = issuer.window(ca) {
            let at = second_from(window.due).max(issuer.since).max(from);
            if at >= until || at > issuer.needed_until || at >= issuer.end {
                break;
            }
            let environment = ca.scope.environment().cloned();
            events.push(event(Task::Crl, issuer.object(ca), environment, at, window));
            issuer.issue(ca, at);
        }
    }
    events
}

fn event(
    task: Task,
    object: String,
    environment: Option<Name>,
    at: OffsetDateTime,
    window: Window,
) -> Event {
    let Window { due, by: rotate_by, reason } = window;
    Event { task, object, environment, count: 1, at, due, rotate_by, reason }
}

/// The next whole second.
fn second_from(moment: OffsetDateTime) -> OffsetDateTime {
    let whole = super::whole(moment);
    if whole < moment { whole + Duration::SECOND } else { whole }
}

/// What identities have in common that are renewed alike.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Class {
    kind: Kind,
    lifetime: Span,
}

/// Those that are renewed at one moment from then on.
struct Group {
    first: String,
    count: usize,
    window: Window,
}

/// The certificates of identities. Who runs `identity issue` does so once a day: what becomes due in
/// the course of a day is renewed at its end, together, if it can wait.
///
/// # Errors
/// What hinders listing the declared identities.
pub fn identities(
    estate: &Estate,
    changes: &[Change],
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<Event>> {
    let history = estate.history();
    let mut events = Vec::new();
    for declared in &estate.environments {
        let defaults = change::of_identities(changes, declared);
        let start = Start { estate, history: &history, declared, defaults: &defaults, from };
        let mut queue = Queue::default();
        start.fill(&mut queue)?;
        queue.run(declared, &defaults, until, &mut events);
    }
    Ok(events)
}

struct Start<'a> {
    estate: &'a Estate<'a>,
    history: &'a History<'a>,
    declared: &'a Declared,
    defaults: &'a IdentityDefaults,
    from: OffsetDateTime,
}

#[derive(Default)]
struct Queue {
    classes: Vec<Class>,
    groups: BTreeMap<(OffsetDateTime, usize), Group>,
}

impl Start<'_> {
    fn fill(&self, queue: &mut Queue) -> Result<()> {
        let environment = &self.declared.environment;
        let names = identity::declared(self.estate, &environment.name)?;
        let workspace = &self.estate.workspace;
        // What cannot be read is `verify`'s matter; it counts as its environment says.
        let read =
            |name: &Name| identity::load_those(workspace, environment, Some(name)).ok()?.pop();
        let read: Vec<Option<Identity>> = names.par_iter().with_min_len(64).map(read).collect();
        // Many are of one issuer.
        let mut issuers: HashMap<&str, bool> = HashMap::new();
        for (name, identity) in names.iter().zip(read) {
            let object = ObjectRef::member(&environment.name, name);
            let record = self.history.certificate(&object);
            let class = self.class(identity.as_ref(), record);
            let issuer = record.and_then(|record| record.issuer.as_deref());
            let is_tainted = issuer.is_some_and(|issuer| {
                let judge = || is_under_tainted(self.history, Some(issuer));
                *issuers.entry(issuer).or_insert_with(judge)
            });
            if let Some(window) = self.window(class, record, is_tainted) {
                queue.add(self.from, class, object.to_string(), 1, window);
            }
        }
        Ok(())
    }

    fn class(&self, identity: Option<&Identity>, record: Option<&Record>) -> Class {
        let of_record = || Kind::of_uri(record?.uri.as_deref());
        let kind = identity.map(|identity| identity.declared.kind);
        let kind = kind.or_else(of_record).unwrap_or(Kind::App);
        let own = identity.and_then(|identity| identity.declared.lifetime);
        Class { kind, lifetime: own.unwrap_or_else(|| self.defaults.lifetime(kind)) }
    }

    /// `None` for what is not to get another certificate.
    fn window(&self, class: Class, record: Option<&Record>, is_tainted: bool) -> Option<Window> {
        let Some(record) = record else {
            return Some(Window::at_once(self.from, Reason::Missing));
        };
        if let Some(revocation) = self.history.revocation(record) {
            let again = identity::ended(revocation).is_none();
            return again.then_some(Window::at_once(self.from, Reason::Revoked));
        }
        let life = life(record)?;
        let deadlines = life.deadlines(&self.defaults.cadence(class.kind), Duration::ZERO);
        let window = Window::of(&deadlines, Reason::Ends(life.end));
        Some(if is_tainted { window.open_at(self.from, Reason::Tainted) } else { window })
    }
}

impl Queue {
    fn add(
        &mut self,
        from: OffsetDateTime,
        class: Class,
        first: String,
        count: usize,
        window: Window,
    ) {
        let place = self.classes.iter().position(|known| *known == class);
        let place = place.unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        });
        let at = if window.due <= from { from } else { end_of_day(window) };
        let group = self.groups.entry((at, place));
        let group = group.or_insert_with(|| Group { first, count: 0, window });
        group.count += count;
        group.window.due = group.window.due.min(window.due);
        group.window.by = group.window.by.min(window.by);
    }

    fn run(
        mut self,
        declared: &Declared,
        defaults: &IdentityDefaults,
        until: OffsetDateTime,
        events: &mut Vec<Event>,
    ) {
        let environment = &declared.environment.name;
        let cadences = Kind::ALL.map(|kind| (kind, defaults.cadence(kind)));
        let cadence = |kind: Kind| -> &Cadence {
            let found = cadences.iter().find(|(of, _)| *of == kind);
            &found.unwrap_or(&cadences[0]).1
        };
        while let Some(((at, place), group)) = self.groups.pop_first() {
            if at >= until {
                return;
            }
            let class = self.classes[place];
            let Group { first, count, window } = group;
            let object = first.clone();
            let event = event(Task::Identity, object, Some(environment.clone()), at, window);
            events.push(Event { count, ..event });
            let Some(end) = class.lifetime.not_after(at) else { continue };
            let deadlines = cadence(class.kind).deadlines(at, end, Duration::ZERO);
            self.add(at, class, first, count, Window::of(&deadlines, Reason::Ends(end)));
        }
    }
}

/// The midnight after it is due, in UTC, unless that is too late.
fn end_of_day(window: Window) -> OffsetDateTime {
    let due = second_from(window.due);
    let midnight = due.replace_time(Time::MIDNIGHT);
    let midnight = if midnight < due { midnight + Duration::DAY } else { midnight };
    if midnight <= window.last() { midnight } else { due }
}
