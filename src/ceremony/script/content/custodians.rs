//! Shares: each is seen by its custodian and nobody else.

use crate::ceremony::script::sheet::{Block, Text, own};
use crate::model::threshold::Threshold;

/// Minutes for one custodian who writes 46 words and reads them back.
const WRITING: usize = 8;
/// And for one who types them.
const TYPING: usize = 5;

const ALONE: &str = "One custodian at a time is at the machine; everybody else stands where the \
                     screen cannot be seen";
const APART: &str = "No custodian sees, hears or holds the words of another; nobody photographs";

/// A new set is handed out.
pub fn hand_out(shares: Threshold) -> Block {
    let head = vec!["Share", "Custodian", "Envelope no.", "Time", "Signature"];
    let blanks = vec![Text::default(); head.len() - 1];
    let rows = (1..=shares.of()).map(|number| [vec![own(number.to_string())], blanks.clone()]);
    let rows = rows.map(|row| row.concat()).collect();
    let blocks = vec![
        Block::boxes([
            ALONE,
            APART,
            "Each writes the 46 words down, and types them back as asked; the screen is cleared \
             before the next one comes",
            "The sheet goes into its envelope; the custodian closes it, signs across the flap, \
             and signs here",
        ]),
        Block::Table { head, rows },
        Block::blanks(["Share set, four digits"]),
    ];
    let minutes = WRITING * usize::from(shares.of());
    Block::step(format!("The shares are handed out ({shares})"), minutes, blocks)
}

/// A set is used.
pub fn unlock(shares: Threshold) -> Block {
    let needed = usize::from(shares.needed());
    let head = vec!["Custodian", "Share", "Old envelope no.", "New envelope no.", "Signature"];
    let blocks = vec![
        Block::boxes([
            ALONE,
            APART,
            "The envelope is whole and was signed by this custodian; it is opened at the machine",
            "The custodian types the words of the share; a word that is not known is named, and \
             typed again",
            "The sheet goes into a new envelope, closed and signed across the flap",
        ]),
        Block::form(head, needed),
    ];
    Block::step(format!("The custodians unlock the key ({shares})"), TYPING * needed, blocks)
}
