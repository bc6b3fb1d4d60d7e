//! HCL's native syntax.

use super::{
    DEPTH, Item, Node, Syntax,
    scan::{Scanner, Token},
};
use std::borrow::Cow;

/// Why an item could not be read.
enum Stop {
    /// The text ended where a key or a value was expected.
    End,
    /// No token, or a wrong one.
    Wrong(Syntax),
}

impl From<Syntax> for Stop {
    fn from(syntax: Syntax) -> Self {
        Stop::Wrong(syntax)
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    /// The last token, and whether it is to be read again.
    token: Token<'a>,
    again: bool,
    depth: usize,
}

pub(super) fn parse(text: &str) -> Result<Vec<Item<'_>>, Syntax> {
    let scanner = Scanner::new(text, false);
    let mut parser = Parser { scanner, token: Token::End, again: false, depth: 0 };
    let mut items = Vec::new();
    match parser.items(&mut items, false) {
        Ok(()) => Ok(items),
        Err(Stop::Wrong(syntax)) => Err(syntax),
        Err(Stop::End) => Err(parser.wrong("a value")),
    }
}

impl<'a> Parser<'a> {
    fn scan(&mut self) -> Result<&Token<'a>, Syntax> {
        if !std::mem::take(&mut self.again) {
            self.token = self.scanner.next()?;
        }
        Ok(&self.token)
    }

    fn wrong(&self, expected: &str) -> Syntax {
        let message = format!("got {}, expected {expected}", self.token.what());
        Syntax { line: self.scanner.line(), message }
    }

    /// Until the `}` of an object, which stays, or until the end.
    fn items(&mut self, items: &mut Vec<Item<'a>>, in_object: bool) -> Result<(), Stop> {
        loop {
            if in_object {
                let ended = *self.scan()? == Token::RightBrace;
                self.again = true;
                if ended {
                    return Ok(());
                }
            }
            match self.item() {
                // So the last `key =` of a text is forgiven.
                Err(Stop::End) => return Ok(()),
                item => items.push(item?),
            }
            self.again = *self.scan()? != Token::Comma;
        }
    }

    fn item(&mut self) -> Result<Item<'a>, Stop> {
        let mut keys: Vec<Cow<'a, str>> = Vec::with_capacity(2);
        let mut line = 0;
        let value = loop {
            let token = self.scan()?.clone();
            if keys.is_empty() {
                line = self.scanner.line();
            }
            match token {
                Token::Ident(word) => keys.push(Cow::Borrowed(word)),
                Token::Text(text) => keys.push(text),
                Token::Assign if keys.len() == 1 => break self.value()?,
                Token::LeftBrace if !keys.is_empty() => break Node::Object(self.object()?),
                Token::End if keys.is_empty() => return Err(Stop::End),
                Token::Assign if keys.len() > 1 => return Err(Stop::Wrong(self.wrong("'{'"))),
                _ if keys.is_empty() => return Err(Stop::Wrong(self.wrong("a key"))),
                _ => {
                    let last = keys.last().map(|key| key.to_string()).unwrap_or_default();
                    let expected = format!("'=' or '{{' after {last:?}");
                    return Err(Stop::Wrong(self.wrong(&expected)));
                }
            }
        };
        Ok(Item { keys, value, line })
    }

    fn value(&mut self) -> Result<Node<'a>, Stop> {
        match self.scan()?.clone() {
            Token::LeftBrace => Ok(Node::Object(self.object()?)),
            Token::LeftBracket => Ok(Node::List(self.list()?)),
            Token::End => Err(Stop::End),
            token => self.literal(token).ok_or_else(|| Stop::Wrong(self.wrong("a value"))),
        }
    }

    fn literal(&self, token: Token<'a>) -> Option<Node<'a>> {
        Some(match token {
            Token::Text(text) => Node::Text(text),
            Token::Number(number) => Node::Number(number),
            Token::Float(number) => Node::Float(number),
            Token::Bool(value) => Node::Bool(value),
            _ => return None,
        })
    }

    fn deeper(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth <= DEPTH {
            return Ok(());
        }
        let message = format!("objects and lists lie more than {DEPTH} deep in each other");
        Err(Stop::Wrong(Syntax { line: self.scanner.line(), message }))
    }

    /// Behind its `{`.
    fn object(&mut self) -> Result<Vec<Item<'a>>, Stop> {
        self.deeper()?;
        let mut items = Vec::new();
        self.items(&mut items, true)?;
        if *self.scan()? != Token::RightBrace {
            return Err(Stop::Wrong(self.wrong("'}'")));
        }
        self.depth -= 1;
        Ok(items)
    }

    /// Behind its `[`.
    fn list(&mut self) -> Result<Vec<Node<'a>>, Stop> {
        self.deeper()?;
        let mut nodes = Vec::new();
        let mut needs_comma = false;
        loop {
            let token = self.scan()?.clone();
            match token {
                Token::RightBracket => break,
                Token::Comma => needs_comma = false,
                _ if needs_comma => return Err(Stop::Wrong(self.wrong("',' or ']'"))),
                Token::LeftBrace => {
                    nodes.push(Node::Object(self.object()?));
                    needs_comma = true;
                }
                Token::LeftBracket => nodes.push(Node::List(self.list()?)),
                token => {
                    let wrong = |parser: &Self| Stop::Wrong(parser.wrong("a value or ']'"));
                    nodes.push(self.literal(token).ok_or_else(|| wrong(self))?);
                    needs_comma = true;
                }
            }
        }
        self.depth -= 1;
        Ok(nodes)
    }
}
