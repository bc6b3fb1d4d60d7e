//! The medium: what it is, what it is not, and that it holds the root but not the identities.

#[path = "common/shell.rs"]
mod shell;

use shell::Shell;

/// A workspace with a plan for the first root, and the plan in `plan.toml`.
fn planned() -> Shell {
    let shell = Shell::new();
    shell.run(
        "rootward init
         rootward intermediate request prod/identity
         rootward ceremony plan -o plan.toml",
    );
    shell
}

/// Runs a script that must fail with this code; gives what it said.
#[track_caller]
fn refused(shell: &Shell, code: i32, script: &str) -> String {
    let output = shell.output(script);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "$ {script}\n{said}");
    said
}

#[test]
fn a_ceremony_is_not_held_where_it_was_planned() {
    let shell = planned();
    let before = shell.run("find . | sort; cat ca/journal.jsonl");
    let said = refused(&shell, 3, "rootward ceremony run plan.toml");
    let rule = "NOT-THE-MEDIUM";
    assert!(said.contains(&format!("{rule}: this ceremony was planned in /")), "{said}");
    assert_eq!(shell.run("find . | sort; cat ca/journal.jsonl"), before);
    // What says that it is a medium is one.
    shell.run("printf 'version = 1\\nrole = \"offline\"\\n' >ca/site.toml");
    shell.run("rootward ceremony run plan.toml");
}

#[test]
fn a_root_key_that_is_here_is_used_here() {
    let shell = Shell::new();
    shell.run("rootward init && rootward root create && rootward ceremony plan --crl -o plan.toml");
    shell.run("rootward ceremony run plan.toml && rootward verify");
}

#[test]
fn what_lies_on_a_medium_and_is_recorded_nowhere_is_never_written_over() {
    for path in ["ca/root/g1/key.pem", "ca/root/g1/crl.pem", "ca/prod/identity/g1/cert.pem"] {
        let shell = planned();
        shell.run(&format!(
            "file=$(dirname $PWD)/medium/{path}; mkdir -p $(dirname $file) && echo mine >$file"
        ));
        let run = "rootward ceremony run plan.toml --workspace /media/root";
        let said = refused(&shell, 3, run);
        assert!(said.contains(&format!("CONTRADICTION: {path} is there")), "{said}");
        let (there, _) = shell.run(&format!("cat $(dirname $PWD)/medium/{path}"));
        assert_eq!(there, "mine\n");
    }
}

#[test]
fn a_new_medium_is_named() {
    let shell = planned();
    let said = refused(&shell, 2, "mkdir bare && cd bare && rootward ceremony run ../plan.toml");
    assert!(said.contains("error: the working directory is no workspace"), "{said}");
    let (there, _) = shell.run("ls -A bare");
    assert_eq!(there, "");
    let said = refused(&shell, 1, "rootward ceremony run plan.toml --workspace nowhere");
    assert!(said.contains("hint: mount the medium; for a new one, make an empty directory"));
}

#[test]
fn a_medium_does_not_miss_the_identities() {
    let shell = planned();
    let medium = shell.medium();
    let medium = medium.display();
    let hold = "rootward ceremony run plan.toml --workspace /media/root -o response.toml
         rootward ceremony import response.toml";
    shell.run(hold);
    shell.run(
        "rootward identity issue --env prod
         rootward intermediate request prod/identity@g2
         rootward ceremony plan --crl -o plan.toml
         rootward ceremony rehearse plan.toml",
    );
    shell.run(hold);
    shell.run(&format!("cmp ca/journal.jsonl {medium}/ca/journal.jsonl && rootward verify"));
    let (_, said) = shell.run(&format!("rootward -C {medium} verify"));
    assert!(said.contains("identities and the CRLs of their issuers are not on this medium"));
    assert!(said.contains("3 certificates, 1 CRL, 1 key, "), "{said}");
    // The root is what it is for.
    shell.run(&format!("rm {medium}/ca/root/g1/crl.pem"));
    let output = shell.output(&format!("rootward -C {medium} verify"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "root@g1: ca/root/g1/crl.pem is missing, the journal has one\n"
    );
}

#[test]
fn a_copy_replaces_nothing_but_a_file() {
    let shell = planned();
    shell.run("mkdir out && ln -s plan.toml link");
    for (name, kind) in [("out", "a directory"), ("link", "a symbolic link")] {
        for command in ["plan", "script plan.toml", "run plan.toml --workspace /media/root"] {
            let said = refused(&shell, 1, &format!("rootward ceremony {command} -o {name}"));
            assert!(said.contains(&format!("{name} is {kind}, expected a file or none")), "{said}");
        }
    }
    shell.run("rootward ceremony plan --withdraw");
    for command in ["plan", "run plan.toml --workspace /media/root"] {
        let command = format!("rootward ceremony {command} -o nowhere/file");
        let said = refused(&shell, 1, &command);
        assert!(said.contains("cannot find nowhere: no such file or directory"), "{said}");
    }
    let (there, _) = shell.run(&format!("ls -A {} ca/ceremonies/0001", shell.medium().display()));
    assert!(!there.contains("plan.toml"), "{there}");
}

#[test]
fn a_stick_without_permissions_is_mounted_for_its_owner_alone() {
    let shell = planned();
    shell.run("rootward ceremony run plan.toml --workspace /media/root");
    let medium = shell.medium();
    let medium = medium.display();
    // What vfat and exFAT say of every file with the mount options umask=077, and without.
    shell.run(&format!("find {medium} -type f | xargs chmod 0700 && rootward -C {medium} verify"));
    shell.run(&format!("find {medium} -type f | xargs chmod 0755"));
    let output = shell.output(&format!("rootward -C {medium} verify"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("key.pem has mode 0755, expected"));
}

#[test]
fn a_read_only_medium_is_said_to_be_one() {
    let shell = planned();
    shell.run("rootward ceremony run plan.toml --workspace /media/root -o response.toml");
    shell
        .run("rootward ceremony import response.toml && rootward ceremony plan --crl -o plan.toml");
    let medium = shell.medium();
    let medium = medium.display();
    let run = "rootward ceremony run plan.toml --workspace /media/root";
    let said = refused(
        &shell,
        1,
        &format!(
            "unshare -rm bash -euc 'mount --bind {medium} {medium}
             mount -o remount,ro,bind {medium}; {run}'"
        ),
    );
    assert!(said.contains("ca/ceremonies/0002: read-only file system"), "{said}");
    shell.run(run);
}

#[test]
fn each_witness_is_somebody_who_can_sign() {
    let shell = planned();
    shell.run("rootward ceremony plan --withdraw");
    for (people, expected) in [
        ("--witness bob --witness bob", "another person for each witness"),
        ("--operator bob --witness bob", "another person for each witness"),
        ("--witness 'bob smith'", "one that an allowed_signers file can have"),
        ("--operator 'a, witnesses b'", "1 to 64 plain characters without a comma"),
    ] {
        let said = refused(&shell, 2, &format!("rootward ceremony plan {people}"));
        assert!(said.contains(expected), "{said}");
    }
    // Whoever wrote the plan.
    shell.run("rootward ceremony plan --operator alice --witness bob -o plan.toml");
    let edit = "sed 's/\"bob\"/\"alice\"/' plan.toml >edited.toml";
    let run = "rootward ceremony run edited.toml --workspace /media/root";
    let said = refused(&shell, 2, &format!("{edit} && {run}"));
    assert!(said.contains("got the name \"alice\""), "{said}");
}

#[test]
fn a_pipe_with_a_passphrase_has_its_own_option() {
    let shell = planned();
    let run = "rootward ceremony run plan.toml --workspace /media/root --passphrase-file <(echo x)";
    let said = refused(&shell, 1, run);
    assert!(said.contains("hint: a pipe is read with: --passphrase-fd N"), "{said}");
}
