//! Text from strangers, made safe to look at.

/// Replaces everything that a terminal would obey or that hides text: control characters, and the
/// Unicode format characters (bidirectional overrides and isolates, zero-width, tags, BOM).
/// Line feeds stay only where the caller splits lines itself: here they are escaped too.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out
}

/// Is this a character that shows itself and nothing else?
pub fn is_plain(c: char) -> bool {
    !c.is_control() && !is_format(c)
}

/// Unicode general category Cf, Zl, Zp, private use and noncharacters, as far as they exist.
fn is_format(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x0890..=0x0891 | 0x08E2
        | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F
        | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xFFFE..=0xFFFF | 0x110BD | 0x110CD
        | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
        | 0xF0000..=0x10FFFF)
}

/// Splits at spaces into lines of at most `width` characters; a longer word has its own line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        match lines.last_mut().filter(|_| length + 1 + word_length <= width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
                length += 1 + word_length;
            }
            None => {
                lines.push(word.to_owned());
                length = word_length;
            }
        }
    }
    lines
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Is this text [`hex`] of these bytes?
pub fn is_hex_of(text: &str, bytes: &[u8]) -> bool {
    let pairs = text.as_bytes().chunks(2).zip(bytes);
    let is_it = |(pair, byte): (&[u8], &u8)| {
        pair == [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
    };
    text.len() == bytes.len() * 2 && pairs.map(is_it).fold(true, |all, one| all & one)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// The reverse of [`hex`]; `None` for anything but pairs of lower-case digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Fingerprints as people compare them: upper-case pairs with colons, as openssl prints them.
pub fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The nearest of `candidates` to a misspelled word, if any is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_direction_marks_become_text() {
        assert_eq!(
            clean("a\x1b[31mb\u{202e}c\u{feff}\n"),
            "a\\u{1b}[31mb\\u{202e}c\\u{feff}\\u{a}"
        );
        assert_eq!(clean("Grüße, 世界"), "Grüße, 世界");
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("extraordinary a", 5), ["extraordinary", "a"]);
        assert_eq!(wrap("größer 世界 x", 9), ["größer 世界", "x"]);
    }

    #[test]
    fn hex_goes_both_ways() {
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(unhex("001fff"), Some(vec![0, 0x1f, 0xff]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("FF"), None);
        for (text, is_it) in [
            ("001fff", true),
            ("001ffe", false),
            ("101fff", false),
            ("001f", false),
            ("001fff0", false),
            ("001fff00", false),
            ("001FFF", false),
        ] {
            assert_eq!(is_hex_of(text, &[0, 0x1f, 0xff]), is_it, "{text}");
        }
    }
}
