//! HTML as it is written here: text from files is escaped in one place, a document loads nothing
//! and runs nothing.

use crate::model::text::clean;

/// A document of one file.
pub struct Document<'a> {
    pub title: &'a str,
    /// Its Content-Security-Policy.
    pub policy: &'static str,
    /// What stands in the head besides; finished HTML.
    pub head: &'static str,
    pub style: &'a str,
    /// Finished HTML.
    pub body: &'a str,
}

impl Document<'_> {
    /// The whole of it.
    pub fn render(&self) -> String {
        let Self { policy, head, style, body, .. } = self;
        let title = escaped(self.title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n{head}\
             <title>{title}</title>\n<style>\n{style}</style>\n</head>\n\
             <body>\n{body}</body>\n</html>\n"
        )
    }
}

/// Text as it stands between tags, and in attributes between either quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// An element while it is written. Names of tags and attributes, and classes, are written here;
/// everything else goes through [`escaped`].
#[derive(Clone)]
pub struct El {
    tag: &'static str,
    out: String,
    /// Attributes can still follow.
    is_open: bool,
}

/// A new element.
pub fn el(tag: &'static str) -> El {
    El { tag, out: format!("<{tag}"), is_open: true }
}

impl El {
    /// With an attribute; before all content.
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        debug_assert!(self.is_open, "{name} comes after the content of {}", self.tag);
        self.out += &format!(" {name}=\"{}\"", escaped(&clean(value.as_ref())));
        self
    }

    /// With classes.
    #[must_use]
    pub fn class(self, class: &'static str) -> Self {
        self.attr("class", class)
    }

    /// With text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.close_tag();
        self.out += &escaped(&clean(text));
        self
    }

    /// With text that somebody else chose: in another script it does not change the order of what is
    /// around it.
    #[must_use]
    pub fn foreign(self, text: &str) -> Self {
        self.child(el("bdi").text(text))
    }

    /// With another element in it.
    #[must_use]
    pub fn child(mut self, child: El) -> Self {
        self.close_tag();
        self.out += &child.finish();
        self
    }

    /// With others in it.
    #[must_use]
    pub fn children(self, children: impl IntoIterator<Item = El>) -> Self {
        children.into_iter().fold(self, El::child)
    }

    /// The same as it would be without `build`, where the condition does not hold.
    #[must_use]
    pub fn when(self, condition: bool, build: impl FnOnce(El) -> El) -> Self {
        if condition { build(self) } else { self }
    }

    /// The finished HTML. What stands in running text has no line of its own.
    pub fn finish(mut self) -> String {
        self.close_tag();
        if VOID.contains(&self.tag) {
            return self.out;
        }
        let end = if INLINE.contains(&self.tag) { "" } else { "\n" };
        self.out += &format!("</{}>{end}", self.tag);
        self.out
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.out.push('>');
        }
    }
}

/// Elements without content.
const VOID: [&str; 2] = ["br", "wbr"];

const INLINE: [&str; 17] = [
    "a", "abbr", "b", "bdi", "code", "desc", "line", "path", "rect", "small", "span", "strong",
    "summary", "td", "text", "time", "title",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let hostile = "</style><script>\"'&\u{202e}\u{1b}";
        let html = el("p").attr("title", hostile).text("a ").foreign(hostile).finish();
        let safe = "&lt;/style&gt;&lt;script&gt;&quot;&#39;&amp;\\u{202e}\\u{1b}";
        assert_eq!(html, format!("<p title=\"{safe}\">a <bdi>{safe}</bdi></p>\n"));
        assert_eq!(el("td").child(el("br")).finish(), "<td><br></td>");
    }
}
