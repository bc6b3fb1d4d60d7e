//! A plan that does not change, and the transcript of its rehearsal, word for word. With
//! `GOLDEN=overwrite` the transcript is written instead of compared.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
use common::Site;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is different each time: hashes, digests, serial numbers, keys, the writer. Times are not:
/// the rehearsal is at a time of its own.
const MASK: &str = r#"
s/^([0-9]{4}) [0-9a-f]{8} /\1 ........ /
s/\b01[0-9a-f]{32}\b/SERIAL............................/g
s/[0-9A-F]{2}(:[0-9A-F]{2}){15}/XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX/g
/^[0-9]{4} [.]+ (signed|journal|  )/s/\b[0-9a-f]{32}\b/................................/g
s/ on [^ ]+ by .*/ on HOST by USER/
/^-----BEGIN/,/^-----END/{/^-----/!s/.*/.../}
"#;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn the_rehearsal_of_a_known_plan_says_what_it_said() {
    let site = Site::empty();
    let plan = golden("plan.toml").display().to_string();
    let run = site.at("@2026-11-22 10:30:00", &["ceremony", "rehearse", &plan]).ok();
    assert!(run.stderr.contains("rehearsed: every step passed"), "{}", run.stderr);
    assert!(site.snapshot().is_empty());
    let mut sed = Command::new(common::tool("sed", "sed"));
    let sed = sed.args(["-E", MASK]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut sed = sed.spawn().unwrap();
    sed.stdin.take().unwrap().write_all(run.stdout.as_bytes()).unwrap();
    let masked = String::from_utf8(sed.wait_with_output().unwrap().stdout).unwrap();
    let file = golden("transcript.txt");
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "overwrite") {
        fs::write(file, masked).unwrap();
        return;
    }
    assert_eq!(masked, fs::read_to_string(file).unwrap());
}
