//! The pending file at every length and with every byte changed, and what the next run makes of
//! each state that a crash can leave. What `verify` says of them is in tests/recovery.rs.

use super::*;
use crate::store::{
    Workspace,
    pending::{encode, parse},
};
use proptest::prelude::*;
use zeroize::Zeroizing;

const BEFORE: &str = "{\"seq\":1}\n";
const LINES: &str = "{\"seq\":2,\"host\":\"größer\"}\n{\"seq\":3}\n";

fn act() -> Act {
    let secret = Output::secret("ca/root/g1/key.pem", Zeroizing::new(b"sealed".to_vec()));
    let outputs = vec![secret, Output::public("ca/journal.head", "3 ff\n")];
    Act { outputs, lines: LINES.into(), signed_here: true, removed: Vec::new() }
}

/// A workspace with one line in its journal, that much of the lines appended, and a pending file.
fn interrupted(pending: &[u8], appended: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    file::create_dirs(&dir.path().join("ca")).unwrap();
    let journal = format!("{BEFORE}{appended}");
    file::create(&dir.path().join(layout::JOURNAL), journal.as_bytes(), 0o644).unwrap();
    file::create(&dir.path().join(layout::PENDING), pending, 0o600).unwrap();
    dir
}

fn whole() -> Zeroizing<Vec<u8>> {
    encode(BEFORE.len() as u64, &act()).unwrap()
}

fn text(dir: &tempfile::TempDir, path: &str) -> Option<String> {
    let bytes = file::read_if_any(&dir.path().join(path), file::SMALL).unwrap()?;
    Some(String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn a_complete_act_is_finished_wherever_it_was_interrupted() {
    let cuts = LINES.char_indices().map(|(at, _)| at).chain([LINES.len()]);
    for cut in cuts {
        for placed in 0..=2 {
            let dir = interrupted(&whole(), &LINES[..cut]);
            for output in &act().outputs[..placed] {
                let path = dir.path().join(&output.path);
                file::create_dirs(path.parent().unwrap()).unwrap();
                file::create(&path, &output.bytes, output.mode).unwrap();
            }
            assert_eq!(recover(dir.path()).unwrap(), Recovery::Finished(LINES.into()));
            assert_eq!(text(&dir, layout::JOURNAL).unwrap(), format!("{BEFORE}{LINES}"));
            assert_eq!(text(&dir, "ca/root/g1/key.pem").as_deref(), Some("sealed"));
            assert_eq!(file::mode(&dir.path().join("ca/root/g1/key.pem")), Some(0o600));
            assert_eq!(text(&dir, layout::HEAD).as_deref(), Some("3 ff\n"));
            assert_eq!(recover(dir.path()).unwrap(), Recovery::Clean);
        }
    }
}

#[test]
fn an_act_that_is_not_complete_releases_nothing() {
    let whole = whole();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in 0..whole.len() {
        let dir = interrupted(&whole[..length], "");
        let recovered = recover(dir.path()).unwrap();
        // Nothing was signed that the disk knows of, before the lines are there.
        let known = length >= header + LINES.len();
        let expected = if known { Recovery::Abandoned(LINES.into()) } else { Recovery::Clean };
        assert_eq!(recovered, expected, "{length}");
        assert_eq!(text(&dir, layout::JOURNAL).as_deref(), Some(BEFORE));
        assert_eq!(text(&dir, "ca/root/g1/key.pem"), None);
        // It stays known until it is recorded.
        assert_eq!(file::exists(&dir.path().join(layout::PENDING)), known, "{length}");
    }
}

#[test]
fn what_another_workspace_signed_is_brought_again_and_never_abandoned() {
    let foreign = Act { signed_here: false, ..act() };
    let whole = encode(BEFORE.len() as u64, &foreign).unwrap();
    for length in 0..whole.len() {
        let dir = interrupted(&whole[..length], "");
        assert_eq!(recover(dir.path()).unwrap(), Recovery::Clean, "{length}");
        assert_eq!(text(&dir, layout::JOURNAL).as_deref(), Some(BEFORE));
        assert!(!file::exists(&dir.path().join(layout::PENDING)), "{length}");
    }
    let dir = interrupted(&whole, "");
    assert_eq!(recover(dir.path()).unwrap(), Recovery::Finished(LINES.into()));
}

#[test]
fn a_half_written_abandonment_is_written_again_and_nothing_else_is_cut() {
    let cut = &whole()[..whole().len() - 1];
    let abandoned = "{\"seq\":2,\"act\":\"abandoned\"}\n";
    for tail in [abandoned, &abandoned[..9], "{", &format!("{abandoned}{{\"se")] {
        let dir = interrupted(cut, tail);
        assert_eq!(recover(dir.path()).unwrap(), Recovery::Abandoned(LINES.into()));
        assert_eq!(text(&dir, layout::JOURNAL).as_deref(), Some(BEFORE), "{tail}");
    }
    let dir = interrupted(cut, LINES);
    let error = recover(dir.path()).unwrap_err();
    assert_eq!(error.findings[0].rule, Rule::JournalRolledBack);
    assert_eq!(text(&dir, layout::JOURNAL).unwrap(), format!("{BEFORE}{LINES}"));
}

#[test]
fn a_journal_that_is_not_the_one_that_was_continued_is_refused() {
    for journal in ["", "{\"se", "{\"seq\":1}\n{\"seq\":2,\"other\":1}\n"] {
        let dir = interrupted(&whole(), "");
        let path = dir.path().join(layout::JOURNAL);
        file::remove(&path).unwrap();
        file::create(&path, journal.as_bytes(), 0o644).unwrap();
        let error = recover(dir.path()).unwrap_err();
        assert_eq!(error.findings[0].rule, Rule::JournalRolledBack, "{journal:?}");
        assert_eq!(text(&dir, layout::JOURNAL).as_deref(), Some(journal));
        assert_eq!(text(&dir, "ca/root/g1/key.pem"), None);
    }
}

#[test]
fn what_another_hand_wrote_is_not_an_act() {
    for (path, mode) in [
        ("/etc/passwd", 0o644),
        ("../x", 0o644),
        ("ca/../../x", 0o644),
        ("./x", 0o644),
        ("ca/x", 0o4755),
    ] {
        let output = Output { mode, ..Output::public(path, "x") };
        let bytes = encode(0, &Act { outputs: vec![output], ..Act::default() }).unwrap();
        assert!(parse(&bytes).is_none(), "{path}");
    }
}

#[test]
fn what_is_to_go_is_gone_however_far_the_act_had_come() {
    let dir_name = "identities/prod/web";
    let files = ["identity.toml", "key.pem"].map(|name| format!("{dir_name}/{name}"));
    let removed: Vec<String> = files.iter().cloned().chain([dir_name.to_owned()]).collect();
    let whole = encode(BEFORE.len() as u64, &Act { removed, ..act() }).unwrap();
    for gone in 0..=3 {
        let dir = interrupted(&whole, LINES);
        file::create_dirs(&dir.path().join(dir_name)).unwrap();
        for path in files.iter().skip(gone) {
            file::create(&dir.path().join(path), b"x", 0o600).unwrap();
        }
        if gone == 3 {
            file::remove_durably(&dir.path().join(dir_name)).unwrap();
        }
        // Before it is finished it counts as gone.
        let seen = Workspace::open(dir.path()).unwrap();
        assert!(!seen.exists(&files[0]) && seen.mode(&files[1]).is_none());
        assert!(seen.read_if_any(&files[1], file::SMALL).unwrap().is_none());
        assert!(seen.read(&files[0]).is_err());
        assert_eq!(seen.entries("identities/prod").unwrap(), []);
        assert_eq!(recover(dir.path()).unwrap(), Recovery::Finished(LINES.into()));
        assert!(!file::exists(&dir.path().join(dir_name)), "{gone}");
    }
    // Not complete: nothing goes.
    let dir = interrupted(&whole[..whole.len() - 1], "");
    file::create_dirs(&dir.path().join(dir_name)).unwrap();
    file::create(&dir.path().join(&files[1]), b"x", 0o600).unwrap();
    assert!(Workspace::open(dir.path()).unwrap().exists(&files[1]));
    recover(dir.path()).unwrap();
    assert!(file::exists(&dir.path().join(&files[1])));
    // What another hand wrote names nothing outside.
    for path in ["/etc/x", "../x", "a/../../x", ""] {
        let bytes = encode(0, &Act { removed: vec![path.into()], ..Act::default() }).unwrap();
        assert!(parse(&bytes).is_none(), "{path}");
    }
}

proptest! {
    #[test]
    fn one_changed_byte_releases_nothing(at in 0..10_000_usize, bit in 0..8_u32) {
        let mut bytes = whole();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(parse(&bytes).is_none_or(|pending| pending.outputs.is_none()));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let header = b"{\"offset\":3,\"lines\":2,\"outputs\":[],\"signed_here\":true}\n";
        let _ = parse(&[&header[..], &bytes].concat());
    }
}
