//! `rootward` as the operator of a server runs it.

use super::server::Server;
use crate::common::Run;
use std::process::Command;

impl Server<'_> {
    /// `rootward` with a connection to this server, as its operator, with the root token.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_without_token(arguments);
        command.arg("--token-file").arg(self.token_file());
        command
    }

    pub fn command_without_token(&self, arguments: &[&str]) -> Command {
        let operator = self.site.path(&format!("identities/{}/operator", self.environment));
        let mut command = self.site.command(arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &self.dir).env("BAO_ADDR", self.address());
        command.env("BAO_TLS_SERVER_NAME", self.host());
        command.env("BAO_CLIENT_CERT", operator.join("chain.pem"));
        command.env("BAO_CLIENT_KEY", operator.join("key.pem"));
        command
    }

    pub fn rootward(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// `vault apply ENV --yes`.
    #[track_caller]
    pub fn apply(&self) -> Run {
        self.rootward(&["vault", "apply", self.environment, "--yes"]).ok()
    }

    /// Nothing differs, however closely one looks.
    #[track_caller]
    pub fn is_as_declared(&self) {
        for verb in [&["plan"][..], &["plan", "--deep"], &["drift"]] {
            let all = [&["vault"], verb, &[self.environment, "--exit-code"]].concat();
            let run = self.rootward(&all).ok();
            assert!(verb != ["plan"] || run.stderr.contains("no changes"), "{}", run.stderr);
        }
    }

    /// Drift names what somebody did, and it is gone after an apply.
    #[track_caller]
    pub fn mended(&self, what: &str, named: &[&str], prune: bool) {
        let drift = ["vault", "drift", self.environment, "--exit-code"];
        let run = self.rootward(&drift);
        assert_eq!(run.code, 4, "{what}: {}{}", run.stdout, run.stderr);
        for line in named {
            assert!(run.stdout.contains(line), "{what}: no {line:?} in {}", run.stdout);
        }
        let prune = if prune { &["--prune"][..] } else { &[] };
        self.rootward(&[&["vault", "apply", self.environment, "--yes"], prune].concat()).ok();
        let run = self.rootward(&drift);
        assert_eq!(run.code, 0, "{what}: {}{}", run.stdout, run.stderr);
    }
}
