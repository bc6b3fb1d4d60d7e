//! The answers of OpenBao to 2,675 questions, `suites/acl_cases.json`: through the binary and
//! through the library.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use rootward::policy::{Acl, Dialect, Identity, Policy, Request, Terms};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use time::OffsetDateTime;

/// Over HTTP the server decodes the numbers of a body into a type that equals no whole number of
/// `allowed_parameters`. Its ACL, which is asked here, finds that 1 is 1.
const WHOLE_NUMBERS: [&str; 2] = ["testACLValuePermissions-059", "testACLValuePermissions-060"];

/// sys/capabilities asks as if for a LIST, and so reports `read` for a path with a slash behind it
/// that the request to read does not have. Both answers are ours, too: `capabilities` and `allowed`.
const TRAILING_SLASH: &str = "testACLSingle-032";

fn cases(list: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suites/acl_cases.json");
    let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    suite[list].as_array().unwrap().clone()
}

/// One process for all.
fn eval(cases: &[Value]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    command.args(["policy", "eval"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn texts(case: &Value) -> Vec<&str> {
    case["policies"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Their sources are their places, `0`, `1`...
fn policies(case: &Value) -> Vec<Policy> {
    let terms = Terms { dialect: Dialect::OpenBao, now: OffsetDateTime::UNIX_EPOCH };
    let parse =
        |(index, text): (usize, &&str)| Policy::parse(&index.to_string(), text, terms).unwrap();
    texts(case).iter().enumerate().map(parse).collect()
}

fn sorted(words: &Value) -> Vec<String> {
    let mut words: Vec<String> = serde_json::from_value(words.clone()).unwrap();
    words.sort();
    words
}

#[test]
fn capabilities_are_those_of_sys_capabilities() {
    let mut count = 0;
    for list in ["tables", "generated", "templated"] {
        let cases = cases(list);
        for (case, answer) in cases.iter().zip(eval(&cases)) {
            let expected = case.get("capabilities").or(case.get("oracle_capabilities"));
            let Some(expected) = expected else { continue };
            assert_eq!(answer["capabilities"], json!(sorted(expected)), "{case}");
            let parsed = policies(case);
            let who: Identity =
                serde_json::from_value(case.get("identity").cloned().unwrap_or(json!({}))).unwrap();
            let resolve = |policy| Policy::resolve(policy, &who, Dialect::OpenBao).unwrap();
            let resolved: Vec<_> = parsed.iter().map(resolve).collect();
            let acl = Acl::of(resolved.iter().map(AsRef::as_ref), Dialect::OpenBao);
            let words = acl.capabilities(case["path"].as_str().unwrap()).words();
            assert_eq!(words, sorted(expected), "{case}");
            count += 1;
        }
    }
    assert_eq!(count, 230 + 2142 + 150);
}

#[test]
fn requests_are_allowed_and_refused_as_there() {
    let cases = cases("tables");
    let (mut count, mut otherwise) = (0, Vec::new());
    for (case, answer) in cases.iter().zip(eval(&cases)) {
        let Some(allowed) = case.get("allowed") else { continue };
        assert_eq!(&answer["allowed"], allowed, "{case}");
        if let Some(sudo) = case.get("sudo") {
            assert_eq!(&answer["sudo"], sudo, "{case}");
        }
        let over_http = case.get("oracle_http").map(|status| status.as_u64().unwrap() < 300);
        if over_http.is_some_and(|over_http| json!(over_http) != answer["allowed"]) {
            otherwise.push(case["id"].as_str().unwrap());
        }
        count += 1;
    }
    assert_eq!(count, 227);
    assert_eq!(otherwise, WHOLE_NUMBERS);
}

#[test]
fn where_capabilities_and_requests_differ_both_are_known() {
    let cases = cases("tables");
    let case = cases.iter().find(|case| case["id"] == TRAILING_SLASH).unwrap();
    let expected = json!({ "capabilities": ["read"], "allowed": false, "sudo": false });
    assert_eq!(eval(std::slice::from_ref(case)), [expected]);
}

#[test]
fn the_granting_policies_are_those_of_the_server() {
    let mut count = 0;
    for case in cases("tables").iter().filter(|case| case.get("granting").is_some()) {
        let policies = policies(case);
        let acl = Acl::of(&policies, Dialect::OpenBao);
        let operation = case["operation"].as_str().unwrap().parse().unwrap();
        let decision = acl.decide(&Request::new(operation, case["path"].as_str().unwrap()));
        let names: Vec<_> =
            decision.granting().map(|origin| origin.policy.name.as_deref()).collect();
        assert_eq!(json!(names), case["granting"], "{case}");
        count += 1;
    }
    assert_eq!(count, 12);
}

#[test]
fn mounts_are_shown_as_there() {
    let cases = cases("tables");
    let answers = eval(&cases);
    let shown = cases.iter().zip(&answers).filter(|(case, _)| case["kind"] == "mount_visible");
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown.len(), 11);
    for (case, answer) in shown {
        assert_eq!(answer["visible"], case["expected"], "{case}");
    }
}

#[test]
fn the_same_texts_are_policies() {
    let cases = cases("parse");
    let lines = |text: &str| text.split_once("on line ").map(|(_, rest)| rest[..1].to_owned());
    let mut named = 0;
    for (case, answer) in cases.iter().zip(eval(&cases)) {
        assert_eq!(answer["valid"], case["valid"], "{case} {answer}");
        // Where the server says a line, it is ours.
        if let Some(line) = case["oracle_error"].as_str().and_then(lines) {
            let error = answer["error"].as_str().unwrap();
            assert!(error.starts_with(&format!("line {line}: ")), "{case} {error}");
            named += 1;
        }
    }
    assert_eq!((cases.len(), named), (142, 5));
}

#[test]
fn a_bad_line_is_answered_on_its_line_and_the_others_go_on() {
    let lines = "{\"policy\": \"path \\\"a\\\" { policy = \\\"red\\\" }\"}\n\nno json\n\
        {\"policies\": []}\n{\"policies\": [], \"path\": \"a\", \"operation\": \"reed\"}\n\
        {\"policies\": [\"x\"], \"path\": \"a\"}\n\u{fffd}\n{\"policies\": [], \"path\": \"a\"}";
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    command.args(["policy", "eval"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 7, "{text}");
    assert_eq!(answers[0]["valid"], false);
    assert_eq!(
        answers[0]["error"],
        "line 1: path \"a\": got policy \"red\", expected deny, read, write or sudo"
    );
    assert!(answers[1..6].iter().all(|answer| answer["error"].is_string()), "{text}");
    assert_eq!(answers[6], json!({ "capabilities": ["deny"] }));
}

#[test]
fn an_answer_comes_before_the_next_question() {
    use std::io::{BufRead, BufReader};
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward"));
    command.args(["policy", "eval"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        input.write_all(b"{\"policy\": \"# nothing\"}\n").unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), "{\"valid\":true}");
    }
    drop(input);
    assert!(answers.next().is_none());
    assert!(child.wait().unwrap().success());
}
