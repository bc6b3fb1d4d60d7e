//! What a person sees: data on standard output, everything else on standard error. All text is
//! made safe here, so nothing that came from a file can steer the terminal.

use crate::error::{Error, Explain, Result};
use crate::model::text::clean;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use tabled::{
    builder::Builder,
    settings::{Alignment, Padding, Style, object::Columns},
};
use zeroize::Zeroizing;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// The terminal of one run.
pub struct Ui {
    pub json: bool,
    pub quiet: bool,
    color_out: bool,
    color_err: bool,
}

/// How urgent a table cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
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
    pub fn new(color: Color, json: bool, quiet: bool, no_color: bool) -> Self {
        let on = |is_terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !no_color,
        };
        Self {
            json,
            quiet,
            color_out: on(std::io::stdout().is_terminal()),
            color_err: on(std::io::stderr().is_terminal()),
        }
    }

    /// One line of data.
    pub fn out(&self, line: &str) -> Result<()> {
        self.raw(&format!("{}\n", clean(line)))
    }

    /// Data as it is; the caller answers for its content.
    pub fn raw(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write the output")
    }

    pub fn json(&self, value: &impl serde::Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        // JSON escapes control characters by itself, but not the direction marks.
        let safe: Vec<String> = text.lines().map(escape_marks).collect();
        self.raw(&(safe.join("\n") + "\n"))
    }

    /// What is going on; silent with `--quiet`.
    pub fn status(&self, line: &str) {
        if !self.quiet {
            self.err_line("", &clean(line), None);
        }
    }

    pub fn warn(&self, line: &str) {
        self.err_line("warning: ", &clean(line), Some("33"));
    }

    pub fn hint(&self, line: &str) {
        if !self.quiet {
            self.err_line("hint: ", &clean(line), Some("36"));
        }
    }

    /// An error as people see it: the problem, its causes, all findings, one hint.
    pub fn error(&self, error: &Error) {
        let mut messages = error.messages();
        if error.findings.len() > 1 {
            messages.pop();
            messages.push(format!("refused by {} rules", error.findings.len()));
        }
        self.err_line("error: ", &clean(&messages.join(": ")), Some("31"));
        if error.findings.len() > 1 {
            for finding in &error.findings {
                self.err_line("  ", &clean(&finding.to_string()), None);
            }
        }
        if let Some(finding) = error.findings.first() {
            let fix = finding.rule.text().fix;
            self.err_line("  fix: ", fix, None);
            let explain = format!("rootward explain {}", finding.rule);
            let hint = error.hint.as_deref().unwrap_or(&explain);
            self.err_line("hint: ", &clean(hint), Some("36"));
        } else if let Some(hint) = &error.hint {
            self.err_line("hint: ", &clean(hint), Some("36"));
        }
    }

    fn err_line(&self, label: &str, text: &str, color: Option<&str>) {
        let mut err = std::io::stderr().lock();
        let label = match color.filter(|_| self.color_err) {
            Some(code) => format!("\x1b[1;{code}m{label}\x1b[0m"),
            None => label.to_owned(),
        };
        // Where standard error is gone there is nobody to tell.
        let _ = writeln!(err, "{label}{text}");
    }

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

    fn paint(&self, text: &str, tone: Tone) -> String {
        match tone.code().filter(|_| self.color_out) {
            Some(code) => format!("\x1b[{code}m{text}\x1b[0m"),
            None => text.to_owned(),
        }
    }

    /// A bar for work that may last longer than a second.
    pub fn progress(&self, length: usize, what: &str) -> ProgressBar {
        let visible = !self.quiet && length >= 200;
        let target =
            if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{msg} [{bar:32}] {pos}/{len}");
        let bar = ProgressBar::with_draw_target(Some(length as u64), target);
        bar.set_message(clean(what));
        match style {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        }
    }

    /// Asks for a secret on the terminal, without echo.
    ///
    /// # Errors
    /// Failed, when there is no terminal.
    pub fn secret(&self, prompt: &str) -> Result<Zeroizing<Vec<u8>>> {
        let typed = rpassword::prompt_password(format!("{}: ", clean(prompt)));
        let typed = typed.map_err(|error| {
            Error::failed(format!("cannot ask for the {prompt}: {error}"))
                .hint("without a terminal, give it with: --passphrase-file FILE")
        })?;
        Ok(Zeroizing::new(Zeroizing::new(typed).as_bytes().to_vec()))
    }
}

fn escape_marks(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len()), |mut out, c| {
        if crate::model::text::is_plain(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
        out
    })
}
