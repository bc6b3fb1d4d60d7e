//! The README says what is so: its commands are typed into a shell, its tables are complete.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
#[path = "common/shell.rs"]
mod shell;
#[path = "common/trial.rs"]
mod trial;

use shell::Shell;
use std::fs;
use std::path::Path;
use trial::Trial;

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
    let _server = Trial::start(&shell);
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

/// The `shell` blocks of a section, with a directory of the test in the medium's place.
fn section(shell: &Shell, title: &str) -> Vec<String> {
    let text = file("README.md");
    let section = text.split(&format!("\n{title}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let medium = shell.medium();
    let typed = |block: &str| match block.contains("rootward ceremony run") {
        // The shell's own rootward knows where that is.
        true => block.replace("cp /media/root", &format!("cp {}", medium.display())),
        false => block.replace("/media/root", &medium.display().to_string()),
    };
    blocks(section, "shell").into_iter().map(typed).collect()
}

#[test]
fn a_ceremony_goes_as_it_is_written() {
    let shell = Shell::new();
    shell.run(
        "rootward init
         mkdir -p ../.ssh
         ssh-keygen -q -t ed25519 -N '' -C bob -f ../.ssh/id_ed25519
         echo \"bob $(cut -d ' ' -f 1,2 ../.ssh/id_ed25519.pub)\" >allowed_signers",
    );
    let blocks = section(&shell, "## A ceremony, from plan to import");
    let [plan, run, sign, import, _, verify, openssl, update] = blocks.as_slice() else {
        panic!("{blocks:#?}")
    };
    for block in [plan, run] {
        shell.run(block);
    }
    shell.run(&sign.replace("~/", "../"));
    shell.run(import);
    shell.run(verify);
    let (said, _) = shell.run(openssl);
    assert!(said.contains("Verified OK"), "{said}");
    let words: Vec<&str> = said.split_whitespace().collect();
    let (plan, transcript) = match words.iter().position(|word| *word == "plan.toml") {
        Some(at) => (words[at - 1], words[at + 1]),
        None => panic!("{said}"),
    };
    assert!(said.ends_with(&format!("1\t{plan}\t{transcript}\n")), "{said}");
    shell.run("rm ca/ceremonies/0001/{body,signature,root.pub}");
    // The medium that stayed behind is brought up to date, and goes on.
    shell.run(update);
    shell.run(
        "rootward ceremony plan --crl -o plan.toml
         rootward ceremony run plan.toml --workspace /media/root -o response.toml
         rootward ceremony import response.toml
         rootward verify",
    );
    shell.run(&format!("rootward -C {} verify", shell.medium().display()));
}

#[test]
fn a_root_moves_to_a_medium_as_it_is_written() {
    let shell = Shell::new();
    shell.run(
        "rootward init
         rootward root create
         rootward intermediate request prod/identity
         rootward intermediate sign prod/identity
         rootward identity issue --env prod",
    );
    let blocks = section(&shell, "## A ceremony, from plan to import");
    shell.run(&blocks[4]);
    shell.run("rootward ceremony plan --crl -o plan.toml");
    shell.run("rootward ceremony run plan.toml --workspace /media/root -o response.toml");
    shell.run("rootward ceremony import response.toml && rootward verify");
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
        let row = readme.lines().filter(|line| line.starts_with("| `")).find(|line| {
            [" ", "`"].iter().any(|end| line.contains(&format!("`{}{end}", noun.get_name())))
        });
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
