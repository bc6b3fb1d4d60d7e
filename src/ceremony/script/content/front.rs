//! The first page: which ceremony, which plan, who, how long.

use super::{Case, digest};
use crate::ceremony::plan::{CONFIRMING_WORDS, Waiver};
use crate::ceremony::script::sheet::{Block, Section, Step, Text, foreign, own};
use crate::model::moment::moment;

pub fn section(case: &Case) -> Section {
    let plan = &case.reviewed.plan;
    let blocks = vec![
        Block::Facts(vec![
            ("Root".into(), root(case)),
            ("Plan made".into(), vec![own(moment(plan.created))]),
            ("To be held before".into(), vec![own(moment(plan.expires))]),
            ("Held on, at".into(), Vec::new()),
            ("Place".into(), Vec::new()),
        ]),
        Block::text(
            "The plan's SHA-256. It stands here, on the screen of every step, in the transcript \
             and in the response: it is always the same.",
        ),
        digest(case),
        Block::text(format!(
            "The same as words. The first {CONFIRMING_WORDS} are typed when the ceremony is run."
        )),
        Block::Words { words: case.words.clone(), marked: CONFIRMING_WORDS },
        roles(case),
        Block::text(
            "Write with ink. Strike out, never erase, and put initials to what was struck out. All \
             times are UTC, from the clock in the room. What does not go as it stands here goes \
             onto an exception sheet, at the end, before anything else is done.",
        ),
    ];
    Section::new(format!("Ceremony {}", plan.number), blocks)
}

/// Its name, and the SHA-256 of its certificate where there is one.
fn root(case: &Case) -> Vec<Text> {
    let name = case.root.as_ref().map(|root| root.subject.common_name.as_str());
    let fingerprint = case.reviewed.plan.root.as_deref();
    let new = own("is made in this ceremony");
    [name.map(foreign), Some(fingerprint.map_or(new, foreign))].into_iter().flatten().collect()
}

fn roles(case: &Case) -> Block {
    let row = |role: &str, name: Text| vec![own(role), name, Text::default()];
    let plan = &case.reviewed.plan;
    let mut rows = vec![row("Operator: types, and reads aloud", foreign(&plan.operator))];
    for name in case.witnesses() {
        rows.push(row("Witness: watches, compares, writes", foreign(name)));
    }
    if let Some(shares) = case.shares() {
        let all = if case.creates { shares.of() } else { shares.needed() };
        let role = |number| format!("Custodian {number}: keeps a share");
        rows.extend((1..=all).map(|number| row(&role(number), Text::default())));
    }
    Block::Table { head: vec!["Role", "Name", "Signature"], rows }
}

/// Rules that the plan waives.
pub fn waivers(case: &Case) -> Option<Section> {
    let waivers = &case.reviewed.plan.waivers;
    let row = |waiver: &Waiver| {
        vec![foreign(&waiver.rule), foreign(&waiver.reason), own(moment(waiver.until))]
    };
    let head = vec!["Rule", "Why that is in order", "Until"];
    let table = Block::Table { head, rows: waivers.iter().map(row).collect() };
    (!waivers.is_empty()).then(|| Section::new("Rules that are waived", vec![table]))
}

/// How long each part takes, and all of them.
pub fn times(sections: &[Section]) -> Section {
    let minutes = |section: &Section| -> usize { steps(section).map(|step| step.minutes).sum() };
    let row = |texts: [String; 3]| texts.map(own).to_vec();
    let mut rows = Vec::new();
    for section in sections {
        let numbers: Vec<usize> = steps(section).map(|step| step.number).collect();
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            let minutes = format!("{} min", minutes(section));
            rows.push(row([section.title.clone(), format!("{first} to {last}"), minutes]));
        }
    }
    let all: usize = sections.iter().map(minutes).sum();
    let sum = format!("{} h {:02} min", all / 60, all % 60);
    rows.push(row(["All together".into(), "all".into(), sum]));
    let table = Block::Table { head: vec!["Part", "Steps", "About"], rows };
    Section::new("How long it takes", vec![table])
}

fn steps(section: &Section) -> impl Iterator<Item = &Step> {
    section.blocks.iter().filter_map(|block| match block {
        Block::Step(step) => Some(step),
        _ => None,
    })
}
