//! Twenty years, with one operator who does what is said and one who does nothing.
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod world;

use rootward::model::cadence::Stage;
use rootward::rotation::State;
use time::{Duration, macros::datetime};
use world::{DAY, World};

/// What is to be typed now.
fn commands(world: &World) -> Vec<String> {
    let mut rows = world.rows(world.now);
    rows.retain(|row| row.stage(world.now) > Stage::Quiet);
    let mut commands: Vec<String> = rows.into_iter().filter_map(|row| row.next).collect();
    commands.dedup();
    commands
}

/// A day's work: the first thing that is said, until nothing is.
fn work(world: &mut World) {
    for _ in 0..50 {
        let Some(command) = commands(world).into_iter().next() else { return };
        world.type_in(&command);
        world.now += Duration::seconds(60);
    }
    panic!("there is no end to it: {:?}", commands(world));
}

#[test]
fn whoever_does_what_is_said_never_has_anything_expired() {
    // A leap day; twenty years have five more, forty changes of the clock and three roots.
    let begin = datetime!(2028-02-29 07:00:00 UTC);
    let mut world = World::declared(begin, "9y", "2y", "90d");
    work(&mut world);
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
