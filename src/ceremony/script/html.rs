//! The paper as one HTML file, to be printed.

use super::sheet::{Block, Piece, Section, Sheet, Step, Text, own};
use crate::markup::{Document, escaped};

const STYLE: &str = include_str!("style.css");

/// No scripts, and nothing is loaded: the policy says it to the browser, too.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole document.
pub fn render(sheet: &Sheet) -> String {
    // Words, digits and spaces: nothing that could end the string or the element.
    let foot = &sheet.foot;
    let sections: String = sheet
        .sections
        .iter()
        .enumerate()
        .map(|(i, section)| render_section(section, i == 0))
        .collect();
    let style = format!("{STYLE}@page {{ @bottom-left {{ content: \"{foot}\" }} }}\n");
    let (title, policy, head) = (&sheet.title, POLICY, "");
    Document { title, policy, head, style: &style, body: &sections }.render()
}

fn render_section(section: &Section, is_first: bool) -> String {
    let tag = if is_first { "h1" } else { "h2" };
    let class = class("page", section.own_page);
    let (title, blocks) = (escaped(&section.title), render_blocks(&section.blocks));
    format!("<section{class}>\n<{tag}>{title}</{tag}>\n{blocks}</section>\n")
}

fn render_blocks(blocks: &[Block]) -> String {
    blocks.iter().map(render_block).collect()
}

fn render_block(block: &Block) -> String {
    match block {
        Block::Text(text) => element("p", &line(text)),
        Block::Title(text) => element("h4", &line(text)),
        Block::Facts(facts) => {
            let rows = facts.iter().map(|(label, texts)| fact(label, texts));
            format!("<table class=\"facts\">\n{}</table>\n", rows.collect::<String>())
        }
        Block::Commands(commands) => {
            let lines: Vec<String> = commands.iter().map(|line| escaped(line)).collect();
            format!("<pre class=\"command\">{}</pre>\n", lines.join("\n"))
        }
        Block::Hex(lines) => {
            let lines: Vec<String> =
                lines.iter().map(|groups| escaped(&groups.join(" "))).collect();
            format!("<pre class=\"hex\">{}</pre>\n", lines.join("\n"))
        }
        Block::Words { words, marked } => words_table(words, *marked),
        Block::Boxes(texts) => {
            let items: String = texts.iter().map(|text| element("li", &line(text))).collect();
            format!("<ul class=\"boxes\">\n{items}</ul>\n")
        }
        Block::Pairs(label) => pairs(label),
        Block::Table { head, rows } => table(head, rows),
        Block::Lines(count) => "<div class=\"line\"></div>\n".repeat(*count),
        Block::Step(step) => render_step(step),
    }
}

fn fact(label: &str, texts: &[Text]) -> String {
    let class = class("blank", texts.is_empty());
    let lines: Vec<String> = texts.iter().map(line).collect();
    let (label, lines) = (line(&own(label)), lines.join("<br>"));
    format!("<tr><th>{label}</th><td{class}>{lines}</td></tr>\n")
}

/// Six in a line, as on the screen.
fn words_table(words: &[String], marked: usize) -> String {
    let cell = |(index, word): (usize, &String)| {
        let class = class("marked", index < marked);
        format!("<td{class}><small>{}</small> {}</td>", index + 1, escaped(word))
    };
    let cells: Vec<String> = words.iter().enumerate().map(cell).collect();
    let rows: String = cells.chunks(6).map(|row| element("tr", &row.concat())).collect();
    format!("<table class=\"words\">\n{rows}</table>\n")
}

fn pairs(label: &str) -> String {
    let row = "<td></td>".repeat(16);
    let label = escaped(label);
    format!(
        "<table class=\"pairs\">\n<tr><th rowspan=\"2\">{label}</th>{row}</tr>\n\
         <tr>{row}</tr>\n</table>\n"
    )
}

/// Columns and rows that are written in have more room.
fn table(head: &[&'static str], rows: &[Vec<Text>]) -> String {
    let is_blank = |text: Option<&Text>| text.is_none_or(Text::is_blank);
    let title = |(column, title): (usize, &&str)| {
        let blank = rows.iter().all(|row| is_blank(row.get(column)));
        format!("<th{}>{}</th>", class("blank", blank), escaped(title))
    };
    let head: String = head.iter().enumerate().map(title).collect();
    let row = |row: &Vec<Text>| {
        let cells: String = row.iter().map(|text| format!("<td>{}</td>", line(text))).collect();
        let blank = row.iter().any(Text::is_blank);
        format!("<tr{}>{cells}</tr>\n", class("blank", blank))
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<table class=\"form\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n\
         </table>\n"
    )
}

fn class(name: &str, applies: bool) -> String {
    if applies { format!(" class=\"{name}\"") } else { String::new() }
}

fn render_step(step: &Step) -> String {
    let Step { number, title, minutes, blocks } = step;
    let (title, blocks) = (line(title), render_blocks(blocks));
    format!(
        "<article>\n<h3><b>{number}</b> {title} <small>{minutes} min</small></h3>\n{blocks}\
         <p class=\"done\"><i></i> Done <span>Time</span> <span>Initials</span></p>\n</article>\n"
    )
}

fn element(tag: &str, content: &str) -> String {
    format!("<{tag}>{content}</{tag}>\n")
}

fn line(text: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Own(text) => escaped(text),
        Piece::Code(text) => format!("<code>{}</code>", escaped(text)),
        // A name in another script does not change the order of what is around it.
        Piece::Foreign(text) => format!("<bdi>{}</bdi>", escaped(text)),
    };
    text.0.iter().map(piece).collect()
}
