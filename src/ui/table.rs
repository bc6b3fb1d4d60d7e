//! Tables and colours of standard output.

use super::Ui;
use crate::error::Result;
use crate::model::text::clean;
use tabled::{
    builder::Builder,
    settings::{Alignment, Padding, Style, object::Columns},
};

/// How urgent a table cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Nothing to do.
    Good,
    /// Something to do.
    Warn,
    /// Too late.
    Bad,
    /// No longer of interest.
    Faint,
}

impl Tone {
    fn code(self) -> Option<&'static str> {
        match self {
            Tone::Plain => None,
            Tone::Good => Some("32"),
            Tone::Warn => Some("33"),
            Tone::Bad => Some("31"),
            Tone::Faint => Some("2"),
        }
    }
}

impl Ui {
    /// A table with a header; columns in `right` are aligned to the right.
    pub fn table(
        &self,
        header: &[&str],
        rows: &[Vec<(String, Tone)>],
        right: &[usize],
    ) -> Result<()> {
        let mut builder = Builder::default();
        builder.push_record(header.iter().map(|cell| self.paint(cell, Tone::Faint)));
        for row in rows {
            builder.push_record(row.iter().map(|(cell, tone)| self.paint(&clean(cell), *tone)));
        }
        let mut table = builder.build();
        table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
        for column in right {
            table.modify(Columns::one(*column), Alignment::right());
        }
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        self.raw(&(lines.join("\n") + "\n"))
    }

    /// A word of a line of data in the colour of its urgency.
    pub fn paint(&self, text: &str, tone: Tone) -> String {
        match tone.code().filter(|_| self.color_out) {
            Some(code) => format!("\x1b[{code}m{text}\x1b[0m"),
            None => text.to_owned(),
        }
    }
}
