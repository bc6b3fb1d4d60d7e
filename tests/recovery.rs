//! An act that was interrupted anywhere: `verify` is content with what is there, the next command
//! that writes finishes it or records it as abandoned, and the same command again succeeds.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::Site;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Files = BTreeMap<PathBuf, Vec<u8>>;
const ISSUE: [&str; 3] = ["identity", "issue", "prod/vault-server"];
const PENDING: &str = "ca/.pending";
const JOURNAL: &str = "ca/journal.jsonl";

/// The states of one workspace before and after an act, and the act as it was pending.
struct Interrupted {
    site: Site,
    before: Files,
    lines: String,
    outputs: Files,
    pending: Vec<u8>,
}

fn files(site: &Site) -> Files {
    let root = site.root();
    let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_owned();
    site.snapshot().into_iter().map(|(path, bytes)| (relative(&path), bytes)).collect()
}

impl Interrupted {
    fn issue() -> Self {
        let site = Site::prepared();
        let before = files(&site);
        site.keyed(&ISSUE).ok();
        let mut outputs = files(&site);
        let journal = outputs.remove(Path::new(JOURNAL)).unwrap();
        let offset = before[Path::new(JOURNAL)].len();
        let lines = String::from_utf8(journal[offset..].to_vec()).unwrap();
        outputs.retain(|path, bytes| before.get(path) != Some(bytes));
        assert_eq!(outputs.len(), 5, "key, cert, chain, issued, head: {:?}", outputs.keys());
        let pending = encode(offset, &lines, &outputs);
        Self { site, before, lines, outputs, pending }
    }

    /// The state before, but for this.
    fn reset(&self, pending: &[u8], appended: &str, placed: usize) -> &Site {
        fs::remove_dir_all(self.site.root()).unwrap();
        let write = |path: &Path, bytes: &[u8]| {
            let path = self.site.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            if path.ends_with("key.pem") {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
        };
        self.before.iter().for_each(|(path, bytes)| write(path, bytes));
        self.outputs.iter().take(placed).for_each(|(path, bytes)| write(path, bytes));
        let journal = [&self.before[Path::new(JOURNAL)], appended.as_bytes()].concat();
        write(Path::new(JOURNAL), &journal);
        write(Path::new(PENDING), pending);
        &self.site
    }

    /// What is there is well in itself, and looking changes nothing.
    fn look(&self) -> bool {
        let before = self.site.snapshot();
        let run = self.site.run(&["verify"]).ok();
        self.site.run(&["journal", "verify"]).ok();
        self.site.run(&["status"]).ok();
        assert_eq!(self.site.snapshot(), before);
        run.stderr.contains("an earlier run was interrupted")
    }

    /// Any command that writes tidies up; then all is well, and what was asked for can be had.
    fn tidy(&self) -> String {
        let run = self.site.keyed(&["root", "crl"]).ok();
        assert!(!self.site.path(PENDING).exists());
        self.site.run(&["verify"]).ok();
        assert!(!self.look());
        run.stderr
    }

    fn again(&self) {
        self.site.keyed(&ISSUE).ok();
        self.site.run(&["verify"]).ok();
    }
}

/// As src/store/act.rs writes it.
fn encode(offset: usize, lines: &str, outputs: &Files) -> Vec<u8> {
    let part = |(path, bytes): (&PathBuf, &Vec<u8>)| {
        let mode = if path.ends_with("key.pem") { 0o600 } else { 0o644 };
        serde_json::json!({ "path": path, "mode": mode, "length": bytes.len() })
    };
    let parts: Vec<_> = outputs.iter().map(part).collect();
    let lines_length = lines.len();
    let header = serde_json::json!({
        "offset": offset, "lines": lines_length, "outputs": parts, "signed_here": true
    });
    let mut bytes = format!("{header}\n{lines}").into_bytes();
    outputs.values().for_each(|output| bytes.extend_from_slice(output));
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    bytes.extend_from_slice(digest.as_ref());
    bytes
}

#[test]
fn a_complete_act_is_finished() {
    let act = Interrupted::issue();
    let end = act.lines.len();
    for (appended, placed) in
        [(0, 0), (1, 0), (end / 2, 0), (end - 1, 0), (end, 0), (end, 2), (end, 5)]
    {
        let site = act.reset(&act.pending, &act.lines[..appended], placed);
        assert!(act.look());
        // Seen through: the identity is there already.
        assert!(site.run(&["status", "--json"]).ok().stdout.contains("prod/vault-server"));
        let said = act.tidy();
        let expected = "finished what an earlier run had begun: identity.issue prod/vault-server";
        assert!(said.contains(expected), "{said}");
        for (path, bytes) in &act.outputs {
            assert_eq!(&fs::read(site.root().join(path)).unwrap(), bytes, "{}", path.display());
        }
    }
    // A copy that was left beside its place is replaced.
    let site = act.reset(&act.pending, &act.lines, 1);
    let beside = site.path("identities/prod/vault-server/.cert.pem.new");
    fs::write(&beside, "half of a cert").unwrap();
    act.look();
    act.tidy();
    assert!(!beside.exists());
    assert!(site.keyed(&ISSUE).ok().stderr.contains("current  prod/vault-server"));
}

#[test]
fn an_act_that_is_not_complete_is_recorded_as_abandoned() {
    let act = Interrupted::issue();
    let lines = act.pending.iter().position(|byte| *byte == b'\n').unwrap() + 1 + act.lines.len();
    let whole = act.pending.len();
    for length in [lines, lines + 1, (lines + whole) / 2, whole - 1] {
        let site = act.reset(&act.pending[..length], "", 0);
        assert!(act.look());
        let said = act.tidy();
        let expected =
            "removed what an earlier run had left unfinished: identity.issue prod/vault-server";
        assert!(said.contains(expected), "{said}");
        let last = site.journal().pop().unwrap();
        let serial = act.lines.split("\"serial\":\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(last.contains("\"act\":\"abandoned\"") && last.contains(serial), "{last}");
        assert!(!site.path("identities/prod/vault-server/cert.pem").exists());
    }
    act.again();
}

#[test]
fn an_abandonment_that_is_interrupted_itself_is_recorded_once() {
    let act = Interrupted::issue();
    let cut = &act.pending[..act.pending.len() - 1];
    let site = act.reset(cut, "", 0);
    act.tidy();
    let line = format!("{}\n", site.journal().pop().unwrap());
    for appended in [1, line.len() / 2, line.len() - 1, line.len()] {
        let site = act.reset(cut, &line[..appended], 0);
        assert!(act.look());
        act.tidy();
        let count = site.journal().iter().filter(|line| line.contains("\"abandoned\"")).count();
        assert_eq!(count, 1, "{appended}");
    }
    act.again();
}

#[test]
fn what_was_cut_off_before_it_named_anything_is_forgotten() {
    let act = Interrupted::issue();
    let header = act.pending.iter().position(|byte| *byte == b'\n').unwrap();
    for length in [0, 1, header / 2, header, header + 1, header + act.lines.len() / 2] {
        let site = act.reset(&act.pending[..length], "", 0);
        act.look();
        act.tidy();
        assert_eq!(files(site), act.before, "{length}");
    }
    act.again();
}

#[test]
fn at_a_wrong_time_nothing_is_tidied_up() {
    let act = Interrupted::issue();
    let site = act.reset(&act.pending[..act.pending.len() - 1], "", 0);
    site.declines("CLOCK-BEHIND-JOURNAL", |site| site.keyed_at("-1h", &ISSUE));
    act.look();
    act.tidy();
    act.again();
}
