//! The last pages: signatures, and what did not go as planned.

use super::Case;
use crate::ceremony::script::sheet::{Block, Section, foreign, own};

/// How many exception sheets there are.
pub const COPIES: usize = 2;

/// Who stands for this paper.
pub fn signatures(case: &Case) -> Section {
    let person = |role: &str, name: &str| Block::Title(own(role).then(foreign(name)));
    let mut blocks = vec![
        Block::text(
            "I was there from the first step to the last. What is written on this paper is what I \
             saw, and every exception is on an exception sheet.",
        ),
        person("Operator: ", &case.reviewed.plan.operator),
        Block::blanks(["Signature", "Date"]),
    ];
    for (index, name) in case.witnesses().iter().enumerate() {
        blocks.push(person(&format!("Witness {}: ", index + 1), name));
        blocks.push(Block::blanks(["SSH key (SHA256)", "Signature", "Date"]));
    }
    blocks.push(Block::Title(own("This paper")));
    blocks.push(Block::blanks(["Exception sheets used", "It is kept at"]));
    Section::on_its_own_page("Signatures", blocks)
}

/// One exception.
pub fn sheet(number: usize) -> Section {
    let heading = |text: &str| Block::Title(own(text));
    Section::on_its_own_page(
        format!("Exception sheet {number} of {COPIES}"),
        vec![
            Block::text("Nothing else is done until this sheet is filled in and signed."),
            Block::blanks(["At step", "Time"]),
            heading("What the screen showed, word for word, or what happened"),
            Block::Lines(5),
            heading("Why, as far as it is known"),
            Block::Lines(3),
            heading("Decision"),
            Block::boxes([
                "Go on with the same step",
                "Go on with the step number: ________",
                "Stop; the plan is made again",
            ]),
            Block::Lines(2),
            heading("Everybody agrees"),
            Block::form(vec!["Name", "Initials", "Time"], 4),
        ],
    )
}
