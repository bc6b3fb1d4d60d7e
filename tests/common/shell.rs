//! A shell in a fresh directory, where `rootward` is the one just built. What a person would type
//! at a prompt for a passphrase comes from a file.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const REDACTIONS: &str = r#"
s/\b2[0-9]{3}-[0-9]{2}-[0-9]{2}/YYYY-MM-DD/g
s/D[ T][0-9]{2}:[0-9]{2}:[0-9]{2}Z/DThh:mm:ssZ/g
s/D [0-9]{2}:[0-9]{2} UTC/D hh:mm UTC/g
s/\b01[0-9a-f]{32}\b/SERIAL............................/g
s/\b[0-9a-f]{64}\b/SHA-256........................................................./g
s/\b[0-9A-F]{2}(:[0-9A-F]{2}){15}/XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX:XX/g
s/^(in words     |             )[a-z]+( [a-z]+){5}$/\1word word word word word word/
s/by [^ ,]+@[^ ,]+/by USER@HOST/
s/"(host|user)": "[^"]*"/"\1": "..."/
s/\b[0-9]{2}y [0-9]{3}d/NNy NNNd/g
s/\b[0-9]y [0-9]{3}d/Ny NNNd/g
s/"seconds_left": -?[0-9]+/"seconds_left": N/
"#;

/// Removed with the test.
pub struct Shell {
    dir: tempfile::TempDir,
}

impl Shell {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bin", "here", "medium"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let passphrase = dir.path().join("passphrase");
        write(&passphrase, "correct horse battery staple\n", 0o600);
        let mut script =
            "#!/bin/sh\ncase \"$*\" in *--passphrase-*) ;; *) case \"$1 $2\" in\n".to_owned();
        for path in asking() {
            let passphrase = passphrase.display();
            script += &format!("{path}) set -- \"$@\" --passphrase-file '{passphrase}' ;;\n");
        }
        script += "esac ;; esac\n";
        script += &ceremony(&dir.path().join("medium"));
        script += &format!("exec $alone '{}' \"$@\"\n", env!("CARGO_BIN_EXE_rootward"));
        write(&dir.path().join("bin/rootward"), &script, 0o700);
        Self { dir }
    }

    /// The `rootward` that needs no prompt.
    pub fn rootward(&self) -> PathBuf {
        self.dir.path().join("bin/rootward")
    }

    /// The same with both outputs in one, and with a stand-in of equal length for whatever is
    /// different at each run.
    pub fn redacted(&self) -> PathBuf {
        let path = self.dir.path().join("bin/redacted");
        let script = format!(
            "#!/bin/bash\nset -o pipefail\n'{}' \"$@\" 2>&1 | sed -E '{REDACTIONS}'\n",
            self.rootward().display()
        );
        write(&path, &script, 0o700);
        path
    }

    /// From now on every `rootward` finds these variables.
    pub fn export(&self, variables: &[(&str, String)]) {
        let path = self.rootward();
        let exports: String =
            variables.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        let script = fs::read_to_string(&path).unwrap();
        let script = script.replacen("#!/bin/sh\n", &format!("#!/bin/sh\n{exports}"), 1);
        write(&path, &script, 0o700);
    }

    /// A program of that name, found first.
    pub fn stub(&self, name: &str, script: &str) {
        write(&self.dir.path().join("bin").join(name), &format!("#!/bin/bash\n{script}"), 0o700);
    }

    /// What stands for `/media/root` in a ceremony.
    pub fn medium(&self) -> PathBuf {
        self.dir.path().join("medium")
    }

    /// The working directory.
    pub fn here(&self) -> PathBuf {
        self.dir.path().join("here")
    }

    /// Runs a script to its first failure.
    pub fn output(&self, script: &str) -> Output {
        let path = std::env::var("PATH").unwrap();
        let bin = self.dir.path().join("bin");
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", script]).current_dir(self.here());
        command.env("PATH", format!("{}:{path}", bin.display())).env_remove("NO_COLOR");
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a script that must succeed; gives its standard output and standard error.
    #[track_caller]
    pub fn run(&self, script: &str) -> (String, String) {
        let output = self.output(script);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "$ {script}\n{stdout}{stderr}");
        (stdout, stderr)
    }
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A ceremony is held without a network, on the medium, and what people would type is in a file; a
/// new root is the one on the paper.
fn ceremony(medium: &Path) -> String {
    const SCRIPT: &str = r#"alone=
if [ "$1" = ceremony ]; then
  for word in "$@"; do
    shift
    [ "$word" = /media/root ] && word='MEDIUM'
    set -- "$@" "$word"
  done
  [ "$2" = import ] && set -- "$@" --yes
  if [ "$2" = run ]; then
    words=$('PROGRAM' ceremony plan --show "$3" --json | jq -r '.words[:3] | join(" ")')
    printf 'version = 1
clock = "%s"
confirm = "%s"
'       "$(date -u '+%F %H:%M')" "$words" >MEDIUM.answers
    set -- "$@" --answers 'MEDIUM.answers'
    alone="unshare -n"
    [ "$(id -u)" -eq 0 ] || alone="unshare -rn"
  fi
fi
"#;
    let program = env!("CARGO_BIN_EXE_rootward");
    SCRIPT.replace("MEDIUM", &medium.display().to_string()).replace("PROGRAM", program)
}

/// A shell pattern for `$1 $2` of every command that may ask for a passphrase.
fn asking() -> Vec<String> {
    let asks =
        |verb: &clap::Command| verb.get_arguments().any(|arg| arg.get_id() == "passphrase_file");
    let root = rootward::cli::command();
    let mut patterns = Vec::new();
    for noun in root.get_subcommands() {
        let name = noun.get_name();
        patterns.extend(asks(noun).then(|| format!("'{name} '*")));
        let verbs = noun.get_subcommands().filter(|verb| asks(verb));
        patterns.extend(verbs.map(|verb| format!("'{name} {}'", verb.get_name())));
    }
    patterns
}
