//! The steps at the offline machine.

use super::{Case, before, custodians, groups};
use crate::ceremony::plan::{CONFIRMING_WORDS, Step, show::Line};
use crate::ceremony::script::sheet::{Block, Section};
use crate::journal::Act;
use crate::model::root::Custody;

/// Before anything is signed.
pub fn together(case: &Case) -> Section {
    let lists = case.reviewed.plan.steps.len();
    Section::on_its_own_page(
        "In the room",
        vec![
            Block::text(
                "All commands are typed by the operator, in the directory where `rootward` and \
             `plan.toml` are. MEDIUM stands for the directory of the medium with the root key. A \
             step is done when the screen shows what it must show. If it begins with `error:` \
             instead, nobody types on: take an exception sheet.",
            ),
            Block::step(
                "Everybody is here",
                5,
                vec![Block::boxes([
                    "Everybody is named on the first page, and has signed there",
                    "Telephones, watches with a radio and cameras are outside",
                    "From here on nobody is alone with the machine or a medium",
                ])],
            ),
            Block::step(
                "The machine",
                10,
                vec![
                    Block::boxes([
                        "It was switched off; it is started from a clean system, in front of everybody",
                        "No cable but the mains; `ip -brief link` shows no interface but `lo`",
                        "`swapon --show` shows nothing",
                        "`date -u` shows what the clock in the room shows, to the minute",
                    ]),
                    Block::blanks(["`date -u` showed", "The clock in the room"]),
                ],
            ),
            Block::step(
                "The medium",
                5,
                vec![
                    Block::boxes([match case.opens {
                        true => "The bag is whole; its number is that of the last ceremony's paper",
                        false => "The medium is new, and empty",
                    }]),
                    Block::blanks(["Number of the bag", "MEDIUM is the directory"]),
                ],
            ),
            Block::step(
                "The program and the plan",
                5,
                vec![
                    Block::command("sha256sum rootward plan.toml"),
                    Block::text(
                        "must show for `rootward` what was written down before the day, and for `plan.toml`",
                    ),
                    Block::Hex(
                        groups(&case.reviewed.digest).chunks(8).map(<[_]>::to_vec).collect(),
                    ),
                    Block::boxes([
                        "The operator reads all of `rootward` aloud from the screen, a witness compares it with the paper",
                        "The operator reads all of `plan.toml` aloud from the screen, a witness compares it with the paper",
                    ]),
                ],
            ),
            Block::step(
                "What the plan says",
                5,
                vec![
                    Block::command("./rootward ceremony plan --show plan.toml"),
                    Block::boxes([
                        "It must show the 24 words of the first page".to_owned(),
                        format!(
                            "It must show, as under What will exist afterwards, {}",
                            count(lists, "product")
                        ),
                    ]),
                ],
            ),
            Block::step(
                "The rehearsal",
                10,
                vec![
                    Block::command("./rootward ceremony rehearse plan.toml --workspace MEDIUM"),
                    Block::boxes([
                        format!(
                            "It must show the lines `step 1` to `step {lists}`, and end without `error:`"
                        ),
                        "Fingerprints here are of throw-away keys: nobody writes them down"
                            .to_owned(),
                    ]),
                ],
            ),
        ],
    )
}

/// The run up to the key.
pub fn run(case: &Case) -> Section {
    let words = case.words[..CONFIRMING_WORDS.min(case.words.len())].join(" ");
    let mut blocks = vec![
        Block::step(
            "The run begins",
            5,
            vec![
                Block::command("./rootward ceremony run plan.toml --workspace MEDIUM"),
                Block::boxes([
                    "It must show this ceremony's number and the plan's SHA-256, then what it sees of the machine",
                    "It asks for the time: type what the clock in the room shows, in UTC, as in `2026-01-31 14:05`",
                    "It must show that every step passed with throw-away keys",
                ]),
                Block::blanks(["The time that was typed"]),
            ],
        ),
        Block::step(
            "Confirmed",
            2,
            vec![
                Block::text(
                    "It asks for the first words of the plan's digest. All who stand for this plan say yes, aloud; then type",
                ),
                Block::command(words),
                Block::boxes([
                    "Everybody has said yes",
                    "It must show the words after `confirmed`",
                ]),
            ],
        ),
    ];
    if case.opens {
        blocks.extend(unlock(case));
    }
    if case.creates {
        blocks.extend(create(case));
    }
    Section::new("The run", blocks)
}

/// A key that is there.
fn unlock(case: &Case) -> Vec<Block> {
    let unseen = "Everybody else looks away while it is typed";
    vec![match (case.custody, case.shares) {
        (Custody::Shares, Some(shares)) => custodians::unlock(shares),
        (Custody::Pkcs11, _) => Block::step(
            "The PIN of the token",
            2,
            vec![Block::boxes(["It asks for the PIN: its holder types it", unseen])],
        ),
        _ => Block::step(
            "The passphrase of the root key",
            2,
            vec![Block::boxes(["It asks for the passphrase: its holder types it", unseen])],
        ),
    }]
}

/// A new key.
fn create(case: &Case) -> Vec<Block> {
    let unseen = "Everybody else looks away while it is typed";
    match (case.custody, case.shares) {
        (Custody::Shares, Some(shares)) => custodians::hand_out(shares),
        (Custody::Pkcs11, _) => vec![Block::step(
            "The new key in the token",
            3,
            vec![
                Block::boxes(["It asks for the PIN: its holder types it", unseen]),
                Block::blanks(["Label and serial number of the token"]),
            ],
        )],
        _ => vec![Block::step(
            "The new passphrase",
            5,
            vec![
                Block::boxes([
                    "It asks for a new passphrase, twice: its holder types it",
                    unseen,
                    "Its written copy is in an envelope, closed and signed across the flap",
                ]),
                Block::blanks(["Number of the envelope"]),
            ],
        )],
    }
}

/// What the screen shows, step for step of the plan.
pub fn made(case: &Case) -> Section {
    let mut blocks = vec![Block::text(
        "The screen shows what was made. The operator reads it aloud, a witness writes it down, \
         and everybody compares. A fingerprint is 32 pairs in two lines.",
    )];
    let products = case.products.iter().zip(&case.reviewed.plan.steps).enumerate();
    for (index, (product, step)) in products {
        let mut shown = vec![
            before::facts(on_screen(&product.lines)),
            Block::boxes([format!("The screen shows this below `step {}`", index + 1)]),
        ];
        if !is_crl(step) {
            shown.push(Block::blanks(["Serial"]));
        }
        shown.push(Block::Pairs("SHA-256".into()));
        blocks.push(Block::step(
            format!("Step {} of the plan: {}", index + 1, product.title),
            4,
            shown,
        ));
    }
    blocks.push(Block::step(
        "The end of the run",
        3,
        vec![Block::boxes([
            "It must show a line `journal`, and a last line `signed` with the name of the root",
            "It must end without `error:`",
        ])],
    ));
    Section::on_its_own_page("What was made", blocks)
}

/// The lines that the transcript has, too.
fn on_screen(lines: &[Line]) -> impl Iterator<Item = &Line> {
    let mut is_shown = false;
    lines.iter().filter(move |line| {
        if !line.label.is_empty() {
            is_shown = ["subject", "valid", "revokes"].contains(&line.label);
        }
        is_shown
    })
}

fn is_crl(step: &Step) -> bool {
    step.records().first().is_some_and(|(act, _)| *act == Act::CrlIssue)
}

fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
