//! The steps at the offline machine before anything is signed.

use super::{Case, digest};
use crate::ceremony::script::sheet::{Block, Section};

pub fn section(case: &Case) -> Section {
    Section::on_its_own_page(
        "In the room",
        vec![
            Block::text(
                "All commands are typed by the operator, in the directory where `rootward` and \
                 `plan.toml` are. MEDIUM stands for the directory of the medium with the root \
                 key. A step is done when the screen shows what it must show. If it shows \
                 `error:` instead, nobody types on: take an exception sheet.",
            ),
            everybody(),
            machine(),
            medium(case),
            program(case),
            plan(case),
            rehearsal(case),
        ],
    )
}

fn everybody() -> Block {
    let boxes = Block::boxes([
        "Everybody is named on the first page, and has signed there",
        "Telephones, watches with a radio and cameras are outside",
        "From here on nobody is alone with the machine or a medium",
    ]);
    Block::step("Everybody is here", 5, vec![boxes])
}

fn machine() -> Block {
    let boxes = Block::boxes([
        "It was switched off; it is started from a clean system, in front of everybody",
        "No cable but the mains; `ip -brief link` shows no interface but `lo`",
        "`swapon --show` shows nothing",
        "`date -u` shows what the clock in the room shows, to the minute",
    ]);
    let blanks = Block::blanks(["`date -u` showed", "The clock in the room"]);
    Block::step("The machine", 10, vec![boxes, blanks])
}

fn medium(case: &Case) -> Block {
    let boxes = Block::boxes([match case.opens {
        true => "The bag is whole; its number is that of the last ceremony's paper",
        false => "The medium is new, and empty",
    }]);
    let blanks = Block::blanks(["Number of the bag", "MEDIUM is the directory"]);
    Block::step("The medium", 5, vec![boxes, blanks])
}

fn program(case: &Case) -> Block {
    let read = |file: &str| {
        format!(
            "The operator reads the digest of `{file}` aloud from the screen, all of it; a \
             witness compares it with this paper"
        )
    };
    let blocks = vec![
        Block::command("sha256sum rootward plan.toml"),
        Block::text(
            "It must show for `rootward` what was written down before the day, and for \
             `plan.toml`",
        ),
        digest(case),
        Block::boxes(["rootward", "plan.toml"].map(read)),
    ];
    Block::step("The program and the plan", 5, blocks)
}

fn plan(case: &Case) -> Block {
    let things = match case.products.len() {
        1 => "1 thing".to_owned(),
        several => format!("{several} things"),
    };
    let boxes = [
        "It must show the 24 words of the first page".to_owned(),
        format!(
            "It must show what stands here under \"What will exist afterwards\": {things}, word \
             for word"
        ),
    ];
    let command = Block::command("./rootward ceremony plan --show plan.toml");
    Block::step("What the plan says", 5, vec![command, Block::boxes(boxes)])
}

fn rehearsal(case: &Case) -> Block {
    let last = case.products.len();
    let boxes = [
        format!(
            "It must show lines from `step 1` to `step {last}`, and end with a line that begins \
             with `rehearsed:`"
        ),
        "Fingerprints here are of throw-away keys: nobody writes them down".to_owned(),
    ];
    let command = Block::command("./rootward ceremony rehearse plan.toml --workspace MEDIUM");
    Block::step("The rehearsal", 10, vec![command, Block::boxes(boxes)])
}
