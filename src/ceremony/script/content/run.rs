//! The run: what is typed, who unlocks, what the screen shows.

use super::{Case, before, custodians};
use crate::ceremony::plan::{CONFIRMING_WORDS, Step, show};
use crate::ceremony::script::sheet::{Block, Section};
use crate::journal::Act;
use crate::model::root::Custody;

const TYPED: &str = "The one who knows it types it; everybody else looks away";

/// Up to the key.
pub fn run(case: &Case) -> Section {
    let mut blocks = vec![begin(), confirm(case)];
    if case.opens {
        blocks.push(unlock(case));
    }
    if case.creates {
        blocks.push(create(case));
    }
    Section::new("The run", blocks)
}

fn begin() -> Block {
    let boxes = Block::boxes([
        "It must show this ceremony's number and the plan's SHA-256",
        "It asks for the time: type what the clock in the room shows, in UTC, as in \
         `2026-01-31 14:05`",
        "It must show that every step passed with throw-away keys",
    ]);
    let command = Block::command("./rootward ceremony run plan.toml --workspace MEDIUM");
    let blanks = Block::blanks(["The time that was typed"]);
    Block::step("The run begins", 5, vec![command, boxes, blanks])
}

fn confirm(case: &Case) -> Block {
    let words: Vec<&str> = case.words.iter().take(CONFIRMING_WORDS).map(String::as_str).collect();
    let blocks = vec![
        Block::text(
            "It asks for the first words of the plan's digest. All who stand for this plan say \
             yes, aloud; then type",
        ),
        Block::command(words.join(" ")),
        Block::boxes([
            "Everybody has said yes",
            "It must show the words after `confirmed`, and a line `sandbox`",
        ]),
    ];
    Block::step("The plan is confirmed", 2, blocks)
}

/// A key that is there.
fn unlock(case: &Case) -> Block {
    match (case.custody(), case.shares()) {
        (Custody::Shares, Some(shares)) => custodians::unlock(shares),
        (Custody::Pkcs11, _) => Block::step(
            "The PIN of the token",
            2,
            vec![Block::boxes(["It asks for the PIN", TYPED])],
        ),
        _ => {
            let boxes = Block::boxes(["It asks for the passphrase", TYPED]);
            Block::step("The passphrase of the root key", 2, vec![boxes])
        }
    }
}

/// A new key.
fn create(case: &Case) -> Block {
    match (case.custody(), case.shares()) {
        (Custody::Shares, Some(shares)) => custodians::hand_out(shares),
        (Custody::Pkcs11, _) => {
            let boxes = Block::boxes(["It asks for the PIN", TYPED]);
            let blanks = Block::blanks(["Label of the token", "Its serial number"]);
            Block::step("The new key in the token", 3, vec![boxes, blanks])
        }
        _ => {
            let boxes = Block::boxes([
                "It asks for a new passphrase, twice",
                TYPED,
                "Its written copy is in an envelope, closed and signed across the flap",
            ]);
            let blanks = Block::blanks(["Number of the envelope"]);
            Block::step("The new passphrase", 5, vec![boxes, blanks])
        }
    }
}

/// What the screen shows, step for step of the plan.
pub fn made(case: &Case) -> Section {
    let mut blocks = vec![Block::text(
        "The screen shows what was made. The operator reads it aloud, a witness writes it down, \
         and everybody compares. A fingerprint (SHA-256) is 32 pairs in two lines.",
    )];
    let products = case.products.iter().zip(&case.reviewed.plan.steps).enumerate();
    blocks.extend(products.map(|(index, (product, step))| one(index + 1, product, step)));
    let boxes = Block::boxes([
        "It must show a line `journal`, and a last line `signed` with the name of the root",
        &format!("It must end with `ceremony {} is complete`", case.reviewed.plan.number),
    ]);
    blocks.push(Block::step("The end of the run", 3, vec![boxes]));
    Section::on_its_own_page("What was made", blocks)
}

fn one(number: usize, product: &show::Paragraph, step: &Step) -> Block {
    let mut blocks = vec![
        before::facts(on_screen(&product.lines)),
        Block::boxes([format!("The screen shows this below `step {number}`")]),
    ];
    for (act, _) in step.records() {
        if act == Act::CrlIssue {
            blocks.push(Block::Pairs("CRL".into()));
        } else {
            blocks.extend([Block::blanks(["Serial"]), Block::Pairs("Certificate".into())]);
        }
    }
    Block::step(format!("Step {number} of the plan: {}", product.title), 4, blocks)
}

/// The lines that the transcript has, too.
fn on_screen(lines: &[show::Line]) -> impl Iterator<Item = &show::Line> {
    let mut is_shown = false;
    lines.iter().filter(move |line| {
        if !line.label.is_empty() {
            is_shown = ["subject", "valid", "revokes"].contains(&line.label);
        }
        is_shown
    })
}
