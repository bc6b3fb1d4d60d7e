//! The calendar: RFC 5545 to the letter, as three other implementations read it, and what happens to
//! it over time.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::{Site, output, suite, venv};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// UID to day and summary.
type Events = BTreeMap<String, (String, String)>;

/// Judges the text strictly, and gives its events.
#[track_caller]
fn read(text: &str) -> Events {
    let body = text.strip_suffix("\r\n").unwrap();
    let lines: Vec<&str> = body.split("\r\n").collect();
    for line in &lines {
        // Section 3.1: 75 octets, no break but CRLF.
        assert!(line.len() <= 75 && !line.contains(['\r', '\n', '\t']), "{line:?}");
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
    }
    let unfolded = body.replace("\r\n ", "");
    let mut open: Vec<&str> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut events = Events::new();
    let (mut uid, mut day, mut summary) = (String::new(), String::new(), String::new());
    for line in unfolded.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no value: {line}"));
        let own = |c: char| c.is_ascii_uppercase() || "-;=".contains(c);
        assert!(name.chars().all(own), "{line}");
        match name {
            "BEGIN" => {
                let inside = (open.last().copied(), value);
                let allowed = [
                    (None, "VCALENDAR"),
                    (Some("VCALENDAR"), "VEVENT"),
                    (Some("VEVENT"), "VALARM"),
                ];
                assert!(allowed.contains(&inside), "{inside:?}");
                open.push(value);
                seen.retain(|it| !it.starts_with(value));
            }
            "END" => {
                assert_eq!(open.pop(), Some(value));
                let has = |name: &str| seen.contains(&format!("{value} {name}"));
                let needed: &[&str] = match value {
                    "VCALENDAR" => &["VERSION", "PRODID"],
                    "VEVENT" => &["UID", "DTSTAMP", "SEQUENCE", "SUMMARY", "CATEGORIES", "TRANSP"],
                    _ => &["ACTION", "TRIGGER", "DESCRIPTION"],
                };
                assert!(needed.iter().all(|name| has(name)), "{value} {seen:?}");
                if value == "VEVENT" {
                    assert!(has("DTSTART;VALUE=DATE") && has("DTEND;VALUE=DATE"));
                    let before = events.insert(uid.clone(), (day.clone(), summary.clone()));
                    assert_eq!(before, None, "{uid} twice");
                }
            }
            _ => {
                let component = open.last().unwrap();
                assert!(seen.insert(format!("{component} {name}")), "{name} twice in {component}");
                match (*component, name) {
                    (_, "UID") => uid = value.to_owned(),
                    (_, "DTSTART;VALUE=DATE") => {
                        assert!(value.len() == 8 && value.parse::<u32>().is_ok(), "{value}");
                        day = format!("{}-{}-{}", &value[..4], &value[4..6], &value[6..]);
                    }
                    ("VEVENT", "SUMMARY") => summary = unescaped(value),
                    (_, "DESCRIPTION") => drop(unescaped(value)),
                    _ => {}
                }
            }
        }
    }
    assert!(open.is_empty());
    events
}

/// Section 3.3.11: commas, semicolons and backslashes are escaped.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next().unwrap() {
                'n' | 'N' => out.push('\n'),
                c @ ('\\' | ';' | ',') => out.push(c),
                other => panic!("\\{other} in {text}"),
            },
            ';' | ',' => panic!("{c} in {text}"),
            c => out.push(c),
        }
    }
    out
}

#[track_caller]
fn calendar(site: &Site, clock: &str, arguments: &[&str]) -> String {
    site.at(clock, &[&["calendar"], arguments].concat()).ok().stdout
}

/// What Python's implementations say.
fn parsed(files: &[&Path]) -> serde_json::Value {
    let mut python = Command::new(venv("python"));
    let said = output(python.arg(suite("read_ics.py")).args(files));
    serde_json::from_str(&said).unwrap()
}

/// The day of the event of that summary.
#[track_caller]
fn day_of<'a>(events: &'a Events, summary: &str) -> &'a str {
    let found = events.values().find(|(_, known)| known == summary);
    &found.unwrap_or_else(|| panic!("no {summary:?} in {events:#?}")).0
}

#[test]
fn three_parsers_read_the_same_events() {
    let site = Site::prepared();
    let text = calendar(&site, "+0d", &[]);
    let events = read(&text);
    let file = site.beside("one.ics");
    fs::write(&file, &text).unwrap();
    let said = parsed(&[&file]);
    let found = said["found"].as_array().unwrap();
    assert_eq!(found.len(), 3);
    for one in found {
        assert_eq!(one, &found[0]);
        let one = one.as_object().unwrap();
        assert_eq!(one.len(), events.len());
        for (uid, (day, summary)) in &events {
            let event = &one[uid];
            assert_eq!(
                (event[0].as_str().unwrap(), event[1].as_str().unwrap()),
                (&**day, &**summary)
            );
            // One alarm each, at nine of its day.
            assert_eq!(event[3], serde_json::json!([32400.0]), "{event}");
            assert!(event[2].as_array().unwrap().contains(&"rootward".into()), "{event}");
        }
    }
}

#[test]
fn the_days_are_those_of_the_deadlines() {
    let site = Site::prepared();
    let events = read(&calendar(&site, "+0d", &[]));
    let metrics = site.run(&["metrics"]).ok().stdout;
    let moment = |name: &str, object: &str| {
        let head = format!("rootward_{name}_timestamp_seconds{{object=\"{object}\"");
        let line = metrics.lines().find(|line| line.starts_with(&head)).unwrap();
        let seconds: i64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        time::OffsetDateTime::from_unix_timestamp(seconds).unwrap().date().to_string()
    };
    for (object, verb) in [
        ("root@g1", "rotate"),
        ("prod/identity@g1", "rotate"),
        ("root@g1 CRL", "renew"),
        ("prod/identity@g1 CRL", "renew"),
        ("prod/hello", "renew"),
    ] {
        let last = day_of(&events, &format!("Last day to {verb} {object}"));
        assert_eq!(last, moment("rotate_by", object));
        assert_eq!(day_of(&events, &format!("End of {object}")), moment("not_after", object));
        let verb = verb.replacen('r', "R", 1);
        for warning in ["", " soon,", " now,"] {
            day_of(&events, &format!("{verb} {object}{warning} by {last}"));
        }
    }
    let stop = day_of(&events, "Signing stop of prod/identity@g1");
    assert_eq!(stop, moment("signing_stop", "prod/identity@g1"));
    let by = moment("rotate_by", "root@g1 CRL");
    assert_eq!(day_of(&events, "Last day for the ceremony: root@g1 CRL"), by);
    let opens = day_of(&events, &format!("Ceremony can be held until {by}: root@g1 CRL"));
    assert_eq!(opens, moment("due", "root@g1 CRL"));
    assert_eq!(events.len(), 3 * 5 + 2 * 6 + 3 * 2);
}

#[test]
fn the_same_workspace_gives_the_same_calendar_everywhere_and_at_any_time() {
    let site = Site::prepared();
    let first = calendar(&site, "+0d", &[]);
    assert_eq!(calendar(&site, "+3d", &[]), first);
    for zone in ["Pacific/Auckland", "America/New_York", "Pacific/Kiritimati"] {
        let output = site.command(&["calendar"]).env("TZ", zone).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), first, "{zone}");
    }
    let copy = common::Template::of(&site).site();
    assert_eq!(calendar(&copy, "+0d", &[]), first);
    // Another workspace's events are others, though they are called the same.
    let uids = |text: &str| read(text).into_keys().collect::<BTreeSet<_>>();
    let other = Site::ready();
    let other = uids(&calendar(&other, "+0d", &[]));
    assert!(!other.is_empty() && other.is_disjoint(&uids(&first)));
    let file = site.beside("out.ics");
    site.run(&["calendar", "-o", file.to_str().unwrap()]).ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
}

#[test]
fn what_was_renewed_moves_where_it_is_imported_again() {
    let site = Site::prepared();
    let (old, new) = (site.beside("old.ics"), site.beside("new.ics"));
    fs::write(&old, calendar(&site, "+0d", &[])).unwrap();
    site.keyed_at("+21d", &["identity", "issue", "prod/hello"]).ok();
    fs::write(&new, calendar(&site, "+21d", &[])).unwrap();
    let [before, after] = [&old, &new].map(|file| read(&fs::read_to_string(file).unwrap()));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let last = |events| day_of(events, "Last day to renew prod/hello").to_owned();
    assert!(last(&before) < last(&after));
    let said = parsed(&[&old, &new]);
    let merged = said["merged"].as_object().unwrap();
    let days: BTreeMap<_, _> = after.iter().map(|(uid, (day, _))| (uid, day)).collect();
    assert_eq!(merged.len(), days.len());
    assert!(days.iter().all(|(uid, day)| merged[*uid].as_str() == Some(day.as_str())));
    // The other way round an old file changes nothing.
    let said = parsed(&[&new, &old]);
    assert_eq!(said["merged"].as_object().unwrap(), merged);
}

#[test]
fn an_environment_has_its_own_and_the_roots() {
    let site = Site::prepared();
    let all = read(&calendar(&site, "+0d", &[]));
    let test = read(&calendar(&site, "+0d", &["--env", "test"]));
    assert!(test.values().all(|(_, summary)| !summary.contains("prod/hello")), "{test:#?}");
    assert!(test.keys().all(|uid| all.contains_key(uid)));
    day_of(&test, "Last day to renew root@g1 CRL");
    site.run(&["calendar", "--env", "nosuch"]).fails(2, "there is no environment nosuch");
}

#[test]
fn many_identities_are_an_event_a_day() {
    let site = Site::prepared();
    let text = site.read("identities/prod/hello/identity.toml");
    for number in 0..30 {
        let dir = format!("identities/prod/app-{number}");
        fs::create_dir(site.path(&dir)).unwrap();
        site.write(&format!("{dir}/identity.toml"), &text);
    }
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    let text = calendar(&site, "+0d", &[]);
    let events = read(&text);
    let summaries: Vec<&str> = events.values().map(|(_, summary)| summary.as_str()).collect();
    assert!(summaries.contains(&"Last day to renew 31 identities of prod"), "{summaries:#?}");
    assert!(summaries.contains(&"Last day to renew prod/vault-server"), "{summaries:#?}");
    assert!(events.len() < 60, "{}", events.len());
    assert!(text.replace("\r\n ", "").contains("\\nand 1 more\r\n"), "{text}");
    let file = site.beside("many.ics");
    fs::write(&file, &text).unwrap();
    assert_eq!(parsed(&[&file])["found"][1].as_object().unwrap().len(), events.len());
}

#[test]
fn an_empty_workspace_has_an_empty_calendar() {
    let site = Site::declared();
    assert!(read(&calendar(&site, "+0d", &[])).is_empty());
}
