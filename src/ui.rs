//! What a person sees: data on standard output, everything else on standard error. All text is
//! made safe here, so nothing that came from a file can steer the terminal.

mod ask;
pub mod lines;
pub mod page;
mod table;

pub use table::Tone;

use crate::error::{Error, Explain, Result};
use crate::model::text::clean;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    // On a terminal, unless NO_COLOR is set. (A doc comment would be a page of help.)
    #[default]
    Auto,
    Always,
    Never,
}

/// The terminal of one run.
pub struct Ui {
    /// Data as JSON.
    pub json: bool,
    /// No status, no hints.
    pub quiet: bool,
    color_out: bool,
    color_err: bool,
    /// Where messages are wrapped; `None` when nobody looks.
    columns: Option<usize>,
    /// As `-C` named it: the commands in hints name it too.
    workspace: Option<String>,
}

impl Ui {
    /// `no_color` is the wish of the environment; `color` overrules it.
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
            columns: columns(&std::io::stderr()),
            workspace: None,
        }
    }

    /// Hints are for the workspace that `-C` named.
    #[must_use]
    pub fn at(mut self, workspace: Option<&std::path::Path>) -> Self {
        self.workspace = workspace.map(|dir| clean(&dir.to_string_lossy()));
        self
    }

    /// How wide a table on standard output may be: as the terminal; 80 columns where there is none,
    /// as in a mail.
    pub fn table_width(&self) -> usize {
        columns(&std::io::stdout()).unwrap_or(80)
    }

    /// How long lines of running text on standard output may be: as wide as the terminal, at most
    /// 80.
    pub fn text_width(&self) -> usize {
        columns(&std::io::stdout()).unwrap_or(80).min(80)
    }

    /// One line of data.
    pub fn out(&self, line: &str) -> Result<()> {
        self.raw(&format!("{}\n", clean(line)))
    }

    /// One line of data in the colour of its urgency; wrapped on a terminal.
    pub fn data_line(&self, line: &str, tone: Tone) -> Result<()> {
        let line = clean(line);
        let lines = match columns(&std::io::stdout()) {
            Some(columns) => lines::wrap(&line, columns.saturating_sub(2)),
            None => vec![line],
        };
        let lines: Vec<String> = lines.iter().map(|line| self.paint(line, tone)).collect();
        self.raw(&(lines.join("\n  ") + "\n"))
    }

    /// Data as it is; the caller answers for its content.
    pub fn raw(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.context("cannot write the output"),
        }
    }

    /// One JSON document; the caller puts `"version"` into it.
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

    /// Something to think about, although the command goes on.
    pub fn warn(&self, line: &str) {
        self.wrapped("warning: ", &clean(line), Some("33"));
    }

    /// What may help; silent with `--quiet`.
    pub fn hint(&self, line: &str) {
        if !self.quiet {
            self.command("hint: ", line);
        }
    }

    /// The command to type next, after something went well; silent with `--quiet`.
    pub fn next(&self, command: &str) {
        if !self.quiet {
            self.command("next: ", command);
        }
    }

    /// An error as people see it: the problem, its causes, all findings, one hint.
    pub fn error(&self, error: &Error) {
        let mut messages: Vec<String> =
            error.messages().iter().map(|message| lines::cause(message)).collect();
        if error.findings.len() > 1 {
            messages.pop();
            messages.push(format!("refused by {} rules", error.findings.len()));
        }
        self.wrapped("error: ", &clean(&messages.join(": ")), Some("31"));
        if error.findings.len() > 1 {
            for finding in &error.findings {
                self.wrapped("  ", &clean(&finding.to_string()), None);
            }
        }
        if let Some(finding) = error.findings.first() {
            let fix = lines::placed(finding.rule.text().fix, self.workspace.as_deref());
            self.wrapped("  fix: ", &fix, None);
            let explain = format!("rootward explain {}", finding.rule);
            // What is to be done is said once.
            let hint = error.hint.as_deref().filter(|hint| *hint != finding.rule.text().fix);
            self.command("hint: ", hint.unwrap_or(&explain));
        } else if let Some(hint) = &error.hint {
            self.command("hint: ", hint);
        }
    }

    /// Never wrapped: what is copied from the terminal must be what is to be typed.
    fn command(&self, label: &str, text: &str) {
        let text = lines::placed(&clean(text), self.workspace.as_deref());
        self.err_line(label, &text, Some("36"));
    }

    /// Wrapped on a terminal, with an indent; one line for machines.
    fn wrapped(&self, label: &str, text: &str, color: Option<&str>) {
        let Some(columns) = self.columns else { return self.err_line(label, text, color) };
        let indent = " ".repeat(label.len().min(7));
        let width = columns.saturating_sub(label.len()).max(20);
        for (index, line) in lines::wrap(text, width).iter().enumerate() {
            match index {
                0 => self.err_line(label, line, color),
                _ => self.err_line(&indent, line, None),
            }
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

    /// A bar for work that may last longer than a second.
    pub fn progress(&self, length: usize, what: &str) -> ProgressBar {
        let visible = !self.quiet && length >= 200;
        let target =
            if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(length as u64), target);
        // Drawn at the first step, not before: a passphrase may be asked for until then.
        let bar = bar.with_message(clean(what));
        match ProgressStyle::with_template("{msg} [{bar:32}] {pos}/{len}") {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        }
    }
}

/// The terminal's width, as far as lines of text should use it; `None` when it is no terminal.
fn columns(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col).clamp(40, 100)).filter(|_| size.ws_col > 0)
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
