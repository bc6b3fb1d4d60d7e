//! What simulations promise, whatever is declared.

use super::known::{Generation, Known, Successor};
use super::window::{Life, Window, next};
use super::years::{Years, simulate};
use super::{Ceremony, Event, Reason, Task};
use crate::authority::cadence::Ca;
use crate::model::{
    cadence::Cadence,
    environment::KeyHome,
    name::{ObjectRef, Scope},
    span::Span,
};
use proptest::prelude::*;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

fn span(text: &str) -> Span {
    text.parse().unwrap()
}

fn root(lifetime: &str, crl: &str, child: &str) -> Ca {
    Ca {
        scope: Scope::Root,
        lifetime: span(lifetime),
        crl_lifetime: span(crl),
        cadence: Cadence::root(),
        crl_cadence: Cadence::root_crl(),
        child: span(child).approximate(),
        key: KeyHome::Local,
    }
}

fn member(name: &str, lifetime: &str) -> Ca {
    Ca {
        scope: name.parse::<ObjectRef>().unwrap().scope,
        lifetime: span(lifetime),
        crl_lifetime: span("30d"),
        cadence: Cadence::intermediate(),
        crl_cadence: Cadence::crl(),
        child: Duration::days(30),
        key: KeyHome::Local,
    }
}

fn nothing() -> Known {
    Known {
        generations: Vec::new(),
        active: None,
        successor: None,
        newest: 0,
        is_under_tainted: false,
    }
}

/// Made so long ago, as declared; its CRL too.
fn made(ca: &Ca, ago: Duration, crl_ago: Duration) -> Known {
    let life = |span: Span, ago: Duration| {
        let begin = NOW - ago;
        Life { begin, end: span.not_after(begin).unwrap() }
    };
    let mut crl = life(ca.crl_lifetime, crl_ago);
    let own = life(ca.lifetime, ago);
    crl.end = crl.end.min(own.end);
    let generation = Generation {
        number: 1,
        life: own,
        is_revoked: false,
        crl: ca.has_crl().then_some(crl),
        lacks: false,
        issued_until: None,
    };
    Known { generations: vec![generation], active: Some(1), newest: 1, ..nothing() }
}

fn years(cas: &[Ca], known: &[Known], years: &str) -> Years {
    let years = simulate(cas, known, NOW, span(years).after(NOW).unwrap());
    check(cas, known, &years);
    years
}

/// What holds of any forecast, found from its events alone.
fn check(cas: &[Ca], known: &[Known], years: &Years) {
    let mut lives: HashMap<String, Life> = HashMap::new();
    let mut crls: HashMap<String, Life> = HashMap::new();
    let mut signs: Option<Life> = None;
    for (ca, known) in cas.iter().zip(known) {
        for generation in &known.generations {
            let object = ObjectRef { scope: ca.scope.clone(), generation: Some(generation.number) };
            lives.insert(ca.scope.to_string(), generation.life);
            crls.extend(generation.crl.map(|crl| (object.to_string(), crl)));
            signs = if ca.is_root() { Some(generation.life) } else { signs };
        }
    }
    let mut before = NOW;
    for ceremony in &years.ceremonies {
        let Ceremony { opens, closes, held, table, .. } = ceremony;
        assert!(*held >= before && opens <= held, "{ceremony:?}");
        assert!(held < closes || *held == before, "{ceremony:?}");
        assert!(!table.is_empty());
        before = *held;
        let mut next = signs;
        for event in table {
            let ca = cas
                .iter()
                .find(|ca| event.object.split('@').next().unwrap() == ca.scope.to_string());
            let ca = ca.unwrap();
            assert!(event.at == *held && (event.rotate_by > *held || *held == *opens), "{event:?}");
            assert_eq!(matches!(event.reason, Reason::Early(_)), event.due > *held, "{event:?}");
            match event.task {
                Task::RootCrl => {
                    let end = lives_of(&lives, cas, known, &event.object).end;
                    let made = ca.crl_lifetime.not_after(*held).unwrap().min(end);
                    crls.insert(event.object.clone(), Life { begin: *held, end: made });
                }
                Task::Root | Task::Intermediate => {
                    let life = Life { begin: *held, end: ca.lifetime.not_after(*held).unwrap() };
                    if let Some(old) = lives.get(&ca.scope.to_string()) {
                        let old = old.deadlines(&ca.cadence, ca.child);
                        // Once it was late, it is made at once, or after the root that it needs.
                        assert!(*held < old.rotate_by || closes <= held, "{event:?}");
                        let is_by_age = matches!(event.reason, Reason::SigningStop(_));
                        let is_forced = event.task == Task::Root;
                        assert!(*held >= old.due || !is_by_age || is_forced, "{event:?}");
                    }
                    if event.task == Task::Root {
                        next = Some(life);
                        let crl = ca.crl_lifetime.not_after(*held).unwrap().min(life.end);
                        crls.insert(event.object.clone(), Life { begin: *held, end: crl });
                        lives.insert(event.object.clone(), life);
                    } else {
                        let issuer = signs.or(next).unwrap();
                        assert!(life.end <= issuer.end, "{event:?} outlives {issuer:?}");
                    }
                    lives.insert(ca.scope.to_string(), life);
                }
                other => panic!("{other:?} needs no ceremony"),
            }
        }
        signs = next;
    }
}

fn lives_of(lives: &HashMap<String, Life>, cas: &[Ca], known: &[Known], object: &str) -> Life {
    if let Some(life) = lives.get(object) {
        return *life;
    }
    assert!(cas[0].is_root());
    let number: u32 = object.split("@g").nth(1).unwrap().parse().unwrap();
    known[0].generation(number).unwrap().life
}

fn tables(years: &Years) -> Vec<Vec<String>> {
    let words = |event: &Event| match event.task {
        Task::RootCrl => format!("{} CRL", event.object),
        _ => event.object.clone(),
    };
    years.ceremonies.iter().map(|it| it.table.iter().map(words).collect()).collect()
}

#[test]
fn in_an_empty_workspace_everything_is_made_on_the_first_day() {
    let cas =
        [root("20y", "365d", "3y"), member("prod/identity", "3y"), member("prod/vault", "3y")];
    let known = [nothing(), nothing(), nothing()];
    let years = years(&cas, &known, "5y");
    assert_eq!(tables(&years)[0], ["root@g1", "prod/identity@g1", "prod/vault@g1"]);
    assert_eq!(years.ceremonies[0].held, NOW);
    assert!(years.ceremonies[0].is_overdue());
    // 365 days less floor and lead, to the second before.
    let second = &years.ceremonies[1];
    assert_eq!(second.closes, NOW + Duration::days(305) - Duration::SECOND);
    assert_eq!(second.held, second.closes - Duration::SECOND);
    assert_eq!(years.ceremonies.len(), 6);
    assert!(years.activations.iter().all(|event| event.object.ends_with("@g2")));
}

#[test]
fn a_root_is_rotated_inside_the_span_and_two_are_alive() {
    let cas = [root("6y", "365d", "2y"), member("prod/identity", "2y")];
    let day = Duration::DAY;
    let known = [made(&cas[0], day * 700, day * 100), made(&cas[1], day * 300, day)];
    let years = years(&cas, &known, "8y");
    let tables = tables(&years);
    let rotated = tables.iter().position(|table| table.contains(&"root@g2".into())).unwrap();
    assert!(tables[rotated].contains(&"root@g1 CRL".into()), "{tables:?}");
    let both = |table: &&Vec<String>| {
        table.contains(&"root@g1 CRL".into()) && table.contains(&"root@g2 CRL".into())
    };
    assert!(tables[rotated + 1..].iter().filter(both).count() >= 2, "{tables:?}");
    // The CRL that ends with its issuer is the last.
    let end = known[0].generations[0].life.end;
    let of_old = years
        .ceremonies
        .iter()
        .filter(|it| it.table.iter().any(|it| it.task == Task::RootCrl && it.object == "root@g1"));
    assert!(of_old.map(|it| it.held).max().unwrap() < end - cas[0].crl_cadence.margin());
    assert!(years.impossible.is_empty());
}

#[test]
fn what_would_outlive_its_root_waits_for_the_next_root() {
    let cas = [root("5y", "365d", "2y"), member("prod/identity", "2y")];
    let day = Duration::DAY;
    // All of it is overdue: the root can sign no intermediate of full life.
    let known = [made(&cas[0], day * 1600, day * 400), made(&cas[1], day * 720, day)];
    let years = years(&cas, &known, "1y");
    let tables = tables(&years);
    assert_eq!(tables[0], ["root@g2", "root@g1 CRL"]);
    assert_eq!(tables[1], ["prod/identity@g2"]);
    assert_eq!((years.ceremonies[0].held, years.ceremonies[1].held), (NOW, NOW));
    assert!(years.ceremonies.iter().take(2).all(Ceremony::is_overdue));
}

#[test]
fn what_can_never_be_is_said_and_left_out() {
    let cas = [root("5y", "365d", "10y"), member("prod/identity", "10y")];
    let years = years(&cas, &[nothing(), nothing()], "5y");
    let [outlives, useless] = &years.impossible[..] else { panic!("{:?}", years.impossible) };
    assert!(outlives.starts_with("prod/identity is to live 10y and would outlive any root"));
    assert_eq!(useless, "root is to live 5y, and what it signs up to 3650d");
    assert!(tables(&years).iter().flatten().all(|object| object.starts_with("root@g")));
    let cas = [root("20y", "5m", "3y")];
    let years = simulate(&cas, &[nothing()], NOW, NOW + Duration::days(36_500));
    assert!(years.impossible[0].starts_with("more than 1000 ceremonies"));
}

#[test]
fn a_request_that_waits_opens_the_window_and_a_prepared_successor_closes_it() {
    let cas = [root("20y", "365d", "3y"), member("prod/identity", "3y")];
    let day = Duration::DAY;
    let known = [made(&cas[0], day, day), made(&cas[1], day * 700, day)];
    let waiting = Known { successor: Some(Successor::Requested(2)), newest: 2, ..known[1].clone() };
    let requested = years(&cas, &[known[0].clone(), waiting], "5y");
    let first = &requested.ceremonies[0];
    assert_eq!(first.table.last().unwrap().due, NOW);
    assert_eq!(first.table.last().unwrap().reason, Reason::Requested);
    assert_eq!(first.table.last().unwrap().object, "prod/identity@g2");
    assert!(first.held > NOW + day * 250);

    let mut prepared = known[1].clone();
    let life = Life { begin: NOW - day, end: cas[1].lifetime.not_after(NOW - day).unwrap() };
    prepared.generations.push(Generation {
        number: 2,
        life,
        crl: None,
        ..prepared.generations[0].clone()
    });
    prepared = Known { successor: Some(Successor::Certified(2)), newest: 2, ..prepared };
    let prepared = years(&cas, &[known[0].clone(), prepared], "2y");
    assert_eq!(prepared.activations[0].object, "prod/identity@g2");
    assert_eq!(prepared.activations[0].at, NOW);
    assert!(tables(&prepared).iter().flatten().all(|object| object == "root@g1 CRL"));
}

#[test]
fn the_revoked_and_what_is_under_the_tainted_is_replaced_in_time() {
    let cas = [root("20y", "365d", "3y"), member("prod/identity", "3y")];
    let day = Duration::DAY;
    let mut known = [made(&cas[0], day, day), made(&cas[1], day, day)];
    known[1].is_under_tainted = true;
    let tainted = years(&cas, &known, "1y");
    assert_eq!(tainted.ceremonies[0].opens, NOW + day * 242 + remainder(&cas[0]));
    assert!(tainted.ceremonies[0].table.iter().any(|event| event.reason == Reason::Tainted));
    known[1].generations[0].is_revoked = true;
    let revoked = years(&cas, &known, "1y");
    assert_eq!(revoked.ceremonies[0].held, NOW);
    assert_eq!(revoked.ceremonies[0].table[1].reason, Reason::Revoked);
    known[1].generations[0].is_revoked = false;
    known[1].is_under_tainted = false;
    known[0].generations[0].lacks = true;
    let lacks = years(&cas, &known, "1y");
    assert_eq!(lacks.ceremonies[0].opens, NOW);
    assert_eq!(lacks.ceremonies[0].table[0].reason, Reason::Lacks);
}

/// From the end of the 242nd day of a year's CRL that is a day old until two thirds are over.
fn remainder(root: &Ca) -> Duration {
    let life = made(root, Duration::DAY, Duration::DAY).generations[0].crl.unwrap();
    life.deadlines(&root.crl_cadence, Duration::ZERO).due - NOW - Duration::DAY * 242
}

#[test]
fn on_a_leap_day_years_end_on_28_february() {
    let leap = datetime!(2028-02-29 12:00:00 UTC);
    let cas = [root("20y", "365d", "3y"), member("prod/identity", "3y")];
    let years = simulate(&cas, &[nothing(), nothing()], leap, datetime!(2048-02-28 0:00 UTC));
    let second = years
        .ceremonies
        .iter()
        .find(|it| it.table.iter().any(|it| it.object.ends_with("identity@g2")));
    let event = second.unwrap().table.last().unwrap();
    let end = datetime!(2031-02-28 11:59:59 UTC);
    assert_eq!(event.reason, Reason::SigningStop(end - Duration::days(30)));
}

/// How many moments hit all of these windows, found by trying all: each can be moved to where a
/// window begins.
fn fewest(windows: &[Window]) -> usize {
    let hits = |moments: u32, window: &Window| {
        let dues = windows.iter().enumerate().filter(|(place, _)| moments & (1 << place) != 0);
        let mut dues = dues.map(|(_, of)| of.due);
        dues.any(|at| window.due <= at && at < window.by)
    };
    let all =
        (0..1_u32 << windows.len()).filter(|moments| windows.iter().all(|it| hits(*moments, it)));
    all.map(|moments| moments.count_ones() as usize).min().unwrap()
}

proptest! {
    #[test]
    fn no_plan_hits_fixed_windows_with_fewer_ceremonies(
        drawn in prop::collection::vec((0_i64..20, 1_i64..8), 0..9)
    ) {
        let window = |(begin, days): &(i64, i64)| {
            let due = NOW + Duration::days(*begin);
            Window { due, by: due + Duration::days(*days), reason: Reason::Missing }
        };
        let windows: Vec<Window> = drawn.iter().map(window).collect();
        let mut left = windows.clone();
        let mut count = 0;
        while let Some(at) = next(left.iter().copied(), NOW) {
            prop_assert!(left.iter().all(|window| at < window.by));
            left.retain(|window| at < window.due);
            count += 1;
        }
        prop_assert_eq!(count, fewest(&windows));
    }

    #[test]
    fn whatever_is_declared_every_window_is_kept(
        root_years in 6_u32..25,
        root_crl in 20_u32..366,
        lives in prop::collection::vec(100_u32..1500, 1..5),
        ages in prop::collection::vec(0_i64..1500, 6),
        is_there in prop::collection::vec(any::<bool>(), 5),
        begins in any::<bool>(),
    ) {
        let longest = lives.iter().max().unwrap();
        let mut cas = vec![root(&format!("{root_years}y"), &format!("{root_crl}d"), &format!("{longest}d"))];
        cas.extend(lives.iter().enumerate().map(|(place, days)| member(&format!("e{place}/identity"), &format!("{days}d"))));
        let days = |count: i64| Duration::days(count);
        let known = cas.iter().enumerate().map(|(place, ca)| {
            let is_there = !begins && (place == 0 || is_there[place - 1]);
            if is_there { made(ca, days(ages[place]), days(ages[place + 1] % 365)) } else { nothing() }
        });
        let known: Vec<Known> = known.collect();
        years(&cas, &known, "20y");
    }

    #[test]
    fn the_more_is_put_on_tables_the_longer_the_rest_can_wait(
        crl in 30_u32..366, lives in prop::collection::vec(200_u32..1500, 1..4)
    ) {
        // The CRL alone calls for a ceremony each time it runs out, whatever else there is.
        let mut cas = vec![root("20y", &format!("{crl}d"), "1500d")];
        let alone = years(&cas, &[nothing()], "5y").ceremonies.len();
        cas.extend(lives.iter().enumerate().map(|(place, days)| member(&format!("e{place}/identity"), &format!("{days}d"))));
        let known = vec![nothing(); cas.len()];
        let all = years(&cas, &known, "5y").ceremonies.len();
        let each: usize = lives.iter().enumerate().map(|(place, _)| {
            let cas = [root("20y", "365d", "1500d"), cas[place + 1].clone()];
            years(&cas, &[nothing(), nothing()], "5y").activations.len()
        }).sum();
        prop_assert!(alone <= all && all <= alone + each, "{alone} {all} {each}");
    }
}
