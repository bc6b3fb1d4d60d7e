//! The paper as Markdown: CommonMark with the tables and task lists of GitHub's.

use super::sheet::{Block, Piece, Section, Sheet, Step, Text, own};

const BLANK: &str = "____________________";
const PAIR: &str = "__";

/// A text file.
pub fn render(sheet: &Sheet) -> String {
    let mut out = format!("# {}\n", sheet.title);
    for (index, section) in sheet.sections.iter().enumerate() {
        render_section(&mut out, section, index == 0);
    }
    out.push_str(&format!("\n{}\n", sheet.foot));
    out
}

fn render_section(out: &mut String, section: &Section, is_first: bool) {
    // The first has the title of the whole.
    if !is_first {
        out.push_str(&format!("\n## {}\n", section.title));
    }
    section.blocks.iter().for_each(|block| render_block(out, block));
}

fn render_block(out: &mut String, block: &Block) {
    out.push('\n');
    match block {
        Block::Text(text) => out.push_str(&format!("{}\n", line(text))),
        Block::Title(text) => out.push_str(&format!("#### {}\n", line(text))),
        Block::Facts(facts) => {
            for (label, texts) in facts {
                let texts: Vec<String> = texts.iter().map(line).collect();
                let value = if texts.is_empty() { BLANK.to_owned() } else { texts.join(" ") };
                out.push_str(&format!("- {}: {value}\n", line(&own(label))));
            }
        }
        Block::Commands(commands) => code(out, commands),
        Block::Hex(lines) => {
            code(out, &lines.iter().map(|groups| groups.join(" ")).collect::<Vec<_>>());
        }
        Block::Words { words, marked } => code(out, &numbered(words, *marked)),
        Block::Boxes(texts) => {
            texts.iter().for_each(|text| out.push_str(&format!("- [ ] {}\n", line(text))));
        }
        Block::Pairs(label) => {
            let pairs = [PAIR; 16].join(" ");
            code(out, &[format!("{label:10}  {pairs}"), format!("{:10}  {pairs}", "")]);
        }
        Block::Table { head, rows } => table(out, head, rows),
        Block::Lines(count) => code(out, &vec!["_".repeat(72); *count]),
        Block::Step(step) => render_step(out, step),
    }
}

fn render_step(out: &mut String, step: &Step) {
    let Step { number, title, minutes, blocks } = step;
    out.push_str(&format!("### {number}. {} ({minutes} min)\n", line(title)));
    blocks.iter().for_each(|block| render_block(out, block));
    out.push_str("\n- [ ] Step done. Time: __________ Initials: __________\n");
}

fn code(out: &mut String, lines: &[String]) {
    out.push_str("```text\n");
    lines.iter().for_each(|line| out.push_str(&format!("{}\n", line.trim_end())));
    out.push_str("```\n");
}

/// Six in a line, as on the screen; those that are typed have a star.
fn numbered(words: &[String], marked: usize) -> Vec<String> {
    let numbered = words.iter().enumerate().map(|(index, word)| {
        let star = if index < marked { '*' } else { ' ' };
        format!("{star}{:>2} {word:9}", index + 1)
    });
    let numbered: Vec<String> = numbered.collect();
    numbered.chunks(6).map(<[_]>::concat).collect()
}

fn table(out: &mut String, head: &[&'static str], rows: &[Vec<Text>]) {
    out.push_str(&format!("| {} |\n", head.join(" | ")));
    out.push_str(&format!("|{}\n", " --- |".repeat(head.len())));
    for row in rows {
        let cells: Vec<String> = row.iter().map(line).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

fn line(text: &Text) -> String {
    text.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Own(text) => text.clone(),
        Piece::Code(text) => format!("`{text}`"),
        Piece::Foreign(text) => escaped(text),
    }
}

/// No character of it means anything: "any ASCII punctuation character may be
/// backslash-escaped" (CommonMark 0.31 section 2.4). It never begins a line, so that what makes a
/// list or a rule only there stays as it is; GitHub would link `www.` and `http:`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let means = match c {
            '.' => before.eq_ignore_ascii_case(&'w'),
            ':' => before.is_ascii_alphabetic(),
            _ => "\\`*_{}[]<>#|&~!$@".contains(c),
        };
        if means {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}
