//! The help pages: each is complete and fits the page, and every example in them works.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
#[path = "common/shell.rs"]
mod shell;
#[path = "common/trial.rs"]
mod trial;

use clap::Command;
use shell::Shell;
use std::fs;
use trial::Trial;

/// Every command with its path, `rootward root create`, in the order of the help pages.
fn pages() -> Vec<(String, Command)> {
    fn collect(path: &str, command: &Command, pages: &mut Vec<(String, Command)>) {
        pages.push((path.to_owned(), command.clone()));
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            collect(&format!("{path} {}", verb.get_name()), verb, pages);
        }
    }
    let mut root = rootward::cli::command();
    root.build();
    let mut pages = Vec::new();
    collect("rootward", &root, &mut pages);
    pages
}

fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    text.lines().filter_map(|line| Some(line.strip_prefix("  $ ")?.to_owned())).collect()
}

#[test]
fn every_page_has_a_summary_examples_and_lines_that_fit() {
    for (path, mut command) in pages() {
        let about = command.get_about().unwrap().to_string();
        assert!(about.len() <= 70 && !about.ends_with('.'), "{path}: {about}");
        let examples = examples(&command);
        assert!(!examples.is_empty(), "{path} has no example");
        let own = |example: &String| example.starts_with(&path);
        assert!(examples.iter().all(own), "{path}: {examples:?}");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{path}: {}", argument.get_id());
        }
        let help = command.render_help().to_string();
        let too_long: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(too_long.is_empty(), "{path}: {too_long:?}");
    }
}

/// What the examples find: a server, and requests that it and a host have made.
fn prepare(shell: &Shell) -> Trial {
    let server = Trial::start(shell);
    server.bao(&["secrets", "enable", "pki"]);
    for (file, path) in [
        ("vault.csr", "pki/intermediate/generate/internal"),
        ("vault-g2.csr", "pki/issuers/generate/intermediate/internal"),
    ] {
        let made = ["write", "-field=csr", path, "common_name=prod-vault", "key_type=ec"];
        fs::write(shell.here().join(file), server.bao(&made)).unwrap();
    }
    let question = r#"{"policies": ["path \"a\" { policy = \"read\" }"], "path": "a"}"#;
    fs::write(shell.here().join("queries.jsonl"), question).unwrap();
    shell.run(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
         -keyout remote.key -out remote.csr -subj /CN=remote",
    );
    server
}

/// prod/remote is declared; test/identity is there; prod/vault was signed in a copy of the
/// workspace, as on another machine.
fn prepare_workspace(shell: &Shell) {
    let here = shell.here();
    let text = fs::read_to_string(here.join("identities/prod/hello/identity.toml")).unwrap();
    fs::create_dir(here.join("identities/prod/remote")).unwrap();
    let text = text.replace("#key = \"host\"", "key = \"host\"");
    fs::write(here.join("identities/prod/remote/identity.toml"), text).unwrap();
    shell.run(
        "rootward intermediate request test/identity
         rootward intermediate sign test/identity
         mkdir -p ../copy && cp -a ca identities ../copy/
         cp vault.csr ../copy/ && cd ../copy
         rootward intermediate sign prod/vault --csr vault.csr
         cp ca/prod/vault/g1/chain.pem ../here/",
    );
}

/// The medium is a copy of the workspace; bob and carol watch.
fn prepare_ceremony(shell: &Shell) {
    let medium = shell.medium();
    shell.run(&format!(
        "cp -a ca {0}/
         printf 'version = 1\\nrole = \"offline\"\\n' >{0}/ca/site.toml
         rootward intermediate request prod/identity@g2
         for name in bob carol; do
           ssh-keygen -q -t ed25519 -N '' -C $name -f key-$name
           echo \"$name $(cut -d ' ' -f 1,2 key-$name.pub)\" >>allowed_signers
         done",
        medium.display()
    ));
}

/// What a page of the ceremony finds beyond what the pages before it left.
fn prepare_page(shell: &Shell, path: &str) {
    match path {
        "rootward ceremony" => prepare_ceremony(shell),
        "rootward ceremony plan" => {
            shell.run("rootward intermediate request prod/identity@g3");
        }
        "rootward ceremony rehearse" => {
            shell.run("rootward ceremony plan --witness bob -o plan.toml");
        }
        "rootward identity request" => {
            shell.run("mkdir -m 0700 tls && rootward identity add prod/turn --kind app --key host");
        }
        "rootward identity install" => {
            shell.run(
                "rootward identity issue prod/web --csr web.csr
                 rootward identity issue prod/turn --csr tls/turn.csr
                 mkdir usb && cp identities/prod/web/*.pem ca/prod/trust.pem usb/
                 mkdir new && cp identities/prod/turn/*.pem new/",
            );
        }
        // What the pages before have revoked is critical.
        "rootward check" => {
            shell.run("rootward identity issue prod/hello");
        }
        "rootward vault drift" => {
            shell.run("rootward vault apply prod --prune --yes");
        }
        "rootward identity revoke" => {
            shell.run("rootward vault apply prod --yes");
        }
        "rootward policy" => {
            shell.run(
                "sed -i 's/\"kv-read\"\\]/\"kv-read\", \"self-renew\"]/' identities/prod/web/identity.toml
                 git init -q && git add ca identities
                 git -c user.name=t -c user.email=t@example.internal commit -qm before",
            );
        }
        "rootward ceremony verify" => {
            let medium = shell.medium();
            shell.run(&format!(
                "last=$(ls {0}/ca/ceremonies | tail -n 1)
                 ssh-keygen -q -Y sign -f key-bob -n rootward-transcript \\
                   <{0}/ca/ceremonies/$last/transcript.txt >transcript.txt.bob.sig",
                medium.display()
            ));
        }
        _ => {}
    }
}
/// What is to be done before an example of a rotation.
const BEFORE: [(&str, &str); 2] = [
    ("rootward rotate activate prod/identity@g2", "rootward intermediate sign prod/identity@g2"),
    (
        "rootward rotate revoke prod/identity@g1 --reason superseded --yes",
        "rootward identity issue --env prod
         rootward identity issue prod/remote --csr remote.csr
         rootward identity issue prod/web --csr web.csr
         rootward identity issue prod/turn --csr tls/turn.csr",
    ),
];

#[test]
fn every_example_of_every_page_works() {
    let shell = Shell::new();
    let _server = prepare(&shell);
    let mut count = 0;
    for (path, command) in pages() {
        // These have a server to talk to in tests/vault_apply.rs.
        if ["plan", "apply", "drift"].iter().any(|verb| path == format!("rootward vault {verb}")) {
            continue;
        }
        prepare_page(&shell, &path);
        for example in examples(&command) {
            if example.starts_with("rootward intermediate ")
                && !shell.here().join("chain.pem").exists()
            {
                prepare_workspace(&shell);
            }
            if let Some((_, before)) = BEFORE.iter().find(|(of, _)| *of == example) {
                shell.run(before);
            }
            shell.run(&example);
            count += 1;
        }
    }
    assert!(count > pages().len());
    shell.run("rootward verify");
}

#[test]
fn the_next_command_is_always_one_that_works() {
    let shell = Shell::new();
    let mut command = "rootward init".to_owned();
    let mut typed = Vec::new();
    while !command.contains(" FILE") {
        assert!(!typed.contains(&command) || command == "rootward status", "{typed:#?} {command}");
        let (_, stderr) = shell.run(&command);
        typed.push(command);
        let next = stderr.lines().last().and_then(|line| line.strip_prefix("next: "));
        let next = next.unwrap_or_else(|| panic!("after {typed:#?}: {stderr}"));
        command = next[next.find("rootward ").unwrap()..].to_owned();
    }
    assert_eq!(command, "rootward intermediate request prod/vault --csr FILE");
    for environment in ["test", "prod"] {
        let issue = format!("rootward identity issue --env {environment}");
        assert!(typed.contains(&issue), "{typed:#?}");
    }
    shell.run("rootward verify");
}

#[test]
fn completions_are_made_for_every_shell() {
    let shell = Shell::new();
    for name in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (script, _) = shell.run(&format!("rootward completions {name}"));
        for word in ["intermediate", "passphrase-file", "dry-run"] {
            assert!(script.contains(word), "{name}: no {word}");
        }
    }
    shell.run("rootward completions bash >r.bash && bash -n r.bash && . ./r.bash");
}

#[test]
fn man_pages_are_made_for_every_command_and_groff_has_nothing_to_say() {
    let shell = Shell::new();
    shell.run("rootward man pages && rootward man pages && rootward man >rootward.1");
    for (path, _) in pages() {
        let page = format!("pages/{}.1", path.replace(' ', "-"));
        let (text, warnings) = shell.run(&format!("groff -man -Tutf8 -ww {page}"));
        assert!(warnings.is_empty(), "{page}: {warnings}");
        assert!(text.contains("EXAMPLES") || text.contains("\u{8}"), "{page}");
    }
    let made = fs::read_dir(shell.here().join("pages")).unwrap().count();
    assert_eq!(made, pages().len());
}
