//! The last pages: signatures, and what did not go as planned.

use super::Case;
use crate::ceremony::script::sheet::{Block, Section, Text, foreign, own};

/// How many exception sheets there are.
pub const COPIES: usize = 2;

/// Who stands for this paper.
pub fn signatures(case: &Case) -> Section {
    let row = |role: Text, name: &str, key: Text| {
        vec![role, foreign(name), key, Text::default(), Text::default()]
    };
    let mut rows = vec![row(own("Operator"), &case.reviewed.plan.operator, own("none"))];
    for (index, name) in case.witnesses().iter().enumerate() {
        rows.push(row(own(format!("Witness {}", index + 1)), name, Text::default()));
    }
    Section::on_its_own_page(
        "Signatures",
        vec![
            Block::text(
                "I was there from the first step to the last. What is written on this paper is what I \
             saw, and every exception is on an exception sheet.",
            ),
            Block::Table {
                head: vec!["Role", "Name", "SSH key (SHA256:...)", "Signature", "Date"],
                rows,
            },
            Block::blanks(["Exception sheets used", "This paper is kept at"]),
        ],
    )
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
            Block::Lines(6),
            heading("Why, as far as it is known"),
            Block::Lines(3),
            heading("Decision"),
            Block::boxes([
                "Go on with the same step",
                "Go on with the step number: ________",
                "Stop; the plan is made again",
            ]),
            Block::Lines(3),
            Block::form(vec!["Name", "Initials", "Time"], 4),
        ],
    )
}
