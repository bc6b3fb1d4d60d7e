//! The forecast comes true: its ceremonies are held, each at its moment, and what is forecast then is
//! what was forecast at the beginning.
#![expect(clippy::disallowed_methods, reason = "tests look at files and the clock themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::Site;
use rootward::authority::{Estate, Keys, Secrets, intermediate, rotate};
use rootward::ceremony::plan::{Wanted, successor};
use rootward::ceremony::single;
use rootward::context::{Context, Rng};
use rootward::custody::shares::{Progress, Share};
use rootward::error::{Error, Result};
use rootward::journal::Origin;
use rootward::model::name::ObjectRef;
use rootward::rotation::forecast::{Ceremony, Forecast, Reason, Task, forecast};
use rootward::rotation::{Kind, State, rows};
use std::fs;
use time::{Duration, OffsetDateTime, macros::datetime};
use zeroize::Zeroizing;

struct Fixed;

impl Secrets for Fixed {
    fn open(&mut self, _: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(common::PASSPHRASE.as_bytes().to_vec()))
    }

    fn create(&mut self, object: &ObjectRef) -> Result<Zeroizing<Vec<u8>>> {
        self.open(object)
    }

    fn share(&mut self, _: &ObjectRef, _: Progress) -> Result<Option<Zeroizing<String>>> {
        Ok(None)
    }

    fn again(&mut self, refusal: Error, _: usize) -> Result<()> {
        Err(refusal)
    }

    fn show_share(&mut self, _: &ObjectRef, _: &Share, _: u8) -> Result<()> {
        Ok(())
    }

    fn pin(&mut self, _: &ObjectRef, _: &str) -> Result<Zeroizing<String>> {
        Ok(Zeroizing::default())
    }
}

/// On a leap day, with parts of a second.
const BEGIN: OffsetDateTime = datetime!(2028-02-29 10:00:00.5 UTC);
const END: OffsetDateTime = datetime!(2033-02-28 10:00:00 UTC);

fn context(rng: &Rng, now: OffsetDateTime) -> Context<'_> {
    Context { origin: Origin { host: "here".into(), user: "somebody".into(), now }, rng }
}

/// One environment whose keys are all here, under a root that has to be rotated within five years.
fn site() -> Site {
    let site = Site::declared();
    fs::remove_dir_all(site.path("ca/test")).unwrap();
    fs::remove_dir_all(site.path("identities/test")).unwrap();
    site.edit("ca/root/root.toml", "root = \"20y\"", "root = \"4y\"");
    let prod = site.read("ca/prod/environment.toml");
    let vault = prod.find("# A CA under the root that issues workload").unwrap();
    let identity = prod.find("# What holds for every identity").unwrap();
    let prod = format!("{}{}", &prod[..vault], &prod[identity..]);
    let prod = prod.replace("lifetime = \"3y\"         # has", "lifetime = \"1y\"   # has");
    site.write("ca/prod/environment.toml", &prod);
    site
}

fn forecast_at(site: &Site, now: OffsetDateTime) -> Forecast {
    let rng = ring::rand::SystemRandom::new();
    let context = context(&rng, now);
    forecast(&Estate::read(&site.root(), &context).unwrap(), now, END, &[]).unwrap()
}

/// Everything on its table, at its moment; and `rotate activate`.
fn hold(site: &Site, ceremony: &Ceremony) {
    let rng = ring::rand::SystemRandom::new();
    let context = context(&rng, ceremony.held);
    let (mut estate, _) = Estate::change(&site.root(), &context).unwrap();
    let mut secrets = Fixed;
    let mut keys = Keys::new(&mut secrets);
    let mut wanted = Vec::new();
    let mut follow = Vec::new();
    for event in &ceremony.table {
        let object: ObjectRef = event.object.parse().unwrap();
        if event.task != Task::RootCrl && object.generation > Some(1) {
            follow.push(object.clone());
        }
        match event.task {
            Task::RootCrl => wanted.push(Wanted::Crl(object)),
            Task::Root if object.generation == Some(1) => wanted.push(Wanted::Root(object)),
            Task::Root => {
                rotate::prepare_root(&mut estate).unwrap();
                estate.commit(Vec::new(), Vec::new()).unwrap();
                let old = object.generation.unwrap() - 1;
                wanted.extend(successor(&object, &ObjectRef::root(old)));
            }
            _ => {
                intermediate::request(&mut estate, &object, None, &mut keys).unwrap();
                wanted.push(Wanted::Intermediate(object));
            }
        }
    }
    single::several(&mut estate, &mut keys, &wanted, None).unwrap();
    for object in follow {
        assert!(rotate::activate(&mut estate, &object).unwrap());
    }
}

/// What needs the root key and is due, as `status` shows it: all of it is on the table, and nothing
/// was overdue.
fn is_as_status_says(site: &Site, ceremony: &Ceremony) {
    let rng = ring::rand::SystemRandom::new();
    let context = context(&rng, ceremony.held);
    let estate = Estate::read(&site.root(), &context).unwrap();
    let mut due: Vec<String> = Vec::new();
    for row in rows(&estate, ceremony.held).unwrap().iter().filter(|row| row.needs_root()) {
        if matches!(row.kind, Kind::Root | Kind::Intermediate) && row.state == State::Due {
            let object: ObjectRef = row.object.parse().unwrap();
            let next = object.generation.unwrap() + 1;
            due.push(object.at(next).to_string());
        } else if matches!(row.state, State::Due) {
            due.push(row.object.clone());
        }
        assert!(!matches!(row.state, State::Overdue | State::Expired), "{row:?}");
    }
    let on_table = ceremony.table.iter().filter(|event| !matches!(event.reason, Reason::Early(_)));
    let mut on_table: Vec<String> = on_table
        .map(|event| match event.task {
            Task::RootCrl => format!("{} CRL", event.object),
            _ => event.object.clone(),
        })
        .collect();
    due.sort();
    on_table.sort();
    assert_eq!(due, on_table, "{ceremony:?}");
}

#[test]
fn the_ceremonies_of_five_years_come_true() {
    let site = site();
    let planned = forecast_at(&site, BEGIN).ceremonies;
    let roots = planned.iter().flat_map(|it| &it.table).filter(|it| it.task == Task::Root);
    assert_eq!(roots.count(), 2, "{planned:#?}");
    for (place, ceremony) in planned.iter().enumerate() {
        if place > 0 {
            is_as_status_says(&site, ceremony);
            assert!(ceremony.opens <= ceremony.held && ceremony.held < ceremony.closes);
        }
        hold(&site, ceremony);
        let mut left = forecast_at(&site, ceremony.held).ceremonies;
        left.iter_mut().for_each(|it| it.number += place + 1);
        assert_eq!(left, planned[place + 1..], "after {ceremony:#?}");
    }
    // All of what was made is sound at the end.
    let days = (planned.last().unwrap().held - OffsetDateTime::now_utc()).whole_days();
    site.at(&format!("+{}d", days + 1), &["verify"]).ok();
}

#[test]
fn where_everything_is_overdue_the_first_ceremonies_are_today() {
    let site = site();
    let first = &forecast_at(&site, BEGIN).ceremonies[0];
    hold(&site, first);
    let late = datetime!(2031-12-01 0:00 UTC);
    let forecast = forecast_at(&site, late);
    let [one, two, ..] = &forecast.ceremonies[..] else { panic!("{forecast:?}") };
    let objects = |ceremony: &Ceremony| -> Vec<String> {
        ceremony.table.iter().map(|event| event.object.clone()).collect()
    };
    assert_eq!((one.held, two.held), (late, late));
    assert!(one.is_overdue() && two.is_overdue());
    assert_eq!(objects(one), ["root@g2", "root@g1"]);
    assert_eq!(objects(two), ["prod/identity@g2"]);
    hold(&site, one);
    hold(&site, two);
    let after = forecast_at(&site, late);
    assert!(after.ceremonies[0].held > late + Duration::days(60), "{after:?}");
}

#[test]
fn identities_are_counted_together_and_each_crl_is_there() {
    let site = Site::ready();
    for number in 0..40 {
        let dir = format!("identities/prod/app-{number}");
        fs::create_dir(site.path(&dir)).unwrap();
        let text = "version = 1\nkind = \"app\"\nauth = [\"cert\"]\n";
        site.write(&format!("{dir}/identity.toml"), text);
    }
    site.write(
        "identities/prod/app-7/identity.toml",
        "version = 1\nkind = \"app\"\nauth = [\"cert\"]\nlifetime = \"12h\"\n",
    );
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    let json = site.run(&["forecast", "--years", "1", "--json"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], 1);
    let work = json["work"].as_array().unwrap();
    let of = |task: &str, environment: &str| -> Vec<&serde_json::Value> {
        let is_of =
            |it: &&serde_json::Value| it["task"] == task && it["environment"] == environment;
        work.iter().filter(is_of).collect()
    };
    let together = of("identity", "prod").into_iter().filter(|it| it["count"] == 40).count();
    assert_eq!(together, 18, "39 apps and the sample each 20 days");
    let short = of("identity", "prod").into_iter().filter(|it| it["object"] == "prod/app-7");
    assert!(short.count() > 1000, "it lives 12 hours");
    assert_eq!(of("crl", "prod").len(), 18, "a CRL each 20 days");
    // In test there is no CA yet: it begins with a ceremony today.
    assert_eq!(json["ceremonies"][0]["table"][1]["reason"], "missing");
    assert_eq!(of("identity", "test")[0]["reason"], "missing");

    let text = site.run(&["forecast"]).ok().stdout;
    assert!(text.contains("test/identity@g1  not there yet"), "{text}");
    assert!(text.contains(" ceremonies in 5 years, for "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let all = site.run(&["forecast", "--years", "1", "--all"]).ok().stdout;
    assert!(all.contains("prod/app-0 and 39 more"), "{all}");
}

#[test]
fn another_lifetime_is_tried_without_being_declared() {
    let site = Site::ready();
    site.edit("ca/root/root.toml", "crl = \"365d\"", "crl = \"180d\"");
    let before = site.run(&["forecast"]).ok();
    let saving = "lifetime of root's CRLs 180d -> 365d: ";
    assert!(before.stdout.contains(saving), "{}", before.stdout);
    let with = site.run(&["forecast", "--with", "root.crl=365d", "--json"]).ok().stdout;
    let with: serde_json::Value = serde_json::from_str(&with).unwrap();
    let count = with["ceremonies"].as_array().unwrap().len();
    assert!(before.stdout.contains(&format!("{saving}{count} ceremonies instead of ")));
    assert_eq!(with["with"][0], "root.crl=365d");
    let text = site.run(&["forecast", "--with", "root.crl=365d"]).ok().stdout;
    assert!(text.contains("with root.crl=365d; as declared: "), "{text}");
    for (with, code, message) in [
        ("root.crl=366d", 2, "expected at most 365d"),
        ("root.crl", 2, "expected NAME=TIME"),
        ("root@g1=20y", 2, "expected root, root.crl, ENV/NAME"),
        ("prod/identiy=5y", 2, "did you mean prod/identity?"),
        ("prd.identity=5d", 2, "did you mean prod.identity?"),
    ] {
        site.fails(code, message, |site| site.run(&["forecast", "--with", with]));
    }
    for years in ["0", "51", "x"] {
        site.run(&["forecast", "--years", years]).fails(2, "--years");
    }
}

#[test]
fn a_medium_knows_no_identities_and_forecasts_nothing() {
    let site = Site::rooted();
    site.write("ca/site.toml", "version = 1\nrole = \"offline\"\n");
    site.fails(2, "this is a medium", |site| site.run(&["forecast"]));
}
