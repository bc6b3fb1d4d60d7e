//! A wrong passphrase, no terminal, a read-only medium, a full disk, another rootward: a clear
//! error, and the old state.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
use common::{PASSPHRASE, Run, Site, assert_plain, suite, tool};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const ISSUE: [&str; 3] = ["identity", "issue", "prod/vault-server"];

/// The command with this text in a passphrase file.
fn with_passphrase(site: &Site, text: &[u8], arguments: &[&str]) -> Run {
    let file = site.beside("other");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let file = file.display().to_string();
    site.run(&[arguments, &["--passphrase-file", &file]].concat())
}

#[test]
fn a_wrong_or_empty_passphrase_opens_nothing() {
    let site = Site::prepared();
    for verb in [&ISSUE[..], &["root", "crl", "--now"]] {
        let run = site.fails(1, "wrong passphrase for ca/", |site| {
            with_passphrase(site, b"correct horse battery stable\n", verb)
        });
        assert!(run.stderr.contains("key.pem\nhint: type it again"), "{}", run.stderr);
        assert_plain(&run);
        for empty in [&b""[..], b"\n", b"\r\n", b"\nsecond line\n"] {
            site.fails(1, "begins with an empty line", |site| with_passphrase(site, empty, verb));
        }
    }
    // The first line counts, as for openssl.
    let lines = format!("{PASSPHRASE}\r\nsecond line\n");
    with_passphrase(&site, lines.as_bytes(), &ISSUE).ok();
    let declared = Site::declared();
    let create = ["root", "create"];
    declared.fails(1, "begins with an empty line", |site| with_passphrase(site, b"\n", &create));
}

#[test]
fn a_passphrase_comes_through_a_descriptor() {
    let site = Site::prepared();
    let from = |text: &str, number: &str, arguments: &[&str]| {
        let file = site.beside("other");
        fs::write(&file, text).unwrap();
        let mut command = site.command(arguments);
        command.args(["--passphrase-fd", number]).stdin(File::open(file).unwrap());
        Run::of(command.output().unwrap())
    };
    let crl = ["root", "crl", "--now"];
    let before = site.snapshot();
    from("wrong\n", "0", &crl).fails(1, "wrong passphrase for ca/root/g1/key.pem");
    from("", "0", &crl).fails(1, "file descriptor 0 begins with an empty line");
    from("", "77", &crl).fails(1, "cannot open file descriptor 77");
    from(&"x".repeat(70_000), "0", &crl).fails(1, "file descriptor 0 gave more than 65536 bytes");
    from("", "one", &crl).fails(2, "--passphrase-fd");
    assert_eq!(site.snapshot(), before);
    from(&format!("{PASSPHRASE}\n"), "0", &crl).ok();
}

#[test]
fn without_a_terminal_and_a_file_nobody_is_asked() {
    let site = Site::prepared();
    let alone = |arguments: &[&str]| {
        let mut command = Command::new(tool("setsid", "util-linux"));
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_rootward")).arg("-C").arg(site.root());
        Run::of(command.args(arguments).stdin(Stdio::null()).output().unwrap())
    };
    for verb in
        [&ISSUE[..], &["root", "crl", "--now"], &["intermediate", "request", "test/identity"]]
    {
        let run = site.fails(1, "error: cannot ask for the ", |_| alone(verb));
        let hint = "hint: without a terminal, add: --passphrase-file FILE or --passphrase-fd N";
        assert!(run.stderr.contains(hint), "{}", run.stderr);
        assert_plain(&run);
    }
}

#[test]
fn a_passphrase_that_others_can_read_is_warned_of() {
    let site = Site::prepared();
    let crl = ["root", "crl", "--now"];
    let open = site.passphrase();
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    assert!(site.keyed(&crl).ok().stderr.contains("can be read by others (mode 0644)"));
    fs::set_permissions(&open, Permissions::from_mode(0o600)).unwrap();
    // A link says nothing of what it leads to.
    let link = site.beside("link");
    std::os::unix::fs::symlink(&open, &link).unwrap();
    let link = link.display().to_string();
    let run = site.run(&["root", "crl", "--now", "--passphrase-file", &link]).ok();
    assert!(!run.stderr.contains("can be read"), "{}", run.stderr);
}

/// A key from elsewhere may ask for any work before it opens.
#[test]
fn a_key_that_asks_for_absurd_work_is_not_tried() {
    let site = Site::prepared();
    let key = site.path("ca/root/g1/key.pem");
    let (label, der) = der::Document::from_pem(&fs::read_to_string(&key).unwrap())
        .map(|(label, document)| (label.to_owned(), document.as_bytes().to_vec()))
        .unwrap();
    // scrypt's N is INTEGER 2^15: 02 03 00 80 00; a number of the same length, 2^22.
    let at = der.windows(5).position(|window| window == [2, 3, 0, 0x80, 0]).unwrap();
    let mut hostile = der.clone();
    hostile[at + 2] = 0x40;
    let pem = rootward::pki::pem::encode(&label, &hostile).unwrap();
    fs::write(&key, pem).unwrap();
    site.fails(1, "absurd cost", |site| site.keyed(&["root", "crl", "--now"]));
}

#[test]
fn two_at_once_are_one_after_the_other() {
    let site = Site::prepared();
    let lock = File::open(site.path("ca")).unwrap();
    lock.try_lock().unwrap();
    for verb in [&ISSUE[..], &["root", "crl", "--now"], &["root", "create"]] {
        let run =
            site.fails(1, "another rootward is working in this workspace", |site| site.keyed(verb));
        assert!(run.stderr.contains("hint: wait until it is done"), "{}", run.stderr);
    }
    // Looking does not wait.
    site.run(&["status"]).ok();
    site.run(&["verify"]).ok();
    drop(lock);
    site.keyed(&ISSUE).ok();
}

/// A shell in mount namespaces of its own, in which `script` runs with $1 = the workspace and
/// $2 = rootward.
fn in_namespace(site: &Site, script: &str) -> Run {
    let mut command = Command::new(tool("unshare", "util-linux"));
    command.arg(if rustix::process::geteuid().is_root() { "-m" } else { "-rm" });
    command.args(["bash", "-euc", script, "bash"]);
    command.arg(site.root()).arg(env!("CARGO_BIN_EXE_rootward")).arg(site.passphrase());
    Run::of(command.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_read_only_workspace_can_be_looked_at() {
    let site = Site::prepared();
    let csr = suite("hostile-csr/files/ok-ec-p384.csr").display().to_string();
    let script = format!(
        "mount --bind \"$1\" \"$1\"; mount -o remount,ro,bind \"$1\" \"$1\"
         for verb in status verify 'journal verify' 'root show' \\
             'intermediate sign prod/vault --csr {csr} --dry-run'; do
           \"$2\" -C \"$1\" $verb >/dev/null || exit 9
         done
         \"$2\" -C \"$1\" identity issue prod/vault-server --passphrase-file \"$3\""
    );
    site.fails(1, "read-only file system", |site| in_namespace(site, &script));
    site.run(&["verify"]).ok();
    // The same by permissions alone.
    let writable = |mode| {
        for dir in ["ca", "ca/prod", "ca/prod/issued", "identities/prod/vault-server"] {
            fs::set_permissions(site.path(dir), Permissions::from_mode(mode)).unwrap();
        }
        let journal = site.path("ca/journal.jsonl");
        fs::set_permissions(journal, Permissions::from_mode(mode & 0o666)).unwrap();
    };
    writable(0o555);
    site.ordinary(&["status"]).ok();
    site.ordinary(&["verify"]).ok();
    let passphrase = site.passphrase().display().to_string();
    let issue = [&ISSUE[..], &["--passphrase-file", &passphrase]].concat();
    let run = site.fails(1, "permission denied", |site| site.ordinary(&issue));
    assert_plain(&run);
    writable(0o755);
    site.ordinary(&issue).ok();
}

/// On a file system of a given number of spare blocks: whatever does not fit, the old state or
/// the new one is there, and with room the same command succeeds.
#[test]
fn a_full_disk_leaves_the_old_state_or_the_new() {
    let site = Site::prepared();
    let script = r#"
        cp -a "$1" "$1.copy"; mount -t tmpfs -o size=1M,nr_inodes=1k tmpfs "$1"
        full=0
        for spare in 0 1 2 3 4 5 6 8 10 12 16; do
          rm -rf "$1"/* "$1"/.[!.]*; cp -a "$1.copy/." "$1"
          dd if=/dev/zero of="$1/filler" bs=4096 status=none 2>/dev/null || true
          blocks=$(($(stat -c %s "$1/filler") / 4096 - spare))
          truncate -s $((blocks * 4096)) "$1/filler"
          if "$2" -C "$1" identity issue prod/vault-server --passphrase-file "$3" 2>"$1.said"; then
            full=$((full + 100))
          else
            code=$?
            grep -q 'no space left on device' "$1.said" || { cat "$1.said" >&2; exit 8; }
            [ $code = 1 ] || exit 7
            full=$((full + 1))
          fi
          "$2" -C "$1" verify >&2 || { echo "verify after $spare" >&2; exit 6; }
          rm "$1/filler"
          "$2" -C "$1" identity issue prod/vault-server --passphrase-file "$3" >&2 || exit 5
          "$2" -C "$1" verify >&2 || exit 4
          "$2" -C "$1" journal verify >/dev/null || exit 3
          [ -e "$1/identities/prod/vault-server/cert.pem" ] || exit 2
          [ ! -e "$1/ca/.pending" ] || exit 2
        done
        rm -rf "$1.copy" "$1.said"
        echo "$full"
    "#;
    let run = in_namespace(&site, script).ok();
    let count: u32 = run.stdout.trim().parse().unwrap();
    assert!(count % 100 >= 3 && count >= 100, "{count}: some runs fail, some succeed");
    assert_plain(&run);
}

#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let site = Site::rooted();
    let asked: [&[&str]; 6] = [
        &["--help"],
        &["--version"],
        &["status"],
        &["root", "show"],
        &["journal", "show"],
        &["explain"],
    ];
    for arguments in asked {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = site.command(arguments).stdout(full).output().unwrap().status;
        assert_eq!(ended.code(), Some(1), "{arguments:?}");
    }
}
