//! The ceremonies of years: roots, intermediates, and the roots' CRLs.

mod begin;

use super::issuer::Issuer;
use super::known::Known;
use super::window::{Life, Window, next};
use super::{Ceremony, Event, Reason, Task};
use crate::authority::cadence::Ca;
use crate::model::name::{ObjectRef, Scope};
use time::OffsetDateTime;

/// What the years bring.
pub struct Years {
    pub ceremonies: Vec<Ceremony>,
    /// `rotate activate`.
    pub activations: Vec<Event>,
    /// Every CA generation that issues CRLs.
    pub issuers: Vec<Issuer>,
    pub impossible: Vec<String>,
}

/// The generation of a CA that signs, and when the next has to be there.
struct Line {
    number: Option<u32>,
    newest: u32,
    life: Option<Life>,
    window: Option<Window>,
}

struct World<'a> {
    cas: &'a [Ca],
    /// Of each CA.
    lines: Vec<Line>,
    issuers: Vec<Issuer>,
    now: OffsetDateTime,
    years: Years,
}

/// The root is the first of the CAs.
const ROOT: usize = 0;

/// Nobody holds more.
const MOST: usize = 1000;

/// From what is known, as long as something has to be done before `until`.
pub fn simulate(cas: &[Ca], known: &[Known], from: OffsetDateTime, until: OffsetDateTime) -> Years {
    let mut world = World::begin(cas, known, from);
    while let Some(held) = next(world.windows(), world.now).filter(|held| *held < until) {
        if world.years.ceremonies.len() >= MOST {
            let message = format!("more than {MOST} ceremonies: what follows is left out");
            world.years.impossible.push(message);
            break;
        }
        world.hold(held);
    }
    Years { issuers: world.issuers, ..world.years }
}

fn object(ca: &Ca, number: u32) -> String {
    ObjectRef { scope: ca.scope.clone(), generation: Some(number) }.to_string()
}

impl World<'_> {
    /// Whatever needs the root key.
    fn windows(&self) -> impl Iterator<Item = Window> + '_ {
        let crls = self.root_crls().filter_map(|place| self.crl_window(place));
        self.lines.iter().filter_map(|line| line.window).chain(crls)
    }

    fn root_crls(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.issuers.len()).filter(|place| self.issuers[*place].ca == ROOT)
    }

    fn crl_window(&self, place: usize) -> Option<Window> {
        let issuer = &self.issuers[place];
        issuer.window(&self.cas[ROOT]).filter(|_| self.now < issuer.end)
    }

    /// One ceremony.
    fn hold(&mut self, held: OffsetDateTime) {
        let before = self.now;
        self.now = held;
        let mut table = Vec::new();
        let blocked = self.blocked();
        let forces = |place: &usize| self.lines[*place].window.is_some_and(|it| it.last() <= held);
        if let Some(first) = blocked.iter().copied().find(forces) {
            self.force_root(first, held);
        }
        self.rotate(ROOT, &mut table);
        self.issue_crls(&mut table);
        for place in ROOT + 1..self.lines.len() {
            if !blocked.contains(&place) {
                self.rotate(place, &mut table);
            }
        }
        if table.is_empty() {
            return;
        }
        let windows = || table.iter().filter(|event| !matches!(event.reason, Reason::Early(_)));
        let opens = windows().map(|event| event.due).fold(before, OffsetDateTime::max);
        let closes = windows().map(|event| event.rotate_by).min().unwrap_or(held);
        let number = self.years.ceremonies.len() + 1;
        self.years.ceremonies.push(Ceremony { number, opens, closes, held, table });
    }

    /// Open windows of intermediates that would outlive the root that signs (OUTLIVES-ISSUER).
    fn blocked(&self) -> Vec<usize> {
        // The first root is made beforehand.
        let root = self.lines[ROOT].life.map(|life| life.end);
        let root = root.or_else(|| self.cas[ROOT].lifetime.not_after(self.now));
        let outlives = |place: &usize| {
            let is_open = self.lines[*place].window.is_some_and(|window| window.due <= self.now);
            let end = self.cas[*place].lifetime.not_after(self.now);
            is_open && end.zip(root).is_none_or(|(end, root)| end > root)
        };
        (ROOT + 1..self.lines.len()).filter(outlives).collect()
    }

    /// The next root comes first. Where even one that is made now would not last long enough, what
    /// is declared cannot be.
    fn force_root(&mut self, place: usize, held: OffsetDateTime) {
        let ca = &self.cas[place];
        let root = &self.cas[ROOT];
        let fits = |end: OffsetDateTime| root.lifetime.not_after(held).is_some_and(|it| end <= it);
        if !ca.lifetime.not_after(held).is_some_and(fits) {
            let (scope, lifetime, of_root) = (&ca.scope, ca.lifetime, root.lifetime);
            let message = format!(
                "{scope} is to live {lifetime} and would outlive any root, which lives {of_root}"
            );
            self.years.impossible.push(message);
            self.lines[place].window = None;
            return;
        }
        let line = &mut self.lines[ROOT];
        line.window = line.window.map(|window| Window { due: window.due.min(held), ..window });
    }

    /// The next generation of a CA, if its window is open.
    fn rotate(&mut self, place: usize, table: &mut Vec<Event>) {
        let (ca, now) = (&self.cas[place], self.now);
        let Some(window) = self.lines[place].window.filter(|window| window.due <= now) else {
            return;
        };
        let Some(end) = ca.lifetime.not_after(now) else {
            self.lines[place].window = None;
            return;
        };
        let life = Life { begin: now, end };
        let number = self.lines[place].newest + 1;
        let old = self.lines[place].life;
        let task = if place == ROOT { Task::Root } else { Task::Intermediate };
        table.push(self.event(task, place, number, window));
        if let Some(old) = old {
            let old = old.deadlines(&ca.cadence, ca.child);
            self.activate(place, number, old.until_activated(now).rotate_by);
        }
        self.supersede(place);
        if ca.has_crl() {
            // A root's first CRL is made with it, any other by the first to need it.
            let first = (place == ROOT).then(|| ca.crl_lifetime.not_after(now)).flatten();
            let crl = first.map(|first| Life { begin: now, end: first.min(end) });
            let (since, needed_until) = (now, end);
            let lacks = false;
            self.issuers.push(Issuer { ca: place, number, since, needed_until, end, crl, lacks });
        }
        let window = self.window_of(place, life);
        let (number, life) = (Some(number), Some(life));
        let newest = self.lines[place].newest + 1;
        self.lines[place] = Line { number, newest, life, window };
    }

    /// When what begins now has to be replaced; never, where that would be at once, again and again.
    fn window_of(&mut self, place: usize, life: Life) -> Option<Window> {
        let ca = &self.cas[place];
        let deadlines = life.deadlines(&ca.cadence, ca.child);
        if deadlines.rotate_by > life.begin {
            return Some(Window::of(&deadlines, Reason::SigningStop(deadlines.signing_stop)));
        }
        let (scope, lifetime, child) = (&ca.scope, ca.lifetime, ca.child.whole_days());
        let message = format!("{scope} is to live {lifetime}, and what it signs up to {child}d");
        if !self.years.impossible.contains(&message) {
            self.years.impossible.push(message);
        }
        None
    }

    /// How long a CA that signs no more is asked for CRLs: of an old root there is a link that ends
    /// with it.
    fn after(&self, place: usize, end: OffsetDateTime) -> Option<OffsetDateTime> {
        let ca = &self.cas[place];
        Some(if ca.is_root() { end } else { end.min(self.now + ca.child) })
    }

    fn supersede(&mut self, place: usize) {
        let number = self.lines[place].number;
        let until = self.lines[place].life.and_then(|life| self.after(place, life.end));
        let is_it = |issuer: &&mut Issuer| issuer.ca == place && Some(issuer.number) == number;
        if let Some((issuer, until)) = self.issuers.iter_mut().find(is_it).zip(until) {
            issuer.needed_until = until;
        }
    }

    fn activate(&mut self, place: usize, number: u32, by: OffsetDateTime) {
        let window = Window { due: self.now, by, reason: Reason::Prepared };
        let event = self.event(Task::Activate, place, number, window);
        self.years.activations.push(event);
    }

    /// Of each root that is asked for one, whether due or not.
    fn issue_crls(&mut self, table: &mut Vec<Event>) {
        let now = self.now;
        let places: Vec<usize> = self.root_crls().collect();
        for place in places {
            let is_new = self.issuers[place].crl.is_some_and(|crl| crl.begin == now);
            let Some(window) = self.crl_window(place).filter(|_| !is_new) else { continue };
            let window = match (window.due > now, self.issuers[place].crl) {
                (true, Some(crl)) => Window { reason: Reason::Early(crl.end), ..window },
                _ => window,
            };
            table.push(self.event(Task::RootCrl, ROOT, self.issuers[place].number, window));
            self.issuers[place].issue(&self.cas[ROOT], now);
        }
    }

    fn event(&self, task: Task, place: usize, number: u32, window: Window) -> Event {
        let ca = &self.cas[place];
        let environment = match &ca.scope {
            Scope::Root => None,
            Scope::Member { environment, .. } => Some(environment.clone()),
        };
        Event {
            task,
            object: object(ca, number),
            environment,
            count: 1,
            at: self.now,
            due: window.due,
            rotate_by: window.by,
            reason: window.reason,
        }
    }
}
