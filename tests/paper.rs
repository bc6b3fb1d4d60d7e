//! The paper of a ceremony: word for word for one plan, and harmless whatever a plan says.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use pulldown_cmark::{Event, Options, Parser, Tag};
use rootward::ceremony::plan::{Plan, Reviewed, show};
use rootward::ceremony::script;
use rootward::pki::inspect::sha256;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PLANS: [&str; 2] = ["first", "hostile"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paper").join(name)
}

/// The paper does not rely on what reading a plan refuses.
fn plan(name: &str) -> Reviewed {
    let text = fs::read_to_string(path(&format!("{name}.toml"))).unwrap();
    Reviewed { plan: toml::from_str(&text).unwrap(), digest: sha256(text.as_bytes()), text }
}

/// The plan with another declaration of the root.
fn held(custody: &str, change: impl Fn(&mut Plan)) -> Reviewed {
    let mut plan = plan("first").plan;
    let from = "custody = \"shares\"\n\n[shares]\nneeded = 3\nof = 5\n";
    let text = &mut plan.declarations[0].text;
    assert!(text.contains(from));
    *text = text.replace(from, &format!("custody = {custody}\n"));
    change(&mut plan);
    Reviewed::of(plan).unwrap()
}

const SHARES: &str = "\"shares\"\n[shares]\nneeded = 3\nof = 5";

#[track_caller]
fn is_as_before(name: &str, text: &str) {
    let (path, new) = (path(name), Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    if fs::read_to_string(&path).unwrap_or_default() != text {
        fs::write(&new, text).unwrap();
        panic!("the paper has changed; if that is meant: cp {} {}", new.display(), path.display());
    }
}

#[test]
fn the_paper_of_a_plan_word_for_word() {
    for name in PLANS {
        is_as_before(&format!("{name}.md"), &script::markdown(&plan(name)).unwrap());
        is_as_before(&format!("{name}.html"), &script::html(&plan(name)).unwrap());
    }
}

/// `<td class="x">` is `td`; what is between tags has no `<` left.
fn tags(html: &str) -> BTreeSet<&str> {
    let tags = html.split('<').skip(1);
    tags.map(|tag| tag.split(|c: char| !(c.is_alphanumeric() || "/!".contains(c))).next().unwrap())
        .collect()
}

#[test]
fn html_has_no_tag_that_a_plan_brought_and_loads_nothing() {
    for name in PLANS {
        let html = script::html(&plan(name)).unwrap();
        let known = "!DOCTYPE html head meta title style body section h1 h2 h3 h4 p table thead \
                     tbody tr th td pre ul li article b i small span div code bdi br";
        let known: BTreeSet<&str> = known.split_whitespace().collect();
        let unknown: Vec<&str> = tags(&html)
            .into_iter()
            .filter(|tag| !known.contains(tag.trim_start_matches('/')))
            .collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
        let tags = html.split('<').filter_map(|tag| tag.split('>').next());
        let attributes: String = tags.collect();
        for loading in ["href", "src=", "onerror", "javascript"] {
            assert!(!attributes.contains(loading), "{name}: {loading}");
        }
        let style = html.split("</style>").next().unwrap();
        assert!(!style.contains("url(") && !style.contains("@import"), "{name}");
        assert_eq!(html.matches("<article>").count(), html.matches("</article>").count());
        assert!(html.contains("default-src 'none'"));
    }
}

/// Every text of a hostile plan comes out of a Markdown reader as it was, and as nothing else.
#[test]
fn markdown_has_no_markup_that_a_plan_brought() {
    let plan = plan("hostile");
    let markdown = script::markdown(&plan).unwrap();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    let mut text = String::new();
    for event in Parser::new_ext(&markdown, options) {
        match event {
            Event::Text(part) => text.push_str(&part),
            Event::Code(code) => {
                text.push_str(&code);
                let own = "rootward sha256sum ssh-keygen plan.toml swapon ip date lo error: step \
                           confirmed rehearsed: ceremony sandbox journal signed diff ls witness all allowed_signers 2026- \
                           SHA256SUMS scripts/build-airgap";
                let mut own = own.split_whitespace();
                assert!(own.any(|word| code.starts_with(word)), "{code}");
            }
            Event::Start(tag) => {
                let is_ours = matches!(
                    tag,
                    Tag::Paragraph
                        | Tag::Heading { .. }
                        | Tag::List(None)
                        | Tag::Item
                        | Tag::CodeBlock(_)
                        | Tag::Table(_)
                        | Tag::TableHead
                        | Tag::TableRow
                        | Tag::TableCell
                );
                assert!(is_ours, "{tag:?}");
            }
            Event::End(_) | Event::TaskListMarker(false) | Event::SoftBreak => text.push('\n'),
            other => panic!("{other:?}"),
        }
    }
    let lines = show::steps(&plan.plan).unwrap().into_iter().flat_map(|product| product.lines);
    let said = lines.map(|line| line.text).chain([plan.plan.operator.clone()]);
    let reasons = plan.plan.waivers.iter().map(|waiver| waiver.reason.clone());
    for said in said.chain(plan.plan.witnesses.clone()).chain(reasons) {
        let said = rootward::model::text::clean(&said);
        assert!(text.contains(said.trim()), "{said:?} is not in\n{text}");
    }
}

#[test]
fn rows_have_as_many_cells_as_their_table() {
    for name in PLANS {
        let markdown = script::markdown(&plan(name)).unwrap();
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let mut width = 0;
        for line in markdown.lines() {
            match line.starts_with('|') {
                true if width > 0 => assert_eq!(cells(line), width, "{line}"),
                true => width = cells(line),
                false => width = 0,
            }
        }
    }
}

#[test]
fn the_words_and_the_digest_are_those_of_the_plan() {
    let plan = plan("first");
    let words = plan.words().unwrap();
    let markdown = script::markdown(&plan).unwrap();
    for (index, word) in words.iter().enumerate() {
        let star = if index < 3 { '*' } else { ' ' };
        assert!(markdown.contains(&format!("{star}{:>2} {word}", index + 1)), "{word}");
    }
    let typed = words[..3].join(" ");
    assert!(markdown.contains(&format!("```text\n{typed}\n```")));
    plan.confirm(&typed).unwrap();
    assert!(markdown.replace([' ', '\n'], "").contains(&plan.digest));
}

#[test]
fn steps_are_numbered_and_their_minutes_add_up() {
    let markdown = script::markdown(&plan("first")).unwrap();
    let steps: Vec<&str> = markdown.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let mut minutes = 0;
    for (index, step) in steps.iter().enumerate() {
        assert!(step.starts_with(&format!("{}. ", index + 1)), "{step}");
        let last = step.rsplit('(').next().unwrap();
        minutes += last.strip_suffix(" min)").unwrap().parse::<u32>().unwrap();
    }
    let total = format!("{} h {:02} min", minutes / 60, minutes % 60);
    assert!(markdown.contains(&total), "{total}");
    assert_eq!(markdown.matches("Step done.").count(), steps.len());
}

#[test]
fn who_unlocks_is_as_declared() {
    let opens = |plan: &mut Plan| {
        plan.steps.remove(0);
        plan.root = Some("ab".repeat(32));
    };
    let keeps = |_: &mut Plan| {};
    let papers = [
        (held(SHARES, keeps), "The shares are handed out (3 of 5) (40 min)"),
        (held(SHARES, opens), "The custodians unlock the key (3 of 5) (15 min)"),
        (held("\"passphrase\"", keeps), "The new passphrase (5 min)"),
        (held("\"passphrase\"", opens), "The passphrase of the root key (2 min)"),
        (held("\"pkcs11\"", keeps), "The new key in the token (3 min)"),
        (held("\"pkcs11\"", opens), "The PIN of the token (2 min)"),
    ];
    for (plan, title) in &papers {
        let markdown = script::markdown(plan).unwrap();
        for (_, other) in &papers {
            assert_eq!(markdown.contains(other), title == other, "{title}: {other}");
        }
        assert_eq!(markdown.contains("ustodian"), title.contains("3 of 5"), "{title}");
    }
}

#[test]
fn without_witnesses_nobody_is_asked_to_sign() {
    let plan = held(SHARES, |plan| plan.witnesses.clear());
    let markdown = script::markdown(&plan).unwrap();
    assert!(markdown.contains("The plan names no witness"));
    assert!(!markdown.contains("ssh-keygen") && !markdown.contains("--witnesses"));
}

#[test]
fn a_plan_in_words_fits_a_terminal() {
    let plan = plan("first");
    let products = show::steps(&plan.plan).unwrap();
    let lines = products.iter().flat_map(|product| product.lines.clone()).chain(show::terms(&plan));
    let lines = lines.map(|line| line.to_string());
    let titles = products.iter().map(|product| product.title.clone());
    for line in lines.chain(titles) {
        assert!(line.chars().count() <= 78, "{line}");
    }
}
