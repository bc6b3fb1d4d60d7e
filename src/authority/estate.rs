//! An open workspace with its declarations and its verified journal.

use crate::context::Context;
use crate::error::{Error, Explain, Result, none_of};
use crate::journal::{Act, History, Journal, Record};
use crate::model::{
    environment::Environment,
    estate,
    name::{Name, ObjectRef},
    root::Root,
    rule::{Finding, Rule},
    text::nearest,
};
use crate::pki::inspect::sha256;
use crate::store::{self, Output, Recovery, Workspace, file, layout};
use std::path::Path;

/// Everything that an act starts from.
pub struct Estate<'c> {
    /// The clock, the names of the writer, randomness.
    pub context: &'c Context<'c>,
    /// The files; locked when it was opened for changing.
    pub workspace: Workspace,
    /// Verified from its first line.
    pub journal: Journal,
    /// `ca/root/root.toml`.
    pub root: Root,
    /// SHA-256 of `ca/root/root.toml`.
    pub root_declaration: String,
    /// In order of their names; no two share what they must not.
    pub environments: Vec<Declared>,
}

/// An environment and the SHA-256 of its declaration.
pub struct Declared {
    /// Parsed and found sound.
    pub environment: Environment,
    /// Of the bytes, in lower-case hexadecimal.
    pub hash: String,
}

impl<'c> Estate<'c> {
    /// For looking: changes nothing.
    pub fn read(dir: &Path, context: &'c Context<'c>) -> Result<Self> {
        Self::read_with(dir, context, Vec::new())
    }

    /// The same, seen as if these files were there.
    pub fn read_with(dir: &Path, context: &'c Context<'c>, files: Vec<Output>) -> Result<Self> {
        let mut workspace = Workspace::open(dir)?;
        workspace.stage(files);
        Self::load(workspace, context)
    }

    /// For changing: locks, and first finishes or undoes what an earlier run left half done. The
    /// second value says in words what that was.
    pub fn change(dir: &Path, context: &'c Context<'c>) -> Result<(Self, Option<String>)> {
        Self::change_with(dir, context, Vec::new())
    }

    /// The same with these files staged.
    pub fn change_with(
        dir: &Path,
        context: &'c Context<'c>,
        files: Vec<Output>,
    ) -> Result<(Self, Option<String>)> {
        let (mut workspace, recovery) = Workspace::lock(dir)?;
        workspace.stage(files);
        let mut estate = Self::load(workspace, context)?;
        let said = match recovery {
            Recovery::Clean => None,
            Recovery::Finished(lines) => {
                Some(format!("finished what an earlier run had begun{}", objects_of(&lines)))
            }
            Recovery::Abandoned(lines) => {
                let objects = objects_of(&lines);
                estate.record_abandoned(&lines)?;
                Some(format!("removed what an earlier run had left unfinished{objects}"))
            }
        };
        Ok((estate, said))
    }

    fn load(workspace: Workspace, context: &'c Context<'c>) -> Result<Self> {
        let journal = read_journal(&workspace)?;
        let bytes = workspace.read(layout::ROOT)?;
        let root = Root::parse(layout::ROOT, &bytes)?;
        let root_declaration = sha256(&bytes);
        let environments = environments(&workspace)?;
        let all: Vec<Environment> =
            environments.iter().map(|declared| declared.environment.clone()).collect();
        none_of(estate::shared(&all))?;
        Ok(Self { context, workspace, journal, root, root_declaration, environments })
    }

    /// For the end of a verb that only looks: the process ends too, and takes back at once what entry
    /// by entry would take a tenth of all the time. Everything but the journal is dropped.
    pub fn leave(self) {
        std::mem::forget(self.journal);
    }

    /// An index over the journal's records, those appended since included.
    pub fn history(&self) -> History<'_> {
        self.journal.history()
    }

    /// # Errors
    /// Usage, with the environments that there are.
    pub fn environment(&self, name: &Name) -> Result<&Declared> {
        let found = self.environments.iter().find(|declared| declared.environment.name == *name);
        found.ok_or_else(|| {
            let names: Vec<&str> =
                self.environments.iter().map(|known| known.environment.name.as_str()).collect();
            let near = nearest(name.as_str(), names.iter().copied());
            let error = Error::usage(format!(
                "there is no environment {name}, expected one of {}",
                names.join(", ")
            ));
            match near {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint(format!("declare it in {}", layout::environment(name))),
            }
        })
    }

    /// The lines of the journal after that many entries; what is staged counts as written.
    ///
    /// # Errors
    /// As for [`Workspace::journal`].
    pub fn lines_after(&self, entries: u64) -> Result<String> {
        let written = self.workspace.journal()?;
        let all = written.split_inclusive('\n').chain(self.journal.lines.split_inclusive('\n'));
        Ok(all.skip(usize::try_from(entries)?).collect())
    }

    /// Refuses a clock before the journal's last entry, before anything else is done.
    pub fn check_clock(&self) -> Result<()> {
        let Some(last) = self.journal.records.last() else { return Ok(()) };
        let now = crate::journal::chain::timestamp(self.context.now());
        if now >= last.time {
            return Ok(());
        }
        let message = format!("the clock says {now}, the journal's last entry {}", last.time);
        Err(Rule::ClockBehindJournal.found(message).into())
    }

    /// One step of several: later steps see its outputs and its lines as if they were written,
    /// which [`Estate::commit`] does for all of them together.
    pub fn stage(&mut self, outputs: Vec<Output>, records: Vec<Record>) -> Result<()> {
        self.workspace.stage(outputs);
        self.append(records)
    }

    /// Forgets what was staged.
    pub fn unstage(&mut self) -> Result<()> {
        self.workspace.unstage();
        self.journal = read_journal(&self.workspace)?;
        Ok(())
    }

    /// Writes outputs and journal lines, and everything that was staged, all or nothing.
    pub fn commit(&mut self, outputs: Vec<Output>, records: Vec<Record>) -> Result<()> {
        self.append(records)?;
        self.write(outputs, Vec::new(), true)
    }

    /// Removes files, and directories after what is in them, and records it: all or nothing.
    pub fn remove(&mut self, removed: Vec<String>, record: Record) -> Result<()> {
        self.append(vec![record])?;
        self.write(Vec::new(), removed, false)
    }

    /// Writes what is staged, none of which was signed in this run.
    pub fn commit_foreign(&mut self) -> Result<()> {
        self.write(Vec::new(), Vec::new(), false)
    }

    fn append(&mut self, records: Vec<Record>) -> Result<()> {
        let mut records = records.into_iter();
        records.try_for_each(|record| self.journal.append(&self.context.origin, record))
    }

    fn write(
        &mut self,
        mut outputs: Vec<Output>,
        removed: Vec<String>,
        signed_here: bool,
    ) -> Result<()> {
        let offset = self.journal.length;
        outputs.extend(self.workspace.unstage());
        let lines = std::mem::take(&mut self.journal.lines);
        if !lines.is_empty() {
            outputs.push(Output::public(layout::HEAD, self.journal.head()));
        }
        self.journal.length += lines.len();
        let act = store::Act { outputs, removed, lines, signed_here };
        let committed = self.workspace.commit(offset, &act);
        if committed.is_err() {
            // As far as the disk allows; the rest is done by the next run.
            let _ = self.settle();
        }
        committed.hint("type the command again: what is left unfinished is seen to first")
    }

    /// After a failed commit: what was signed and not released is recorded as abandoned.
    fn settle(&mut self) -> Result<()> {
        let Some(lines) = self.workspace.abandoned()? else { return Ok(()) };
        self.journal = read_journal(&self.workspace)?;
        self.record_abandoned(&lines)
    }

    /// Records a refusal at signing, and gives it back as the error that it is. At a time before
    /// the journal's last entry nothing can be recorded, on a medium nothing may be.
    pub fn refuse(&mut self, object: &ObjectRef, error: Error) -> Error {
        let behind = |finding: &Finding| finding.rule == Rule::ClockBehindJournal;
        let is_open = !error.findings.is_empty() && !error.findings.iter().any(behind);
        if !is_open || self.is_medium().unwrap_or(true) {
            return error;
        }
        let record = Record::refused(object, &error.findings);
        // What the steps before had staged is not written either.
        match self.unstage().and_then(|()| self.commit(Vec::new(), vec![record])) {
            Ok(()) => error,
            Err(failure) => error.context(format!(
                "the refusal could not be recorded ({})",
                failure.messages().join(": ")
            )),
        }
    }

    fn record_abandoned(&mut self, lines: &str) -> Result<()> {
        for line in lines.lines() {
            let Ok(record) = serde_json::from_str::<Record>(line) else { continue };
            if record.fingerprint.is_some() {
                let record = Record { act: Act::Abandoned, ..record };
                self.journal.append(&self.context.origin, record)?;
            }
        }
        let lines = std::mem::take(&mut self.journal.lines);
        self.journal.length += lines.len();
        self.workspace.append_abandoned(&lines)?;
        self.workspace.forget_abandoned()
    }
}

fn read_journal(workspace: &Workspace) -> Result<Journal> {
    let text = workspace.journal()?;
    let head = workspace.read_if_any(layout::HEAD, file::SMALL)?;
    Journal::parse(&text, head.as_ref().map(|head| head.as_slice())).hint("rootward journal verify")
}

/// "CONTRADICTION" in one line.
pub fn contradiction(message: impl std::fmt::Display) -> Finding {
    Rule::Contradiction.found(message)
}

/// The environments that a workspace declares, in order of their names.
///
/// # Errors
/// What is wrong with the first declaration that is not sound.
pub fn environments(workspace: &Workspace) -> Result<Vec<Declared>> {
    let mut environments = Vec::new();
    for name in environment_names(workspace)? {
        let path = layout::environment(&name);
        let bytes = workspace.read(&path)?;
        let environment = Environment::parse(name, &path, &bytes)?;
        environments.push(Declared { environment, hash: sha256(&bytes) });
    }
    Ok(environments)
}

fn environment_names(workspace: &Workspace) -> Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in workspace.entries("ca")? {
        let declares = || workspace.exists(&format!("ca/{}/environment.toml", entry.name));
        if !entry.is_dir || entry.name == "root" || entry.name.starts_with('.') || !declares() {
            continue;
        }
        let name = entry.name.parse().map_err(|error| Error::usage(format!("ca/: {error}")))?;
        names.push(name);
    }
    Ok(names)
}

/// `: ACT OBJECT, ...`; nothing for what has no line in the journal.
fn objects_of(lines: &str) -> String {
    let records = lines.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
    let mut objects: Vec<String> =
        records.map(|record| format!("{} {}", record.act, record.object)).collect();
    let count = objects.len();
    if count > 3 {
        objects.truncate(3);
        objects.push(format!("and {} more", count - 3));
    }
    if objects.is_empty() { String::new() } else { format!(": {}", objects.join(", ")) }
}
