//! What comes after the run: what leaves the room, what stays, who signs, what is filed.

use super::Case;
use crate::ceremony::script::sheet::{Block, Section, Text, own};
use crate::model::root::Custody;
use crate::store::layout::{self, RESPONSE, TRANSCRIPT};

/// What leaves the room, and what stays.
pub fn closing(case: &Case) -> Section {
    Section::new("Closing", vec![copy_out(case), copy_medium(), put_away(case)])
}

fn copy_out(case: &Case) -> Block {
    let of = |file| format!("MEDIUM/{}", layout::ceremony(case.reviewed.plan.number, file));
    let blocks = vec![
        Block::text("TRANSFER stands for the directory of the transfer medium."),
        Block::Commands(vec![
            format!("cp {} TRANSFER/", of(RESPONSE)),
            format!("cp {} TRANSFER/", of(TRANSCRIPT)),
            format!("sha256sum TRANSFER/{TRANSCRIPT}"),
            "sync".into(),
        ]),
        Block::boxes(["Nothing else is on the transfer medium: `ls -A TRANSFER` shows two files"]),
        Block::Pairs("Transcript".into()),
    ];
    Block::step("What leaves the room", 5, blocks)
}

fn copy_medium() -> Block {
    let commands = ["cp -a MEDIUM/. COPY/", "diff -r MEDIUM COPY", "sync"];
    let blocks = vec![
        Block::text("COPY stands for the directory of the second medium, which is empty."),
        Block::Commands(commands.map(String::from).into()),
        Block::boxes(["`diff` must show nothing"]),
    ];
    Block::step("A copy of the medium", 10, blocks)
}

fn put_away(case: &Case) -> Block {
    let boxes = Block::boxes([
        "The medium is in a new bag, closed; its number is below",
        "The copy is in a bag of its own, and goes to another place",
        "The machine is switched off; its disk, if it has one, is wiped or stays in a bag",
        "No paper with words or a passphrase is left in the room",
    ]);
    let mut things = vec!["Medium", "Copy", "Transfer medium", "Machine or its disk"];
    if case.custody() == Custody::Pkcs11 {
        things.push("Token");
    }
    let head = vec!["What", "Bag no.", "Where it is kept", "Carried by (signature)"];
    let blanks = vec![Text::default(); head.len() - 1];
    let row = |thing| [vec![own(thing)], blanks.clone()].concat();
    let rows = things.into_iter().map(row).collect();
    Block::step("Everything is put away", 10, vec![boxes, Block::Table { head, rows }])
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
    blocks.extend((1..=case.witnesses().len()).map(witness));
    Section::on_its_own_page(title, blocks)
}

fn witness(number: usize) -> Block {
    let signature = signature(number);
    let blocks = vec![
        Block::Commands(vec![
            format!("sha256sum {TRANSCRIPT}"),
            format!("ssh-keygen -Y sign -f KEY -n rootward-transcript {TRANSCRIPT}"),
            format!("mv {TRANSCRIPT}.sig {signature}"),
        ]),
        Block::boxes([
            "`sha256sum` must show what was written down under Closing".to_owned(),
            "The transcript is read to its end, and says what happened".to_owned(),
            format!("`{signature}` is on the transfer medium"),
        ]),
    ];
    Block::step(format!("Witness {number} signs"), 5, blocks)
}

fn signature(number: usize) -> String {
    format!("witness{number}.sig")
}

/// On the side that planned.
pub fn online(case: &Case) -> Section {
    let witnesses = case.witnesses().len();
    let verified = vec![
        Block::Commands(with_signatures("verify", witnesses)),
        Block::boxes([
            "It must show the fingerprints that are written down under What was made".to_owned(),
            format!("It must end with `ceremony {}: all is well`", case.reviewed.plan.number),
        ]),
    ];
    let mut import = with_signatures("import", witnesses);
    import.push("rootward verify".into());
    let mut boxes = vec!["`rootward verify` must end with `all is well`"];
    if case.creates {
        boxes.insert(0, ROOT);
    }
    let filed = vec![Block::Commands(import), Block::boxes(boxes)];
    let steps = vec![
        Block::step("The response is verified", 10, verified),
        Block::step("The response is filed", 5, filed),
    ];
    Section::new("The online side", steps)
}

const ROOT: &str = "It asks whether the root is that of the paper: answer `y` only when the \
    fingerprint is the one that is written down under What was made";

/// One command, an option a line.
fn with_signatures(verb: &str, witnesses: usize) -> Vec<String> {
    let mut parts = vec![format!("rootward ceremony {verb} {RESPONSE}")];
    if witnesses > 0 {
        parts.push("  --witnesses allowed_signers".into());
    }
    parts.extend((1..=witnesses).map(|number| format!("  --signature {}", signature(number))));
    parts.join(" \\\n").lines().map(str::to_owned).collect()
}
