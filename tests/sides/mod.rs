//! Two sides of a ceremony: a workspace that plans and imports, and a medium that is only ever used
//! without a network.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use crate::common::{Run, Site, Template, libfaketime, tool};
use rootward::ceremony::plan::{Plan, Reviewed};
use rootward::ceremony::response::Response;
use rootward::pki::inspect::sha256;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime, macros::format_description};

type Files = Vec<(PathBuf, Vec<u8>)>;

/// Both sides; the plan and the response travel between them as files beside the workspaces.
pub struct Pair {
    /// Plans, imports, issues.
    pub on: Site,
    /// The medium.
    pub off: Site,
}

/// What the people in the room say.
pub struct Answers {
    pub clock: String,
    pub confirm: String,
}

/// The time on a right watch.
pub fn watch() -> String {
    clock(OffsetDateTime::now_utc())
}

pub fn clock(time: OffsetDateTime) -> String {
    time.format(format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap()
}

impl Pair {
    /// A declared workspace and an empty medium.
    pub fn new() -> Self {
        Self { on: Site::declared(), off: Site::empty() }
    }

    /// The first ceremony is planned: a root, and both identity intermediates.
    pub fn planned() -> Self {
        PLANNED.pair()
    }

    /// The first ceremony was held and imported.
    pub fn rooted() -> Self {
        ROOTED.pair()
    }

    /// The second ceremony was held; its response waits for the import.
    pub fn held() -> Self {
        HELD.pair()
    }

    /// And the second is planned: a CRL, and prod/identity@g2, whose request waits.
    pub fn second() -> Self {
        SECOND.pair()
    }

    pub fn plan_file(&self) -> PathBuf {
        self.on.beside("plan.toml")
    }

    pub fn response_file(&self) -> PathBuf {
        self.on.beside("response.toml")
    }

    /// The plan that is carried.
    pub fn plan_text(&self) -> String {
        fs::read_to_string(self.plan_file()).unwrap()
    }

    pub fn plan(&self, arguments: &[&str]) -> Run {
        let mut command = self.on.command(&["ceremony", "plan", "-o"]);
        Run::of(command.arg(self.plan_file()).args(arguments).output().unwrap())
    }

    /// The first words of the digest of the plan that is carried, as a paper would have them.
    pub fn words(&self) -> String {
        words(&fs::read(self.plan_file()).unwrap())
    }

    pub fn right(&self) -> Answers {
        Answers { clock: watch(), confirm: self.words() }
    }

    /// `ceremony run` without a network, as far as the sealed key: arguments can follow.
    pub fn offline(&self, answers: &Answers) -> Command {
        let mut command = Command::new(tool("unshare", "util-linux"));
        command.arg(if rustix::process::geteuid().is_root() { "-n" } else { "-rn" });
        command.arg(env!("CARGO_BIN_EXE_rootward"));
        self.arguments(&mut command, answers);
        command
    }

    /// What `ceremony run` is given.
    pub fn arguments(&self, command: &mut Command, answers: &Answers) {
        let Answers { clock, confirm } = answers;
        let text = format!("version = 1\nclock = {clock:?}\nconfirm = {confirm:?}\n");
        let file = self.off.beside("answers.toml");
        fs::write(&file, text).unwrap();
        command.args(["ceremony", "run"]).arg(self.plan_file());
        command.arg("--workspace").arg(self.off.root()).arg("--answers").arg(file);
        command.arg("--passphrase-file").arg(self.off.passphrase());
        command.stdin(Stdio::null()).env_remove("NO_COLOR");
    }

    pub fn run(&self, answers: &Answers) -> Run {
        Run::of(self.offline(answers).output().unwrap())
    }

    /// At another time of the machine.
    pub fn run_at(&self, machine: &str, answers: &Answers) -> Run {
        let mut command = self.offline(answers);
        command.env("LD_PRELOAD", libfaketime()).env("FAKETIME", machine);
        Run::of(command.output().unwrap())
    }

    /// The number of the plan that is carried.
    pub fn number(&self) -> u64 {
        self.reviewed().plan.number
    }

    pub fn reviewed(&self) -> Reviewed {
        Reviewed::parse("plan", self.plan_text().as_bytes()).unwrap()
    }

    /// Writes the plan that is carried anew, with digests that fit: whoever did so printed the paper,
    /// too.
    pub fn change_plan(&self, change: impl FnOnce(&mut Plan)) {
        let mut plan = self.reviewed().plan;
        change(&mut plan);
        let contents = plan.declarations.iter_mut().chain(&mut plan.requests);
        contents.for_each(|content| content.sha256 = sha256(content.text.as_bytes()));
        fs::write(self.plan_file(), Reviewed::of(plan).unwrap().text).unwrap();
    }

    /// The response that is carried back.
    pub fn response(&self) -> Response {
        Response::parse("response", &fs::read(self.response_file()).unwrap()).unwrap()
    }

    /// Writes it anew, with a last line that fits.
    pub fn change_response(&self, change: impl FnOnce(&mut Response)) {
        let mut response = self.response();
        change(&mut response);
        fs::write(self.response_file(), response.text().unwrap()).unwrap();
    }

    /// A file of this ceremony, below a workspace.
    pub fn of_ceremony(&self, file: &str) -> String {
        format!("ca/ceremonies/{:04}/{file}", self.number())
    }

    /// Held with right answers; the response is carried back.
    #[track_caller]
    pub fn hold(&self) -> Run {
        let run = self.run(&self.right()).ok();
        let response = self.off.path(&self.of_ceremony("response.toml"));
        fs::copy(response, self.response_file()).unwrap();
        run
    }

    fn with_response(&self, verb: &str, arguments: &[&str]) -> Run {
        let mut command = self.on.command(&["ceremony", verb]);
        Run::of(command.arg(self.response_file()).args(arguments).output().unwrap())
    }

    pub fn verify(&self) -> Run {
        self.with_response("verify", &[])
    }

    /// A new root is the one on the paper.
    pub fn import(&self) -> Run {
        self.import_with(&["--yes"])
    }

    pub fn import_with(&self, arguments: &[&str]) -> Run {
        self.with_response("import", arguments)
    }

    /// Held, verified, imported; afterwards both sides are sound, with one journal.
    #[track_caller]
    pub fn complete(&self) {
        self.hold();
        self.verify().ok();
        self.import().ok();
        self.same();
    }

    /// Both sides are sound and have the same journal.
    #[track_caller]
    pub fn same(&self) {
        assert_eq!(self.on.read("ca/journal.jsonl"), self.off.read("ca/journal.jsonl"));
        assert_eq!(self.on.read("ca/journal.head"), self.off.read("ca/journal.head"));
        self.on.run(&["verify"]).ok();
        self.off.run(&["verify"]).ok();
    }

    /// Both sides but for the draft of a transcript.
    pub fn snapshot(&self) -> (Files, Files) {
        let mut off = self.off.snapshot();
        off.retain(|(path, _)| !path.display().to_string().contains("/draft-"));
        (self.on.snapshot(), off)
    }

    /// What earlier attempts wrote.
    pub fn draft(&self) -> String {
        let plan = self.reviewed();
        let path = rootward::store::layout::draft(plan.plan.number, &plan.digest);
        fs::read_to_string(self.off.path(&path)).unwrap_or_default()
    }

    /// The attempt is refused by that rule: nothing was signed or written, on either side, but the
    /// refusal itself, in the draft of the transcript.
    #[track_caller]
    pub fn refuses(&self, rule: &str, run: impl FnOnce(&Self) -> Run) -> Run {
        let run = self.declines(rule, run);
        assert!(self.draft().contains(&format!(" refused   {rule}: ")), "{}", self.draft());
        run
    }

    /// The same where the plan is not this medium's, so that nothing at all is written there.
    #[track_caller]
    pub fn declines(&self, rule: &str, run: impl FnOnce(&Self) -> Run) -> Run {
        let before = self.snapshot();
        let run = run(self).fails(3, &format!("{rule}: "));
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
        assert!(self.snapshot() == before, "a refused command changed something");
        run
    }
}

/// The first words of the digest of a plan.
pub fn words(plan: &[u8]) -> String {
    let digest = sha256(plan);
    rootward::model::words::of_hex(&digest).unwrap()[..3].join(" ")
}

/// Both sides, made once and written again for each test, and the plan that is carried.
struct Templates {
    on: Template,
    off: Template,
    plan: Vec<u8>,
    response: Vec<u8>,
}

impl Templates {
    fn of(pair: &Pair) -> Self {
        let (on, off) = (Template::of(&pair.on), Template::of(&pair.off));
        let bytes = |path: &Path| fs::read(path).unwrap_or_default();
        Self { on, off, plan: bytes(&pair.plan_file()), response: bytes(&pair.response_file()) }
    }

    fn pair(&self) -> Pair {
        let pair = Pair { on: self.on.site(), off: self.off.site() };
        fs::write(pair.plan_file(), &self.plan).unwrap();
        fs::write(pair.response_file(), &self.response).unwrap();
        pair
    }
}

static PLANNED: LazyLock<Templates> = LazyLock::new(|| {
    let pair = Pair::new();
    for environment in ["prod", "test"] {
        let object = format!("{environment}/identity");
        pair.on.keyed(&["intermediate", "request", &object]).ok();
    }
    pair.plan(&["--operator", "alice", "--witness", "bob", "--witness", "carol"]).ok();
    Templates::of(&pair)
});

static ROOTED: LazyLock<Templates> = LazyLock::new(|| {
    let pair = Pair::planned();
    pair.complete();
    Templates::of(&pair)
});

static SECOND: LazyLock<Templates> = LazyLock::new(|| {
    let pair = Pair::rooted();
    pair.on.keyed(&["intermediate", "request", "prod/identity@g2"]).ok();
    pair.plan(&["--operator", "alice", "--witness", "bob", "--crl"]).ok();
    Templates::of(&pair)
});

/// A while from now, as a person would type it.
pub fn in_(span: Duration) -> String {
    clock(OffsetDateTime::now_utc() + span)
}

static HELD: LazyLock<Templates> = LazyLock::new(|| {
    let pair = Pair::second();
    pair.hold();
    Templates::of(&pair)
});
