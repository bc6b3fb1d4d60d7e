//! Twenty years, with one operator who does what is said and one who does nothing.

mod common;
mod world;

use rootward::model::cadence::Stage;
use rootward::rotation::State;
use time::{Duration, macros::datetime};
use world::{DAY, World};

/// A first day: the first thing that is to be done, until nothing is.
fn set_up(world: &mut World) {
    for _ in 0..50 {
        let rows = world.rows(world.now);
        let Some(command) = rows.into_iter().find_map(|row| row.next) else { return };
        world.type_in(&command);
        world.now += Duration::seconds(60);
    }
    panic!("there is no end to it");
}

/// A day's work: whatever a reminder says, until none comes.
fn work(world: &mut World) {
    for _ in 0..20 {
        let said = world.run(&["remind"]).ok().stdout;
        if said.is_empty() {
            return;
        }
        let commands = said.lines().filter_map(|line| line.strip_prefix("  $ "));
        let commands: Vec<&str> = commands.collect();
        assert!(!commands.is_empty(), "{said}");
        for command in commands {
            world.type_in(command);
            world.now += Duration::seconds(60);
        }
    }
    panic!("there is no end to it");
}

#[test]
fn whoever_does_what_is_said_never_has_anything_expired() {
    // A leap day; twenty years have five more, forty changes of the clock and three roots.
    let begin = datetime!(2028-02-29 07:00:00 UTC);
    let mut world = World::declared(begin, "9y", "2y", "90d");
    set_up(&mut world);
    let mut steps = 0;
    while world.now < begin + DAY * 7305 {
        let next = world.next();
        // Nothing runs out before the next thing is said.
        world.every_leaf_verifies(next - Duration::SECOND);
        // A cron job at seven in the morning, on the first day after it.
        world.now = next.replace_time(time::macros::time!(07:00)).max(next);
        if world.now < next {
            world.now += DAY;
        }
        world.every_leaf_verifies(world.now);
        for row in world.rows(world.now) {
            assert_ne!(row.state, State::Expired, "{} at {}", row.object, world.now);
            let stage = row.stage(world.now);
            assert!(stage < Stage::Overdue, "{row:#?} at {}", world.now);
        }
        work(&mut world);
        steps += 1;
    }
    let generation = |of: &str| world.site.path(&format!("ca/{of}/cert.pem")).exists();
    assert!(generation("root/g4") && generation("prod/identity/g12"), "{steps} {}", world.typed);
    world.site.run(&["journal", "verify"]).ok();
}

/// Everything that has been said at that moment and not before; nothing is said twice.
fn said_at(world: &mut World, moment: time::OffsetDateTime) -> String {
    world.now = moment - Duration::SECOND;
    let early = world.run(&["remind"]).ok();
    assert_eq!(early.stdout, "", "a second before {moment}");
    world.now = moment;
    let said = world.run(&["remind"]).ok().stdout;
    assert_eq!(world.run(&["remind"]).ok().stdout, "", "again at {moment}");
    said
}

#[test]
fn whoever_does_nothing_is_told_each_stage_at_its_second() {
    let begin = datetime!(2027-03-28 00:30:00 UTC);
    let mut world = World::declared(begin, "20y", "3y", "30d");
    for command in [
        "rootward root create",
        "rootward intermediate request prod/identity",
        "rootward intermediate sign prod/identity",
        "rootward identity issue --env prod",
    ] {
        world.type_in(command);
    }
    // What is not there at all is said at once.
    assert!(world.run(&["remind"]).ok().stdout.contains("prod/vault"));
    let rows = world.rows(world.now);
    let stages = |row: &rootward::rotation::Row| {
        let life = row.life.as_ref().unwrap();
        let of = |(stage, at): &(Stage, time::OffsetDateTime)| (*at, *stage, row.object.clone());
        life.stages.iter().map(of).collect::<Vec<_>>()
    };
    let lives = rows.iter().filter(|row| row.life.is_some());
    let mut moments: Vec<_> = lives.flat_map(stages).collect();
    moments.sort();
    // Twenty years: until the root itself has expired.
    assert!(moments.last().unwrap().0 > begin + DAY * 7300 && moments.len() > 25);
    for group in moments.chunk_by(|a, b| a.0 == b.0) {
        let said = said_at(&mut world, group[0].0);
        for (at, stage, object) in group {
            assert!(
                said.contains(object.trim_end_matches(" CRL")),
                "{object} {stage:?} at {at}: {said}"
            );
        }
    }
}

#[test]
fn forty_days_without_a_run_lose_nothing() {
    let begin = datetime!(2028-01-20 07:00:00 UTC);
    let mut world = World::declared(begin, "20y", "3y", "90d");
    set_up(&mut world);
    world.run(&["remind"]).ok();
    let (mut said, mut crossed) = (0, 0);
    for _ in 0..60 {
        let before = world.rows(world.now);
        world.now += DAY * 40;
        let text = world.run(&["remind"]).ok().stdout;
        for row in &world.rows(world.now) {
            let was = before.iter().find(|was| was.object == row.object).unwrap();
            let (is, was) = (row.stage(world.now), was.stage(world.now - DAY * 40));
            let is_said = text.contains(row.object.trim_end_matches(" CRL"));
            crossed += usize::from(is > was);
            said += usize::from(is_said);
            assert!(is <= was || is_said, "{} is {is:?} at {}: {text}", row.object, world.now);
        }
        assert_eq!(world.run(&["remind"]).ok().stdout, "");
    }
    assert!(crossed > 10 && said >= crossed, "{crossed} {said}");
}
