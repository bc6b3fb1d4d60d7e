//! What strings and heredocs say.

use super::scan::is_anchor;
use std::borrow::Cow;

/// Where the quoted string at the front ends, with its quotes. Between `${` and `}`, quotes and
/// line feeds belong to it (not so in JSON): Terraform's interpolation, which HCL 1 knows of.
pub(super) fn quoted_length(text: &str, json: bool) -> Result<usize, String> {
    let mut braces = 0_usize;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if braces == 0 || json => return Ok(at + 1),
            '\n' if braces == 0 || json => break,
            '\0' => return Err("a NUL character in a string".to_owned()),
            // hcl/scanner keeps this one for itself.
            '\u{e123}' => return Err("the character U+E123 in a string".to_owned()),
            '$' if braces == 0 && chars.next_if(|(_, next)| *next == '{').is_some() => braces = 1,
            '{' if braces > 0 => braces += 1,
            '}' if braces > 0 => braces -= 1,
            '\\' => {
                let escape = chars.next().map(|(_, escape)| escape);
                let digits = digits_of(escape.unwrap_or('\n')).ok_or_else(|| {
                    "an escape that is not known, expected \\\\, \\\" or \\n".to_owned()
                })?;
                for _ in 0..digits.count {
                    let is_digit = |&(_, c): &(usize, char)| c.is_digit(digits.base);
                    chars
                        .next_if(is_digit)
                        .ok_or_else(|| "an escape with too few digits".to_owned())?;
                }
            }
            _ => {}
        }
    }
    Err("this string has no end on its line".to_owned())
}

/// How many digits follow the letter of an escape, and in which base.
struct Digits {
    count: usize,
    base: u32,
}

fn digits_of(escape: char) -> Option<Digits> {
    let (count, base) = match escape {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '"' => (0, 10),
        '0'..='7' => (2, 8),
        'x' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        _ => return None,
    };
    Some(Digits { count, base })
}

/// The inside of a quoted string, whose escapes are well formed, without escapes. What stands in
/// `${...}` stays as it is, except in JSON.
pub(super) fn unescape(inner: &str, json: bool) -> Result<Cow<'_, str>, String> {
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    let mut out: Vec<u8> = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        if !json && rest.starts_with("${") {
            let length = interpolation_length(rest).ok_or("an interpolation without its '}'")?;
            out.extend_from_slice(rest.as_bytes().get(..length).unwrap_or_default());
            rest = rest.get(length..).unwrap_or_default();
        } else if c == '\\' {
            rest = unescape_one(rest.get(1..).unwrap_or_default(), json, &mut out)?;
        } else {
            let (head, tail) = rest.split_at(c.len_utf8());
            out.extend_from_slice(head.as_bytes());
            rest = tail;
        }
    }
    // \x and octal escapes are bytes; a path that is not UTF-8 matches no path that we can ask.
    Ok(Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }))
}

/// With its `${` and `}`.
fn interpolation_length(text: &str) -> Option<usize> {
    let mut braces = 0_usize;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '{' => braces += 1,
            '}' if braces == 1 => return Some(at + 1),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

/// The escape at the front, behind its backslash; gives what comes after it.
fn unescape_one<'a>(text: &'a str, json: bool, out: &mut Vec<u8>) -> Result<&'a str, String> {
    let letter = text.chars().next().unwrap_or('\\');
    let plain = match letter {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' | '"' => Some(letter as u8),
        _ => None,
    };
    if let Some(byte) = plain {
        out.push(byte);
        return Ok(text.get(1..).unwrap_or_default());
    }
    let digits = digits_of(letter).ok_or("an escape that is not known")?;
    let start = usize::from(digits.base == 16);
    let end = 1 + digits.count;
    let number = u32::from_str_radix(text.get(start..end).unwrap_or_default(), digits.base)
        .map_err(|_| "an escape that is no number")?;
    if matches!(letter, 'u' | 'U') {
        // hcl/strconv writes half of a surrogate pair as the replacement character.
        let is_half = !json && (0xd800..0xe000).contains(&number);
        let half = is_half.then_some(char::REPLACEMENT_CHARACTER);
        let c = char::from_u32(number).or(half).ok_or("an escape that is no character")?;
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        out.push(u8::try_from(number).map_err(|_| "an octal escape above \\377")?);
    }
    Ok(text.get(end..).unwrap_or_default())
}

/// The heredoc at the front: its value, and its length with the line of its end.
pub(super) fn heredoc(text: &str) -> Result<(String, usize), String> {
    let opening = text.strip_prefix("<<").ok_or("got '<', expected '<<' for a heredoc")?;
    let indented = opening.starts_with('-');
    let name = opening.strip_prefix('-').unwrap_or(opening);
    let length = name.find(|c| !is_anchor(c)).unwrap_or(name.len());
    let (name, body) = name.split_at(length);
    let body = body.strip_prefix('\r').unwrap_or(body);
    let body = body.strip_prefix('\n').ok_or("expected a line feed behind a heredoc's anchor")?;
    if name.is_empty() && !indented {
        return Err("a heredoc without an anchor".to_owned());
    }
    let mut before = 0;
    for line in body.split_inclusive('\n') {
        let ends = line.strip_suffix('\n').is_some_and(|line| closes(line, name, indented));
        if ends {
            let (lines, end) = (body.get(..before).unwrap_or_default(), line);
            let length = text.len() - body.len() + before + line.len();
            return Ok((heredoc_value(lines, end, indented), length));
        }
        if line.contains('\0') {
            break;
        }
        before += line.len();
    }
    Err(format!("this heredoc has no line {name:?} at its end"))
}

/// hcl/scanner counts the minus sign of `<<-` as part of the anchor when it looks whether a line
/// is long enough: an indented heredoc's end must be indented.
fn closes(line: &str, name: &str, indented: bool) -> bool {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\u{b}' | '\u{c}' | '\r');
    line.len() >= name.len() + usize::from(indented)
        && line.trim_start_matches(is_space).trim_end_matches('\r') == name
}

fn heredoc_value(lines: &str, end: &str, indented: bool) -> String {
    let margin = &end[..end.len() - end.trim_start_matches([' ', '\t']).len()];
    if !indented {
        return format!("{lines}{margin}");
    }
    if !lines.lines().all(|line| line.starts_with(margin)) {
        return lines.to_owned();
    }
    lines.split_inclusive('\n').map(|line| line.strip_prefix(margin).unwrap_or(line)).collect()
}
