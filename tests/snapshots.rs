//! What people see, word for word: the main help pages, the main job, and what goes wrong.
//! `TRYCMD=overwrite cargo test --test snapshots` writes the first difference of each file anew.

#[path = "common/shell.rs"]
mod shell;

#[test]
fn what_people_see() {
    let shell = shell::Shell::new();
    trycmd::TestCases::new()
        .register_bin("rootward", shell.redacted())
        .case("tests/snapshots/*.trycmd")
        .run();
}
