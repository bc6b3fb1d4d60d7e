//! What comes after the run: what leaves the room, what stays, who signs, what is filed.

use super::Case;
use crate::ceremony::script::sheet::{Block, Section, Text, own};
use crate::model::root::Custody;
use crate::store::layout::{self, RESPONSE, TRANSCRIPT};

/// What leaves the room, and what stays.
pub fn closing(case: &Case) -> Section {
    let of = |file| format!("MEDIUM/{}", layout::ceremony(case.reviewed.plan.number, file));
    let mut away = vec![
        "The medium is in a new bag, closed; its number is below",
        "The copy is in a bag of its own, and goes to another place",
        "The machine is switched off; its disk, if it has one, is wiped or stays in a bag",
        "No paper with words or a passphrase is left in the room",
    ];
    if case.custody == Custody::Pkcs11 {
        away.push("The token is in a bag of its own");
    }
    let head = vec!["What", "Bag no.", "Where it is kept", "Carried by (signature)"];
    let media = ["The medium", "The copy", "The transfer medium", "The machine or its disk"];
    let token = (case.custody == Custody::Pkcs11).then_some("The token");
    Section::on_its_own_page(
        "Closing",
        vec![
            Block::step(
                "What leaves the room",
                5,
                vec![
                    Block::text("TRANSFER stands for the directory of the transfer medium."),
                    Block::Commands(vec![
                        format!("cp {} TRANSFER/", of(RESPONSE)),
                format!("cp {} TRANSFER/", of(TRANSCRIPT)),
                        format!("sha256sum TRANSFER/{TRANSCRIPT}"),
                        "sync".into(),
                    ]),
                    Block::boxes([
                        "Nothing else is on the transfer medium: `ls -A TRANSFER` shows two files",
                    ]),
                    Block::Pairs("Transcript".into()),
                ],
            ),
            Block::step(
                "A copy of the medium",
                10,
                vec![
                    Block::text(
                        "COPY stands for the directory of the second medium, which is empty.",
                    ),
                    Block::Commands(vec![
                        "cp -a MEDIUM/. COPY/".into(),
                        "diff -r MEDIUM COPY".into(),
                        "sync".into(),
                    ]),
                    Block::boxes(["`diff` must show nothing"]),
                ],
            ),
            Block::step(
                "Everything is put away",
                10,
                vec![Block::boxes(away), table(head, media.into_iter().chain(token))],
            ),
        ],
    )
}

fn table<'a>(head: Vec<&'static str>, names: impl Iterator<Item = &'a str>) -> Block {
    let blanks = head.len() - 1;
    let rows = names.map(|name| [vec![own(name)], vec![Text::default(); blanks]].concat());
    Block::Table { rows: rows.collect(), head }
}

/// Each witness signs the transcript.
pub fn witnesses(case: &Case) -> Section {
    let title = "The witnesses sign the transcript";
    if case.witnesses().is_empty() {
        let none = "The plan names no witness: nobody signs the transcript but the root key.";
        return Section::new(title, vec![Block::text(none)]);
    }
    let mut blocks = vec![Block::text(
        "Each on a machine of their own, with their own key, from the transfer medium.",
    )];
    for (index, _) in case.witnesses().iter().enumerate() {
        let number = index + 1;
        blocks.push(Block::step(
            format!("Witness {number} signs"),
            5,
            vec![
                Block::Commands(vec![
                    format!("sha256sum {TRANSCRIPT}"),
                    format!("ssh-keygen -Y sign -f KEY -n rootward-transcript {TRANSCRIPT}"),
                    format!("mv {TRANSCRIPT}.sig {}", signature(number)),
                ]),
                Block::boxes([
                    "`sha256sum` must show what was written down under Closing".to_owned(),
                    "The transcript is read to its end, and says what happened".to_owned(),
                    format!("`{}` is on the transfer medium", signature(number)),
                ]),
            ],
        ));
    }
    Section::on_its_own_page(title, blocks)
}

fn signature(number: usize) -> String {
    format!("witness{number}.sig")
}

/// On the side that planned.
pub fn online(case: &Case) -> Section {
    let mut verify = vec![format!("rootward ceremony verify {RESPONSE}")];
    if !case.witnesses().is_empty() {
        verify.push("--witnesses allowed_signers".into());
    }
    verify.extend((1..=case.witnesses().len()).map(|n| format!("--signature {}", signature(n))));
    let last = verify.len() - 1;
    let lines = verify.iter().enumerate().map(|(index, part)| {
        let (indent, end) =
            (if index == 0 { "" } else { "  " }, if index == last { "" } else { " \\" });
        format!("{indent}{part}{end}")
    });
    Section::new(
        "The online side",
        vec![
            Block::step(
                "The response is verified",
                10,
                vec![
                    Block::Commands(lines.collect()),
                    Block::boxes([
                        "It must show the fingerprints that are written down under What was made",
                        "It must end without `error:`",
                    ]),
                ],
            ),
            Block::step(
                "The response is filed",
                5,
                vec![
                    Block::Commands(vec![
                        format!("rootward ceremony import {RESPONSE}"),
                        "rootward verify".into(),
                    ]),
                    Block::boxes(["`rootward verify` must end with `all is well`"]),
                ],
            ),
        ],
    )
}
