//! The page of `rootward report`: one file, harmless whatever is in the workspace, true, and legible
//! on a screen, a phone and paper.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

#[path = "browser/colours.rs"]
mod colours;
mod common;
#[path = "browser/page.rs"]
mod page;
mod sides;

use common::{Site, Template, output, tool};
use page::{Tag, tags};
use rootward::journal::{Act, Journal, Origin, Record};
use rootward::model::name::ObjectRef;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

fn report(site: &Site, arguments: &[&str]) -> String {
    site.run(&[&["report"], arguments].concat()).ok().stdout
}

/// prod/identity@g1 is tainted and @g2 signs, one identity is revoked, test has nothing.
fn half_way() -> Site {
    HALF_WAY.site()
}

/// As long as a name may be.
const LONG: &str = "late-and-with-a-name-that-is-as-long-as-a-label-can-be-in-the-d";

static HALF_WAY: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::prepared();
    site.keyed(&["identity", "issue", "prod/vault-server"]).ok();
    site.keyed(&["rotate", "prepare", "prod/identity"]).ok();
    site.keyed(&["intermediate", "sign", "prod/identity@g2"]).ok();
    site.run(&["rotate", "activate", "prod/identity@g2"]).ok();
    site.run(&["rotate", "taint", "prod/identity@g1"]).ok();
    site.run(&["identity", "add", &format!("prod/{LONG}"), "--kind", "app"]).ok();
    site.keyed(&["revoke", "prod/hello", "--reason", "privilegeWithdrawn", "--yes"]).ok();
    Template::of(&site)
});

/// 250 identities in each of two environments, with a few sets of policies.
fn large() -> Site {
    LARGE.site()
}

static LARGE: LazyLock<Template> = LazyLock::new(|| {
    let site = Site::prepared();
    let policies = ["kv-read", "self-renew"];
    for environment in ["prod", "test"] {
        for number in 0..250 {
            let dir = site.path(&format!("identities/{environment}/app-{number}"));
            fs::create_dir(&dir).unwrap();
            let policies = &policies[..1 + number % 2];
            let text = format!(
                "version = 1\nkind = \"app\"\npolicies = {policies:?}\nauth = [\"cert\"]\n"
            );
            fs::write(dir.join("identity.toml"), text).unwrap();
        }
    }
    site.keyed(&["identity", "issue", "--env", "prod"]).ok();
    Template::of(&site)
});

const HOSTILE: &str = "</style><script>alert(1)</script>\"'&<!--";

/// The journal goes on with lines in which everything that can be said is hostile.
fn hostile() -> Site {
    let site = Site::prepared();
    let toml = format!("organization = {:?}", &HOSTILE[..HOSTILE.len() - 1]);
    site.edit("ca/root/root.toml", "organization = \"Example Home\"", &toml);
    let (text, head) = (site.read("ca/journal.jsonl"), site.read("ca/journal.head"));
    let mut journal = Journal::parse(&text, Some(head.as_bytes())).unwrap();
    let now = time::OffsetDateTime::now_utc();
    let origin = Origin { host: HOSTILE.into(), user: format!("{HOSTILE}\u{202e}"), now };
    let root = ObjectRef::root(1);
    let hostile = || Some(HOSTILE.to_owned());
    let refused = Record { refusal: vec![HOSTILE.into()], ..Record::new(Act::Refused, &root) };
    let refused = Record { object: HOSTILE.into(), ..refused };
    let sealed = Record { custody: hostile(), ..Record::new(Act::CustodySeal, &root) };
    let waivers = vec![HOSTILE.to_owned()];
    let ceremony =
        Record { number: Some(7), plan: hostile(), waivers, ..Record::new(Act::Ceremony, &root) };
    let link =
        Record { object: HOSTILE.into(), issuer: hostile(), ..Record::new(Act::RootLink, &root) };
    for record in [refused, sealed, link, ceremony] {
        journal.append(&origin, record).unwrap();
    }
    site.write("ca/journal.jsonl", &format!("{text}{}", journal.lines));
    site.write("ca/journal.head", &journal.head());
    site
}

/// The text of all elements of that name.
fn texts<'a>(tags: &'a [Tag], name: &str) -> Vec<&'a str> {
    tags.iter().filter(|tag| tag.name == name).map(|tag| tag.text.as_str()).collect()
}

#[test]
fn the_page_is_one_file_that_runs_nothing_and_loads_nothing() {
    let known = "html head meta link title style body a header h1 h2 h3 p bdi time dl div dt dd nav \
                 main section ol ul li pre code strong b span small br table caption thead tbody tr \
                 th td svg defs pattern path rect line text desc article footer details summary";
    let known: BTreeSet<&str> = known.split_whitespace().collect();
    for site in [Site::declared(), half_way(), hostile()] {
        let html = report(&site, &[]);
        let tags = tags(&html);
        let unknown = tags.iter().filter(|tag| !known.contains(tag.name.as_str()));
        assert_eq!(unknown.map(|tag| &tag.name).collect::<Vec<_>>(), Vec::<&String>::new());
        for (tag, (name, value)) in
            tags.iter().flat_map(|tag| tag.attributes.iter().map(move |pair| (tag, pair)))
        {
            assert!(!name.starts_with("on") && name != "src" && name != "style", "{name}");
            let is_local = value.starts_with('#') || (tag.name == "link" && value == "data:,");
            assert!(name != "href" || is_local, "{value}");
        }
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert_eq!(style.matches("url(").count(), style.matches("url(#").count());
        assert!(!style.contains("@import") && !style.contains("http"));
        let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
        assert!(tags.iter().any(|tag| tag.get("content") == Some(policy)));
        assert!(!html.contains("<script"), "a text became an element");
    }
}

#[test]
fn whatever_a_text_says_it_stays_text() {
    let html = report(&hostile(), &[]);
    let escaped = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
    // The organization, who wrote, what was refused, how a key is held, a waiver, a link.
    assert!(html.matches(&escaped).count() >= 8, "{}", html.matches(&escaped).count());
    assert!(html.contains("\\u{202e}") && !html.contains('\u{202e}'));
}

#[test]
fn whoever_reads_by_ear_or_keyboard_finds_everything() {
    for site in [Site::declared(), half_way(), large()] {
        let tags = tags(&report(&site, &[]));
        let of = |name: &str| tags.iter().filter(|tag| tag.name == name).collect::<Vec<_>>();
        assert_eq!(of("html")[0].get("lang"), Some("en"));
        assert_eq!((of("h1").len(), of("main").len(), of("header").len()), (1, 1, 1));
        let levels = tags.iter().filter_map(|tag| match tag.name.as_str() {
            "h1" => Some(1),
            "h2" => Some(2),
            "h3" => Some(3),
            _ => None,
        });
        let levels: Vec<u8> = levels.collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        assert_eq!(of("table").len(), of("caption").len());
        for head in of("th") {
            assert!(head.get("scope").is_some(), "{}", head.text);
        }
        for (index, svg) in tags.iter().enumerate().filter(|(_, tag)| tag.name == "svg") {
            let next = &tags[index + 1..];
            let told = next.iter().take(2).map(|tag| tag.name.as_str()).collect::<Vec<_>>();
            let is_part = svg.get("overflow").is_some();
            let is_hidden = svg.get("aria-hidden") == Some("true");
            let is_told = svg.get("aria-label").is_some() || told == ["title", "desc"];
            assert!(
                is_part || is_hidden || (svg.get("role") == Some("img") && is_told),
                "{told:?}"
            );
        }
        let ids: Vec<&str> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        for tag in &tags {
            let target = tag.get("href").and_then(|href| href.strip_prefix('#'));
            let target = target.or(tag.get("aria-labelledby"));
            assert!(target.is_none_or(|id| ids.contains(&id)), "{target:?}");
            let scrolls = tag.get("class") == Some("scroll");
            assert!(
                !scrolls || (tag.get("tabindex") == Some("0") && tag.get("aria-label").is_some())
            );
        }
    }
}

#[test]
fn every_pair_of_colours_has_enough_contrast() {
    let style = include_str!("../src/report/style.css");
    let (light, dark, print) = colours::schemes(style);
    assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().collect::<Vec<_>>());
    for (name, scheme) in [("light", &light), ("dark", &dark), ("print", &print)] {
        let mut pairs = vec![("ink", "card"), ("faint", "card"), ("accent", "card")];
        pairs.extend(["ink", "faint", "link", "accent", "now"].map(|colour| (colour, "paper")));
        let stages = ["quiet", "notice", "warning", "critical", "overdue", "expired"];
        let on = stages.map(|stage| format!("{stage}-on"));
        pairs.extend(stages.iter().zip(&on).map(|(stage, on)| (*stage, on.as_str())));
        for (front, back) in pairs {
            let ratio = colours::contrast(&scheme[front], &scheme[back]);
            assert!(ratio >= 4.5, "{name}: {front} on {back}: {ratio:.2}");
        }
        // Lines and shapes (WCAG 2.2, 1.4.11).
        for shape in ["life", "window", "late", "rest"] {
            let ratio = colours::contrast(&scheme[shape], &scheme["paper"]);
            assert!(ratio >= 3.0, "{name}: {shape}: {ratio:.2}");
        }
    }
}

#[test]
fn the_page_says_what_status_says() {
    let site = half_way();
    for at in ["2026-12-01", "2027-03-01", "2050-01-01"] {
        let status = site.run(&["status", "--json", "--at", at]).ok().stdout;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let html = report(&site, &["--at", at]);
        for object in status["objects"].as_array().unwrap() {
            let (name, state) =
                (object["object"].as_str().unwrap(), object["state"].as_str().unwrap());
            let row = html.split(&format!("<th scope=\"row\">{name}</th>\n<td><span")).nth(1);
            if state == "ended" || object["not_after"].is_null() {
                continue;
            }
            let row = row.unwrap_or_else(|| panic!("{at}: {name} is not on the timeline"));
            let row = row.split("</tr>").next().unwrap();
            assert!(row.contains(&format!("<small> {state}</small>")), "{at}: {name}: {row}");
            let end = object["not_after"].as_str().unwrap();
            assert!(row.contains(&format!("datetime=\"{end}\"")), "{at}: {name}");
        }
        let next = |it: &serde_json::Value| it["next"].as_str().map(str::to_owned);
        for command in status["objects"].as_array().unwrap().iter().filter_map(next) {
            // Several identities of one environment are one command.
            let all = command.starts_with("rootward identity issue ")
                && html.contains("<pre>rootward identity issue --env ");
            assert!(all || html.contains(&format!("<pre>{command}</pre>")), "{at}: {command}");
        }
    }
}

#[test]
fn the_parts_of_the_page_are_true() {
    let site = half_way();
    let html = report(&site, &[]);
    for text in [
        "<h1><bdi>Example Home</bdi></h1>",
        "1 revoked",
        "declared, not issued yet",
        "<b>prod/identity@g1</b> <span class=\"chip quiet\">quiet</span> tainted",
        "here; its place is an offline medium",
        "(operator); nobody witnessed",
        "<code>prod/identity@g2</code></li>",
        "<td class=\"has\">run</td>",
    ] {
        assert!(html.contains(text), "{text}");
    }
    let last = site.journal().pop().unwrap();
    let last: Record = serde_json::from_str(&last).unwrap();
    assert!(html.contains(&format!("<dd>{}</dd>", last.seq)) && html.contains(&last.hash));
    let held = site.run(&["root", "show", "--json"]).ok().stdout;
    let held: serde_json::Value = serde_json::from_str(&held).unwrap();
    let print = last_colons(&held.to_string());
    assert!(html.contains(&print), "{print}");
}

/// The last certificate fingerprint in a text, as it is read aloud.
fn last_colons(text: &str) -> String {
    let hex = text.split(|c: char| !c.is_ascii_hexdigit()).rfind(|word| word.len() == 64);
    let hex = hex.unwrap().to_uppercase().into_bytes();
    let pairs: Vec<&str> = hex.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
    pairs.join(":")
}

#[test]
fn ceremonies_have_their_people() {
    let pair = sides::Pair::held();
    let html = report(&pair.on, &[]);
    for text in [
        "Plan 2 waits for its ceremony",
        "<bdi>alice</bdi> (operator), <bdi>bob</bdi>, <bdi>carol</bdi>",
        "; no signature of a witness is filed",
        "<pre>rootward ceremony import response.toml</pre>",
    ] {
        assert!(html.contains(text), "{text}");
    }
    let words = sides::words(&fs::read(pair.on.path("ca/ceremonies/0001/plan.toml")).unwrap());
    assert!(html.contains(&format!("<td>{words} …<br>")), "{words}");
    // On the medium there are neither identities nor commands.
    let html = report(&pair.off, &[]);
    assert!(html.contains("This is a medium") && html.contains("2 ceremonies were held"));
    // A plan that is another one is not taken for that of the ceremony.
    let file = pair.on.path("ca/ceremonies/0001/plan.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n# more\n")).unwrap();
    assert!(report(&pair.on, &[]).contains("plan.toml is not the plan on record"));
}

#[test]
fn no_secret_is_in_it() {
    let site = Site::prepared();
    site.write("ca/site.toml", "version = 1\n# the token is in the blue safe\n");
    let html = report(&site, &[]);
    let keys = site.snapshot().into_iter().filter(|(path, _)| path.ends_with("key.pem"));
    let keys: Vec<String> = keys.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    assert!(keys.len() >= 3);
    for line in keys.iter().flat_map(|key| key.lines()).chain(["blue safe", common::PASSPHRASE]) {
        assert!(!html.contains(line), "{line}");
    }
    assert!(!html.contains("PRIVATE KEY") && !html.contains(site.root().to_str().unwrap()));
}

#[test]
fn it_is_written_whole_and_says_so() {
    let site = Site::prepared();
    let at = ["--at", "2027-01-01T10:00:00Z"];
    let file = site.beside("report.html");
    let path = file.to_str().unwrap();
    let html = report(&site, &at);
    fs::write(&file, "an older one").unwrap();
    let before = site.snapshot();
    let said = site.run(&[&["report", "-o", path], &at[..]].concat()).ok();
    assert!(said.stdout.is_empty() && said.stderr.contains("wrote "), "{}", said.stderr);
    // Only the moment at which it was made differs.
    let made = |html: &str| html.split("Made by rootward").next().unwrap().to_owned();
    assert_eq!(made(&fs::read_to_string(&file).unwrap()), made(&html));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(site.snapshot(), before, "it changed the workspace");

    let json = site.run(&[&["report", "--json", "-o", path], &at[..]].concat()).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["bytes"], fs::metadata(&file).unwrap().len());
    let sum = rootward::pki::inspect::sha256(&fs::read(&file).unwrap());
    assert_eq!((&json["sha256"], &json["at"]), (&sum.into(), &at[1].into()));
    assert!(json["html"].is_null() && json["identities"] == 4, "{json}");
    let json = site.run(&["report", "--json"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(
        json["html"].as_str().unwrap().starts_with("<!DOCTYPE html>") && json["file"].is_null()
    );

    let dir = site.root().display().to_string();
    site.fails(1, "is a directory, expected a file or none", |site| {
        site.run(&["report", "-o", &dir])
    });
    site.edit("identities/prod/hello/identity.toml", "kind", "kin");
    fs::remove_file(&file).unwrap();
    site.fails(2, "identities/prod/hello/identity.toml:", |site| site.run(&["report", "-o", path]));
    assert!(!file.exists());
}

#[test]
fn five_hundred_identities_are_a_small_page() {
    let site = large();
    let html = report(&site, &[]);
    assert!(html.len() < 100_000, "{} bytes", html.len());
    for text in [
        "prod: 252 identities, 2 policies",
        "prod: 252 identities</th>",
        "test: 252 identities</th>",
        "252 identities of test",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(html.contains("app-249"), "no name is left out");
    // Nor have they a line each when all of them have expired.
    let expired = report(&site, &["--at", "2035-01-01"]);
    assert!(
        expired.len() < 100_000 && expired.contains("</span><small> expired; the first</small>")
    );
}

/// One of `tests/browser/look.py`'s answers.
fn look(out: &Path, files: &[PathBuf]) -> Vec<serde_json::Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/look.py");
    let mut command = Command::new(tool("python3", "python3"));
    command.arg(script).arg(tool("chromium", "chromium")).arg(out).args(files);
    serde_json::from_str(&output(&mut command)).unwrap()
}

#[test]
fn a_browser_shows_it_wide_and_narrow_light_and_dark_and_prints_it() {
    // They stay, to be looked at: screenshots at two widths, light and dark, and PDF.
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&dir).unwrap();
    let sites = [
        ("empty", Site::declared()),
        ("half", half_way()),
        ("large", large()),
        ("hostile", hostile()),
    ];
    let files: Vec<PathBuf> = sites
        .iter()
        .map(|(name, site)| {
            let file = dir.join(format!("{name}.html"));
            fs::write(&file, report(site, &[])).unwrap();
            file
        })
        .collect();
    for (page, file) in look(&dir, &files).iter().zip(&files) {
        let url = format!("file://{}", file.display());
        assert_eq!(page["requests"], serde_json::json!([url]), "it asked for something");
        assert_eq!(page["said"], serde_json::json!([]));
        assert_eq!(page["tree"]["nameless"], serde_json::json!([]));
        let mut light: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for view in page["views"].as_array().unwrap() {
            let name = &view["file"];
            assert_eq!(
                (&view["inner"], &view["scrolled"]),
                (&view["width"], &view["width"]),
                "{name}"
            );
            for fault in ["outside", "overlapping", "faint"] {
                assert_eq!(view[fault], serde_json::json!([]), "{name}: {fault}");
            }
            assert!(view["pixels"]["colours"].as_u64().unwrap() > 200, "{name} is blank");
            let share = view["pixels"]["light"].as_f64().unwrap();
            light.entry(view["width"].as_u64().unwrap()).or_default().push(share);
        }
        // Light, then dark.
        assert_eq!(light.keys().collect::<Vec<_>>(), [&390, &1280]);
        assert!(light.values().all(|of| of[0] > 0.9 && of[1] < 0.3), "{light:?}");
        for paper in ["a4", "letter"] {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            let pdf = dir.join(format!("{stem}-{paper}.pdf"));
            let pages = output(Command::new(tool("pdfinfo", "poppler-utils")).arg(&pdf));
            assert!(!pages.contains("Pages:           0"), "{pages}");
            let text = output(Command::new(tool("pdftotext", "poppler-utils")).arg(&pdf).arg("-"));
            for title in page["views"][0]["headings"].as_array().unwrap() {
                if title[0].as_u64() > Some(2) || stem == "hostile" {
                    continue;
                }
                assert!(
                    text.contains(title[1].as_str().unwrap()),
                    "{title} is not in {stem}, {paper}"
                );
            }
            assert!(stem != "large" || text.contains("app-249"), "details are not printed");
        }
    }
}

#[test]
fn the_titles_are_those_of_the_parts() {
    let tags = tags(&report(&Site::prepared(), &[]));
    let titles = [
        "What is due",
        "Timeline",
        "Trust",
        "Identities and policies",
        "Ceremonies",
        "Keys and journal",
    ];
    assert_eq!(texts(&tags, "h2"), titles);
    let title = texts(&tags, "title")[0];
    assert!(
        title.starts_with("Example Home: keys and certificates, 20") && title.ends_with(" UTC")
    );
}
