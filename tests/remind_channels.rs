//! Reminders over HTTP and by the mail program of the machine: what is sent, and that no server can
//! hold up the job, lose a reminder or get at a secret.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod web;

use common::{Run, Site, assert_plain};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};
use web::{Answer, Web};

const SECRETS: [&str; 4] = ["topic-9f2c", "token-77aa", "hook-51de", "ping-0b1c"];

fn secret(site: &Site, name: &str, text: &str) -> String {
    let path = site.beside(name);
    fs::write(&path, format!("{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

fn declare(site: &Site, channels: &str) {
    site.write("ca/reminders.toml", &format!("version = 1\n{channels}"));
}

/// Four channels on one server, each with a secret; and one on another server.
fn declared(site: &Site, web: &Web) -> String {
    let [topic, token, hook, ping] = SECRETS;
    let topic = secret(site, "topic", topic);
    let token = secret(site, "token", token);
    let slack = secret(site, "slack", &web.url(&format!("/services/{hook}")));
    let ping = secret(site, "ping", &web.url(&format!("/{ping}/")));
    let url = web.url("");
    let all = format!(
        "[[channel]]\ntype = \"ntfy\"\nurl = \"{url}\"\ntopic_file = \"{topic}\"\n\
         token_file = \"{token}\"\ntimeout = 2\n\
         [[channel]]\ntype = \"webhook\"\nurl = \"{url}/hook?a=b\"\ntoken_file = \"{token}\"\n\
         header = \"X-Api-Key\"\ntimeout = 2\n\
         [[channel]]\ntype = \"slack\"\nurl_file = \"{slack}\"\ntimeout = 2\n\
         [[channel]]\nname = \"watch\"\ntype = \"ping\"\nurl_file = \"{ping}\"\ntimeout = 2\n"
    );
    declare(site, &all);
    all
}

#[track_caller]
fn no_secret(run: &Run) {
    assert_plain(run);
    for secret in SECRETS {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{}", run.stderr);
    }
}

#[test]
fn each_server_gets_what_it_expects_and_nothing_is_printed() {
    let (site, web) = (Site::prepared(), Web::start(Answer::Status(200)));
    declared(&site, &web);
    let run = site.run(&["remind"]).ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let requests = web.requests();
    let of = |line: &str| {
        let line = format!("POST {line} HTTP/1.1");
        let found = requests.iter().find(|request| request.line == line);
        found.unwrap_or_else(|| panic!("{line} is not in {requests:#?}")).clone()
    };
    let ntfy = of("/topic-9f2c");
    let title = ntfy.header("title").unwrap().to_owned();
    assert!(title.starts_with("rootward: ceremony: 3 intermediates"), "{title}");
    assert_eq!(ntfy.header("priority"), Some("3"));
    assert_eq!(ntfy.header("tags"), Some("key"));
    assert_eq!(ntfy.header("authorization"), Some("Bearer token-77aa"));
    assert_eq!(ntfy.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(ntfy.header("user-agent").unwrap().starts_with("rootward/"));
    assert!(ntfy.body.starts_with("CEREMONY\n- prod/vault: it waits for its request\n"));

    let hook = of("/hook?a=b");
    let document: serde_json::Value = serde_json::from_str(&hook.body).unwrap();
    assert_eq!(hook.header("x-api-key"), Some("token-77aa"));
    assert_eq!(hook.header("authorization"), None);
    assert_eq!(document["version"], 1);
    assert_eq!(document["subject"].as_str(), Some(title.as_str()));
    assert_eq!(document["text"].as_str(), Some(ntfy.body.as_str()));
    assert_eq!(document["items"][0]["object"], "prod/vault");

    let slack = of("/services/hook-51de");
    let text: serde_json::Value = serde_json::from_str(&slack.body).unwrap();
    let expected = serde_json::json!({ "text": format!("*{title}*\n```\n{}```", ntfy.body) });
    assert_eq!((text, slack.header("content-type")), (expected, Some("application/json")));

    assert_eq!(requests.first().unwrap().line, "POST /ping-0b1c/start HTTP/1.1");
    let end = requests.last().unwrap();
    assert_eq!(end.line, "POST /ping-0b1c HTTP/1.1");
    assert_eq!(end.body, format!("{title}\n\n{}", ntfy.body));
    assert_eq!(requests.len(), 5);

    // Nothing is new, but the job was done.
    site.run(&["remind"]).ok();
    let bodies: Vec<String> = web.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, ["", "nothing is due that was not said"]);
}

#[test]
fn urgent_things_have_a_priority_and_each_channel_its_least_stage() {
    let (site, web) = (Site::prepared(), Web::start(Answer::Status(200)));
    let topic = secret(&site, "topic", "all");
    let urgent = secret(&site, "urgent", "urgent");
    declare(
        &site,
        &format!(
            "[[channel]]\ntype = \"ntfy\"\nurl = \"{0}\"\ntopic_file = \"{topic}\"\n\
             [[channel]]\nname = \"phone\"\ntype = \"ntfy\"\nurl = \"{0}\"\ntopic_file = \"{urgent}\"\n\
             min = \"critical\"\n[[channel]]\ntype = \"stdout\"\nmin = \"expired\"\n",
            web.url("/")
        ),
    );
    let lines = |clock: &str| {
        let run = site.at(clock, &["remind"]).ok();
        let mut said: Vec<(String, String)> = web
            .requests()
            .iter()
            .map(|request| {
                let path = request.line.split(' ').nth(1).unwrap();
                (path.to_owned(), request.header("priority").unwrap().to_owned())
            })
            .collect();
        said.sort();
        (said, run.stdout.contains("expired on"))
    };
    let said = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(path, priority)| ((*path).into(), (*priority).into())).collect()
    };
    assert_eq!(lines("+0d"), (said(&[("/all", "3")]), false));
    assert_eq!(lines("+560h"), (said(&[("/all", "4")]), false));
    assert_eq!(lines("+590h"), (said(&[("/all", "5"), ("/urgent", "5")]), false));
    assert_eq!(lines("+31d"), (said(&[("/all", "5"), ("/urgent", "5")]), true));
}

#[test]
fn no_server_holds_up_the_job_loses_a_reminder_or_shows_a_secret() {
    for (answer, words) in [
        (Answer::Hang, "no answer within 2s"),
        (Answer::Drip, "no answer within 2s"),
        (Answer::Cut, "closed the connection without an answer"),
        (Answer::Redirect, "answered 307: it is elsewhere, and redirections are not followed"),
        (Answer::Status(500), "the server answered 500"),
        (Answer::Status(403), "the server answered 403: it wants another token"),
        (Answer::Status(302), "the server answered 302"),
    ] {
        let (site, web, good) =
            (Site::prepared(), Web::start(answer), Web::start(Answer::Status(204)));
        let bad = declared(&site, &web);
        let url = good.url("/good");
        declare(
            &site,
            &format!("{bad}[[channel]]\nname = \"good\"\ntype = \"webhook\"\nurl = \"{url}\"\n"),
        );
        let start = Instant::now();
        let run = site.run(&["remind"]).fails(1, words);
        assert!(start.elapsed() < Duration::from_secs(12), "{answer:?} {:?}", start.elapsed());
        no_secret(&run);
        for name in ["ntfy", "webhook", "slack", "watch"] {
            let count = run.stderr.matches(&format!("error: channel {name}: ")).count();
            assert_eq!(count, 1, "{answer:?} {name}: {}", run.stderr);
        }
        assert!(!run.stderr.contains("channel good") && !run.stderr.contains("127.0.0.1"));
        assert_eq!(good.requests().len(), 1);
        let lines: Vec<String> = web.requests().into_iter().map(|request| request.line).collect();
        assert!(!lines.iter().any(|line| line.contains("/else")), "{lines:?}");
        assert!(lines.contains(&"POST /ping-0b1c/fail HTTP/1.1".to_owned()), "{lines:?}");

        // What was not delivered is, to those that did not get it, once.
        web.answers(Answer::Status(200));
        site.run(&["remind"]).ok();
        assert_eq!((web.requests().len(), good.requests().len()), (5, 0), "{answer:?}");
        site.run(&["remind"]).ok();
        assert_eq!((web.requests().len(), good.requests().len()), (2, 0), "{answer:?}");
    }
}

#[test]
fn an_answer_without_end_is_not_read_and_nobody_there_is_said() {
    let (site, web) = (Site::prepared(), Web::start(Answer::Flood));
    declared(&site, &web);
    let start = Instant::now();
    site.run(&["remind"]).ok();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let site = Site::prepared();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    declare(
        &site,
        &format!("[[channel]]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{unused}\"\n"),
    );
    site.run(&["remind"]).fails(1, "channel webhook: connection refused: nothing listens there");
    declare(&site, "[[channel]]\ntype = \"webhook\"\nurl = \"https://none.invalid/\"\n");
    site.run(&["remind"]).fails(1, "channel webhook: no connection: there is no such name");
    let run = site.run(&["remind"]).fails(1, "rootward");
    assert!(run.stderr.ends_with("remind --test\n"), "{}", run.stderr);
}

#[test]
fn secrets_are_in_no_argument_and_no_variable_and_a_kill_loses_nothing() {
    let (site, web, good) =
        (Site::prepared(), Web::start(Answer::Hang), Web::start(Answer::Status(200)));
    let bad = declared(&site, &web).replace("timeout = 2", "timeout = 60");
    let bad = bad.split("[[channel]]\nname = \"watch\"").next().unwrap().to_owned();
    let url = good.url("/good");
    declare(
        &site,
        &format!("{bad}[[channel]]\nname = \"good\"\ntype = \"webhook\"\nurl = \"{url}\"\n"),
    );
    let mut command = site.command(&["remind"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let state = site.path("ca/.reminded.json");
    let is_kept = || fs::read_to_string(&state).is_ok_and(|text| text.contains("\"good\""));
    let until = Instant::now() + Duration::from_secs(30);
    while !(is_kept() && web.got(3)) && Instant::now() < until {
        sleep(Duration::from_millis(20));
    }
    for name in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{}/{name}", child.id())).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.is_empty() && SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    }
    child.kill().unwrap();
    no_secret(&Run::of(child.wait_with_output().unwrap()));
    assert_eq!((web.requests().len(), good.requests().len()), (3, 1));
    web.answers(Answer::Status(200));
    site.run(&["remind"]).ok();
    assert_eq!((web.requests().len(), good.requests().len()), (3, 0));
}

#[test]
fn a_channel_whose_secret_is_not_there_fails_alone_and_an_open_one_is_pointed_out() {
    let (site, web) = (Site::prepared(), Web::start(Answer::Status(200)));
    declared(&site, &web);
    fs::remove_file(site.beside("topic")).unwrap();
    fs::write(site.beside("slack"), "\n").unwrap();
    fs::set_permissions(site.beside("token"), fs::Permissions::from_mode(0o644)).unwrap();
    let run = site.run(&["remind"]).fails(1, "channel ntfy: topic_file: cannot open");
    no_secret(&run);
    assert!(run.stderr.contains("channel slack: url_file: "), "{}", run.stderr);
    assert!(run.stderr.contains("token can be read by others (mode 0644)"), "{}", run.stderr);
    let lines: Vec<String> = web.requests().into_iter().map(|request| request.line).collect();
    let expected = ["/ping-0b1c/start", "/hook?a=b", "/ping-0b1c/fail"];
    assert_eq!(lines, expected.map(|path| format!("POST {path} HTTP/1.1")));
    // A URL from a file is judged as one that is declared, and not shown.
    secret(&site, "slack", "http://hooks.example/hook-51de");
    let run = site.run(&["remind"]).fails(1, "the URL: got http:// to another machine");
    no_secret(&run);
    // Relative names are those of files beside the declaration.
    fs::write(site.path("ca/t"), "beside").unwrap();
    declare(
        &site,
        &format!("[[channel]]\ntype = \"ntfy\"\nurl = \"{}\"\ntopic_file = \"t\"\n", web.url("")),
    );
    web.requests();
    site.run(&["remind", "--quiet"]).ok();
    assert_eq!(web.requests()[0].line, "POST /beside HTTP/1.1");
}

#[test]
fn whoever_watches_hears_of_a_job_that_cannot_be_done() {
    let (site, web) = (Site::prepared(), Web::start(Answer::Status(200)));
    declared(&site, &web);
    site.write("ca/.reminded.json", "no");
    site.run(&["remind"]).fails(1, "ca/.reminded.json:1: ");
    let last = web.requests().pop().unwrap();
    assert_eq!(last.line, "POST /ping-0b1c/fail HTTP/1.1");
    assert!(last.body.starts_with("ca/.reminded.json:1: got text"), "{}", last.body);
    site.edit("ca/journal.jsonl", "\"seq\":2", "\"seq\":3");
    let run = site.run(&["remind"]);
    assert_ne!(run.code, 0);
    let requests = web.requests();
    let lines: Vec<&str> = requests.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, ["POST /ping-0b1c/start HTTP/1.1", "POST /ping-0b1c/fail HTTP/1.1"]);
    assert!(requests[1].body.contains("journal"), "{}", requests[1].body);
}

#[test]
fn a_test_goes_to_every_channel_and_is_not_remembered() {
    let (site, web) = (Site::prepared(), Web::start(Answer::Status(200)));
    let before = site.snapshot();
    let run = site.run(&["remind", "--test"]).ok();
    assert!(run.stdout.starts_with("rootward: a test of the reminders\n\nThis is a test"));
    assert_eq!(site.snapshot(), before);
    declared(&site, &web);
    let run = site.run(&["remind", "--test"]).ok();
    assert_eq!(run.stdout, "");
    for name in ["ntfy", "webhook", "slack", "watch"] {
        assert!(run.stderr.contains(&format!("{name}: sent\n")), "{}", run.stderr);
    }
    assert_eq!(web.requests().len(), 4);
    assert!(!site.path("ca/.reminded.json").exists());
    web.answers(Answer::Status(500));
    no_secret(&site.run(&["remind", "--test"]).fails(1, "channel slack: the server answered 500"));
}

/// A program in sendmail's place.
fn program(site: &Site, script: &str) {
    let path = site.beside("sendmail");
    fs::write(&path, format!("#!/bin/sh\ncd '{}'\n{script}\n", site.beside("").display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    declare(
        site,
        &format!(
            "[[channel]]\ntype = \"sendmail\"\nprogram = \"{}\"\ntimeout = 1\n\
             from = \"rootward@ca.example.internal\"\nto = [\"a@example.internal\", \"b@example.internal\"]\n",
            path.display()
        ),
    );
}

fn is_running(pid: &Path) -> bool {
    let pid = fs::read_to_string(pid).unwrap();
    fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_mail_program_of_the_machine_gets_a_whole_mail() {
    let site = Site::prepared();
    program(&site, "echo \"$@\" >args; cat >mail; echo noise; echo noise >&2");
    let run = site.run(&["remind"]).ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let read = |name: &str| fs::read_to_string(site.beside(name)).unwrap();
    assert_eq!(read("args"), "-t -oi\n");
    let mail = read("mail");
    let (head, body) = mail.split_once("\n\n").unwrap();
    for line in [
        "From: rootward@ca.example.internal",
        "To: a@example.internal, b@example.internal",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
        "MIME-Version: 1.0",
    ] {
        assert!(head.lines().any(|there| there == line), "{line} is not in {head}");
    }
    for start in ["Subject: rootward: ceremony: 3 intermediates", "Date: ", "Message-ID: <"] {
        assert!(head.lines().any(|there| there.starts_with(start)), "{start} is not in {head}");
    }
    assert!(body.starts_with("CEREMONY\n- prod/vault: it waits for its request\n"), "{body}");
    assert!(head.contains("@ca.example.internal>\n") && !mail.contains('\r'), "{head}");
    assert!(mail.lines().all(|line| line.chars().count() <= 78), "{mail}");
    fs::remove_file(site.beside("mail")).unwrap();
    site.run(&["remind"]).ok();
    assert!(!site.beside("mail").exists());
}

#[test]
fn a_mail_program_that_hangs_or_fails_loses_nothing() {
    let site = Site::prepared();
    program(&site, "sleep 100 & echo $! >pid; wait");
    let start = Instant::now();
    site.run(&["remind"]).fails(1, "channel sendmail: no answer within 1s");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let until = Instant::now() + Duration::from_secs(5);
    while is_running(&site.beside("pid")) && Instant::now() < until {
        sleep(Duration::from_millis(20));
    }
    assert!(!is_running(&site.beside("pid")), "what it began is still there");
    for (script, words) in [
        ("cat >/dev/null; exit 75", "has put it off (exit 75)"),
        ("cat >/dev/null; exit 1", "ended with exit 1"),
        ("kill -9 $$", "was ended by a signal"),
    ] {
        program(&site, script);
        site.run(&["remind"]).fails(1, words);
    }
    fs::remove_file(site.beside("sendmail")).unwrap();
    site.run(&["remind"]).fails(1, "cannot start");
    program(&site, "cat >mail");
    site.run(&["remind"]).ok();
    assert!(site.beside("mail").exists());
}
