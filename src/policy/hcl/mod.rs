//! HCL, version 1, as Vault and OpenBao read policies: the native syntax and its JSON form.
//!
//! The grammar and its leniencies are those of github.com/hashicorp/hcl v1, not HCL 2: what that
//! parser accepts is a policy, what it refuses is none. Pure, linear, and limited in depth.

mod json;
mod parse;
mod scan;
mod text;

use std::borrow::Cow;

/// How deep objects and lists may lie in each other. The server has no limit but its stack; no
/// policy needs more than five.
const DEPTH: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// `true`, `false`.
    Bool(bool),
    /// A whole number, as it is written: `10`, `0x1f`, `017`.
    Number(&'a str),
    /// A number with a fraction or an exponent, as it is written.
    Float(&'a str),
    /// A string or heredoc, escapes resolved; JSON's null is an empty one.
    Text(Cow<'a, str>),
    /// `[...]`
    List(Vec<Node<'a>>),
    /// `{...}`
    Object(Vec<Item<'a>>),
}

impl Node<'_> {
    /// For messages: what was got.
    pub fn what(&self) -> &'static str {
        match self {
            Node::Bool(_) => "a boolean",
            Node::Number(_) | Node::Float(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }
}

/// `key = value`, or `key "label" { ... }` with more than one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Item<'a> {
    /// The first is the name; at least one.
    pub keys: Vec<Cow<'a, str>>,
    /// What it is set to.
    pub value: Node<'a>,
    /// Where its first key stands, counted from 1.
    pub line: u32,
}

impl Item<'_> {
    /// The first key.
    pub fn name(&self) -> &str {
        self.keys.first().map_or("", |key| key)
    }
}

/// Where the text stops being HCL, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// Counted from 1.
    pub line: u32,
    /// What was got and what was expected.
    pub message: String,
}

/// The items of a document. One that begins with a brace is JSON.
///
/// # Errors
/// The first thing that is no HCL.
pub fn parse(text: &str) -> Result<Vec<Item<'_>>, Syntax> {
    if text.trim_start().starts_with('{') { json::parse(text) } else { parse::parse(text) }
}
