//! What a custodian sees and types: a new share, to be written on paper, and one that is brought.

use super::Session;
use crate::context::Rng;
use crate::custody::shares::{Progress, Share};
use crate::error::{Error, Result};
use crate::model::{name::ObjectRef, text::clean};
use crate::ui::{Ui, page::Page};
use zeroize::Zeroizing;

/// Words on one line of the page.
const COLUMNS: usize = 5;

/// How many of the words are asked for, after they were written down.
const ASKED: usize = 3;

/// Shows a share to its custodian alone, asks for some of its words from the paper, and leaves
/// nothing on the terminal. A word that is not as it was shows the share again.
///
/// # Errors
/// Failed: no terminal, or it was interrupted.
pub fn show(session: &Session, object: &ObjectRef, share: &Share, of: u8) -> Result<()> {
    let Ok(mut page) = Page::open() else {
        return Err(Error::failed("there is no terminal to show the shares at")
            .hint("for a trial, with shares that are thrown away: --shares-dir DIR"));
    };
    let (number, needed, set) = (share.number(), share.needed(), share.set());
    let who = format!("custodian {number} of {of}");
    let label = clean(&format!("{object}, share {number} of {of}, set {set}"));
    page.show(&format!(
        "\n  Now {who}, alone.\n\n  \
         The next page shows the words of one share of the root key, once. Have paper\n  \
         and a pen; take no photograph, and see that nobody else can read the screen.\n\n"
    ))?;
    page.ask("  Press Enter when ready: ")?;
    let words = share.words();
    let mut missed = "";
    loop {
        let table = table(&words);
        page.show(&Zeroizing::new(format!(
            "\n  {label}; {needed} of {of} unlock the key\n\n{}\n  \
             {missed}{who}: write these words and the first line down. Then press\n  \
             Enter: some words will be asked for from the paper.\n\n",
            *table
        )))?;
        page.ask("  Press Enter when written: ")?;
        page.show(&format!(
            "\n  {label}\n\n  From the paper, to see that it is right; nothing is shown:\n\n"
        ))?;
        if is_written(&mut page, &words, session.context.rng)? {
            break;
        }
        missed = "A word was not the one shown: compare, and correct the paper.\n\n  ";
    }
    drop(page);
    session.ui.status(&format!("share {number} of {of} is with its custodian"));
    Ok(())
}

/// The words with their numbers, as they are read: along the lines.
fn table(words: &str) -> Zeroizing<String> {
    // Exact enough that it never grows, which would leave a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(1024));
    for (index, word) in words.split(' ').enumerate() {
        let is_last = index % COLUMNS == COLUMNS - 1;
        text.push_str(&Zeroizing::new(format!("    {:>2} {word:<6}", index + 1)));
        text.push_str(if is_last { "\n" } else { "" });
        // A gap to keep the place while copying.
        text.push_str(if index % (5 * COLUMNS) == 5 * COLUMNS - 1 { "\n" } else { "" });
    }
    text.push('\n');
    text
}

/// Are words at random places on the paper as they were shown?
fn is_written(page: &mut Page, words: &str, rng: &Rng) -> Result<bool> {
    let words: Vec<&str> = words.split(' ').collect();
    for place in places(words.len(), rng)? {
        let typed = page.ask(&format!("  word {:>2}: ", place + 1))?;
        if !typed.trim().eq_ignore_ascii_case(words[place]) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Different places in order, none in the four words that every share begins with.
fn places(count: usize, rng: &Rng) -> Result<Vec<usize>> {
    const SAME: usize = 4;
    let mut places = Vec::new();
    while places.len() < ASKED {
        let mut byte = [0];
        rng.fill(&mut byte).map_err(|_| Error::failed("no randomness: no word can be chosen"))?;
        let place = SAME + usize::from(byte[0]) % (count - SAME);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.sort_unstable();
    Ok(places)
}

/// The words of one share, typed without echo on any number of lines; `None` when nobody brings
/// another.
///
/// # Errors
/// Failed, when there is no terminal.
pub fn ask(ui: &Ui, object: &ObjectRef, progress: Progress) -> Result<Option<Zeroizing<String>>> {
    let Progress { given, missing } = progress;
    let needed = given + missing;
    if missing == 0 {
        return Ok(None);
    }
    ui.status(&format!("{}: {given} of {needed} shares given", clean(&object.to_string())));
    ui.status(&format!(
        "custodian {} of {needed}: type the words of your share; they are not shown",
        given + 1
    ));
    let mut text = Zeroizing::new(String::with_capacity(4096));
    let mut count = 0;
    while count < Share::WORDS {
        let prompt = match count {
            0 => "words from 1 on (as many on a line as you like)".to_owned(),
            _ => format!("words from {} on", count + 1),
        };
        let line = ui.secret(&prompt, "without a terminal, add: --share-file FILE, for each")?;
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            if count == 0 {
                return Ok(None);
            }
            ui.warn("an empty line: the share is begun again, from its first word");
            text.clear();
            count = 0;
            continue;
        }
        match Share::words_in(&line, count) {
            Ok(more) => {
                count += more;
                text.push_str(&line);
                text.push('\n');
            }
            Err(error) => {
                ui.warn(&error.messages().join(": "));
                ui.hint(&format!("{}; type the line again", error.hint.unwrap_or_default()));
            }
        }
    }
    Ok(Some(text))
}
