//! Tokens of HCL and of its JSON form.

use super::{Syntax, text};
use std::borrow::Cow;

/// One word of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Ident(&'a str),
    Text(Cow<'a, str>),
    Number(&'a str),
    Float(&'a str),
    Bool(bool),
    Null,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Assign,
    Colon,
    /// A sign that is known and stands nowhere in a policy: `.`, `+`, `-`.
    Sign(char),
    End,
}

impl Token<'_> {
    /// For messages: what was got.
    pub fn what(&self) -> String {
        match self {
            Token::Ident(word) => format!("{word:?}"),
            Token::Text(text) => format!("the string {text:?}"),
            Token::Number(number) | Token::Float(number) => format!("the number {number}"),
            Token::Bool(value) => value.to_string(),
            Token::Null => "null".to_owned(),
            Token::LeftBrace => "'{'".to_owned(),
            Token::RightBrace => "'}'".to_owned(),
            Token::LeftBracket => "'['".to_owned(),
            Token::RightBracket => "']'".to_owned(),
            Token::Comma => "','".to_owned(),
            Token::Assign => "'='".to_owned(),
            Token::Colon => "':'".to_owned(),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End => "the end of the policy".to_owned(),
        }
    }
}

/// Reads tokens from the front of a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    json: bool,
}

impl<'a> Scanner<'a> {
    /// `json`: with colons and null, without comments and identifiers.
    pub fn new(text: &'a str, json: bool) -> Self {
        Self { text, at: 0, line: 1, json }
    }

    /// Where the last token began, or for strings of many lines, ended.
    pub fn line(&self) -> u32 {
        self.line
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, message: impl Into<String>) -> Syntax {
        Syntax { line: self.line, message: message.into() }
    }

    /// Takes bytes, which end at a character's boundary, and counts their lines.
    fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or_default();
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.at += length;
        taken
    }

    /// The next token; at the end, always [`Token::End`].
    ///
    /// # Errors
    /// What begins no token.
    pub fn next(&mut self) -> Result<Token<'a>, Syntax> {
        self.skip()?;
        let Some(first) = self.rest().chars().next() else { return Ok(Token::End) };
        let sign = match first {
            '"' => return self.string(),
            '<' if !self.json => return self.heredoc(),
            '0'..='9' => return self.number(0),
            '-' if self.digit_at(1) => return self.number(1),
            '.' if self.digit_at(1) => return self.number(0),
            first if is_letter(first) => return self.word(),
            '{' => Token::LeftBrace,
            '}' => Token::RightBrace,
            '[' => Token::LeftBracket,
            ']' => Token::RightBracket,
            ',' => Token::Comma,
            '=' if !self.json => Token::Assign,
            ':' if self.json => Token::Colon,
            '.' => Token::Sign(first),
            '+' | '-' if !self.json => Token::Sign(first),
            other => return Err(self.fault(format!("{other:?} begins nothing that is known here"))),
        };
        self.take(first.len_utf8());
        Ok(sign)
    }

    fn digit_at(&self, offset: usize) -> bool {
        self.rest().as_bytes().get(offset).is_some_and(u8::is_ascii_digit)
    }

    /// White space and comments.
    fn skip(&mut self) -> Result<(), Syntax> {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.take(space);
            let rest = self.rest();
            if self.json || !rest.starts_with(['#', '/']) {
                return Ok(());
            }
            let comment = if let Some(body) = rest.strip_prefix("/*") {
                let end = body.find("*/").ok_or_else(|| self.fault("this comment has no '*/'"))?;
                end + 4
            } else if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else {
                return Err(self.fault("got '/', expected '//' or '/*' for a comment"));
            };
            if rest.get(..comment).is_some_and(|text| text.contains('\0')) {
                return Err(self.fault("a NUL character"));
            }
            self.take(comment);
        }
    }

    fn word(&mut self) -> Result<Token<'a>, Syntax> {
        let is_part = |c: char| is_letter(c) || is_digit(c) || c == '-' || c == '.';
        let rest = self.rest();
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        match self.take(length) {
            "true" => Ok(Token::Bool(true)),
            "false" => Ok(Token::Bool(false)),
            "null" if self.json => Ok(Token::Null),
            word if self.json => Err(self.fault(format!("got {word:?}, expected a JSON value"))),
            word => Ok(Token::Ident(word)),
        }
    }

    /// `offset`: of the first digit or point, behind a minus sign.
    fn number(&mut self, offset: usize) -> Result<Token<'a>, Syntax> {
        let bytes = self.rest().as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
        if is(offset, b"0") && is(offset + 1, b"xX") {
            let mut end = offset + 2;
            while bytes.get(end).is_some_and(u8::is_ascii_hexdigit) {
                end += 1;
            }
            if end == offset + 2 {
                return Err(self.fault("a hexadecimal number without digits"));
            }
            return Ok(Token::Number(self.take(end)));
        }
        let whole = digits(offset);
        let mut end = whole;
        if is(end, b".") {
            end = digits(end + 1);
        }
        if is(end, b"eE") {
            end += 1;
            if is(end, b"+-") {
                end += 1;
            }
            end = digits(end);
        }
        // hcl/scanner: the first digit behind the zero is not looked at.
        let is_octal = is(offset, b"0") && end == whole;
        if is_octal && bytes.iter().take(end).skip(offset + 2).any(|byte| *byte >= b'8') {
            return Err(self.fault("an octal number with the digit 8 or 9"));
        }
        let text = self.take(end);
        Ok(if end == whole { Token::Number(text) } else { Token::Float(text) })
    }

    fn string(&mut self) -> Result<Token<'a>, Syntax> {
        let length =
            text::quoted_length(self.rest(), self.json).map_err(|message| self.fault(message))?;
        let inner = self.rest().get(1..length - 1).unwrap_or_default();
        let value = text::unescape(inner, self.json).map_err(|message| self.fault(message))?;
        self.take(length);
        Ok(Token::Text(value))
    }

    fn heredoc(&mut self) -> Result<Token<'a>, Syntax> {
        let (value, length) = text::heredoc(self.rest()).map_err(|message| self.fault(message))?;
        self.take(length);
        Ok(Token::Text(Cow::Owned(value)))
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && c.is_alphabetic())
}

pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}

pub(super) fn is_anchor(c: char) -> bool {
    is_letter(c) || is_digit(c)
}
