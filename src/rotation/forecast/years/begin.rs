//! How things stand when a simulation begins.

use super::{Line, World, Years};
use crate::authority::cadence::Ca;
use crate::model::environment::KeyHome;
use crate::rotation::forecast::Reason;
use crate::rotation::forecast::issuer::Issuer;
use crate::rotation::forecast::known::{Known, Successor};
use crate::rotation::forecast::window::Window;
use time::OffsetDateTime;

impl<'a> World<'a> {
    /// From what is known of each CA.
    pub fn begin(cas: &'a [Ca], known: &[Known], from: OffsetDateTime) -> Self {
        let years = Years {
            ceremonies: Vec::new(),
            activations: Vec::new(),
            issuers: Vec::new(),
            impossible: Vec::new(),
        };
        let mut world = World { cas, lines: Vec::new(), issuers: Vec::new(), now: from, years };
        for (place, known) in known.iter().enumerate() {
            let line = world.line(place, known);
            world.lines.push(line);
            world.know_issuers(place, known);
        }
        world
    }

    fn line(&mut self, place: usize, known: &Known) -> Line {
        let (ca, now) = (&self.cas[place], self.now);
        let active = known.active.and_then(|number| known.generation(number));
        let Some(active) = active else {
            let reason = if known.newest > 0 { Reason::Requested } else { Reason::Missing };
            let window = Some(Window::at_once(now, reason));
            let newest = known.newest.saturating_sub(1);
            return Line { number: None, newest, life: None, window };
        };
        let deadlines = active.life.deadlines(&ca.cadence, ca.child);
        let window = Window::of(&deadlines, Reason::SigningStop(deadlines.signing_stop));
        let line = Line {
            number: Some(active.number),
            newest: known.newest,
            life: Some(active.life),
            window: Some(window),
        };
        match known.successor {
            Some(Successor::Certified(number)) => {
                let Some(next) = known.generation(number) else { return line };
                let until = deadlines.until_activated(next.life.begin).rotate_by;
                self.activate(place, number, until);
                let deadlines = next.life.deadlines(&ca.cadence, ca.child);
                let window = Window::of(&deadlines, Reason::SigningStop(deadlines.signing_stop));
                Line { number: Some(number), life: Some(next.life), window: Some(window), ..line }
            }
            Some(Successor::Requested(number)) => {
                let window = Some(window.open_at(now, Reason::Requested));
                Line { newest: number - 1, window, ..line }
            }
            None if active.is_revoked => {
                Line { window: Some(Window::at_once(now, Reason::Revoked)), ..line }
            }
            None if known.is_under_tainted => {
                Line { window: Some(window.open_at(now, Reason::Tainted)), ..line }
            }
            None => line,
        }
    }

    fn know_issuers(&mut self, place: usize, known: &Known) {
        let (ca, now) = (&self.cas[place], self.now);
        let signs = self.lines[place].number;
        for generation in &known.generations {
            let may = ca.key == KeyHome::Local && (ca.has_crl() || generation.crl.is_some());
            if !may || generation.is_revoked || generation.life.end < now {
                continue;
            }
            let end = generation.life.end;
            let issued = generation.issued_until;
            let needed_until = match signs {
                _ if signs == Some(generation.number) => Some(end),
                // It signed until a moment ago: see `activate`.
                _ if known.active == Some(generation.number) => self.after(place, end),
                _ => issued.filter(|issued| *issued >= now),
            };
            let Some(needed_until) = needed_until else { continue };
            let (number, crl, lacks) = (generation.number, generation.crl, generation.lacks);
            let issuer = Issuer { ca: place, number, since: now, needed_until, end, crl, lacks };
            self.issuers.push(issuer);
        }
    }
}
