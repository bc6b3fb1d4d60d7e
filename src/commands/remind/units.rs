//! What runs the job every day: lines for a crontab, a service and a timer for systemd.

use super::{Args, Post};
use crate::commands::Session;
use crate::error::{Error, Explain, Result};
use crate::host::user;
use crate::model::reminders::{Http, Shape, Smtp, Url, Way};
use crate::store::file::{self, place::Place};
use crate::ui::lines::quoted;
use std::path::{Path, PathBuf};

const SERVICE: &str = "rootward-remind.service";
const TIMER: &str = "rootward-remind.timer";

/// Prints, or writes into a directory.
pub(super) fn print(args: &Args, session: &Session, dir: &Path, post: &Post) -> Result<()> {
    let ui = session.ui;
    let job = Job::new(args, dir, post)?;
    if args.print_cron {
        return match ui.json {
            true => ui.json(&serde_json::json!({ "version": 1, "crontab": job.crontab()? })),
            false => ui.raw(&job.crontab()?),
        };
    }
    let units = [(SERVICE, job.service(args)?), (TIMER, timer())];
    if let Some(dir) = &args.output {
        file::create_dirs(dir)?;
        for (name, text) in &units {
            let path = dir.join(name);
            file::may_replace(&path)?;
            file::replace(&path, text.as_bytes(), 0o644, true)?;
            ui.status(&format!("wrote {}", file::shown(&path)));
        }
    }
    if ui.json {
        let units: serde_json::Map<String, serde_json::Value> =
            units.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect();
        ui.json(&serde_json::json!({ "version": 1, "units": units }))?;
    } else if args.output.is_none() {
        let texts: Vec<String> =
            units.iter().map(|(name, text)| format!("# {name}\n{text}")).collect();
        ui.raw(&texts.join("\n"))?;
    }
    job.warn(session);
    ui.hint(&format!("in /etc/systemd/system: systemctl enable --now {TIMER}"));
    Ok(())
}

/// What is run.
struct Job<'a> {
    /// Absolute, without links.
    program: PathBuf,
    dir: &'a Path,
    post: &'a Post,
    /// `--channels` and `--state`, absolute.
    options: Vec<(&'static str, PathBuf)>,
}

impl<'a> Job<'a> {
    fn new(args: &Args, dir: &'a Path, post: &'a Post) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut options = Vec::new();
        if let Some(path) = &args.channels {
            options.push(("--channels", file::canonical(path)?));
        }
        if let Some(path) = &args.state {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = file::canonical(parent.unwrap_or(Path::new(".")))?;
            options.push(("--state", parent.join(path.file_name().unwrap_or_default())));
        }
        Ok(Self { program: file::canonical(&program)?, dir, post, options })
    }

    /// crontab(5): `%` would end the command.
    fn crontab(&self) -> Result<String> {
        let mut command = format!("{} -C {} remind", word(&self.program)?, word(self.dir)?);
        for (option, path) in &self.options {
            command.push_str(&format!(" {option} {}", word(path)?));
        }
        let command = command.replace('%', r"\%");
        Ok(format!(
            "\
# rootward remind, once a day; these lines are for: crontab -e
# It prints nothing when nothing is due. What it prints, cron mails to MAILTO:
#MAILTO=you@example.internal
SHELL=/bin/sh
23 7 * * * {command}
"
        ))
    }

    /// Sees nothing but what it needs: systemd.exec(5).
    fn service(&self, args: &Args) -> Result<String> {
        let mut command = format!("{} -C {} remind", argument(&self.program)?, argument(self.dir)?);
        for (option, path) in &self.options {
            command.push_str(&format!(" {option} {}", argument(path)?));
        }
        let mut write = "StateDirectory=rootward-remind\nStateDirectoryMode=0700\n".to_owned();
        match args.state.as_ref().and(self.options.last()).and_then(|(_, path)| path.parent()) {
            Some(dir) => write.push_str(&format!("ReadWritePaths={}\n", argument(dir)?)),
            None => command.push_str(" --state %S/rootward-remind/reminded.json"),
        }
        let (is_connected, user) = (self.is_connected(), self.user()?);
        let online = match is_connected {
            true => "Wants=network-online.target\nAfter=network-online.target\n",
            false => "",
        };
        let network = match is_connected {
            // AF_UNIX: names are resolved by a service of the machine.
            true => "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n",
            false => "PrivateNetwork=yes\nRestrictAddressFamilies=none\nIPAddressDeny=any\n",
        };
        let home =
            if self.is_below(&["/home", "/root", "/run/user"]) { "read-only" } else { "yes" };
        let tmp = if self.is_below(&["/tmp", "/var/tmp"]) { "no" } else { "yes" };
        Ok(format!(
            "\
[Unit]
Description=Says what is to be rotated: rootward remind
{online}
[Service]
Type=oneshot
ExecStart={command}
User={user}
TimeoutStartSec=20min
{write}ProtectHome={home}
PrivateTmp={tmp}
{network}{HARDENED}"
        ))
    }

    /// Whoever the workspace belongs to can read it, and the files with secrets.
    fn user(&self) -> Result<String> {
        let way = Place::open(self.dir)?.way()?;
        let uid = way.first().map(|(_, owned)| owned.owner.uid).unwrap_or_default();
        Ok(user::of_uid(uid).map_or_else(|| uid.to_string(), |user| user.name))
    }

    fn is_connected(&self) -> bool {
        let is_far = |way: &Way| matches!(way, Way::Smtp(_) | Way::Http(_));
        self.post.channels.iter().any(|channel| is_far(&channel.way))
    }

    /// Is something that is read below one of these?
    fn is_below(&self, dirs: &[&str]) -> bool {
        let files = self.post.channels.iter().flat_map(|channel| files(&channel.way));
        let files = files.map(|path| self.post.base.join(path));
        let all = files.chain([self.program.clone(), self.dir.to_owned()]);
        let mut all = all.chain(self.options.iter().map(|(_, path)| path.clone()));
        all.any(|path| dirs.iter().any(|dir| path.starts_with(dir)))
    }

    fn warn(&self, session: &Session) {
        let is = |is: fn(&Way) -> bool| self.post.told().any(|channel| is(&channel.way));
        if !is(|way| *way != Way::Stdout) {
            session.ui.warn("no channel is declared: what is due is seen only in the system's log");
            session.ui.hint("journalctl -u rootward-remind; or declare one in ca/reminders.toml");
        }
        if is(|way| matches!(way, Way::Sendmail { .. })) {
            session.ui.warn("most mail programs cannot deliver from within this unit");
            session.ui.hint("type = \"smtp\", host = \"localhost\", security = \"none\" does");
        }
    }
}

/// The files that a channel names.
fn files(way: &Way) -> Vec<&PathBuf> {
    match way {
        Way::Stdout | Way::Sendmail { .. } => Vec::new(),
        Way::Smtp(Smtp { login, ca, .. }) => {
            login.iter().map(|(_, password)| password).chain(ca).collect()
        }
        Way::Http(Http { shape, url, token, ca }) => {
            let mut files: Vec<&PathBuf> = ca.iter().collect();
            files.extend(token.iter().map(|(path, _)| path));
            if let Shape::Ntfy { topic } = shape {
                files.push(topic);
            }
            if let Url::File(path) = url {
                files.push(path);
            }
            files
        }
    }
}

const HARDENED: &str = "\
AmbientCapabilities=
CapabilityBoundingSet=
DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateIPC=yes
PrivateMounts=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
";

/// A run that was missed, as the machine was off, is made up for (systemd.timer(5)).
fn timer() -> String {
    "\
[Unit]
Description=Says every day what is to be rotated: rootward remind

[Timer]
OnCalendar=*-*-* 07:23:00
Persistent=true
RandomizedDelaySec=30min

[Install]
WantedBy=timers.target
"
    .to_owned()
}

/// As /bin/sh reads it.
fn word(path: &Path) -> Result<String> {
    plain(path).map(quoted)
}

/// As systemd reads it (systemd.service(5), "Command lines").
fn argument(path: &Path) -> Result<String> {
    let text = plain(path)?.replace('%', "%%");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "%+=:,./_-@".contains(c);
    match text.chars().all(is_plain) {
        true => Ok(text),
        false => {
            let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('$', "$$");
            Ok(format!("\"{text}\""))
        }
    }
}

/// A path in a line of its own kind.
fn plain(path: &Path) -> Result<&str> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.ok_or_else(|| {
        let got = file::shown(path);
        Error::failed(format!("got the path {got}, expected one without control characters"))
    })
}
