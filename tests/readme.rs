//! The README says what is so: its commands are typed into a shell, its tables are complete.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

#[path = "common/shell.rs"]
mod shell;

use shell::Shell;
use std::fs;
use std::path::Path;

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    text.split(&begin).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_shell_block_works_when_typed_in_order() {
    let shell = Shell::new();
    let csr = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites/openbao-csr/ec384.csr");
    // The server that is not here: it gives a request, and takes a chain and a CRL that openssl accepts.
    shell.stub(
        "vault",
        &format!(
            "case \"$*\" in\n*generate/internal*) cat '{}' ;;\n\
             *set-signed*) openssl verify -CAfile ca/prod/trust.pem \"${{3#*@}}\" ;;\n\
             *auth/cert/crls/*) openssl crl -in \"${{3#crl=@}}\" -noout ;;\n\
             *) exit 1 ;;\nesac\n",
            csr.display()
        ),
    );
    // Where openssl would ask for the passphrase.
    shell.stub(
        "openssl",
        "PATH=${PATH#*:}\ncase \"$1\" in\n\
         pkey) exec openssl \"$@\" -passin \"file:$(dirname \"$0\")/../passphrase\" ;;\n\
         *) exec openssl \"$@\" ;;\nesac\n",
    );
    let text = file("README.md");
    let blocks = blocks(&text, "sh");
    assert!(blocks.len() >= 6, "{blocks:?}");
    for block in blocks {
        shell.run(block);
    }
    shell.run("rootward verify");
    let (hash, _) = shell.run("tail -n 1 ca/journal.jsonl | jq -r .hash");
    let (sum, _) = shell.run(
        "tail -n 1 ca/journal.jsonl | sed 's/,\"hash\":\"[0-9a-f]*\"}$//' | tr -d '\\n' | sha256sum",
    );
    assert_eq!(hash.trim(), sum.split(' ').next().unwrap());
}

#[test]
fn every_dependency_is_in_the_table() {
    let readme = file("README.md");
    let table = readme.split("## Dependencies").nth(1).unwrap().split("## ").next().unwrap();
    let named: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
        .flat_map(|cell| cell.split(", "))
        .map(str::trim)
        .collect();
    let manifest: toml::Table = toml::from_str(&file("Cargo.toml")).unwrap();
    let mut declared: Vec<&str> = Vec::new();
    for section in ["dependencies", "dev-dependencies"] {
        declared.extend(manifest[section].as_table().unwrap().keys().map(String::as_str));
    }
    for name in &declared {
        assert!(named.contains(name), "{name} is not in the README's table");
    }
    let rows = named.iter().filter(|name| !["crate", "---"].contains(name));
    for name in rows {
        assert!(declared.contains(name), "{name} is in the README's table, not in Cargo.toml");
    }
}

#[test]
fn every_command_and_exit_code_is_named() {
    let readme = file("README.md");
    for noun in rootward::cli::command().get_subcommands().filter(|noun| noun.get_name() != "help")
    {
        let row = readme
            .lines()
            .filter(|line| line.starts_with("| `"))
            .find(|line| line.contains(&format!("`{}", noun.get_name())));
        let row = row.unwrap_or_else(|| panic!("{} is not in the README", noun.get_name()));
        for verb in noun.get_subcommands() {
            assert!(row.contains(verb.get_name()), "{} {}", noun.get_name(), verb.get_name());
        }
    }
    use rootward::error::Kind::{Failed, Refused, Usage};
    for kind in [Failed, Usage, Refused] {
        assert!(readme.contains(&format!("\n| {} | ", kind.exit_code())), "{kind:?}");
    }
}

#[test]
fn every_folder_of_the_source_is_on_the_map() {
    let readme = file("README.md");
    let map = readme.split("## Map of the code").nth(1).unwrap().split("## ").next().unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(map.contains(&format!("{name}/`")), "{name}");
        }
    }
}
