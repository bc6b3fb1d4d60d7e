//! What the ceremony is for, and what is done before its day.

use super::Case;
use crate::ceremony::plan::show::Line;
use crate::ceremony::script::sheet::{Block, Section, Text, foreign, own};
use crate::model::root::Custody;

/// What will exist that does not exist now.
pub fn afterwards(case: &Case) -> Section {
    let mut blocks = vec![Block::text(
        "This is all that the root key is asked to do. Whoever signs this paper has read it, and \
         `plan.toml` with it.",
    )];
    for (index, product) in case.products.iter().enumerate() {
        blocks.push(Block::Title(own(format!("{}. {}", index + 1, product.title))));
        blocks.push(facts(&product.lines));
    }
    Section::on_its_own_page("What will exist afterwards", blocks)
}

/// As the plan shows them.
pub fn facts<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Block {
    let mut facts: Vec<(String, Vec<Text>)> = Vec::new();
    for line in lines {
        match facts.last_mut().filter(|_| line.label.is_empty()) {
            Some((_, texts)) => texts.push(foreign(&line.text)),
            None => facts.push((line.label.to_owned(), vec![foreign(&line.text)])),
        }
    }
    Block::Facts(facts)
}

/// What to do and to bring.
pub fn preparation(case: &Case) -> Section {
    Section::on_its_own_page(
        "Before the day",
        vec![
            Block::Title(own("Done")),
            Block::boxes(done(case)),
            Block::Title(own("Brought")),
            Block::boxes(brought(case)),
            Block::Title(own("The program's SHA-256")),
            Block::text("The operator copies it from `SHA256SUMS`, a witness compares it."),
            Block::Pairs("Program".into()),
            Block::blanks(["Copied by, on", "Compared by, on"]),
        ],
    )
}

fn done(case: &Case) -> Vec<&'static str> {
    let mut done = vec![
        "Operator and witnesses have read the plan: `rootward ceremony plan --show plan.toml`",
        "The plan was rehearsed where it was made: `rootward ceremony rehearse plan.toml`",
    ];
    if !case.witnesses().is_empty() {
        done.extend([
            "Every witness has an SSH key, and its fingerprint (`ssh-keygen -l -f KEY.pub`) \
             stands under Signatures, in the witness's own hand",
            "The file `allowed_signers` of the online side has a line for each witness",
        ]);
    }
    done
}

fn brought(case: &Case) -> Vec<&'static str> {
    vec![
        "The offline machine, without a network: radio and cable removed, not switched off",
        "The program `rootward`, made by `scripts/build-airgap`, on a medium",
        "The plan, `plan.toml`, on the same medium",
        match case.opens {
            true => "The medium with the root key, in its bag, and a second one for a copy",
            false => "A new medium for the root key, and a second one for a copy",
        },
        "A transfer medium, empty, for what comes back",
        "A clock that is not this machine's, set that morning",
        "Tamper-evident bags with numbers: one for each medium and the machine, some to spare",
        "This paper, twice; pens",
        match (case.custody(), case.creates, case.opens) {
            (Custody::Shares, true, true) => {
                "Each custodian's envelope with the share; blank sheets and new envelopes"
            }
            (Custody::Shares, true, false) => {
                "Paper shares: a blank sheet and a numbered envelope for each custodian"
            }
            (Custody::Shares, false, _) => {
                "Each custodian's envelope with the share, and a new envelope for it"
            }
            (Custody::Pkcs11, ..) => "The token, and its PIN",
            (Custody::Passphrase, _, true) => "The passphrase of the root key",
            (Custody::Passphrase, ..) => "A new passphrase of six words or more, chosen by dice",
        },
    ]
}
