//! What the cases of the suite do not say.

use super::*;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
const OPENBAO: Terms = Terms { dialect: Dialect::OpenBao, now: NOW };
const VAULT: Terms = Terms { dialect: Dialect::Vault, now: NOW };

fn parse(text: &str) -> Policy {
    Policy::parse("p.hcl", text, OPENBAO).unwrap()
}

fn error(text: &str, terms: Terms) -> String {
    Policy::parse("p.hcl", text, terms).unwrap_err().to_string()
}

fn allows(policy: &Policy, dialect: Dialect, operation: Operation, path: &str) -> bool {
    Acl::of([policy], dialect).decide(&Request::new(operation, path)).allowed
}

#[test]
fn vault_lists_by_the_path_without_its_slash_first() {
    let policy = parse(
        "path \"metadata/*\" { capabilities = [\"list\"] }
         path \"metadata/matrix/*\" { capabilities = [\"deny\"] }",
    );
    assert!(allows(&policy, Dialect::Vault, Operation::List, "metadata/matrix/"));
    assert!(!allows(&policy, Dialect::OpenBao, Operation::List, "metadata/matrix/"));
    for dialect in [Dialect::Vault, Dialect::OpenBao] {
        assert!(!allows(&policy, dialect, Operation::List, "metadata/matrix/db/"));
        assert!(allows(&policy, dialect, Operation::List, "metadata/other/"));
    }
}

#[test]
fn each_server_has_words_of_its_own() {
    let scan = "path \"a\" { capabilities = [\"scan\"] }";
    assert!(Policy::parse("", scan, OPENBAO).is_ok());
    assert!(error(scan, VAULT).contains("got capability \"scan\""));
    let events = "path \"a\" { capabilities = [\"subscribe\"]\nsubscribe_event_types = [\"*\"] }";
    assert!(Policy::parse("", events, VAULT).is_ok());
    assert!(error(events, OPENBAO).starts_with("p.hcl:2: unknown key \"subscribe_event_types\""));
}

#[test]
fn the_deciding_rule_and_its_line_are_known() {
    let read = parse("# reads\n\npath \"kv/data/*\" {\n  capabilities = [\"read\"]\n}\n");
    let deny = parse("path \"kv/+/matrix/db\" { policy = \"deny\" }\n");
    let policies = [deny, read];
    let acl = Acl::of(&policies, Dialect::OpenBao);
    let request = Request::new(Operation::Read, "kv/data/matrix/db");
    let decision = acl.decide(&request);
    let origin = decision.origin().unwrap();
    assert!(decision.allowed, "the later first wildcard decides, not the deny");
    assert_eq!((origin.index, origin.rule.line), (1, 3));
    assert_eq!(origin.policy.source, "p.hcl");
    assert_eq!(origin.rule.pattern.text(), "kv/data/*");
    let other = acl.decide(&Request::new(Operation::Update, "kv/data/x"));
    assert_eq!(other.reason, Some(Reason::Missing(Capability::Update)));
    let none = acl.decide(&Request::new(Operation::Read, "kv"));
    assert_eq!((none.reason, none.grant.is_none()), (Some(Reason::NoRule), true));
}

#[test]
fn errors_say_where_and_what_is_known() {
    let cases = [
        (
            "path \"a\" {\n  capabilites = [\"read\"]\n}",
            "p.hcl:2: unknown key \"capabilites\"; did you mean \"capabilities\"?",
        ),
        (
            "path \"a\" {\n  capabilities = [\"read\"]",
            "p.hcl:2: got the end of the policy, expected '}'",
        ),
        ("path \"a\" {\n\n  policy = }", "p.hcl:3: got '}', expected a value"),
        ("path \"a\" {}\npath \"b/+*\" {}", "p.hcl:2: path \"b/+*\": '+*' is forbidden in a path"),
        ("path \"a/{{x\" {}", "p.hcl:1: path \"a/{{x\": expected a '}}' for each '{{'"),
        ("", "p.hcl: the policy is empty"),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text, OPENBAO), expected);
    }
}

#[test]
fn a_rule_is_gone_when_it_has_expired_and_not_before() {
    let text = "path \"a\" { policy = \"read\" expiration = \"2026-11-22T12:00:00Z\" }";
    let rules = |now| Policy::parse("", text, Terms { now, ..OPENBAO }).unwrap().rules.len();
    assert_eq!(rules(NOW), 1);
    assert_eq!(rules(NOW + time::Duration::seconds(1)), 0);
}

#[test]
fn values_that_are_wildcards_are_refused_by_openbao_and_taken_by_vault() {
    let policy = parse("path \"a/{{identity.entity.name}}/b\" { policy = \"read\" }");
    let named = |name: &str| {
        let entity = Entity { name: name.to_owned(), ..Entity::default() };
        Identity { entity: Some(entity), groups: Vec::new() }
    };
    for name in ["*", "x/y", "+"] {
        let error = policy.resolve(&named(name), Dialect::OpenBao).unwrap_err().to_string();
        assert!(error.starts_with("p.hcl:1: identity.entity.name is "), "{error}");
    }
    let wild = policy.resolve(&named("+"), Dialect::Vault).unwrap();
    assert!(allows(&wild, Dialect::Vault, Operation::Read, "a/anything/b"));
    // Without an identity the rule is not there, resolved or not.
    assert!(policy.resolve(&Identity::default(), Dialect::OpenBao).unwrap().rules.is_empty());
    let literally = "a/{{identity.entity.name}}/b";
    assert!(!allows(&policy, Dialect::OpenBao, Operation::Read, literally));
}

#[test]
fn nesting_has_an_end() {
    let deep = |open: &str, close: &str, depth| {
        format!("path \"a\" {{ comment = {}1{} }}", open.repeat(depth), close.repeat(depth))
    };
    assert!(Policy::parse("", &deep("[", "]", 60), OPENBAO).is_ok());
    for (open, close) in [("[", "]"), ("{ a = ", "}"), ("[{ a = ", "}]")] {
        assert!(error(&deep(open, close, 100_000), OPENBAO).contains("deep in each other"));
    }
    let json = format!("{{\"path\": {}", "{\"a\": ".repeat(100_000));
    assert!(error(&json, OPENBAO).contains("deep in each other"));
}

/// Words and signs that policies are made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = [
        "path",
        "\"a\"",
        "\"b/*\"",
        "{",
        "}",
        "=",
        "[",
        "]",
        ",",
        "capabilities",
        "policy",
        ":",
        "\"read\"",
        "allowed_parameters",
        "min_wrapping_ttl",
        "5",
        "-",
        "0x",
        "1.5e",
        "true",
        "#",
        "//",
        "/*",
        "*/",
        "\n",
        "\"${",
        "}\"",
        "\\",
        "\"\\u00\"",
        "<<EOF\n",
        "EOF\n",
        "<<-E\n",
        "\n E\n",
        "é",
        "\0",
        "\u{e123}",
        "+",
        ".",
        "name",
        "control_group",
        "factor",
        "\"",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..30)
        .prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![soup(), any::<String>()], json: bool) {
        let text = if json { format!("{{{text}") } else { text };
        for terms in [OPENBAO, VAULT] {
            if let Err(invalid) = Policy::parse("p", &text, terms) {
                let lines = text.split('\n').count();
                prop_assert!(invalid.line as usize <= lines, "{} of {}", invalid.line, lines);
            }
        }
    }

    /// Exactly one of many rules decides: the one that a search through all of them finds.
    #[test]
    fn the_index_finds_what_a_search_finds(
        paths in prop::collection::vec("[ab+]{0,2}(/[ab+]{0,2}){0,3}\\*?", 1..12),
        path in "[abc]{0,2}(/[abc]{0,2}){0,4}",
    ) {
        let texts = paths.iter().filter(|path| !path.contains("+*"));
        let text: String = texts.map(|path| format!("path \"{path}\" {{ policy = \"read\" }}\n")).collect();
        let policy = parse(&(text + "#"));
        let acl = Acl::of([&policy], Dialect::OpenBao);
        let found = acl.find(&path, false).map(|grant| grant.pattern.text());
        let patterns = policy.rules.iter().map(|rule| &rule.pattern);
        let matching: Vec<_> = patterns.filter(|pattern| pattern.matches(&path)).collect();
        let exact = matching.iter().find(|pattern| pattern.kind() == Kind::Exact);
        let best = exact.or(matching.iter().max_by(|a, b| a.rank(b)));
        prop_assert_eq!(found, best.map(|pattern| pattern.text()));
    }
}
