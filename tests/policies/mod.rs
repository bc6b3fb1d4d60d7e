//! The example estate in a fresh directory, where faults are planted.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use crate::common::{Run, Site};
use std::fs;
use std::path::Path;

/// Before the exceptions of the example estate end.
const NOW: &str = "@2026-12-01 12:00:00";

/// A copy of the repository's own `ca/` and `identities/`: no key, no journal.
pub struct Estate(pub Site);

impl Estate {
    pub fn example() -> Self {
        let site = Site::empty();
        for part in ["ca", "identities"] {
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &site.path(part));
        }
        Self(site)
    }

    /// With one more template, which `prod/caddy` has beside its own.
    pub fn planted(rules: &str) -> Self {
        let estate = Self::example();
        estate.0.write("identities/policies/planted.hcl", rules);
        let declaration = "identities/prod/caddy/identity.toml";
        estate.0.edit(declaration, "policies = [", "policies = [\"planted\", ");
        estate
    }

    pub fn policy(&self, arguments: &[&str]) -> Run {
        self.0.at(NOW, &[&["policy"], arguments].concat())
    }

    /// `policy lint` finds exactly these, each by its beginning, and exits with 3.
    #[track_caller]
    pub fn finds(&self, expected: &[&str]) -> String {
        let run = self.policy(&["lint"]);
        let lines: Vec<&str> = run.stdout.lines().filter(|line| !line.is_empty()).collect();
        let begins = |(line, begin): (&&str, &&str)| line.starts_with(*begin);
        let same = lines.len() == expected.len() && lines.iter().zip(expected).all(begins);
        assert!(same, "expected {expected:#?}\nin {}{}", run.stdout, run.stderr);
        assert_eq!(run.code, if expected.is_empty() { 0 } else { 3 }, "{run:?}");
        run.stdout
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
