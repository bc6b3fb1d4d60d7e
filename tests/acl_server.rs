//! A real OpenBao is asked about policies and paths at random: what it answers, we answer.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod servers;

use common::Site;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rootward::policy::{Acl, Dialect, Identity, Operation, Policy, Request, Terms};
use serde_json::{Value, json};
use servers::OpenBao;
use time::OffsetDateTime;

/// Rounds of one token with three policies, and paths in each.
const ROUNDS: usize = 60;
const PATHS: usize = 100;
/// Requests with parameters, some with each policy.
const POLICIES: usize = 50;
const REQUESTS: usize = 5;
/// Texts of which the server says whether they are policies.
const TEXTS: usize = 250;

fn terms() -> Terms {
    Terms { dialect: Dialect::OpenBao, now: OffsetDateTime::now_utc() }
}

/// The same questions in every run, so that a difference can be looked at again.
fn runner() -> TestRunner {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Config::default(), rng)
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// Paths of rules: all kinds, and signs where they are letters.
fn pattern() -> impl Strategy<Value = String> {
    let segments = ["a", "b", "ab", "", "+", "+", "+", "a+", "+b", "*", "é"];
    let templates = [
        "{{identity.entity.name}}",
        "{{ identity.entity.metadata.env }}",
        "{{identity.groups.names.ops.metadata.tier}}",
        "{{identity.entity.metadata.none}}",
    ];
    let segment = prop_oneof![
        9 => prop::sample::select(segments.to_vec()),
        1 => prop::sample::select(templates.to_vec()),
    ];
    let end = prop::sample::select(vec!["", "", "*", "/*", "/", "/a*"]);
    (prop::collection::vec(segment, 1..5), end)
        .prop_map(|(segments, end)| (segments.join("/") + end).replace("+*", "+"))
}

fn rule() -> impl Strategy<Value = String> {
    let words = ["read", "list", "scan", "update", "sudo", "create", "patch", "delete"];
    let old = prop::sample::select(vec!["read", "write", "sudo", "deny"]);
    let says = prop_oneof![
        8 => prop::sample::subsequence(words.to_vec(), 0..4)
            .prop_map(|words| format!("capabilities = {}", json!(words))),
        1 => Just("capabilities = [\"deny\"]".to_owned()),
        1 => old.prop_map(|old| format!("policy = \"{old}\"")),
    ];
    (pattern(), says).prop_map(|(path, says)| format!("path \"{path}\" {{ {says} }}\n"))
}

fn path() -> impl Strategy<Value = String> {
    let segments = ["a", "b", "ab", "", "x", "ax", "a+", "+", "*", "é", "alice", "prod", "gold"];
    prop::collection::vec(prop::sample::select(segments.to_vec()), 1..6)
        .prop_map(|segments| segments.join("/"))
        .prop_filter("a path that the server takes", |path| !path.is_empty())
}

/// A login of prod/hello whose entity has a name, metadata and a group, and that identity.
fn logged_in(bao: &OpenBao, site: &Site) -> (String, Identity) {
    let names: Vec<_> = (0..3).map(|index| format!("random-{index}")).collect();
    bao.role(site, "hello");
    bao.api(
        "POST",
        "auth/cert/certs/hello",
        &json!({
            "token_policies": names, "token_no_default_policy": true,
        }),
    );
    let login = bao.login("hello").unwrap();
    let who = json!({
        "entity": { "name": "alice", "id": login.entity, "metadata": { "env": "prod" } },
        "groups": [{ "name": "ops", "metadata": { "tier": "gold" } }],
    });
    let entity = format!("identity/entity/id/{}", login.entity);
    bao.api("POST", &entity, &who["entity"]);
    bao.api(
        "POST",
        "identity/group",
        &json!({
            "name": "ops", "metadata": { "tier": "gold" }, "member_entity_ids": [login.entity],
        }),
    );
    (login.token, serde_json::from_value(who).unwrap())
}

fn site() -> Site {
    let site = Site::prepared();
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    site
}

#[test]
fn capabilities_at_random_are_those_of_a_real_server() {
    let site = site();
    let bao = OpenBao::start(&site);
    let (token, who) = logged_in(&bao, &site);
    let mut runner = runner();
    let text = prop::collection::vec(rule(), 1..8).prop_map(|rules| rules.concat());
    let (mut asked, mut granted) = (0, 0);
    for _ in 0..ROUNDS {
        let texts: Vec<String> = (0..3).map(|_| draw(&mut runner, &text)).collect();
        for (index, text) in texts.iter().enumerate() {
            let path = format!("sys/policies/acl/random-{index}");
            bao.api("POST", &path, &json!({ "policy": text }));
        }
        let paths = prop::collection::vec(path(), PATHS);
        let paths = draw(&mut runner, &paths);
        let answer = bao.api("POST", "sys/capabilities", &json!({"token": token, "paths": paths}));
        let policies: Vec<_> =
            texts.iter().map(|text| Policy::parse("", text, terms()).unwrap()).collect();
        let resolved: Vec<_> =
            policies.iter().map(|policy| policy.resolve(&who, Dialect::OpenBao).unwrap()).collect();
        let acl = Acl::of(resolved.iter().map(AsRef::as_ref), Dialect::OpenBao);
        for path in &paths {
            let mut theirs: Vec<&str> =
                answer["data"][path].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            theirs.sort_unstable();
            assert_eq!(acl.capabilities(path).words(), theirs, "{path} {texts:#?}");
            asked += 1;
            granted += usize::from(theirs != ["deny"]);
        }
    }
    // A test of answers that are always "deny" would be none.
    assert!(asked == ROUNDS * PATHS && granted > asked / 10, "{granted} of {asked}");
}

/// A rule over one path, with constraints on parameters.
fn constrained() -> impl Strategy<Value = String> {
    let values =
        ["\"x\"", "\"x*\"", "\"*x\"", "\"*y*\"", "\"*\"", "true", "{ k = \"v\" }", "[\"l\"]"];
    let values = prop::sample::subsequence(values.to_vec(), 0..3);
    let names = prop::sample::select(vec!["a", "B", "*", "c"]);
    let entry =
        (names, values).prop_map(|(name, values)| format!("\"{name}\" = [{}]", values.join(", ")));
    let key = prop::sample::select(vec!["allowed_parameters", "denied_parameters"]);
    let map = (key, prop::collection::vec(entry, 0..3))
        .prop_map(|(key, entries)| format!("{key} = {{ {} }}", entries.join("\n")));
    let required = prop::sample::subsequence(vec!["a", "B"], 1..2)
        .prop_map(|names| format!("required_parameters = {}", json!(names)));
    let limit = prop_oneof![4 => map, 1 => required];
    let path = prop::sample::select(vec!["x", "x", "*", "+"]);
    (path, prop::collection::vec(limit, 0..3)).prop_map(|(path, limits)| {
        let limits = limits.join("\n");
        format!("path \"cubbyhole/{path}\" {{ policy = \"write\"\n{limits} }}\n")
    })
}

fn parameters() -> impl Strategy<Value = Value> {
    let values = [
        json!("x"),
        json!("xy"),
        json!("yx"),
        json!(""),
        json!(true),
        json!(null),
        json!({"k": "v"}),
        json!(["l"]),
    ];
    let name = prop::sample::select(vec!["a", "A", "b", "c", "d"]);
    prop::collection::btree_map(name, prop::sample::select(values.to_vec()), 0..3)
        .prop_map(|map| json!(map))
}

#[test]
fn requests_at_random_are_allowed_where_a_real_server_allows_them() {
    let site = site();
    let bao = OpenBao::start(&site);
    let body = json!({ "policies": ["random"], "no_default_policy": true });
    let made = bao.api("POST", "auth/token/create", &body);
    let token = made["auth"]["client_token"].as_str().unwrap();
    let mut runner = runner();
    let text = prop::collection::vec(constrained(), 1..4).prop_map(|rules| rules.concat());
    let mut allowed = 0;
    for _ in 0..POLICIES {
        let text = draw(&mut runner, &text);
        bao.api("POST", "sys/policies/acl/random", &json!({ "policy": text }));
        let policy = Policy::parse("", &text, terms()).unwrap();
        let acl = Acl::of([&policy], Dialect::OpenBao);
        for _ in 0..REQUESTS {
            let body = draw(&mut runner, &parameters());
            let (status, said) = bao.asked_by(token, "POST", "cubbyhole/x", &body);
            // What is allowed may still be refused for another reason: nothing to write.
            let theirs = status != 403;
            let mut request = Request::new(Operation::Update, "cubbyhole/x");
            request.parameters = body.as_object();
            assert_eq!(acl.decide(&request).allowed, theirs, "{body} {said} {text}");
            allowed += usize::from(theirs);
        }
    }
    let asked = POLICIES * REQUESTS;
    assert!(allowed > asked / 5 && allowed < asked * 4 / 5, "{allowed} of {asked}");
}

/// Words of policies in an order that is nearly right.
fn text() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "capabilities",
        "policy",
        "allowed_parameters",
        "min_wrapping_ttl",
        "max_wrapping_ttl",
        "comment",
        "expiration",
        "required_parameters",
        "pagination_limit",
        "capability",
    ]);
    let value = prop::sample::select(vec![
        "[\"read\"]",
        "[\"list\", \"deny\",]",
        "[]",
        "{}",
        "\"read\"",
        "\"1h\"",
        "\"2d\"",
        "5",
        "-3",
        "017",
        "08",
        "1.5",
        "true",
        "{ x = [\"y\", 1] }",
        "\"2020-01-01T00:00:00Z\"",
        "<<EOF\nread\nEOF\n",
        "[1 2]",
        "\"\\x41\"",
        "\"\\q\"",
        "\"${\"x\"}\"",
        "[{ a = 1 }]",
        "}",
    ]);
    let item = (key, value).prop_map(|(key, value)| format!("  {key} = {value}\n"));
    let path = prop::sample::select(vec!["\"a\"", "a", "\"a/+*\"", "\"{{x}}\"", "\"{{x\"", "= "]);
    let head = prop_oneof![9 => Just("path"), 1 => Just("paths")];
    let end = prop_oneof![9 => Just("}\n"), 1 => Just("")];
    (head, path, prop::collection::vec(item, 0..3), end)
        .prop_map(|(head, path, items, end)| format!("{head} {path} {{\n{}{end}", items.concat()))
}

#[test]
fn texts_at_random_are_policies_where_a_real_server_takes_them() {
    let site = site();
    let bao = OpenBao::start(&site);
    let mut runner = runner();
    let mut valid = 0;
    for _ in 0..TEXTS {
        let text = draw(&mut runner, &text());
        let body = json!({ "policy": text });
        // Of some escapes it panics, and answers nothing: 0.
        let (status, said) = bao.asked("POST", "sys/policies/acl/random", &body);
        let ours = Policy::parse("", &text, terms());
        assert_eq!(ours.is_ok(), status == 204, "{text}\n{said}\n{ours:?}");
        valid += usize::from(status == 204);
    }
    assert!(valid > TEXTS / 10 && valid < TEXTS * 9 / 10, "{valid} of {TEXTS}");
}
