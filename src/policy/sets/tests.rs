//! Against all paths of a small alphabet.

use super::*;
use crate::policy::{Dialect, Policy, Terms};
use proptest::prelude::*;
use time::OffsetDateTime;

const TERMS: Terms = Terms { dialect: Dialect::Vault, now: OffsetDateTime::UNIX_EPOCH };

fn policy(rules: &[(String, &str)]) -> Policy {
    let rule =
        |(path, word): &(String, &str)| format!("path \"{path}\" {{ capabilities = [{word}] }}\n");
    let text = rules.iter().map(rule).collect::<String>() + "# end";
    Policy::parse("p", &text, TERMS).unwrap()
}

/// Every path of up to five segments, of those that rules tell, and of others.
fn universe() -> Vec<String> {
    let segments = ["", "a", "ab", "x", "ax", "abx"];
    let mut paths: Vec<String> = segments.map(str::to_owned).to_vec();
    let mut longest = paths.clone();
    for _ in 1..5 {
        let longer = |path: &String| segments.map(|segment| format!("{path}/{segment}"));
        longest = longest.iter().flat_map(longer).collect();
        paths.extend_from_slice(&longest);
    }
    paths.retain(|path| !path.starts_with('/'));
    paths
}

/// A path of a rule or a query: at most three segments, any of them a wildcard, any tail.
fn pattern() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["", "a", "ab", "+", "a", "+"]);
    let tail = prop::sample::select(vec!["", "", "*", "/*", "/a*", "/ab*"]);
    (prop::collection::vec(segment, 1..=3), tail)
        .prop_map(|(segments, tail)| segments.join("/") + tail)
        .prop_filter("forbidden", |path| !path.contains("+*"))
        .prop_filter("too long to be told", |path| path.split('/').count() <= 3)
}

fn rules() -> impl Strategy<Value = Vec<(String, &'static str)>> {
    let words = vec!["\"deny\"", "\"read\"", "\"list\"", "\"read\", \"list\"", ""];
    prop::collection::vec((pattern(), prop::sample::select(words)), 0..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..Default::default() })]

    #[test]
    fn all_some_and_none_are_what_asking_for_every_path_finds(
        rules in rules(), query in pattern(), vault: bool, listing: bool,
    ) {
        let policy = policy(&rules);
        let dialect = if vault { Dialect::Vault } else { Dialect::OpenBao };
        let capability = if listing { Capability::List } else { Capability::Read };
        let acl = Acl::of([&policy], dialect);
        let query = Pattern::parse(&query).unwrap();
        let reach = reach(&acl, &query, capability);

        let mut extent = None;
        let mut deciding = HashSet::new();
        for path in universe().iter().filter(|path| query.matches(path)) {
            let grant = acl.find(path, listing);
            deciding.insert(grant.map(|grant| grant.pattern.text()));
            let granted = grant.is_some_and(|grant| grant.capabilities.has(capability));
            let now = if granted { Extent::All } else { Extent::None };
            extent = Some(if extent.is_none_or(|before| before == now) { now } else { Extent::Some });
        }
        prop_assert_eq!(reach.extent, extent.unwrap_or(Extent::None), "{:?}", reach.cells);
        for cell in &reach.cells {
            prop_assert!(query.matches(&cell.witness), "{:?}", cell);
            let grant = acl.find(&cell.witness, listing).map(|grant| grant.pattern.text());
            prop_assert_eq!(grant, cell.grant.map(|grant| grant.pattern.text()));
        }
        // Each rule that decides over anything is there, once.
        let told: Vec<_> = reach.cells.iter().map(|cell| cell.grant.map(|grant| grant.pattern.text())).collect();
        prop_assert_eq!(told.len(), deciding.len(), "{:?} {:?}", told, deciding);
        prop_assert!(told.iter().all(|rule| deciding.contains(rule)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn two_policies_side_by_side_decide_as_asking_for_every_path_finds(
        old in rules(), new in rules(), vault: bool, listing: bool,
    ) {
        let (old, new) = (policy(&old), policy(&new));
        let dialect = if vault { Dialect::Vault } else { Dialect::OpenBao };
        let (before, after) = (Acl::of([&old], dialect), Acl::of([&new], dialect));
        let text = |grant: Option<&Grant>| grant.map(|grant| grant.pattern.text().to_owned());
        let pairs = both(&before, &after, listing);
        let told: HashSet<_> = pairs.iter().map(|pair| (text(pair.before), text(pair.after))).collect();
        prop_assert_eq!(told.len(), pairs.len());
        let mut asked = HashSet::new();
        for path in universe() {
            asked.insert((text(before.find(&path, listing)), text(after.find(&path, listing))));
        }
        prop_assert_eq!(&told, &asked);
        for pair in &pairs {
            prop_assert_eq!(text(before.find(&pair.witness, listing)), text(pair.before));
            prop_assert_eq!(text(after.find(&pair.witness, listing)), text(pair.after));
        }
    }
}

fn asked(rules: &[(&str, &'static str)], query: &str) -> (Extent, Vec<String>) {
    let rules: Vec<_> = rules.iter().map(|(path, word)| (path.to_string(), *word)).collect();
    let policy = policy(&rules);
    let acl = Acl::of([&policy], Dialect::OpenBao);
    let query = Pattern::parse(query).unwrap();
    let reach = reach(&acl, &query, Capability::Read);
    (reach.extent, reach.granted().map(|cell| cell.witness.clone()).collect())
}

#[test]
fn a_hole_in_a_set_is_found() {
    let whole = [("kvv2/data/*", "\"read\""), ("kvv2/+/matrix/db", "\"deny\"")];
    // Deny loses: the longer literal beginning decides.
    assert_eq!(asked(&whole, "kvv2/data/matrix/*").0, Extent::All);
    let hole = [("kvv2/data/*", "\"read\""), ("kvv2/data/matrix/db", "\"deny\"")];
    let (extent, witnesses) = asked(&hole, "kvv2/data/matrix/*");
    assert_eq!((extent, witnesses), (Extent::Some, vec!["kvv2/data/matrix/x".to_owned()]));
    // Two rules that fill a set only together.
    let both = [("a/+", "\"read\""), ("a/+/*", "\"read\"")];
    assert_eq!(asked(&both, "a/*").0, Extent::All);
    assert_eq!(asked(&both[..1], "a/*").0, Extent::Some);
    assert_eq!(asked(&[("b/*", "\"read\"")], "a/*").0, Extent::None);
    assert_eq!(asked(&[], "a").0, Extent::None);
}
