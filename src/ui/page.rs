//! A page of its own on the terminal, of which nothing stays: for secrets that a person copies by
//! hand. It goes to the terminal itself, wherever standard error goes.

use crate::error::{Error, Explain, Result};
use crate::store::file;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::fs::File;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// The alternate screen (DEC private mode 1049): no line of it gets into the scrollback.
const OPEN: &str = "\x1b[?1049h";
const CLOSE: &str = "\x1b[?1049l";
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Ctrl-C.
const INTERRUPT: u8 = 3;

/// Cleared and closed when it goes.
pub struct Page {
    terminal: File,
    before: Termios,
}

impl Page {
    /// # Errors
    /// Failed, when there is no terminal.
    pub fn open() -> Result<Self> {
        let terminal = file::terminal()?;
        let before = tcgetattr(&terminal).context("the terminal does not answer")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        // Ctrl-C must not end the program while a secret is on the screen (rpassword would do that):
        // it ends the line that is asked for, and is read.
        quiet.local_modes.remove(LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        tcsetattr(&terminal, OptionalActions::Now, &quiet).context("the terminal does not obey")?;
        let mut page = Self { terminal, before };
        page.write(OPEN)?;
        Ok(page)
    }

    /// Shows this and nothing else.
    ///
    /// # Errors
    /// Failed: the terminal is gone.
    pub fn show(&mut self, text: &str) -> Result<()> {
        self.write(CLEAR)?;
        self.write(text)
    }

    /// A line that is typed below, without echo.
    ///
    /// # Errors
    /// Failed: the terminal is gone, or Ctrl-C was typed.
    pub fn ask(&mut self, prompt: &str) -> Result<Zeroizing<String>> {
        self.write(prompt)?;
        // One line at most; what is longer is not what was asked for.
        let mut line = Zeroizing::new([0; 256]);
        let length = self.terminal.read(line.as_mut()).context("nobody answers at the terminal")?;
        self.write("\n")?;
        let line = line.get(..length).unwrap_or_default();
        match line.last() {
            None | Some(&INTERRUPT) => {
                Err(Error::failed("interrupted at the terminal, nothing was made"))
            }
            Some(_) => Ok(Zeroizing::new(String::from_utf8_lossy(line).trim().to_owned())),
        }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let written = self.terminal.write_all(text.as_bytes());
        written.and_then(|()| self.terminal.flush()).context("the terminal shows nothing")
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing left to clear.
        let _ = self.write(CLEAR).and_then(|()| self.write(CLOSE));
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
