//! `rootward identity install NAME --from DIR`: on the host

use super::host::{self, word};
use crate::commands::{Session, day, read_named};
use crate::error::{Error, Result};
use crate::host::{
    KEY,
    install::{self, Asked, CERTIFICATE, CHAIN, TRUST, install},
    user,
    versions::Access,
};
use crate::journal::chain::timestamp;
use crate::store::file::{self, place::Owner, shown};
use std::path::PathBuf;
use std::process::ExitCode;

/// On its host: check the issued certificate, and put it beside its key
///
/// The certificate must be valid now, for NAME and for the key in DIR, which nobody but the Unix
/// user may read, and its chain must lead to trust.pem, when that is brought or was installed
/// before. cert.pem and chain.pem (and trust.pem) are replaced all at once: they are links into
/// DIR/.installed, and a single rename changes where these lead. No workspace is needed here.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  $ rootward identity install web --from usb
  $ rootward identity install turn --from new/cert.pem new/chain.pem --dir tls")]
pub struct Args {
    #[command(flatten)]
    host: host::Where,
    /// The directory with cert.pem, chain.pem and perhaps trust.pem, or these files
    #[arg(long, value_name = "DIR_OR_FILES", num_args = 1..=3, required = true)]
    from: Vec<PathBuf>,
    /// The permissions of the files; the key's stay as they are
    #[arg(long, value_name = "MODE", default_value = "0444", value_parser = mode)]
    mode: u32,
    /// Their group [default: that of the Unix user]
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
}

/// Octal digits of a file that is read by its owner and others, and written by its owner at most.
fn mode(text: &str) -> Result<u32, String> {
    let bits = u32::from_str_radix(text, 8).ok().filter(|_| text.len() <= 4);
    bits.filter(|bits| bits & !0o644 == 0 && bits & 0o400 != 0)
        .ok_or_else(|| format!("got {text:?}, expected 0400, 0440, 0444, 0600, 0640 or 0644"))
}

/// Judges, installs, says what is in place.
pub fn run(args: &Args, session: &Session) -> Result<ExitCode> {
    let from: Vec<String> = args.from.iter().map(|path| word(path)).collect();
    let mut rest = format!(" --from {} --mode {:04o}", from.join(" "), args.mode);
    if let Some(group) = &args.group {
        rest.push_str(&format!(" --group {group}"));
    }
    let host = args.host.host(session, "rootward identity install", &rest)?;
    args.key_was_made_elsewhere(&host)?;
    let gid = args.group.as_deref().map_or(Ok(host.user.owner.gid), user::group)?;
    let owner = Owner { gid, ..host.user.owner };
    let missing = |name: &str| {
        Error::usage(format!("got no {name} from {}, expected one", from.join(" ")))
            .hint("they are in identities/ENV/NAME of the workspace, trust.pem in ca/ENV")
    };
    let asked = Asked {
        name: &host.name,
        place: &host.place,
        user: &host.user,
        access: Access { owner, mode: args.mode },
        certificate: args.read(CERTIFICATE)?.ok_or_else(|| missing(CERTIFICATE))?,
        chain: args.read(CHAIN)?.ok_or_else(|| missing(CHAIN))?,
        trust: args.read(TRUST)?,
        now: session.context.now(),
    };
    let installed = install(&asked, session.context.rng)?;
    say(session, &host, &installed)
}

impl Args {
    /// A key that was made in the workspace is put here by hand, once, and knowingly.
    fn key_was_made_elsewhere(&self, host: &host::Host) -> Result<()> {
        let brought = self.from.first().map(|dir| dir.join(KEY)).filter(|key| file::exists(key));
        let Some(brought) = brought.filter(|_| host.place.look(KEY).is_ok_and(|key| key.is_none()))
        else {
            return Ok(());
        };
        let (user, key) = (&host.user.name, host.place.path().join(KEY));
        let error = Error::failed(format!("{} is not there, expected it", shown(&key)));
        let (from, to) = (word(&brought), word(&key));
        Err(error.hint(format!("install -m 0400 -o {user} {from} {to}")))
    }

    /// The file of that name among what was brought.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        if let [dir] = self.from.as_slice()
            && !file::is_regular(dir)
        {
            file::canonical(dir)?;
            let bytes = file::read_if_any(&dir.join(name), file::SMALL)?;
            return Ok(bytes.map(|bytes| bytes.to_vec()));
        }
        let known = [CERTIFICATE, CHAIN, TRUST];
        let is = |path: &PathBuf, name: &str| path.file_name().is_some_and(|file| file == name);
        if let Some(other) = self.from.iter().find(|path| !known.iter().any(|name| is(path, name)))
        {
            let message =
                format!("got {}, expected files named {}", shown(other), known.join(", "));
            return Err(Error::usage(message));
        }
        let path = self.from.iter().find(|path| is(path, name));
        Ok(path.map(|path| read_named(path)).transpose()?.map(|bytes| bytes.to_vec()))
    }
}

fn say(session: &Session, host: &host::Host, installed: &install::Installed) -> Result<ExitCode> {
    let ui = session.ui;
    let facts = &installed.certificate.facts;
    let dir = shown(host.place.path());
    let until = day(facts.not_after);
    match installed.is_new {
        true => ui.status(&format!("installed {}, valid until {until}", host.name)),
        false => ui.status(&format!("{} is already there, valid until {until}", host.name)),
    }
    ui.status(&format!("  serial   {}", facts.serial));
    ui.status(&format!("  files    {dir}: {}", installed.files.join(", ")));
    if !installed.files.contains(&TRUST) {
        ui.warn("its chain was not verified: there is no trust.pem, neither there nor brought");
    }
    if ui.json {
        ui.json(&serde_json::json!({
            "version": 1, "name": host.name.as_str(), "installed": installed.is_new,
            "serial": facts.serial, "not_after": timestamp(facts.not_after),
            "directory": dir, "files": installed.files,
        }))?;
    } else if installed.is_new {
        ui.hint("whatever has loaded the old files has to load them again");
    }
    Ok(ExitCode::SUCCESS)
}
