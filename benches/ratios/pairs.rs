//! What is compared with what.

use crate::{bare, estate};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const ROOTWARD: &str = env!("CARGO_BIN_EXE_rootward");

/// A directory under `target/tmp`, or under `ROOTWARD_BENCH_DIR`: a disk on which thousands of files
/// were just deleted creates new ones many times slower, for both sides.
fn fresh() -> tempfile::TempDir {
    let dir = std::env::var("ROOTWARD_BENCH_DIR");
    let dir = dir.unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    tempfile::tempdir_in(dir).unwrap()
}

/// Medians of each side and of the pairwise ratios.
fn report(what: &str, pairs: &[(f64, f64)], limit: &str) {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let ratio = median(pairs.iter().map(|(ours, limit)| ours / limit).collect());
    let (ours, base): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (ours, base) = (median(ours) * 1e3, median(base) * 1e3);
    println!("{what:44} {ratio:6.2}   (goal {limit}; here {ours:.1} ms / {base:.1} ms)");
}

fn seconds(command: &mut Command) -> f64 {
    let start = Instant::now();
    let status = command.stdout(std::process::Stdio::null()).status().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}");
    seconds
}

/// Issuing 1,000 identities beside the bare loop.
pub fn issue() {
    let dir = fresh();
    let names = estate::names(1000);
    let prepared = estate::prepared(dir.path(), 1000, false);
    let mut pairs = Vec::new();
    for round in 0..9 {
        let (ours, limit) =
            (dir.path().join(format!("o{round}")), dir.path().join(format!("b{round}")));
        estate::copy(&prepared, &ours);
        estate::copy(&prepared, &limit);
        rustix::fs::syncfs(std::fs::File::open(dir.path()).unwrap()).unwrap();
        pairs.push(match round % 2 {
            0 => (estate::issue(&ours, &names), bare::issue(&limit, &names)),
            _ => {
                let limit = bare::issue(&limit, &names);
                (estate::issue(&ours, &names), limit)
            }
        });
    }
    report("issue 1,000 identities / bare rcgen + ring", &pairs, "<= 1.25");
}

/// Ten times as many cost ten times as much; one more costs the same among 10,000.
pub fn growth() {
    let dir = fresh();
    let many = estate::prepared(dir.path(), 10_000, false);
    let few = estate::prepared(dir.path(), 1_000, false);
    let mut pairs = Vec::new();
    for round in 0..3 {
        let (a, b) = (dir.path().join(format!("m{round}")), dir.path().join(format!("f{round}")));
        estate::copy(&many, &a);
        estate::copy(&few, &b);
        let few = estate::issue(&b, &estate::names(1_000));
        pairs.push((estate::issue(&a, &estate::names(10_000)), few * 10.0));
    }
    report("10,000 identities / ten times 1,000", &pairs, "about 1");

    let full = dir.path().join("m0");
    let empty = dir.path().join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    estate::base(&empty);
    let passphrase = dir.path().join("passphrase");
    std::fs::write(&passphrase, "a benchmark's passphrase\n").unwrap();
    let one = |workspace: &Path, round: usize| {
        let name: rootward::model::name::Name = format!("one-more-{round}").parse().unwrap();
        estate::declare(workspace, std::slice::from_ref(&name));
        let mut command = Command::new(ROOTWARD);
        command.args(["-q", "-C"]).arg(workspace).args(["identity", "issue"]);
        seconds(command.arg(format!("prod/{name}")).arg("--passphrase-file").arg(&passphrase))
    };
    let pairs: Vec<_> = (0..9).map(|round| (one(&full, round), one(&empty, round))).collect();
    report("one more among 10,000 / in an empty workspace", &pairs, "<= 1.25");
}

/// What watches 10,000 certificates beside a bare parse of their files, and its memory: from the
/// journal, and with every file read. Then `status` of ten times as many.
pub fn status() {
    let dir = fresh();
    let estate = estate::prepared(dir.path(), 10_000, true);
    let run = |estate: &Path, line: &str| {
        let mut command = Command::new(ROOTWARD);
        let command = command.arg("-C").arg(estate).arg("-q").args(line.split(' '));
        seconds(command)
    };
    // Beside the estate, as for a workspace that cannot be written to.
    let remind = format!("remind --state {}", dir.path().join("reminded.json").display());
    for (line, goal) in [
        ("status", "<= 0.5"),
        (remind.as_str(), "<= 0.5"),
        ("check", "<= 0.5"),
        ("metrics", "<= 0.5"),
        ("check --files", "<= 1.2"),
        ("metrics --files", "<= 1.2"),
    ] {
        let pairs: Vec<_> = (0..11).map(|_| (run(&estate, line), bare::scan(&estate))).collect();
        let verb = line.split(" --state").next().unwrap_or(line);
        report(&format!("{verb} of 10,000 / bare x509-parser loop"), &pairs, goal);
        memory(&estate, line);
    }
    let verify = || seconds(Command::new(ROOTWARD).arg("-C").arg(&estate).args(["-q", "verify"]));
    let pairs: Vec<_> = (0..3).map(|_| (verify(), bare::scan(&estate))).collect();
    report("verify of 10,000 / the same loop", &pairs, "none");
    memory(&estate, "verify");
    let many = estate::recorded(dir.path(), &estate, 100_000);
    let pairs: Vec<_> =
        (0..5).map(|_| (run(&many, "status"), 10.0 * run(&estate, "status"))).collect();
    report("status of 100,000 / ten times 10,000", &pairs, "about 1");
    memory(&many, "status");
}

fn memory(estate: &Path, line: &str) {
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M", ROOTWARD, "-q", "-C"]).arg(estate).args(line.split(' '));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let kib: u64 = text.trim().rsplit('\n').next().unwrap().parse().unwrap();
    println!("{:44} {:6} MiB (goal < 64)", "  its peak memory", kib / 1024);
}

/// Starting up beside `/bin/true`.
pub fn start() {
    let time = |program: &str, argument: &str| seconds(Command::new(program).arg(argument));
    for _ in 0..20 {
        time(ROOTWARD, "--version");
    }
    let pairs: Vec<_> =
        (0..201).map(|_| (time(ROOTWARD, "--version"), time("/bin/true", "--version"))).collect();
    report("rootward --version / /bin/true", &pairs, "+ 2 ms");
}

/// `policy who-can` over 1,000 identities with 2,000 policies, beside a start of `bao`, and its
/// growth: processor time, as it works on all cores.
pub fn rights() {
    let dir = fresh();
    let estate = |count: usize| {
        let estate = dir.path().join(format!("rights-{count}"));
        std::fs::create_dir_all(&estate).unwrap();
        estate::base(&estate);
        estate::declare_with_ops(&estate, &estate::names(count));
        let ask =
            format!("{ROOTWARD} -q -C {} policy who-can read 'kvv2/data/*'", estate.display());
        move || processor(&ask)
    };
    let (few, many) = (estate(1_000), estate(4_000));
    let bao = std::env::var("BAO").unwrap_or_else(|_| {
        let venv = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/bao");
        venv.display().to_string()
    });
    let bao = || processor(&format!("{bao} version"));
    let pairs: Vec<_> = (0..5).map(|_| (few(), bao())).collect();
    report("who-can over 2,000 policies / bao version", &pairs, "< 1");
    let pairs: Vec<_> = (0..5).map(|_| (many(), few() * 4.0)).collect();
    report("who-can over 8,000 policies / four times", &pairs, "about 1");
}

/// User and system seconds of one of twenty runs: the clock of processes is a coarse one.
fn processor(line: &str) -> f64 {
    const RUNS: u32 = 20;
    let script = format!("for i in $(seq {RUNS}); do {line} >/dev/null; done");
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U %S", "sh", "-euc", &script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let last = text.trim().lines().last().unwrap().to_owned();
    let seconds: f64 = last.split(' ').map(|part| part.parse::<f64>().unwrap()).sum();
    seconds / f64::from(RUNS)
}
