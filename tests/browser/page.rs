//! A page taken apart: its tags, each closed where it has to be.

/// The beginning of an element.
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// The text up to the next tag.
    pub text: String,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

const VOID: [&str; 4] = ["meta", "link", "br", "wbr"];

/// Every tag in order; panics where they are not nested as they have to be, or where an attribute
/// has no quotes.
#[track_caller]
pub fn tags(html: &str) -> Vec<Tag> {
    let html = html.strip_prefix("<!DOCTYPE html>").expect("no doctype");
    let (head, rest) = html.split_once("<style>").expect("no style");
    let (_, body) = rest.split_once("</style>").expect("no end of the style");
    let html = format!("{head}<style></style>{body}");
    let (mut open, mut tags) = (Vec::new(), Vec::new());
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag without an end");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "before {text:?}");
            continue;
        }
        let (name, rest) = tag.split_once(' ').unwrap_or((tag, ""));
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        tags.push(Tag {
            name: name.to_owned(),
            attributes: attributes(rest),
            text: text.trim().to_owned(),
        });
    }
    assert!(open.is_empty(), "{open:?}");
    tags
}

fn attributes(text: &str) -> Vec<(String, String)> {
    let mut parts = text.split('"');
    let mut found = Vec::new();
    while let Some(name) = parts.next() {
        let name = name.trim();
        if name.is_empty() {
            continue;
        }
        let name = name.strip_suffix('=').unwrap_or_else(|| panic!("{text:?}: {name:?}"));
        found.push((name.to_owned(), parts.next().expect("no quotes").to_owned()));
    }
    found
}
