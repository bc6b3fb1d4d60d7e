//! HCL's JSON form. Its parser is more lenient than JSON; and an object of which every member is an
//! object is written as labels: `{"path": {"a": {...}}}` is `path "a" {...}`.

use super::{
    DEPTH, Item, Node, Syntax,
    scan::{Scanner, Token},
};
use std::borrow::Cow;

struct Parser<'a> {
    scanner: Scanner<'a>,
    token: Token<'a>,
    depth: usize,
}

pub(super) fn parse(text: &str) -> Result<Vec<Item<'_>>, Syntax> {
    let scanner = Scanner::new(text, true);
    let mut parser = Parser { scanner, token: Token::End, depth: 0 };
    parser.scan()?;
    let mut items = parser.object()?;
    flatten(&mut items);
    Ok(items)
}

impl<'a> Parser<'a> {
    fn scan(&mut self) -> Result<&Token<'a>, Syntax> {
        self.token = Token::End;
        self.token = self.scanner.next()?;
        Ok(&self.token)
    }

    fn wrong(&self, expected: &str) -> Syntax {
        let message = format!("got {}, expected {expected}", self.token.what());
        Syntax { line: self.scanner.line(), message }
    }

    fn deeper(&mut self) -> Result<(), Syntax> {
        self.depth += 1;
        if self.depth <= DEPTH {
            return Ok(());
        }
        let message = format!("objects and lists lie more than {DEPTH} deep in each other");
        Err(Syntax { line: self.scanner.line(), message })
    }

    /// Behind its `{`. json/parser does not look at what ends it, and forgives an item that ends in
    /// a `}` too early.
    fn object(&mut self) -> Result<Vec<Item<'a>>, Syntax> {
        let depth = self.depth;
        self.deeper()?;
        let mut items = Vec::new();
        match self.items(&mut items) {
            Err(_) if self.token == Token::RightBrace => {}
            other => other?,
        }
        self.depth = depth;
        Ok(items)
    }

    fn items(&mut self, items: &mut Vec<Item<'a>>) -> Result<(), Syntax> {
        while let Some((keys, line)) = self.keys()? {
            let value = self.value()?;
            items.push(Item { keys, value, line });
            if *self.scan()? != Token::Comma {
                break;
            }
        }
        Ok(())
    }

    /// Up to the colon; none at a `}` or at the end.
    #[expect(clippy::type_complexity, reason = "the two things that an item begins with")]
    fn keys(&mut self) -> Result<Option<(Vec<Cow<'a, str>>, u32)>, Syntax> {
        let mut keys = Vec::new();
        let mut line = 0;
        loop {
            match self.scan()?.clone() {
                Token::Text(text) => {
                    if keys.is_empty() {
                        line = self.scanner.line();
                    }
                    keys.push(text);
                }
                Token::Colon if !keys.is_empty() => return Ok(Some((keys, line))),
                Token::RightBrace | Token::End => return Ok(None),
                _ => return Err(self.wrong("a string and ':'")),
            }
        }
    }

    fn value(&mut self) -> Result<Node<'a>, Syntax> {
        Ok(match self.scan()?.clone() {
            Token::LeftBrace => Node::Object(self.object()?),
            Token::LeftBracket => Node::List(self.list()?),
            Token::Text(text) => Node::Text(text),
            Token::Number(number) => Node::Number(number),
            Token::Float(number) => Node::Float(number),
            Token::Bool(value) => Node::Bool(value),
            Token::Null => Node::Text(Cow::Borrowed("")),
            _ => return Err(self.wrong("a value")),
        })
    }

    /// Behind its `[`. Booleans and the brackets of inner lists are passed over, as in json/parser.
    fn list(&mut self) -> Result<Vec<Node<'a>>, Syntax> {
        let mut nodes = Vec::new();
        loop {
            match self.scan()?.clone() {
                Token::RightBracket => return Ok(nodes),
                Token::Comma | Token::Bool(_) | Token::LeftBracket => {}
                Token::LeftBrace => nodes.push(Node::Object(self.object()?)),
                Token::Text(text) => nodes.push(Node::Text(text)),
                Token::Number(number) => nodes.push(Node::Number(number)),
                Token::Float(number) => nodes.push(Node::Float(number)),
                _ => return Err(self.wrong("a value or ']'")),
            }
        }
    }
}

/// Turns objects of objects into labels, from the outside inwards.
fn flatten(items: &mut Vec<Item<'_>>) {
    let mut flat = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        flatten_item(item, &mut flat);
    }
    for item in &mut flat {
        flatten_node(&mut item.value);
    }
    *items = flat;
}

fn flatten_node(node: &mut Node<'_>) {
    match node {
        Node::Object(items) => flatten(items),
        Node::List(nodes) => nodes.iter_mut().for_each(flatten_node),
        _ => {}
    }
}

fn flatten_item<'a>(item: Item<'a>, flat: &mut Vec<Item<'a>>) {
    let is_object = |node: &Node| matches!(node, Node::Object(_));
    match item.value {
        Node::Object(inner)
            if !inner.is_empty() && inner.iter().all(|item| is_object(&item.value)) =>
        {
            for sub in inner {
                let keys = item.keys.iter().cloned().chain(sub.keys).collect();
                flatten_item(Item { keys, value: sub.value, line: sub.line }, flat);
            }
        }
        Node::List(nodes) if !nodes.is_empty() && nodes.iter().all(is_object) => {
            for value in nodes {
                flatten_item(Item { keys: item.keys.clone(), value, line: item.line }, flat);
            }
        }
        value => flat.push(Item { keys: item.keys, value, line: item.line }),
    }
}
