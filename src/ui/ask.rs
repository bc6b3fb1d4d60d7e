//! Questions to a person at a terminal, and secrets typed without echo.

use super::Ui;
use crate::error::{Error, Explain, Result};
use crate::model::text::clean;
use std::io::{BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// In bytes; more is not an answer.
const LONGEST_ANSWER: u64 = 4096;

impl Ui {
    /// Asks a question; the answer is one line of standard input, seen as it is typed.
    ///
    /// # Errors
    /// Failed, when nothing is answered.
    pub fn ask(&self, question: &str) -> Result<String> {
        let mut err = std::io::stderr().lock();
        let label = if self.color_err { "\x1b[1;36m?\x1b[0m" } else { "?" };
        let asked = write!(err, "{label} {}: ", clean(question)).and_then(|()| err.flush());
        asked.context("cannot ask")?;
        let mut line = String::new();
        std::io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut line)?;
        if !line.ends_with('\n') {
            // Nobody typed the end of this line.
            let _ = writeln!(err);
        }
        if line.trim().is_empty() {
            return Err(Error::failed(format!("got no answer to: {question}")));
        }
        Ok(clean(line.trim()))
    }

    /// Asks for a yes or no; `None` when there is no terminal to ask at.
    ///
    /// # Errors
    /// Failed, when the answer cannot be read.
    pub fn confirm(&self, question: &str) -> Result<Option<bool>> {
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            return Ok(None);
        }
        let mut err = std::io::stderr().lock();
        // Where standard error is gone there is nobody to tell.
        let _ = write!(err, "{} [y/N] ", clean(question)).and_then(|()| err.flush());
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
        Ok(Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
    }

    /// Asks for a secret on the terminal, without echo. `elsewhere` says how it can be given without
    /// one.
    ///
    /// # Errors
    /// Failed, when there is no terminal.
    pub fn secret(&self, prompt: &str, elsewhere: &str) -> Result<Zeroizing<Vec<u8>>> {
        let typed = rpassword::prompt_password(format!("{}: ", clean(prompt)));
        let typed = typed.context(format!("cannot ask for the {prompt}"));
        let typed = typed.hint(elsewhere)?;
        Ok(Zeroizing::new(Zeroizing::new(typed).as_bytes().to_vec()))
    }
}
