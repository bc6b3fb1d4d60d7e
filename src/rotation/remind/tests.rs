use super::*;
use crate::model::cadence::{Cadence, Deadlines};
use crate::rotation::{Kind, State};
use time::{Duration, macros::datetime};

const NOW: OffsetDateTime = datetime!(2029-02-01 10:00:00 UTC);

/// A certificate of three years with a signing stop thirty days before its end; its window closes
/// that many days from now.
fn row(object: &str, kind: Kind, days: i64) -> Row {
    let end = NOW + Duration::days(days + 60);
    let life =
        Cadence::intermediate().deadlines(end - Duration::days(1095), end, Duration::days(30));
    let state = if NOW < life.due { State::Valid } else { State::Due };
    with(object, kind, state, Some(life))
}

fn with(object: &str, kind: Kind, state: State, life: Option<Deadlines>) -> Row {
    let environment = object.split_once('/').map(|(environment, _)| environment.parse().unwrap());
    let next = match kind {
        Kind::Identity => format!("rootward identity issue {object}"),
        _ => format!("rootward rotate prepare {}", object.split('@').next().unwrap()),
    };
    let (object, replaces) = (object.to_owned(), None);
    Row { object, kind, environment, state, life, replaces, is_last: false, next: Some(next) }
}

fn told(said: &mut Said, rows: &[Row], at: OffsetDateTime) -> Vec<String> {
    let news: Vec<&Row> = due(rows, Stage::Notice, at)
        .into_iter()
        .filter(|row| said.is_news("mail", row, at))
        .collect();
    said.remember("mail", &news, at);
    said.settle(rows, at);
    news.iter().map(|row| row.object.clone()).collect()
}

#[test]
fn each_stage_is_said_once_and_a_gap_loses_nothing() {
    let rows = [row("prod/identity@g1", Kind::Intermediate, 400)];
    let mut said = Said::default();
    let stages = &rows[0].deadlines().unwrap().stages;
    assert_eq!(told(&mut said, &rows, NOW), [""; 0]);
    for (_, from) in stages {
        assert_eq!(told(&mut said, &rows, *from), ["prod/identity@g1"]);
        for hours in [0, 1, 48] {
            assert_eq!(told(&mut said, &rows, *from + Duration::hours(hours)), [""; 0]);
        }
    }
    // All of them in one gap are one.
    let mut said = Said::default();
    let (stage, last) = stages[3];
    assert_eq!(told(&mut said, &rows, last), ["prod/identity@g1"]);
    assert_eq!((told(&mut said, &rows, last), rows[0].stage(last)), (vec![], stage));
}

#[test]
fn what_was_renewed_begins_anew() {
    let mut said = Said::default();
    assert_eq!(told(&mut said, &[row("prod/vault@g1", Kind::Intermediate, 20)], NOW).len(), 1);
    let renewed = [row("prod/vault@g1", Kind::Intermediate, 170)];
    assert_eq!(told(&mut said, &renewed, NOW).len(), 1, "less urgent, and another life");
    assert_eq!(told(&mut said, &renewed, NOW), [""; 0]);
    assert_eq!(told(&mut said, &[], NOW), [""; 0]);
    assert_eq!(said, Said::default(), "nothing is kept of what is gone");
}

#[test]
fn a_clock_that_ran_ahead_for_a_while_loses_nothing() {
    let rows = [row("prod/vault@g1", Kind::Intermediate, 400)];
    let mut said = Said::default();
    assert_eq!(told(&mut said, &rows, NOW + Duration::days(9000)).len(), 1);
    assert_eq!(told(&mut said, &rows, NOW), [""; 0]);
    assert_eq!(told(&mut said, &rows, NOW + Duration::days(385)).len(), 1);
}

#[test]
fn what_has_no_dates_is_known_by_its_state() {
    let mut said = Said::default();
    let mut rows = [with("prod/vault", Kind::Intermediate, State::WaitsForRequest, None)];
    assert_eq!(told(&mut said, &rows, NOW).len(), 1);
    assert_eq!(told(&mut said, &rows, NOW), [""; 0]);
    rows[0].state = State::Missing;
    assert_eq!(told(&mut said, &rows, NOW).len(), 1);
}

#[test]
fn each_channel_has_a_memory_of_its_own_and_it_is_read_back() {
    let rows = [row("prod/vault@g1", Kind::Intermediate, 20)];
    let mut said = Said::default();
    told(&mut said, &rows, NOW);
    assert!(said.is_news("ntfy", &rows[0], NOW) && !said.is_news("mail", &rows[0], NOW));
    let text = said.text().unwrap();
    assert_eq!(Said::parse("f", text.as_bytes()).unwrap(), said);
    assert_eq!(Said::parse("f", b"").unwrap(), Said::default());
    for (bad, message) in [
        (
            text.replace("\"version\": 1", "\"version\": 2"),
            "f: got format version 2, expected at most 1",
        ),
        (text.replace("\"version\": 1", "\"version\": 0"), "f:1: got the format version 0"),
        (text.replace("critical", "dire"), "f:8: got text that is not what was written"),
        (text[..text.len() / 2].to_owned(), "f:"),
        ("{}".to_owned(), "f:1: "),
        ("\0".to_owned(), "f:1: "),
    ] {
        let error = Said::parse("f", bad.as_bytes()).unwrap_err();
        assert!(error.messages()[0].starts_with(message), "{error:?}");
        assert!(error.hint.is_some());
    }
}

fn place() -> Place {
    Place {
        workspace: "Example Home".into(),
        dir: "/srv/pki".into(),
        host: "ca1".into(),
        ceremony: Some("rootward ceremony plan".into()),
        plan: Vec::new(),
    }
}

fn says(rows: &[Row]) -> crate::model::reminders::Message {
    let due = due(rows, Stage::Notice, NOW);
    message(&place(), &due, &due, NOW)
}

#[test]
fn a_message_reads_well_on_a_phone() {
    let crl = Row { environment: None, ..row("root@g1 CRL", Kind::Crl, 91) };
    let rows = [
        row("prod/identity@g1", Kind::Intermediate, 91),
        row("test/identity@g1", Kind::Intermediate, 120),
        Row { next: Some("rootward ceremony plan".into()), ..crl },
        row("prod/web", Kind::Identity, 5),
    ];
    let message = says(&rows);
    assert_eq!(message.subject, "rootward: prod by 2029-02-06: 1 identity (+1)");
    assert_eq!(
        message.text,
        "\
PROD by 2029-02-06, in 5 days
- prod/web: replace it by 2029-02-06, in 5 days
  $ rootward identity issue prod/web

CEREMONY by 2029-05-03, in 91 days
- prod/identity@g1: replace it by 2029-05-03, in 91 days
- root@g1 CRL: issue it anew by 2029-05-03, in 91 days
- test/identity@g1: replace it by 2029-06-01, in 120 days
  $ rootward rotate prepare prod/identity
  $ rootward rotate prepare test/identity
  $ rootward ceremony plan

Example Home, as of 2029-02-01 10:00 UTC
ca1:/srv/pki
All of it: rootward status
"
    );
    let ceremony = says(&rows[..3]);
    assert_eq!(ceremony.subject, "rootward: ceremony by 2029-05-03: 2 intermediates, 1 CRL");
    assert_eq!(ceremony.stage, Stage::Notice);
    assert_eq!(ceremony.document["items"][0]["rotate_by"], "2029-05-03T10:00:00Z");
}

#[test]
fn what_was_told_before_is_on_the_same_table() {
    let rows = [
        row("prod/identity@g1", Kind::Intermediate, -3),
        row("test/identity@g1", Kind::Intermediate, 120),
    ];
    let all = due(&rows, Stage::Notice, NOW);
    let message = message(&place(), &all[1..], &all, NOW);
    assert_eq!(message.subject, "rootward: ceremony overdue since 2029-01-29: 1 intermediate");
    let line = "- told before, on its table too: prod/identity@g1\n";
    assert!(message.text.contains(line), "{}", message.text);
}

#[test]
fn many_alike_are_one_sentence_and_one_command() {
    let rows: Vec<Row> =
        (0..30).map(|n| row(&format!("prod/app-{n:02}"), Kind::Identity, 5)).collect();
    let message = says(&rows);
    assert_eq!(message.subject, "rootward: prod by 2029-02-06: 30 identities");
    let text = "\
PROD by 2029-02-06, in 5 days
- 30 identities (prod/app-00, prod/app-01, prod/app-02 and
  27 more), the first: replace it by 2029-02-06, in 5 days
  $ rootward identity issue --env prod
";
    assert!(message.text.starts_with(text), "{}", message.text);
    let by_host = |row: Row| Row { next: row.next.map(|next| next + " --csr FILE"), ..row };
    let hosts: Vec<Row> = rows.into_iter().map(by_host).collect();
    let message = says(&hosts);
    assert!(message.text.contains("  $ rootward identity issue prod/NAME --csr FILE\n"));
}

#[test]
fn nothing_in_a_message_steers_a_terminal_and_lines_are_short() {
    let mut place = place();
    place.workspace = "E\x1b[31m\r\nBcc: x\u{202e}".into();
    place.dir = "/srv/\nSubject: y".into();
    let mut rows = vec![row("prod/identity@g1", Kind::Intermediate, 91)];
    for (n, (state, days)) in [
        (State::Missing, None),
        (State::WaitsForRequest, None),
        (State::Requested, Some(40)),
        (State::Revoked, Some(300)),
        (State::Due, Some(-200)),
        (State::Due, Some(-31)),
        (State::Due, Some(-1)),
    ]
    .into_iter()
    .enumerate()
    {
        let life = days.and_then(|days| row("prod/x", Kind::Intermediate, days).life);
        rows.push(with(&format!("prod/ca-{n}@g1"), Kind::Intermediate, state, life));
    }
    rows[1].object = "prod/\x1b]0;x\x07\nroot".into();
    let due = due(&rows, Stage::Notice, NOW);
    let message = message(&place, &due, &due, NOW);
    let odd = |c: char| c != '\n' && !crate::model::text::is_plain(c);
    assert!(!message.text.contains(odd) && !message.subject.contains(odd), "{}", message.text);
    assert!(!message.text.contains("\nBcc") && !message.text.contains("\nSubject"));
    let long = |line: &&str| line.chars().count() > text::WIDTH && !line.contains("\\u{");
    assert_eq!(message.text.lines().find(long), None, "{}", message.text);
    assert!(message.subject.len() <= 69, "{}", message.subject);
}
