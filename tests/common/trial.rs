//! A server for trials, that OpenBao itself makes ready: initialised, unsealed, with a certificate of
//! its own. It holds nothing and ends with the test.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use crate::common::{bao, output};
use crate::shell::Shell;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

pub struct Trial {
    child: Child,
    variables: Vec<(&'static str, String)>,
}

impl Trial {
    /// Started for every `rootward` of the shell.
    pub fn start(shell: &Shell) -> Self {
        let dir = shell.here().with_file_name("trial");
        fs::create_dir(&dir).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = dir.join("log");
        let out = fs::File::create(&log).unwrap();
        let mut command = Command::new(bao());
        command.args(["server", "-dev", "-dev-tls", "-dev-no-store-token"]);
        command.arg(format!("-dev-tls-cert-dir={}", dir.display()));
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        command.args(["-dev-root-token-id=trial"]).env_clear().env("HOME", &dir);
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let child = command.spawn().unwrap();
        let said = || fs::read_to_string(&log).unwrap();
        let ready = || said().contains("Development mode should NOT be used");
        (0..500).find(|_| {
            ready() || {
                sleep(Duration::from_millis(20));
                false
            }
        });
        assert!(ready(), "{}", said());
        let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        let ca = files.into_iter().find(|path| path.to_string_lossy().ends_with("-ca.pem"));
        let variables = vec![
            ("BAO_ADDR", format!("https://127.0.0.1:{port}")),
            ("BAO_CACERT", ca.unwrap().display().to_string()),
            ("BAO_TOKEN", "trial".to_owned()),
        ];
        shell.export(&variables);
        Self { child, variables }
    }

    /// Its own command line, with what that printed.
    #[track_caller]
    pub fn bao(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(bao());
        output(command.args(arguments).envs(self.variables.iter().map(|(k, v)| (k, v))))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
