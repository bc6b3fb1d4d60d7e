//! Bytewords (BCR-2020-012): a byte is one of 256 words of four letters, and the last four words
//! are a CRC-32. The first and the last letter of a word belong to no other.

use crate::error::{Error, Result};
use crate::model::{rule::Rule, text::clean};
use zeroize::Zeroizing;

/// All words in their order, which is the alphabet's.
const WORDS: &str = "\
    able acid also apex aqua arch atom aunt away axis back bald barn belt beta bias \
    blue body brag brew bulb buzz calm cash cats chef city claw code cola cook cost \
    crux curl cusp cyan dark data days deli dice diet door down draw drop drum dull \
    duty each easy echo edge epic even exam exit eyes fact fair fern figs film fish \
    fizz flap flew flux foxy free frog fuel fund gala game gear gems gift girl glow \
    good gray grim guru gush gyro half hang hard hawk heat help high hill holy hope \
    horn huts iced idea idle inch inky into iris iron item jade jazz join jolt jowl \
    judo jugs jump junk jury keep keno kept keys kick kiln king kite kiwi knob lamb \
    lava lazy leaf legs liar limp lion list logo loud love luau luck lung main many \
    math maze memo menu meow mild mint miss monk nail navy need news next noon note \
    numb obey oboe omit onyx open oval owls paid part peck play plus poem pool pose \
    puff puma purr quad quiz race ramp real redo rich road rock roof ruby ruin runs \
    rust safe saga scar sets silk skew slot soap solo song stub surf swan taco task \
    taxi tent tied time tiny toil tomb toys trip tuna twin ugly undo unit urge user \
    vast very veto vial vibe view visa void vows wall wand warm wasp wave waxy webs \
    what when whiz wolf work yank yawn yell yoga yurt zaps zero zest zinc zone zoom";

/// The letters of a word.
const LETTERS: usize = 4;
/// The length of the checksum, in words.
pub const CHECKSUM: usize = 4;

fn word(index: usize) -> &'static str {
    let start = index * (LETTERS + 1);
    WORDS.get(start..start + LETTERS).unwrap_or_default()
}

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.split(' ')
}

/// The bytes and their checksum as words with a space between.
pub fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let checksum = crc32fast::hash(bytes).to_be_bytes();
    // Exact capacity: a growing string would leave copies of a secret behind.
    let length = (bytes.len() + CHECKSUM) * (LETTERS + 1);
    let mut text = Zeroizing::new(String::with_capacity(length));
    for byte in bytes.iter().chain(&checksum) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word(usize::from(*byte)));
    }
    text
}

/// The reverse of [`encode`], of what a person typed: in any case, over several lines, with
/// commas or hyphens, with numbers (`1.`, `2)`) before words.
///
/// # Errors
/// Refused, SHARE-MISTYPED: a word that is not on the list, by its position, with the nearest one
/// in the hint alone, which is shown but not recorded; a wrong checksum.
pub fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = read(text, 0)?;
    let count = bytes.len();
    let body = count.saturating_sub(CHECKSUM);
    let (data, checksum) = bytes.split_at(body);
    if data.is_empty() || crc32fast::hash(data).to_be_bytes() != checksum {
        return Err(mistyped(format!(
            "got {count} words whose checksum does not hold, expected all words of one share"
        ))
        .hint("compare each word with the paper: one is another, missing, doubled or swapped"));
    }
    bytes.truncate(body);
    Ok(bytes)
}

/// The bytes of words that follow `before` others; no checksum is looked at.
///
/// # Errors
/// Refused, SHARE-MISTYPED: a word that is not on the list, as for [`decode`].
pub fn read(text: &str, before: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / LETTERS));
    for (index, typed) in typed(text).enumerate() {
        let known = words().position(|word| word.eq_ignore_ascii_case(typed));
        let byte = known.and_then(|known| u8::try_from(known).ok());
        bytes.push(byte.ok_or_else(|| unknown(before + index + 1, typed))?);
    }
    Ok(bytes)
}

fn typed(text: &str) -> impl Iterator<Item = &str> {
    let number = |c: char| c.is_ascii_digit() || ".):".contains(c);
    text.split(|c: char| c.is_whitespace() || c == '-' || c == ',')
        .map(move |word| word.trim_start_matches(number))
        .filter(|word| !word.is_empty())
}

fn unknown(position: usize, typed: &str) -> Error {
    let shown = clean(&typed.chars().take(12).collect::<String>());
    let error = mistyped(format!("word {position} is not on the list of bytewords"));
    match neighbour(typed) {
        Some(near) => error.hint(format!("word {position} is {shown:?}: did you mean {near:?}?")),
        None => error.hint(format!("word {position} is {shown:?}: look at the paper again")),
    }
}

/// The word that takes the fewest changes, and of several the one with the same first and last
/// letter, which no other has.
fn neighbour(typed: &str) -> Option<&'static str> {
    let typed: String = typed.to_ascii_lowercase().chars().take(2 * LETTERS).collect();
    let ends = |word: &str| (word.chars().next(), word.chars().next_back());
    let distance = |word: &str| (strsim::osa_distance(word, &typed), ends(word) != ends(&typed));
    let near = words().map(|word| (distance(word), word)).min();
    near.filter(|((changes, _), _)| *changes <= 2).map(|(_, word)| word)
}

fn mistyped(detail: String) -> Error {
    Rule::ShareMistyped.found(detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_sorted_and_its_words_differ_in_their_first_and_last_letter() {
        let all: Vec<&str> = words().collect();
        assert_eq!(all.len(), 256);
        assert!(all.is_sorted() && all.iter().all(|word| word.len() == LETTERS));
        let ends = all.iter().map(|word| (word.chars().next(), word.chars().next_back()));
        assert_eq!(ends.collect::<BTreeSet<_>>().len(), 256);
        assert!((0..256).all(|index| word(index) == all[index]));
        assert_eq!((word(0), word(128), word(255)), ("able", "lava", "zoom"));
    }

    /// From the manual of Blockchain Commons' seedtool.
    #[test]
    fn seedtool_prints_the_same_words() {
        let seed = b"\xd0\xf4\x0d\x17\x33\x01\xc8\x8d\xae\xe1\x99\x87\x24\x4b\x24\xfb";
        let text = "taxi work belt cash echo acid soap lung pool very nail list dark gear dark \
                    zero each twin lava lamb";
        assert_eq!(*encode(seed), text);
        assert_eq!(*decode(text).unwrap(), seed);
    }

    #[test]
    fn a_word_is_read_as_people_write_it() {
        let bytes = b"a page of words";
        let text = encode(bytes);
        let numbered: Vec<String> =
            text.split(' ').enumerate().map(|(i, word)| format!("{}. {word}\r\n", i + 1)).collect();
        let glued: Vec<String> =
            text.split(' ').enumerate().map(|(i, word)| format!("{}){word}", i + 1)).collect();
        for written in [
            text.to_uppercase(),
            format!("\n\t {}  \n", text.replace(' ', "  \n ")),
            numbered.concat(),
            glued.join(" "),
            text.replace(' ', "-"),
            text.replace(' ', ", "),
        ] {
            assert_eq!(*decode(&written).unwrap(), bytes, "{written}");
        }
    }

    #[test]
    fn an_unknown_word_is_named_with_its_place_and_the_nearest_one() {
        let error = decode("1. tuna 2. next 3. kexp").unwrap_err();
        assert_eq!(error.messages(), ["SHARE-MISTYPED: word 3 is not on the list of bytewords"]);
        assert_eq!(error.hint.unwrap(), "word 3 is \"kexp\": did you mean \"keep\"?");
        let error = decode("tunna next").unwrap_err();
        assert_eq!(error.hint.unwrap(), "word 1 is \"tunna\": did you mean \"tuna\"?");
        let error = decode("\u{202e}\u{1b}[31m").unwrap_err();
        assert_eq!(
            error.hint.unwrap(),
            "word 1 is \"\\\\u{202e}\\\\u{1b}[31m\": look at the paper again"
        );
    }

    #[test]
    fn nothing_and_too_little_are_mistyped() {
        for text in ["", "1.", "tuna", "able able able able"] {
            let error = decode(text).unwrap_err();
            assert_eq!(error.findings[0].rule, Rule::ShareMistyped, "{text}");
        }
    }
}
